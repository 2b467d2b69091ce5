/** Pages in key order. */

import { byUtf8 } from "../../../js/store/partition.ts";
import { type Contract, change, pageKeys, put, version } from "./kit.ts";
import { ODD_IDS } from "./samples.ts";

/** Registers the tests. */
export function listingContract({ test }: Contract): void {
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
}
