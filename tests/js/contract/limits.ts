/** Odd and long keys and values. */

import { byUtf8 } from "../../../js/store/partition.ts";
import { type Contract, change, put, values } from "./kit.ts";
import { LONGEST_KEYS, ODD_IDS, ODD_VALUES } from "./samples.ts";

/** Registers the tests. */
export function limitsContract({ test }: Contract, maxValueBytes: number): void {
  test("takes values up to the declared length, in bytes of UTF-8, and none longer", async (assert, store, kind) => {
    const key = `${kind}/1`;
    for (const character of ["x", "é", "€", "\u{1f511}"]) {
      const bytes = new TextEncoder().encode(character).length;
      const full = character.repeat(maxValueBytes / bytes) + "y".repeat(maxValueBytes % bytes);
      assert.true(await store.commit(change({ set: [put(key, full)] })));
      assert.true((await values(store, [key]))[0] === full, `${character} comes back whole`);
      const commit = change({ set: [put(`${kind}/1/small`), put(key, `${full}z`)] });
      await assert.rejects(store.commit(commit), new RegExp(`${kind}/1.*longer than ${maxValueBytes} bytes`));
      assert.deepEqual((await store.get([`${kind}/1/small`]))[0], null);
    }
  });

  test("keeps values as they are", async (assert, store, kind) => {
    const set = ODD_VALUES.map((value, i) => put(`${kind}/1/${i}`, value));
    await store.commit(change({ set }));
    assert.deepEqual(
      await values(
        store,
        set.map(({ key }) => key),
      ),
      ODD_VALUES,
    );
    const { entries } = await store.list(`${kind}/1/`, null, set.length);
    assert.deepEqual(new Set(entries.map(({ value }) => value)), new Set(ODD_VALUES));
  });

  test("tells all keys apart, whatever characters they have", async (assert, store, kind) => {
    const keys = [
      ...ODD_IDS.flatMap((id) => [`${kind}/${id}`, `${kind}/1/${id}`, `${kind}${id}/1`]),
      ...LONGEST_KEYS,
    ];
    assert.strictEqual(new Set(keys).size, keys.length);
    await Promise.all(keys.map((key) => store.commit(change({ set: [put(key, `at ${key}`)] }))));
    assert.deepEqual(
      await values(store, keys),
      keys.map((key) => `at ${key}`),
    );
    const listed = await store.list(`${kind}/1/`, null, keys.length);
    assert.deepEqual(
      listed.entries.map(({ key }) => key),
      ODD_IDS.map((id) => `${kind}/1/${id}`).sort(byUtf8),
    );
    for (const key of keys) await store.commit(change({ delete: [key] }));
    assert.deepEqual(
      await values(store, keys),
      keys.map(() => null),
    );
  });

  test("refuses a key that it cannot hold, and reads it as absent", async (assert, store) => {
    const keys = [
      ...LONGEST_KEYS.map((key) => `${key}x`),
      `k/${"x".repeat(100_000)}`,
      "",
      ".",
      "..",
      "__proto__",
      "kind",
    ];
    for (const key of keys) {
      await assert.rejects(store.commit(change({ set: [put(key)] })), /at most 512 bytes/);
      await assert.rejects(store.commit(change({ delete: [key] })), /at most 512 bytes/);
    }
    assert.deepEqual(
      await values(store, keys),
      keys.map(() => null),
    );
  });
}
