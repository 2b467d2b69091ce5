/** {@link faulty} on Deno: as demo/deno.ts. */

import { loadCore } from "../../../js/load/deno.ts";
import { type DenoKv, denoKv } from "../../../js/store/deno_kv.ts";
import { faulty } from "./faulty.ts";

/** What is used of the runtime, whose types only it knows. */
declare const Deno: {
  env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  openKv(path?: string): Promise<DenoKv>;
  serve(
    options: { hostname: string; port: number; onListen: () => void },
    handler: (request: Request) => Promise<Response>,
  ): unknown;
};

const kv = denoKv(await Deno.openKv(Deno.env.get("KV_PATH")));
const core = await loadCore();
const edgegrant = await faulty({ env: Deno.env.toObject(), core, state: kv, registry: kv });

const options = { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT")), onListen: () => {} };
Deno.serve(options, (request) => edgegrant.fetch(request));
