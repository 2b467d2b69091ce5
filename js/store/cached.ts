/** A store whose reads are answered from memory for a while: for the `registry` role, which is read mostly. */

import type { Store, Versioned } from "../types.ts";

/** The most records that are kept, absent ones included. */
const MOST = 1000;

/**
 * `store`, whose `get` answers what it read no longer than `seconds` ago; that there was nothing, too. What is
 * committed through here is read anew. `now`: seconds since 1970.
 */
export function cached(store: Store, seconds: number, now: () => number): Store {
  const kept = new Map<string, { record: Versioned | null; readAt: number }>();
  let commits = 0;

  const keep = (key: string, record: Versioned | null, readAt: number): void => {
    kept.delete(key);
    kept.set(key, { record, readAt });
    const [oldest] = kept.keys();
    if (kept.size > MOST && oldest !== undefined) kept.delete(oldest);
  };

  return {
    name: store.name,
    capabilities: {
      ...store.capabilities,
      staleReadSeconds: store.capabilities.staleReadSeconds + seconds,
    },

    async get(keys) {
      const time = now();
      const found = new Map<string, Versioned | null>();
      for (const key of keys) {
        const entry = kept.get(key);
        // A clock that was set back must not make it last longer.
        if (entry && entry.readAt <= time && time < entry.readAt + seconds) found.set(key, entry.record);
      }
      const missing = [...new Set(keys)].filter((key) => !found.has(key));
      if (missing.length > 0) {
        const before = commits;
        const records = await store.get(missing);
        if (records.length !== missing.length) {
          throw new Error(`${store.name}: ${records.length} records for ${missing.length} keys`);
        }
        records.forEach((record, i) => {
          const key = missing[i] ?? "";
          found.set(key, record);
          // What was read while a commit was under way may be of before.
          if (commits === before) keep(key, record, time);
        });
      }
      return keys.map((key) => found.get(key) ?? null);
    },

    async commit(commit) {
      try {
        return await store.commit(commit);
      } finally {
        // Whether it was written is not known where it failed, and a conflict says that memory is behind.
        commits += 1;
        for (const { key } of [...commit.check, ...commit.set]) kept.delete(key);
        for (const key of commit.delete) kept.delete(key);
      }
    },

    list: (prefix, after, limit) => store.list(prefix, after, limit),
  };
}
