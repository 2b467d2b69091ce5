/// <reference types="@cloudflare/workers-types" />
/**
 * Cloudflare Durable Objects with SQLite: for both roles. Partitions are hashed onto a fixed number of
 * objects; each commit is one synchronous transaction in one of them. Notifications are kept and sent by an object
 * for each host that they go to, so that a slow one holds back nobody else's.
 *
 * The number of objects belongs to the deployment: with another number every record is looked for in
 * another object and nothing stored before is found, spent codes included. To change it, stop issuing, wait
 * for the longest lifetime of what is stored, then start with the new number.
 */

import { DurableObject } from "cloudflare:workers";
import type { Commit, Outbound, Page, Store, Versioned } from "../types.ts";
import { Outbox } from "./durable_object_outbox.ts";
import { admit, byUtf8, clock, partition, shardOf, storable } from "./partition.ts";

/** The least time from one sweep of an object to the next, milliseconds. */
const SWEEP_INTERVAL_MS = 60_000;

/** The most records that one sweep removes, so that requests do not wait long behind it. */
const SWEEP_LIMIT = 10_000;

const LIVE = "(expires_at IS NULL OR expires_at > ?)";

/**
 * A store spread over `shards` objects of `namespace`, whose class is {@link EdgegrantState}.
 * `now`: seconds since 1970, by default the machine's clock.
 */
export function durableObject(
  namespace: DurableObjectNamespace<EdgegrantState>,
  { shards = 64, now = clock } = {},
): Store {
  const name = "durable_object";
  const capabilities = { atomic: true, staleReadSeconds: 0, minTtlSeconds: 0, maxValueBytes: 1024 * 1024 };
  const named = (object: string) => namespace.get(namespace.idFromName(object));
  const open = (index: number) => named(shardName(index, shards));

  return {
    name,
    capabilities,

    async get(keys) {
      const places = new Map<number, number[]>();
      keys.forEach((key, at) => {
        if (!storable(key)) return;
        const shard = shardOf(partition(key), shards);
        places.set(shard, [...(places.get(shard) ?? []), at]);
      });
      const found: (Versioned | null)[] = keys.map(() => null);
      await Promise.all(
        [...places].map(async ([shard, at]) => {
          const records = await open(shard).get(
            at.map((i) => keys[i] ?? ""),
            now(),
          );
          at.forEach((i, nth) => {
            found[i] = records[nth] ?? null;
          });
        }),
      );
      return found;
    },

    async commit(commit) {
      const shard = shardOf(admit(name, commit, capabilities), shards);
      return open(shard).commit(commit, now());
    },

    async list(prefix, after, limit) {
      // A third segment has begun: all keys lie in one partition.
      if (prefix.split("/").length > 2)
        return open(shardOf(partition(prefix), shards)).list(prefix, after, limit, now());
      const time = now();
      const pages = await Promise.all(
        Array.from({ length: shards }, (_, index) => open(index).list(prefix, after, limit, time)),
      );
      const entries = pages.flatMap((page) => page.entries).sort((a, b) => byUtf8(a.key, b.key));
      return {
        entries: entries.slice(0, limit),
        more: entries.length > limit || pages.some((page) => page.more),
      };
    },

    async enqueue(outbound) {
      await named(outboxName(outbound.url)).enqueue(outbound);
    },
  };
}

/** The name of the object that holds the partitions of hash `index`. */
export const shardName = (index: number, shards: number): string => `${index}/${shards}`;

/** The name of the object that keeps the notifications to the host of `url`. */
export const outboxName = (url: string): string => `notify/${new URL(url).host}`;

type Row = { key: string; value: string; version: string };

/**
 * One shard, or the notifications to one host; a deployment declares it under `new_sqlite_classes`. Times come from the caller, whose clock the
 * core goes by; only the sweep looks at its own.
 */
