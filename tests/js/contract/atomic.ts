/** What only an atomic adapter promises: the base of all that happens once. */

import { type Contract, change, put, T, values, version } from "./kit.ts";

/** Registers the tests. */
export function atomicContract({ test, timed }: Contract): void {
  test("a check holds or nothing is written", async (assert, store, kind) => {
    const key = `${kind}/1`;
    const create = change({ check: [{ key, version: null }], set: [put(key, "1")] });
    assert.true(await store.commit(create));
    assert.false(await store.commit(create), "must not exist");
    const first = await version(store, key);
    const replace = change({ check: [{ key, version: first }], set: [put(key, "2")] });
    assert.true(await store.commit(replace));
    assert.false(await store.commit(replace), "must have the version");
    assert.deepEqual(await values(store, [key]), ["2"]);
    assert.false(await store.commit(change({ check: [{ key, version: first }], delete: [key] })));
    assert.true(
      await store.commit(change({ check: [{ key, version: await version(store, key) }], delete: [key] })),
    );
    assert.false(
      await store.commit(change({ check: [{ key, version: first }], set: [put(key, "3")] })),
      "gone",
    );
    assert.true(await store.commit(create), "absent again");
  });

  test("a check may stand alone", async (assert, store, kind) => {
    const key = `${kind}/1`;
    assert.true(await store.commit(change({ check: [{ key, version: null }] })));
    await store.commit(change({ set: [put(key)] }));
    assert.false(await store.commit(change({ check: [{ key, version: null }] })));
  });

  test("one of several checks fails: nothing is written, nothing deleted", async (assert, store, kind) => {
    const [a, b, c, d] = ["a", "b", "c", "d"].map((id) => `${kind}/1/${id}`) as [
      string,
      string,
      string,
      string,
    ];
    await store.commit(change({ set: [put(a, "1"), put(b, "1")] }));
    const stale = await version(store, b);
    await store.commit(change({ set: [put(b, "1")] }));
    const before = await store.get([a, b, c, d]);
    const good = [
      { key: a, version: await version(store, a) },
      { key: c, version: null },
    ];
    for (const bad of [
      { key: b, version: null },
      { key: b, version: stale },
      { key: d, version: stale },
    ]) {
      for (const check of [
        [bad, ...good],
        [...good, bad],
      ]) {
        assert.false(await store.commit(change({ check, set: [put(a, "2"), put(c, "2")], delete: [b] })));
        assert.deepEqual(await store.get([a, b, c, d]), before);
      }
    }
    const holds = [...good, { key: b, version: await version(store, b) }, { key: d, version: null }];
    assert.true(await store.commit(change({ check: holds, set: [put(a, "2"), put(c, "2")], delete: [b] })));
    assert.deepEqual(await values(store, [a, b, c, d]), ["2", null, "2", null]);
  });

  test("of 100 conflicting commits exactly one wins", async (assert, store, kind) => {
    const key = `${kind}/1`;
    const mark = (i: number) => `${kind}/1/${i}`;
    const all = Array.from({ length: 100 }, (_, i) => i);
    for (let round = 0; round < 5; round++) {
      const check = [{ key, version: await version(store, key) }];
      const won = await Promise.all(
        all.map((i) =>
          store.commit(change({ check, set: [put(key, `${round}: ${i}`), put(mark(i), `${round}`)] })),
        ),
      );
      assert.strictEqual(won.filter(Boolean).length, 1, `round ${round}`);
      const winner = won.indexOf(true);
      assert.deepEqual(await values(store, [key]), [`${round}: ${winner}`]);
      const marked = (await values(store, all.map(mark))).flatMap((value, i) =>
        value === `${round}` ? i : [],
      );
      assert.deepEqual(marked, [winner], "the losers left no trace");
    }
  });

  test("of 100 increments none is lost", async (assert, store, kind) => {
    const key = `${kind}/1`;
    await store.commit(change({ set: [put(key, "0")] }));
    const increment = async () => {
      for (;;) {
        const [found] = await store.get([key]);
        const commit = {
          check: [{ key, version: found?.version ?? null }],
          set: [put(key, String(Number(found?.value) + 1))],
        };
        if (await store.commit(change(commit))) return;
      }
    };
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let i = 0; i < 10; i++) await increment();
      }),
    );
    assert.deepEqual(await values(store, [key]), ["100"]);
  });

  timed(
    "what has expired counts as absent, and is replaced by exactly one",
    async (assert, store, kind, clock) => {
      const key = `${kind}/1`;
      const check = [{ key, version: null }];
      const create = (value: string) =>
        store.commit(change({ check, set: [put(key, value, clock.now + 100)] }));
      assert.true(await create("first"));
      clock.now = T + 99;
      assert.false(await create("too early"));
      clock.now = T + 100;
      const won = await Promise.all(Array.from({ length: 20 }, (_, i) => create(`${i}`)));
      assert.strictEqual(won.filter(Boolean).length, 1);
      assert.deepEqual(await values(store, [key]), [`${won.indexOf(true)}`]);
    },
  );
}
