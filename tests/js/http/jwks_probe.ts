/** Fetches JWK Sets from a server that misbehaves: as a library, and as a Worker. */

import { JwksSource } from "../../../js/verify/jwks.ts";

const LIMITS = { timeout_ms: 500, max_octets: 100_000 };

/** What comes of the sets at `paths` of the server `base`: their text, or the reason why there is none. */
export async function probe(base: string, paths: string[]): Promise<Record<string, string>> {
  const found = paths.map(async (path) => {
    const source = new JwksSource(String, { jwks_uri: base + path, ...LIMITS });
    return [path, await source.get().catch((error: Error) => error.message)] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

/** As a Worker holds it: outside of any request. */
const sources = new Map<string, JwksSource<string>>();

function sourceAt(jwks_uri: string): JwksSource<string> {
  const source = sources.get(jwks_uri) ?? new JwksSource(String, { jwks_uri, ...LIMITS });
  sources.set(jwks_uri, source);
  return source;
}

export default {
  /** `/probe`, `/get` and `/leave`, each with the server's `base` and one or more `path`s. */
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const base = searchParams.get("base") ?? "";
    const paths = searchParams.getAll("path");
    if (pathname === "/probe") return Response.json(await probe(base, paths));
    const source = sourceAt(base + paths[0]);
    if (pathname === "/get") {
      await (await fetch(`${base}/arrived`)).text();
      return new Response(await source.get());
    }
    // Ends while its fetch is under way.
    source.get().catch(() => {});
    await (await fetch(`${base}/held`)).text();
    return new Response("left");
  },
};
