/**
 * Deno KV: for both roles. A SQLite file locally, FoundationDB on Deno's own service.
 *
 * A record stands under `["edgegrant", <key as bytes>]`, so that a listing comes in key order and other
 * things can live in the same database. Its value is `expires_at` (8 bytes) and then the text.
 */

import type { Send } from "../outbound.ts";
import type { Page, Store, Versioned } from "../types.ts";
import { outbox } from "./deno_kv_outbox.ts";
import { admit, alive, byUtf8, clock, fits, MAX_KEY_BYTES, storable } from "./partition.ts";

/** What is used of `Deno.Kv`; written out because only Deno knows its types. */
export interface DenoKv {
  getMany(keys: DenoKvKey[]): Promise<DenoKvEntry[]>;
  list(
    selector: { prefix: DenoKvKey; start: DenoKvKey },
    options: { batchSize: number },
  ): AsyncIterable<DenoKvEntry>;
  atomic(): DenoKvAtomic;
}
export interface DenoKvAtomic {
  check(...checks: { key: DenoKvKey; versionstamp: string | null }[]): DenoKvAtomic;
  set(key: DenoKvKey, value: unknown, options: { expireIn?: number }): DenoKvAtomic;
  delete(key: DenoKvKey): DenoKvAtomic;
  commit(): Promise<{ ok: boolean }>;
}
export type DenoKvKey = readonly (string | Uint8Array)[];
export type DenoKvEntry = { key: readonly unknown[]; value: unknown; versionstamp: string | null };

const SPACE = "edgegrant";
/** The most keys that Deno KV reads at once. */
const GET_LIMIT = 10;
/** The most entries that Deno KV lists at once. */
const LIST_LIMIT = 500;
/** Bytes of `expires_at` before the text. */
const HEADER = 8;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a store in Deno KV can be given. */
export interface DenoKvOptions {
  /** The clock, seconds since 1970; by default the machine's. */
  now?: () => number;
  /** Sends notifications; by default the global `fetch`. */
  fetch?: Send;
}

/** A store in `kv`. It also takes up the notifications that an isolate which has ended left there. */
export function denoKv(kv: DenoKv, { now = clock, fetch = globalThis.fetch }: DenoKvOptions = {}): Store {
  const name = "deno_kv";
  const capabilities = {
    atomic: true,
    staleReadSeconds: 0,
    minTtlSeconds: 0,
    maxValueBytes: 64 * 1024 - HEADER,
  };

  async function entries(keys: string[]): Promise<DenoKvEntry[]> {
    const reads: Promise<DenoKvEntry[]>[] = [];
    for (let at = 0; at < keys.length; at += GET_LIMIT) {
      reads.push(kv.getMany(keys.slice(at, at + GET_LIMIT).map(place)));
    }
    return (await Promise.all(reads)).flat();
  }

  return {
    name,
    capabilities,
    enqueue: outbox(kv, (url, init) => fetch(url, init)),

    async get(keys) {
      const wanted = keys.filter(storable);
      const found = new Map((await entries(wanted)).map((entry, i) => [wanted[i], unpack(entry, now())]));
      return keys.map((key) => found.get(key) ?? null);
    },

    async commit(commit) {
      admit(name, commit, capabilities);
      const attempt = async (check: typeof commit.check) => {
        const time = now();
        const atomic = kv
          .atomic()
          .check(...check.map(({ key, version }) => ({ key: place(key), versionstamp: version })));
        for (const key of commit.delete) atomic.delete(place(key));
        for (const { key, value, expires_at } of commit.set) {
          const life =
            expires_at === null ? {} : { expireIn: Math.max(1, Math.ceil((expires_at - time) * 1000)) };
          atomic.set(place(key), pack(value, expires_at), life);
        }
        return (await atomic.commit()).ok;
      };
      if (await attempt(commit.check)) return true;

      // A record that has expired may still be held: it counts as absent, so check for it as it is.
      const absent = commit.check.filter(({ version }) => version === null).map(({ key }) => key);
      const held = new Map<string, string | null>();
      (await entries(absent)).forEach((entry, i) => {
        const key = absent[i];
        if (key !== undefined && unpack(entry, now()) === null) held.set(key, entry.versionstamp);
      });
      if ([...held.values()].every((version) => version === null)) return false;
      return attempt(
        commit.check.map(({ key, version }) => ({ key, version: version ?? held.get(key) ?? null })),
      );
    },

    async list(prefix, after, limit): Promise<Page> {
      if (!fits(prefix, MAX_KEY_BYTES)) return { entries: [], more: false };
      const start = after !== null && byUtf8(after, prefix) >= 0 ? following(after) : encoder.encode(prefix);
      const selector = { prefix: [SPACE], start: [SPACE, start] };
      const found: Page["entries"] = [];
      for await (const entry of kv.list(selector, { batchSize: Math.min(limit + 1, LIST_LIMIT) })) {
        const key = decoder.decode(entry.key[1] as Uint8Array);
        if (!key.startsWith(prefix)) break;
        const record = unpack(entry, now());
        if (record) found.push({ key, ...record });
        if (found.length > limit) break;
      }
      return { entries: found.slice(0, limit), more: found.length > limit };
    },
  };
}

const place = (key: string): DenoKvKey => [SPACE, encoder.encode(key)];

/** The least bytes above every key up to `after`; what of `after` is longer than a key can be changes nothing. */
function following(after: string): Uint8Array {
  const bytes = encoder.encode(after).subarray(0, MAX_KEY_BYTES);
  const next = new Uint8Array(bytes.length + 1);
  next.set(bytes);
  return next;
}

function pack(value: string, expires_at: number | null): Uint8Array {
  const text = encoder.encode(value);
  const bytes = new Uint8Array(HEADER + text.length);
  new DataView(bytes.buffer).setFloat64(0, expires_at ?? Infinity);
  bytes.set(text, HEADER);
  return bytes;
}

function unpack({ value, versionstamp }: DenoKvEntry, now: number): Versioned | null {
  if (!(value instanceof Uint8Array) || versionstamp === null) return null;
  const expires_at = new DataView(value.buffer, value.byteOffset).getFloat64(0);
  if (!alive(expires_at, now)) return null;
  return { value: decoder.decode(value.subarray(HEADER)), version: versionstamp };
}
