/** What every store adapter must do. The core relies on all of it. */

import { byUtf8 } from "../../js/store/partition.ts";
import type { Capabilities, Commit, Store } from "../../js/types.ts";
import type { Assert, QUnit, StoreUnderTest } from "./runtime.ts";
import { LONGEST_KEYS, ODD_IDS, ODD_VALUES } from "./store_samples.ts";

const MIB = 1024 * 1024;
const DECLARED: Record<StoreUnderTest["name"], Capabilities> = {
  memory: { atomic: true, staleReadSeconds: 0, minTtlSeconds: 0, maxValueBytes: MIB },
  cloudflare_kv: { atomic: false, staleReadSeconds: 60, minTtlSeconds: 60, maxValueBytes: 25 * MIB },
  durable_object: { atomic: true, staleReadSeconds: 0, minTtlSeconds: 0, maxValueBytes: MIB },
  deno_kv: { atomic: true, staleReadSeconds: 0, minTtlSeconds: 0, maxValueBytes: 64 * 1024 - 8 },
};

/** Some moment, seconds since 1970. */
const T = 1_700_000_000;

type Put = Commit["set"][number];

/** A commit that lacks nothing. */
export const change = (parts: Partial<Commit>): Commit => ({ check: [], set: [], delete: [], ...parts });
/** A record to write. */
export const put = (key: string, value = "v", expires_at: number | null = null): Put => ({
  key,
  value,
  expires_at,
});

const values = async (store: Store, keys: string[]) =>
  (await store.get(keys)).map((found) => found?.value ?? null);
const version = async (store: Store, key: string) => (await store.get([key]))[0]?.version ?? null;
const pageKeys = async (store: Store, prefix: string, after: string | null, limit: number) => {
  const { entries, more } = await store.list(prefix, after, limit);
  return { keys: entries.map(({ key }) => key), more };
};

