/** The cache of verified tokens. */

import { VerifiedCache } from "../../js/verify/cache.ts";
import type { Register } from "./runtime.ts";

const register: Register = (QUnit) => {
  QUnit.module("verify cache", () => {
    QUnit.test("an entry is there until its end, and never at it", (assert) => {
      const cache = new VerifiedCache<string>();
      cache.set("a", "good", 100);
      assert.strictEqual(cache.get("a", 99.999), "good");
      assert.strictEqual(cache.get("a", 100), undefined);
      assert.strictEqual(cache.get("a", 50), undefined, "gone for good");
      assert.strictEqual(cache.size, 0);
    });

    QUnit.test("an entry without a readable end is never given", (assert) => {
      const cache = new VerifiedCache<string>();
      cache.set("a", "good", Number.NaN);
      assert.strictEqual(cache.get("a", 0), undefined);
    });

    QUnit.test("the least recently used gives way", (assert) => {
      const cache = new VerifiedCache<number>({ max_entries: 3 });
      for (const [i, key] of ["a", "b", "c"].entries()) cache.set(key, i, 100);
      cache.get("a", 0);
      cache.set("b", 11, 100);
      cache.set("d", 3, 100);
      assert.deepEqual(
        ["a", "b", "c", "d"].map((key) => cache.get(key, 0)),
        [0, 11, undefined, 3],
      );
    });

    QUnit.test("it never grows beyond its bound", (assert) => {
      const cache = new VerifiedCache<number>({ max_entries: 10 });
      for (let i = 0; i < 1_000; i++) cache.set(`token ${i % 25}`, i, 100);
      assert.strictEqual(cache.size, 10);
      cache.clear();
      assert.strictEqual(cache.size, 0);
      assert.strictEqual(cache.get("token 24", 0), undefined);
    });

    QUnit.test("a bound that is none is refused", (assert) => {
      for (const max_entries of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        assert.throws(() => new VerifiedCache({ max_entries }), /RangeError: max_entries/, `${max_entries}`);
      }
    });
  });
};

export default register;
