/** Notifications as they leave: over a real network, from memory and from every store that keeps them. */

import { performer } from "../../js/effects.ts";
import { memory } from "../../js/store/memory.ts";
import type { Outbound } from "../../js/types.ts";
import type { Register } from "./runtime.ts";

/** What the endpoint tells of a request; `closed`: the other side went away before the answer's end. */
interface Seen {
  path: string;
  headers: Record<string, string>;
  body: string;
  state: "open" | "answered" | "closed";
}

/** Hands over a notification; resolves once it is kept. */
type Notify = (outbound: Outbound) => Promise<unknown>;

/** What was seen under `name`, once `count` of it are in this state. */
export async function seen(target: string, name: string, state: Seen["state"], count: number) {
  const response = await fetch(`${target}/_seen/${name}?${state}=${count}`);
  const all: Seen[] = await response.json();
  return all;
}

export const outbound = (url: string, timeout_ms = 5_000): Outbound => ({
  method: "POST",
  url,
  headers: [
    ["authorization", "Bearer secret"],
    ["content-type", "application/json"],
  ],
  body: '{"auth_req_id":"1"}',
  timeout_ms,
  max_bytes: 0,
});

/** From memory, as where no store keeps it. */
const fromMemory: Notify = async (outbound) => {
  const run = performer({
    stores: { state: memory(), registry: memory() },
    storeTimeoutMs: 5_000,
    sign: async () => new Uint8Array(0),
    fetch: globalThis.fetch,
  });
  run({ kind: "notify", ...outbound }, undefined);
};

const register: Register = (QUnit, { target, stores }) => {
  if (target === undefined) return;
  const ways: [string, () => Promise<Notify>][] = [["memory alone", async () => fromMemory]];
  for (const { name, open, keeps } of stores) {
    if (keeps === undefined) continue;
    ways.push([name, async () => (await open()).enqueue ?? (() => Promise.reject(new Error("keeps none")))]);
  }

  for (const [way, open] of ways) {
    QUnit.module(`notifications kept by ${way}`, () => {
      const unique = () => crypto.randomUUID();
      const states = (all: Seen[]) => all.map(({ state }) => state);

      QUnit.test("what is sent, and sent again after a 503 and after a reset connection", async (assert) => {
        const notify = await open();
        for (const fault of ["503", "reset"]) {
          const name = unique();
          await notify(outbound(`${target}/${name}/${fault},200`));
          const all = await seen(target, name, "answered", fault === "503" ? 2 : 1);
          assert.strictEqual(all.length, 2, fault);
          for (const { headers, body } of all) {
            const { authorization } = headers;
            assert.deepEqual([authorization, body], ["Bearer secret", '{"auth_req_id":"1"}']);
          }
        }
      });

      QUnit.test("any other answer is the last, and no redirect is followed", async (assert) => {
        const notify = await open();
        const final = ["204", "401", "404", "redirect"].map((behaviour) => [unique(), behaviour] as const);
        for (const [name, behaviour] of final) await notify(outbound(`${target}/${name}/${behaviour}`));
        // By the time that this one came again, they would have too.
        const again = unique();
        await notify(outbound(`${target}/${again}/503,503,200`));
        await seen(target, again, "answered", 3);
        for (const [name, behaviour] of final) {
          const all = await seen(target, name, "answered", 1);
          assert.deepEqual(states(all), ["answered"], behaviour);
        }
      });

      QUnit.test("one that hangs holds back no other, and comes again after its time", async (assert) => {
        const notify = await open();
        const [hanging, good] = [unique(), unique()];
        await notify(outbound(`${target}/${hanging}/hang,200`, 2_000));
        await seen(target, hanging, "open", 1);
        await notify(outbound(`${target}/${good}/200`));
        await seen(target, good, "answered", 1);
        assert.deepEqual(states(await seen(target, hanging, "open", 1)), ["open"]);
        assert.deepEqual(states(await seen(target, hanging, "answered", 1)), ["closed", "answered"]);
      });

      QUnit.test("a body without an end is not read", async (assert) => {
        const notify = await open();
        const name = unique();
        const began = Date.now();
        await notify(outbound(`${target}/${name}/endless`, 60_000));
        assert.deepEqual(states(await seen(target, name, "closed", 1)), ["closed"]);
        assert.true(Date.now() - began < 10_000, "closed long before its time was over");
      });
    });
  }

  for (const { name: store, open, keeps } of stores) {
    if (keeps === undefined) continue;
    QUnit.module(`notifications kept by ${store}`, () => {
      QUnit.test("what was on its way as an isolate ended is sent again", async (assert) => {
        const name = crypto.randomUUID();
        await keeps.lose(outbound(`${target}/${name}/hang,200`, 1_000), async () => {
          await seen(target, name, "open", 1);
        });
        const all = await seen(target, name, "answered", 1);
        assert.deepEqual(
          all.map(({ state }) => state),
          ["closed", "answered"],
        );
      });

      QUnit.test("many at once go out, each once, and nothing is kept of them", async (assert) => {
        const name = crypto.randomUUID();
        const url = `${target}/${name}/200`;
        const { enqueue } = await open();
        await Promise.all(Array.from({ length: 40 }, () => enqueue?.(outbound(url))));
        assert.strictEqual((await seen(target, name, "answered", 40)).length, 40);
        let held = await keeps.held(url);
        for (let tries = 0; held > 0 && tries < 1_000; tries++) held = await keeps.held(url);
        assert.strictEqual(held, 0);
        assert.strictEqual((await seen(target, name, "answered", 40)).length, 40);
      });
    });
  }
};

export default register;
