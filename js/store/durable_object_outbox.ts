/// <reference types="@cloudflare/workers-types" />
/**
 * Notifications that a Durable Object keeps until it is known how they ended. Each is sent at least once: one that
 * was on its way as the object ended is sent again.
 */

import { GRACE, notified, type Send, WAITS } from "../outbound.ts";
import type { Outbound } from "../types.ts";

/** The most on their way at once: the platform gives no more connections, and waiting for one is waited too. */
const AT_ONCE = 6;

/** What an {@link Outbox} needs of its object. */
export interface OutboxHost {
  storage: DurableObjectStorage;
  send: Send;
  /** Sees to it that {@link Outbox.run} is called at `due` (milliseconds since 1970), or before. */
  wake(due: number): void;
}

type Row = { id: number; request: string; attempts: number };

/** The notifications of one object. */
export class Outbox {
  readonly #host: OutboxHost;
  /** How many are on their way. */
  #sending = 0;

  constructor(host: OutboxHost) {
    this.#host = host;
    host.storage.sql.exec(
      `CREATE TABLE IF NOT EXISTS notification
         (id INTEGER PRIMARY KEY, request TEXT NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL);
       CREATE INDEX IF NOT EXISTS notification_by_due ON notification (due)`,
    );
  }

  /** Keeps a notification and sends it. The object answers nobody before it is on disk. */
  keep(outbound: Outbound): void {
    const insert = "INSERT INTO notification (request, attempts, due) VALUES (?, 0, ?)";
    this.#host.storage.sql.exec(insert, JSON.stringify(outbound), Date.now());
    this.run();
  }

  /** Sends what is due, several at once, and waits for none. */
  run(): void {
    const { storage, wake } = this.#host;
    const now = Date.now();
    const due = storage.sql.exec<Row>(
      "SELECT id, request, attempts FROM notification WHERE due <= ? ORDER BY due, id LIMIT ?",
      ...[now, AT_ONCE - this.#sending],
    );
    for (const { id, request, attempts } of due.toArray()) {
      const outbound: Outbound = JSON.parse(request);
      // Where the object ends meanwhile, it is due again once no answer can come any more.
      this.#change(id, attempts + 1, now + outbound.timeout_ms + GRACE);
      this.#sending++;
      void this.#send(id, outbound, attempts);
    }
    // What is due and waits for a connection goes out when one is free.
    const { next } = storage.sql
      .exec<{ next: number | null }>("SELECT min(due) AS next FROM notification WHERE due > ?", now)
      .one();
    if (next !== null) wake(next);
  }

  async #send(id: number, outbound: Outbound, before: number): Promise<void> {
    const ended = await notified(this.#host.send, outbound);
    this.#sending--;
    const wait = WAITS[before];
    if (ended || wait === undefined) {
      this.#host.storage.sql.exec("DELETE FROM notification WHERE id = ?", id);
    } else {
      this.#change(id, before + 1, Date.now() + wait);
    }
    this.run();
  }

  #change(id: number, attempts: number, due: number): void {
    const update = "UPDATE notification SET attempts = ?, due = ? WHERE id = ?";
    this.#host.storage.sql.exec(update, attempts, due, id);
  }
}
