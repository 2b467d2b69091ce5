/**
 * Notifications that Deno KV keeps until it is known how they ended. Each is sent at least once: one that was on
 * its way, or waited, as its isolate ended is sent by the next one that starts or has something to notify.
 *
 * The queue of Deno KV is not used: a process can listen to it only once, which may be the embedding program's, and
 * not every service that has KV has it.
 */

import { GRACE, notified, type Send, WAITS } from "../outbound.ts";
import type { Outbound } from "../types.ts";
import type { DenoKv, DenoKvKey } from "./deno_kv.ts";

/** The first part of the keys; of records it is another. */
const SPACE = "edgegrant_notifications";

/** The least time from one look for what others left to the next, milliseconds. */
const LOOK_INTERVAL_MS = 60_000;

/** How it is kept. */
interface Kept {
  outbound: Outbound;
  /** Attempts begun so far. */
  attempts: number;
  /** When to send it, milliseconds since 1970. While it is on its way: when no answer can come any more. */
  due: number;
}

/** Keeps notifications in `kv` and sends them by `send`. */
export function outbox(kv: DenoKv, send: Send): (outbound: Outbound) => Promise<void> {
  let looked = Number.NEGATIVE_INFINITY;

  /** Sends it now. `before`: its version, which only one of many isolates can replace; `null`: it is new. */
  async function attempt(key: DenoKvKey, { outbound, attempts }: Kept, before: string | null): Promise<void> {
    const due = Date.now() + outbound.timeout_ms + GRACE;
    if (!(await write(key, { outbound, attempts: attempts + 1, due }, before))) return;
    void settle(key, { outbound, attempts, due }).catch(() => {});
  }

  async function settle(key: DenoKvKey, { outbound, attempts }: Kept): Promise<void> {
    const ended = await notified(send, outbound);
    const wait = WAITS[attempts];
    if (ended || wait === undefined) {
      await kv.atomic().delete(key).commit();
      return;
    }
    await kv
      .atomic()
      .set(key, { outbound, attempts: attempts + 1, due: Date.now() + wait }, {})
      .commit();
    later(key, wait);
  }

  function later(key: DenoKvKey, milliseconds: number): void {
    setTimeout(() => void again(key).catch(() => {}), milliseconds);
  }

  /** Sends it where nobody else has, or is about to. */
  async function again(key: DenoKvKey): Promise<void> {
    const [entry] = await kv.getMany([key]);
    const kept = entry?.value as Kept | null | undefined;
    if (!entry || !kept) return;
    const early = kept.due - Date.now();
    if (early > 0) later(key, early);
    else await attempt(key, kept, entry.versionstamp);
  }

  async function write(key: DenoKvKey, kept: Kept, before: string | null): Promise<boolean> {
    const atomic = kv.atomic().check({ key, versionstamp: before });
    return (await atomic.set(key, kept, {}).commit()).ok;
  }

  /** Takes up what other isolates have left. */
  async function look(): Promise<void> {
    if (Date.now() - looked < LOOK_INTERVAL_MS) return;
    looked = Date.now();
    const selector = { prefix: [SPACE], start: [SPACE, ""] };
    for await (const { key } of kv.list(selector, { batchSize: 100 })) await again(key as DenoKvKey);
  }

  const quietly = () => void look().catch(() => {});
  quietly();
  return async (outbound) => {
    quietly();
    await attempt([SPACE, crypto.randomUUID()], { outbound, attempts: 0, due: 0 }, null);
  };
}
