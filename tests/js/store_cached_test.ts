/** What is answered from memory, for how long, and what makes it forget. */

import { cached } from "../../js/store/cached.ts";
import { memory } from "../../js/store/memory.ts";
import type { Store } from "../../js/types.ts";
import { change, pageKeys, put, T, values, version } from "./contract/kit.ts";
import { Park } from "./park.ts";
import type { Register } from "./runtime.ts";

const SECONDS = 30;

/** A store behind a cache, which writes down what it is asked for. */
function rig(more: Partial<Store> = {}) {
  const clock = { now: T };
  const inner = { ...memory({ now: () => clock.now }), ...more };
  const asked: string[][] = [];
  const watched: Store = {
    ...inner,
    get: (keys) => {
      asked.push(keys);
      return inner.get(keys);
    },
  };
  return { clock, inner, asked, store: cached(watched, SECONDS, () => clock.now) };
}

const register: Register = (QUnit) => {
  QUnit.module("store cached", () => {
    QUnit.test("answers from memory for so long and no longer, that there is nothing too", async (assert) => {
      const { clock, inner, asked, store } = rig();
      await inner.commit(change({ set: [put("a/1", "old")] }));
      assert.deepEqual(await values(store, ["a/1", "b/1"]), ["old", null]);
      await inner.commit(change({ set: [put("a/1", "new")] }));
      await inner.commit(change({ set: [put("b/1", "new")] }));
      for (const [now, expected] of [
        [T + SECONDS - 0.001, ["old", null]],
        [T + SECONDS, ["new", "new"]],
        // Set back: what was read then is of the future.
        [T, ["new", "new"]],
      ] as const) {
        clock.now = now;
        assert.deepEqual(await values(store, ["a/1", "b/1"]), [...expected], `${now - T} seconds`);
      }
      assert.strictEqual(asked.length, 3);
    });

    QUnit.test("asks for what is missing alone, once each, and answers in order", async (assert) => {
      const { inner, asked, store } = rig();
      for (const key of ["a/1", "b/1", "c/1"]) await inner.commit(change({ set: [put(key, key)] }));
      await store.get(["b/1"]);
      const keys = ["c/1", "b/1", "d/1", "c/1", "a/1"];
      assert.deepEqual(await values(store, keys), ["c/1", "b/1", null, "c/1", "a/1"]);
      assert.deepEqual(await store.get([]), []);
      assert.deepEqual(asked, [["b/1"], ["c/1", "d/1", "a/1"]]);
    });

    QUnit.test("forgets what a commit touches, and nothing else", async (assert) => {
      const { asked, store } = rig();
      const keys = ["a/1/set", "a/1/delete", "a/1/check", "a/1/other"];
      await store.commit(change({ set: keys.map((key) => put(key, "old")) }));
      await store.get(keys);
      const check = [{ key: "a/1/check", version: await version(store, "a/1/check") }];
      const parts = { check, set: [put("a/1/set", "new")], delete: ["a/1/delete"] };
      assert.true(await store.commit(change(parts)));
      assert.deepEqual(await values(store, keys), ["new", null, "old", "old"]);
      assert.deepEqual(asked, [keys, keys.slice(0, 3)]);
    });

    QUnit.test("after a conflict, and after a failure, reads anew", async (assert) => {
      const { inner, store } = rig();
      await inner.commit(change({ set: [put("a/1", "old")] }));
      const check = [{ key: "a/1", version: await version(store, "a/1") }];
      await inner.commit(change({ set: [put("a/1", "new")] }));
      assert.false(await store.commit(change({ check, set: [put("a/1", "mine")] })));
      assert.deepEqual(await values(store, ["a/1"]), ["new"]);

      const plain = memory();
      const lost = rig({
        get: plain.get,
        commit: async (commit) => {
          await plain.commit(commit);
          throw new Error("no answer");
        },
      });
      await lost.store.get(["a/1"]);
      await assert.rejects(lost.store.commit(change({ set: [put("a/1", "new")] })), /no answer/);
      assert.deepEqual(await values(lost.store, ["a/1"]), ["new"]);
    });

    QUnit.test("what was read while a commit was under way is not kept", async (assert) => {
      const park = new Park();
      const plain = memory();
      const { store } = rig({
        // Answers late with what it read early.
        get: async (keys) => {
          const found = await plain.get(keys);
          await park.wait();
          return found;
        },
        commit: plain.commit,
      });
      const reading = values(store, ["a/1"]);
      await park.holds(1);
      await store.commit(change({ set: [put("a/1", "new")] }));
      park.release();
      assert.deepEqual(await reading, [null]);
      const again = values(store, ["a/1"]);
      await park.holds(1);
      park.release();
      assert.deepEqual(await again, ["new"]);
    });

    QUnit.test("keeps a thousand records and no more, the latest", async (assert) => {
      const { asked, store } = rig();
      const keys = Array.from({ length: 1001 }, (_, n) => `a/${n}`);
      for (const key of keys) await store.get([key]);
      await store.get(keys.slice(1));
      assert.strictEqual(asked.length, 1001);
      await store.get(keys.slice(0, 1));
      assert.deepEqual(asked[1001], ["a/0"]);
    });

    QUnit.test("lists what there is now", async (assert) => {
      const { inner, store } = rig();
      for (const key of ["a/1", "a/2"]) {
        await inner.commit(change({ set: [put(key)] }));
        assert.deepEqual(await pageKeys(store, "a/", null, 10), await pageKeys(inner, "a/", null, 10));
      }
    });

    QUnit.test("says how old a read may be, and all else as the store does", (assert) => {
      const plain = memory();
      const capabilities = { ...plain.capabilities, staleReadSeconds: 60 };
      const store = cached({ ...plain, capabilities }, SECONDS, () => T);
      assert.strictEqual(store.name, "memory");
      assert.deepEqual(store.capabilities, { ...capabilities, staleReadSeconds: 90 });
    });

    QUnit.test("a store that answers another number of records fails", async (assert) => {
      const { store } = rig({ get: async () => [] });
      await assert.rejects(store.get(["a/1"]), /^Error: memory: 0 records for 1 keys$/);
    });
  });
};

export default register;
