/** Reading, writing, versions, lifetimes. */

import type { Commit } from "../../../js/types.ts";
import { type Contract, change, pageKeys, put, T, values, version } from "./kit.ts";

/** Registers the tests. */
export function recordsContract({ test, timed }: Contract): void {
  test("get answers in the order of the keys, over partitions, absent and repeated ones too", async (assert, store, kind) => {
    const keys = Array.from({ length: 25 }, (_, i) => `${kind}/${i}`);
    await Promise.all(keys.map((key, i) => store.commit(change({ set: [put(key, `value ${i}`)] }))));
    const asked = [`${kind}/none`, ...keys.toReversed(), `${kind}/7`, `${kind}/0/none`];
    const expected = [null, ...keys.map((_, i) => `value ${i}`).reverse(), "value 7", null];
    assert.deepEqual(await values(store, asked), expected);
    assert.deepEqual(await store.get([]), []);
  });

  test("a commit writes, replaces and deletes", async (assert, store, kind) => {
    const [a, b, c] = [`${kind}/1/a`, `${kind}/1/b`, `${kind}/1/c`];
    assert.true(await store.commit(change({ set: [put(a, "1"), put(b, "2")] })));
    assert.deepEqual(await values(store, [a, b, c]), ["1", "2", null]);
    assert.true(
      await store.commit(change({ set: [put(a, "3"), put(c, "4")], delete: [b, `${kind}/1/none`] })),
    );
    assert.deepEqual(await values(store, [a, b, c]), ["3", null, "4"]);
  });

  test("a version never comes again, not for the same value, not after a deletion", async (assert, store, kind) => {
    const key = `${kind}/1`;
    const seen = new Set<string | null>();
    for (let round = 0; round < 4; round++) {
      await store.commit(change({ set: [put(key, "same")] }));
      seen.add(await version(store, key));
      await store.commit(change({ set: [put(key, "same")] }));
      seen.add(await version(store, key));
      await store.commit(change({ delete: [key] }));
    }
    assert.strictEqual(seen.size, 8);
    assert.false(seen.has(null));
  });

  test("a commit over two partitions, or over none, is refused and writes nothing", async (assert, store, kind) => {
    const [here, there] = [`${kind}/1/a`, `${kind}/2/a`];
    const refused: Commit[] = [
      change({ set: [put(here), put(there)] }),
      change({ set: [put(here)], delete: [there] }),
      change({ set: [put(here)], check: [{ key: there, version: null }] }),
      change({ set: [put(`${kind}/1`), put(`${kind}/11`)] }),
    ];
    for (const commit of refused) await assert.rejects(store.commit(commit), /one partition/);
    await assert.rejects(store.commit(change({})), /at least one key/);
    assert.deepEqual(await values(store, [here, there, `${kind}/1`, `${kind}/11`]), [null, null, null, null]);
    assert.true(
      await store.commit(change({ set: [put(`${kind}/1`), put(here)] })),
      "a partition's own key is in it",
    );
  });

  timed("what has expired is neither read nor listed", async (assert, store, kind, clock) => {
    const keys = ["past", "short", "long", "for ever"].map((id) => `${kind}/1/${id}`);
    const lives = [T, T + 5, T + 100, null];
    await store.commit(change({ set: keys.map((key, i) => put(key, "v", lives[i] ?? null)) }));
    const cases: [number, string[]][] = [
      [T, ["for ever", "long", "short"]],
      [T + 4, ["for ever", "long", "short"]],
      [T + 5, ["for ever", "long"]],
      [T + 99, ["for ever", "long"]],
      [T + 100, ["for ever"]],
      [T + 1e9, ["for ever"]],
    ];
    for (const [time, ids] of cases) {
      clock.now = time;
      const expected = ids.map((id) => `${kind}/1/${id}`);
      const read = (await store.get(keys)).flatMap((found, i) => (found ? (keys[i] ?? []) : []));
      assert.deepEqual(read.sort(), expected, `read at T + ${time - T}`);
      assert.deepEqual(
        await pageKeys(store, `${kind}/1/`, null, 3),
        { keys: expected, more: false },
        "listed",
      );
      assert.deepEqual(await pageKeys(store, `${kind}/`, null, 1), {
        keys: [`${kind}/1/for ever`],
        more: ids.length > 1,
      });
    }
  });

  test("without a given clock it goes by the machine's", async (assert, store, kind) => {
    const [gone, there] = [`${kind}/1/gone`, `${kind}/1/there`];
    const now = Math.floor(Date.now() / 1000);
    await store.commit(change({ set: [put(gone, "v", now - 1), put(there, "v", now + 3600)] }));
    assert.deepEqual(await values(store, [gone, there]), [null, "v"]);
    assert.deepEqual(await pageKeys(store, `${kind}/1/`, null, 9), { keys: [there], more: false });
  });
}