/** Registers the contract for one adapter. */
export function storeContract(QUnit: QUnit, { name, open }: StoreUnderTest): void {
  const { atomic, maxValueBytes } = DECLARED[name];
  let kinds = 0;
  /** Each test has a key space of its own. */
  const test = (title: string, run: (assert: Assert, store: Store, kind: string) => Promise<void>) => {
    const kind = `contract${++kinds}`;
    QUnit.test(title, async (assert) => run(assert, await open(), kind));
  };

  test("declares what it can do", async (assert, store) => {
    assert.strictEqual(store.name, name);
    assert.deepEqual(store.capabilities, DECLARED[name]);
  });

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

  if (atomic) {
    atomicContract(test);
    QUnit.test("what has expired counts as absent, and is replaced by exactly one", async (assert) => {
      let now = T;
      const store = await open(() => now);
      const key = "expired/1";
      const check = [{ key, version: null }];
      const create = (value: string) => store.commit(change({ check, set: [put(key, value, now + 100)] }));
      assert.true(await create("first"));
      now = T + 99;
      assert.false(await create("too early"));
      now = T + 100;
      const won = await Promise.all(Array.from({ length: 20 }, (_, i) => create(`${i}`)));
      assert.strictEqual(won.filter(Boolean).length, 1);
      assert.deepEqual(await values(store, [key]), [`${won.indexOf(true)}`]);
    });
  } else {
    test("refuses to compare and writes nothing", async (assert, store, kind) => {
      const key = `${kind}/1`;
      const commit = change({ check: [{ key, version: null }], set: [put(key)] });
      await assert.rejects(store.commit(commit), /cannot compare.*"state".*atomic/);
      assert.strictEqual(await version(store, key), null);
    });
  }

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

  QUnit.test("what has expired is neither read nor listed", async (assert) => {
    let now = T;
    const store = await open(() => now);
    const keys = ["past", "short", "long", "for ever"].map((id) => `expiry/1/${id}`);
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
      now = time;
      const expected = ids.map((id) => `expiry/1/${id}`);
      const read = (await store.get(keys)).flatMap((found, i) => (found ? (keys[i] ?? []) : []));
      assert.deepEqual(read.sort(), expected, `read at T + ${time - T}`);
      assert.deepEqual(
        await pageKeys(store, "expiry/1/", null, 3),
        { keys: expected, more: false },
        "listed",
      );
      assert.deepEqual(await pageKeys(store, "expiry/", null, 1), {
        keys: ["expiry/1/for ever"],
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

  test("lists in the order of UTF-8 bytes, page by page", async (assert, store, kind) => {
    const ids = [...ODD_IDS.keys()]
      .map((i) => `${i}`)
      .concat("a", "ab", "\u{ff5e}", "\u{1f511}", "\u{e000}", "é");
    const keys = ids.map((id) => `${kind}/${id}/x`);
    await Promise.all(keys.map((key) => store.commit(change({ set: [put(key, key)] }))));
    await store.commit(change({ set: [put(`${kind}0/outside`)] }));
    const sorted = [...keys].sort(byUtf8);
    assert.deepEqual(
      sorted.slice(-4).map((key) => key.split("/")[1]),
      ["é", "\u{e000}", "\u{ff5e}", "\u{1f511}"],
    );

    for (const limit of [1, 7, keys.length - 1, keys.length, keys.length + 1]) {
      const listed: string[] = [];
      for (let more = true, pages = 0; more; pages++) {
        const page = await store.list(`${kind}/`, listed.at(-1) ?? null, limit);
        assert.true(page.entries.every(({ key, value }) => key === value));
        assert.true(page.entries.length === limit || !page.more, "only the last page may be short");
        listed.push(...page.entries.map(({ key }) => key));
        more = page.more && pages < keys.length;
      }
      assert.deepEqual(listed, sorted, `by ${limit}`);
    }
    const [first] = (await store.list(`${kind}/`, null, 1)).entries;
    assert.deepEqual(
      first?.version,
      await version(store, sorted[0] ?? ""),
      "with the version that get answers",
    );
  });

  test("a prefix and a key to follow may be any text", async (assert, store, kind) => {
    const keys = ["0/a", "1/a", "1/ab", "1/b", "12/a", "2/a"].map((id) => `${kind}/${id}`);
    await Promise.all(keys.map((key) => store.commit(change({ set: [put(key)] }))));
    const cases: [string, string | null, string[]][] = [
      ["", null, ["0/a", "1/a", "1/ab", "1/b", "12/a", "2/a"]],
      ["1", null, ["1/a", "1/ab", "1/b", "12/a"]],
      ["1/", null, ["1/a", "1/ab", "1/b"]],
      ["1/a", null, ["1/a", "1/ab"]],
      ["1/a", "1/a", ["1/ab"]],
      ["1/", "1/aa", ["1/ab", "1/b"]],
      ["1/", "0", ["1/a", "1/ab", "1/b"]],
      ["1/", "1/b", []],
      ["1/", "3", []],
      ["3", null, []],
      ["1/", `1/a${"z".repeat(3000)}`, ["1/b"]],
      ["z".repeat(3000), null, []],
    ];
    for (const [prefix, after, ids] of cases) {
      const page = await pageKeys(store, `${kind}/${prefix}`, after && `${kind}/${after}`, 9);
      assert.deepEqual(
        page,
        { keys: ids.map((id) => `${kind}/${id}`), more: false },
        `${prefix} after ${after}`,
      );
    }
  });

  test("lists more than a thousand records", async (assert, store, kind) => {
    const keys = Array.from({ length: 1100 }, (_, i) => `${kind}/1/${String(i).padStart(4, "0")}`);
    for (let at = 0; at < keys.length; at += 550) {
      await store.commit(change({ set: keys.slice(at, at + 550).map((key) => put(key)) }));
    }
    assert.deepEqual(await pageKeys(store, `${kind}/`, keys[1039] ?? null, 50), {
      keys: keys.slice(1040, 1090),
      more: true,
    });
    assert.deepEqual(await pageKeys(store, `${kind}/1/`, null, 2000), { keys, more: false });
  });

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

/** What only an atomic adapter promises. */
function atomicContract(
  test: (title: string, run: (assert: Assert, store: Store, kind: string) => Promise<void>) => void,
): void {
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
}
