/** One attempt to get a JWK Set over HTTP. */

/** What an attempt needs. */
export interface FetchOptions {
  jwks_uri: string;
  fetch: typeof globalThis.fetch;
  /** Longest wait for the whole answer, milliseconds. */
  timeout_ms: number;
  /** Longest answer, bytes. */
  max_octets: number;
}

/** An answer with status 200. */
export interface Fetched {
  text: string;
  /** How long the answer calls itself fresh, seconds (RFC 9111 §4.2.1, less its `Age`); `Infinity`: it does not say. */
  lifetime: number;
}

const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * A `jwks_uri` that may be fetched: https, or http on the loopback interface (RFC 6761 §6.3), without
 * credentials and without a fragment.
 *
 * @throws TypeError any other
 */
export function checkedJwksUri(text: string): string {
  const { protocol, hostname, username, password, href } = new URL(text);
  if (protocol !== "https:" && !(protocol === "http:" && LOOPBACK.test(hostname))) {
    throw new TypeError(`jwks_uri ${text}: only https, or http to the loopback interface`);
  }
  if (username !== "" || password !== "") throw new TypeError("jwks_uri holds credentials");
  if (href.includes("#")) throw new TypeError(`jwks_uri ${text} has a fragment`);
  return href;
}

// Workers know this member from compatibility date 2024-11-11 on, and before that throw on it.
const PAST_THE_HTTP_CACHE: RequestInit = "cache" in Request.prototype ? { cache: "no-store" } : {};

/**
 * Gets the text of a JWK Set.
 *
 * @throws Error that says what was wrong: a redirect, any status but 200, too long, too late, no UTF-8
 */
export async function fetchJwks(options: FetchOptions): Promise<Fetched> {
  const abort = new AbortController();
  try {
    const fetched = await waiting(options.timeout_ms, load(options, abort.signal));
    if (fetched === undefined) throw new Error(`no answer within ${options.timeout_ms} ms`);
    return fetched;
  } finally {
    // Ends what was refused unread, or comes too late.
    abort.abort();
  }
}

async function load({ jwks_uri, fetch, max_octets }: FetchOptions, signal: AbortSignal): Promise<Fetched> {
  const headers = { accept: "application/jwk-set+json, application/json" };
  const response = await fetch(jwks_uri, { headers, redirect: "manual", signal, ...PAST_THE_HTTP_CACHE });
  const { status, type, redirected } = response;
  // Pages are shown no status of a redirect; a `fetch` that was handed in may have followed it.
  if (redirected || type === "opaqueredirect" || (status >= 300 && status < 400)) {
    throw new Error("it redirects, and redirects are not followed");
  }
  if (status !== 200) throw new Error(`it answered with status ${status}`);
  return { text: await readText(response.body, max_octets), lifetime: lifetime(response.headers) };
}

/** Counts while reading: `Content-Length` is only a promise, and is of the compressed body. */
async function readText(body: ReadableStream<Uint8Array> | null, limit: number): Promise<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let length = 0;
  for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
    length += next.value.byteLength;
    if (length > limit) {
      reader?.cancel().catch(() => {});
      throw new Error(`it is longer than ${limit} bytes`);
    }
    text += decoder.decode(next.value, { stream: true });
  }
  return text + decoder.decode();
}

function lifetime(headers: Headers): number {
  const control = headers.get("cache-control") ?? "";
  if (/(?:^|[\s,])no-(?:store|cache)(?![\w-])/i.test(control)) return 0;
  const stated = /(?:^|[\s,])max-age="?(\d+)/i.exec(control)?.[1];
  if (stated === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(0, Number(stated) - (Number(headers.get("age")) || 0));
}

/** Waits for `promise`; `undefined` where it has not settled after `milliseconds`. */
export async function waiting<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let giveUp = () => {};
  const late = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined);
  });
  const timer = setTimeout(() => giveUp(), milliseconds);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
