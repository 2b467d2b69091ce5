/** A source of a JWK Set with a clock and a network of the test's own. */

import { type ExportedJwks, type JwksOptions, JwksSource } from "../../js/verify/jwks.ts";

export const URI = "https://issuer.example/jwks";
/** When the tests begin, seconds. */
export const START = 1_000_000;

export type Answer = (signal: AbortSignal, init: RequestInit) => Response | Promise<Response>;

export const answer =
  (text: string, headers: Record<string, string> = {}, status = 200): Answer =>
  () =>
    new Response(text, { status, headers });
export const down: Answer = () => Promise.reject(new Error("connection refused"));
export const never: Answer = () => new Promise(() => {});

/** A source whose `read` is the identity but for "malformed", and whose fetches get `answers` in turn, the last again. */
export function rig(answers: Answer[], options: Partial<JwksOptions> = {}) {
  const clock = { now: START };
  const requests: { url: string; init: RequestInit }[] = [];
  const fetch: typeof globalThis.fetch = async (url, init = {}) => {
    const next = answers[Math.min(requests.length, answers.length - 1)] ?? down;
    requests.push({ url: String(url), init });
    if (!init.signal) throw new Error("no signal");
    return next(init.signal, init);
  };
  const read = (text: string) => {
    if (text === "malformed") throw new Error("keys is missing");
    return text;
  };
  const source = new JwksSource(read, { jwks_uri: URI, fetch, now: () => clock.now, ...options });
  return { source, requests, clock };
}

/** A cache that answers `entry`, whatever it is given. */
export function cacheOf(entry: unknown = null) {
  const puts: ExportedJwks[] = [];
  const get = async () => entry as ExportedJwks | null;
  const put = async (value: ExportedJwks) => {
    puts.push(value);
  };
  return { puts, get, put };
}

/** A promise and what settles it. */
export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
