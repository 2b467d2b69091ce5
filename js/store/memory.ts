/** A store in the memory of one process: for tests, browsers, and deployments that may forget. */

import type { Commit, Page, Store, Versioned } from "../types.ts";
import { admit, alive, byUtf8, clock } from "./partition.ts";

/** The fewest records at which a commit looks for expired ones. */
const SWEEP_FROM = 1024;

/** A record as it is held. */
export interface MemoryRecord extends Versioned {
  expires_at: number | null;
}

/**
 * A store in `records`, by default empty ones of its own. `now`: seconds since 1970, by default the machine's
 * clock.
 */
export function memory({ now = clock, records = new Map<string, MemoryRecord>() } = {}): Store {
  const name = "memory";
  const capabilities = { atomic: true, staleReadSeconds: 0, minTtlSeconds: 0, maxValueBytes: 1024 * 1024 };
  let sweepAt = SWEEP_FROM;

  const find = (key: string): Versioned | null => {
    const found = records.get(key);
    return found && alive(found.expires_at, now()) ? { value: found.value, version: found.version } : null;
  };

  return {
    name,
    capabilities,

    async get(keys) {
      return keys.map(find);
    },

    // No `await` in it: that makes it atomic.
    async commit(commit: Commit) {
      admit(name, commit, capabilities);
      if (commit.check.some(({ key, version }) => (find(key)?.version ?? null) !== version)) return false;
      for (const key of commit.delete) records.delete(key);
      for (const { key, value, expires_at } of commit.set) {
        records.set(key, { value, expires_at, version: crypto.randomUUID() });
      }
      if (records.size >= sweepAt) {
        for (const [key, { expires_at }] of records) if (!alive(expires_at, now())) records.delete(key);
        sweepAt = Math.max(SWEEP_FROM, 2 * records.size);
      }
      return true;
    },

    async list(prefix, after, limit): Promise<Page> {
      const keys = [...records.keys()]
        .filter((key) => key.startsWith(prefix) && (after === null || byUtf8(key, after) > 0))
        .sort(byUtf8);
      const found = keys.flatMap((key) => {
        const record = find(key);
        return record ? [{ key, ...record }] : [];
      });
      return { entries: found.slice(0, limit), more: found.length > limit };
    },
  };
}