export class EdgegrantState extends DurableObject<unknown> {
  /** When the next alarm is due, milliseconds since 1970. */
  #alarm: number | null = null;
  readonly #outbox: Outbox;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    ctx.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS record
         (key TEXT PRIMARY KEY, value TEXT NOT NULL, version TEXT NOT NULL, expires_at INTEGER) WITHOUT ROWID;
       CREATE INDEX IF NOT EXISTS record_by_expiry ON record (expires_at) WHERE expires_at IS NOT NULL`,
    );
    this.#outbox = new Outbox({
      storage: ctx.storage,
      send: (url, init) => this.send(url, init),
      wake: (due) => this.#wake(due),
    });
    ctx.blockConcurrencyWhile(async () => {
      this.#alarm = await ctx.storage.getAlarm();
    });
  }

  get(keys: string[], now: number): (Versioned | null)[] {
    return keys.map((key) => this.#find(key, now));
  }

  /** Checks and writes without an `await` between them: nothing else runs in this object meanwhile. */
  commit({ check, set, delete: remove }: Commit, now: number): boolean {
    const { sql } = this.ctx.storage;
    const committed = this.ctx.storage.transactionSync(() => {
      if (check.some(({ key, version }) => (this.#find(key, now)?.version ?? null) !== version)) return false;
      for (const key of remove) sql.exec("DELETE FROM record WHERE key = ?", key);
      // Random, not counted: so that a version does not come again after its record was deleted.
      const version = crypto.randomUUID();
      for (const { key, value, expires_at } of set) {
        sql.exec("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)", key, value, version, expires_at);
      }
      return true;
    });
    if (committed) this.#plan(Math.min(...set.map(({ expires_at }) => expires_at ?? Infinity)));
    return committed;
  }

  list(prefix: string, after: string | null, limit: number, now: number): Page {
    const entries: Row[] = [];
    const rows = this.ctx.storage.sql.exec<Row>(
      `SELECT key, value, version FROM record WHERE key >= max(?, ?) AND key <> ? AND ${LIVE} ORDER BY key LIMIT ?`,
      ...[prefix, after ?? "", after ?? "", now, limit + 1],
    );
    for (const row of rows) {
      if (!row.key.startsWith(prefix)) break;
      entries.push(row);
    }
    return { entries: entries.slice(0, limit), more: entries.length > limit };
  }

  /** Keeps a notification and sends it, again where that fails. */
  enqueue(outbound: Outbound): void {
    this.#outbox.keep(outbound);
  }

  /** Sends a notification. A class of the deployment's own may have it pass a guard or a proxy. */
  protected send(url: string, init: RequestInit): Promise<Response> {
    return fetch(url, init);
  }

  /** Removes what has expired, and sends what is due. */
  override async alarm(): Promise<void> {
    this.#alarm = null;
    const { sql } = this.ctx.storage;
    sql.exec(
      "DELETE FROM record WHERE key IN (SELECT key FROM record WHERE expires_at <= ? LIMIT ?)",
      ...[Date.now() / 1000, SWEEP_LIMIT],
    );
    const { next } = sql
      .exec<{ next: number | null }>(
        "SELECT min(expires_at) AS next FROM record WHERE expires_at IS NOT NULL",
      )
      .one();
    this.#plan(next ?? Infinity);
    this.#outbox.run();
  }

  #find(key: string, now: number): Versioned | null {
    const query = `SELECT value, version FROM record WHERE key = ? AND ${LIVE}`;
    return this.ctx.storage.sql.exec<Row>(query, key, now).toArray()[0] ?? null;
  }

  /** Sees to it that a sweep follows the expiry at `expires_at`. */
  #plan(expires_at: number): void {
    if (expires_at === Infinity) return;
    this.#wake(Math.max(expires_at * 1000, Date.now() + SWEEP_INTERVAL_MS));
  }

  #wake(due: number): void {
    if (this.#alarm !== null && this.#alarm <= due) return;
    this.#alarm = due;
    // Not awaited: it is written with the transaction, and the answer waits until both are on disk.
    void this.ctx.storage.setAlarm(due);
  }
}
