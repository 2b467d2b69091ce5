/** HTTP requests that a host sends for the core: one at a time, or again until it is known how it ended. */

import type { Outbound } from "./types.ts";

/** What requests are sent with: `fetch`, or what a deployment puts in its place. */
export type Send = (url: string, init: RequestInit) => Promise<Response>;

/** Waits between the attempts of a notification that is kept in memory alone, milliseconds: one attempt more. */
export const RETRIES: readonly number[] = [500, 2_000, 8_000];

/** The same where a store keeps it. */
export const WAITS: readonly number[] = [...RETRIES, 30_000, 120_000];

/** How long after its timeout an attempt of which nothing was heard counts as lost, milliseconds. */
export const GRACE = 1_000;

/**
 * Sends a request; `read` is given the answer within the same time. Redirects are not followed: the allowed
 * destinations were decided before.
 */
export async function send<T>(
  fetch: Send,
  { method, url, headers, body, timeout_ms }: Outbound,
  read: (response: Response) => T | Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(late(timeout_ms)), timeout_ms);
  try {
    return await read(await fetch(url, { method, headers, body, redirect: "manual", signal: abort.signal }));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Sends a notification once. `true`: it has ended, with any answer but 5xx. The answer's body is neither read
 * nor waited for.
 */
export function notified(fetch: Send, outbound: Outbound): Promise<boolean> {
  const ended = ({ body, status }: Response) => {
    body?.cancel().catch(() => {});
    return status < 500;
  };
  return send(fetch, outbound, ended).catch(() => false);
}

/** What is said of an answer that did not come in time. */
export function late(milliseconds: number): Error {
  return new Error(`no answer within ${milliseconds} ms`);
}
