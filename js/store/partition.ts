/** What the adapters share: which records they take, which belong together, and in which order they stand. */

import type { Capabilities, Commit } from "../types.ts";

/**
 * The longest key, bytes of UTF-8. It is the smallest bound of all adapters (Cloudflare KV), and holds for
 * each, so that a record that one takes is taken by all.
 */
export const MAX_KEY_BYTES = 512;

/** The machine's clock, seconds since 1970. */
export const clock = (): number => Date.now() / 1000;

/** Whether a record that has this `expires_at` is there at `now`. */
export const alive = (expires_at: number | null, now: number): boolean =>
  expires_at === null || expires_at > now;

/** The part of a key within which a commit is atomic: the first two segments. */
export function partition(key: string): string {
  const second = key.indexOf("/", key.indexOf("/") + 1);
  return second < 0 ? key : key.slice(0, second);
}

/**
 * Which of `shards` machines holds a partition: its FNV-1a hash (32 bits, over UTF-8), modulo `shards`.
 * Stored records are found by it: it must never change.
 */
export function shardOf(partition: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(partition)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % shards;
}

/**
 * Whether a record can have this key. What cannot be stored is absent when read, so that a long
 * identifier sent by a client is an unknown one and not a failure of the store.
 */
export const storable = (key: string): boolean => key.includes("/") && fits(key, MAX_KEY_BYTES);

/** Whether `text` has at most `max` bytes of UTF-8; counts only where the length leaves it open. */
export function fits(text: string, max: number): boolean {
  return text.length * 3 <= max || (text.length <= max && new TextEncoder().encode(text).length <= max);
}

/** The one partition that a commit touches; throws on what no adapter may take. */
export function admit(name: string, commit: Commit, capabilities: Capabilities): string {
  const keys = [...commit.check.map(({ key }) => key), ...commit.set.map(({ key }) => key), ...commit.delete];
  const bad = keys.find((key) => !storable(key));
  if (bad !== undefined) {
    const shown = bad.length > 80 ? `${bad.slice(0, 80)}…` : bad;
    throw new Error(`${name}: a key is "kind/id…" and at most ${MAX_KEY_BYTES} bytes long, not "${shown}"`);
  }
  const [only, other] = new Set(keys.map(partition));
  if (only === undefined) throw new Error(`${name}: a commit names at least one key`);
  if (other !== undefined)
    throw new Error(`${name}: a commit stays in one partition, not "${only}" and "${other}"`);
  const { maxValueBytes } = capabilities;
  const large = commit.set.find(({ value }) => !fits(value, maxValueBytes));
  if (large)
    throw new Error(`${name}: the value of "${large.key}" is longer than ${maxValueBytes} bytes of UTF-8`);
  if (commit.check.length > 0 && !capabilities.atomic) {
    throw new Error(`${name}: cannot compare before it writes; give the role "state" to an atomic store`);
  }
  return only;
}

/** Sorts by UTF-8 bytes. JavaScript's own order differs: it puts U+10000 and above before U+E000. */
export function byUtf8(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Lifts surrogates above all other code units. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
