/// <reference types="@cloudflare/workers-types" />
/**
 * Cloudflare KV: for the `registry` role only. It cannot compare before it writes, a read may be a minute
 * old and more, and a key takes one write a second.
 */

import type { Page, Store, Versioned } from "../types.ts";
import { admit, alive, byUtf8, clock, fits, MAX_KEY_BYTES, storable } from "./partition.ts";

/** Kept beside the value. */
interface Metadata {
  version: string;
  expires_at: number | null;
}

/** The most keys that KV lists at once. */
const LIST_LIMIT = 1000;

/** A store in `namespace`. `now`: seconds since 1970, by default the machine's clock. */
export function cloudflareKv(namespace: KVNamespace, { now = clock } = {}): Store {
  const name = "cloudflare_kv";
  const minTtlSeconds = 60;
  const capabilities = {
    atomic: false,
    staleReadSeconds: 60,
    minTtlSeconds,
    maxValueBytes: 25 * 1024 * 1024,
  };

  async function read(key: string): Promise<Versioned | null> {
    if (!storable(key)) return null;
    const { value, metadata } = await namespace.getWithMetadata<Metadata>(key, "text");
    return value !== null && metadata && alive(metadata.expires_at, now())
      ? { value, version: metadata.version }
      : null;
  }

  return {
    name,
    capabilities,

    get: (keys) => Promise.all(keys.map(read)),

    async commit(commit) {
      admit(name, commit, capabilities);
      const version = crypto.randomUUID();
      await Promise.all([
        ...commit.delete.map((key) => namespace.delete(key)),
        ...commit.set.map(({ key, value, expires_at }) => {
          const metadata: Metadata = { version, expires_at };
          // KV refuses shorter lives; `expires_at` in the metadata is what counts.
          const ttl = expires_at === null ? null : Math.max(minTtlSeconds, Math.ceil(expires_at - now()));
          return namespace.put(key, value, ttl === null ? { metadata } : { metadata, expirationTtl: ttl });
        }),
      ]);
      return true;
    },

    /** KV cannot start at a key: each page reads the names from the beginning of the prefix, 1000 at a time. */
    async list(prefix, after, limit): Promise<Page> {
      if (!fits(prefix, MAX_KEY_BYTES)) return { entries: [], more: false };
      const entries: Page["entries"] = [];
      let cursor: string | null = null;
      do {
        const batch: KVNamespaceListResult<unknown> = await namespace.list({
          prefix,
          cursor,
          limit: LIST_LIMIT,
        });
        const keys = batch.keys
          .map((key) => key.name)
          .filter((key) => after === null || byUtf8(key, after) > 0);
        // One more than asked tells whether others follow. A name may stand for a record that is gone or has expired.
        while (keys.length > 0 && entries.length <= limit) {
          const wanted = keys.splice(0, limit + 1 - entries.length);
          const records = await Promise.all(wanted.map(read));
          wanted.forEach((key, i) => {
            const record = records[i];
            if (record) entries.push({ key, ...record });
          });
        }
        cursor = batch.list_complete ? null : batch.cursor;
      } while (cursor !== null && entries.length <= limit);
      return { entries: entries.slice(0, limit), more: entries.length > limit };
    },
  };
}
