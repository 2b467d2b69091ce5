/** Keeping a JWK Set: for how long, for how many callers, and what of it where fetching fails. */

import type { ExportedJwks } from "../../js/verify/jwks.ts";
import type { Register } from "./runtime.ts";
import { answer, cacheOf, down, gate, never, rig, START, URI } from "./verify_jwks_rig.ts";

const register: Register = (QUnit) => {
  QUnit.module("verify jwks: freshness", () => {
    QUnit.test("one fetch while the set is fresh", async (assert) => {
      const { source, requests, clock } = rig([answer("one"), answer("two")]);
      assert.strictEqual(source.current(), undefined);
      assert.strictEqual(await source.get(), "one");
      clock.now += 599;
      assert.deepEqual([source.current(), await source.get(), requests.length], ["one", "one", 1]);
      clock.now += 1;
      assert.strictEqual(source.current(), undefined);
      assert.deepEqual([await source.get(), source.current(), requests.length], ["two", "two", 2]);
    });

    const lifetimes: [headers: Record<string, string>, max_age: number | undefined, expected: number][] = [
      [{}, undefined, 600],
      [{}, 3_600, 3_600],
      [{}, 30, 30],
      [{ "cache-control": "max-age=300" }, undefined, 300],
      [{ "cache-control": "public, Max-Age=300" }, undefined, 300],
      [{ "cache-control": 'max-age="300"' }, undefined, 300],
      [{ "cache-control": "max-age=300", age: "100" }, undefined, 200],
      [{ "cache-control": "max-age=300", age: "nonsense" }, undefined, 300],
      [{ "cache-control": "max-age=86400" }, undefined, 600],
      [{ "cache-control": `max-age=${"9".repeat(400)}` }, undefined, 600],
      [{ "cache-control": "max-age=1" }, undefined, 60],
      [{ "cache-control": "max-age=1" }, 30, 30],
      [{ "cache-control": "max-age=300", age: "9999" }, undefined, 60],
      [{ "cache-control": "no-store" }, undefined, 60],
      [{ "cache-control": "max-age=300, no-cache" }, undefined, 60],
      [{ "cache-control": "x-max-age=100, max-age=200" }, undefined, 200],
      [{ "cache-control": "max-age=soon" }, undefined, 600],
    ];
    for (const [headers, max_age, expected] of lifetimes) {
      QUnit.test(
        `${JSON.stringify(headers)} within ${max_age} is fresh for ${expected} s`,
        async (assert) => {
          const { source, clock } = rig([answer("set", headers)], max_age === undefined ? {} : { max_age });
          await source.get();
          clock.now = START + expected - 1;
          assert.strictEqual(source.current(), "set");
          clock.now = START + expected;
          assert.strictEqual(source.current(), undefined);
        },
      );
    }

    QUnit.test("a clock that was set back makes no set last longer", async (assert) => {
      const { source, clock } = rig([answer("one"), answer("two")]);
      await source.get();
      clock.now -= 1_000_000;
      assert.strictEqual(source.current(), undefined);
      assert.strictEqual(await source.get(), "two");
      assert.strictEqual(source.export()?.fetched_at, START - 1_000_000);
    });
  });

  QUnit.module("verify jwks: one flight", () => {
    QUnit.test("any number of callers share one fetch, and its set", async (assert) => {
      const { opened, open } = gate();
      const { source, requests } = rig([() => opened.then(() => new Response("set")), down]);
      const callers = Array.from({ length: 100 }, () => source.get());
      const unknown = Array.from({ length: 10 }, () => source.after_unknown_kid());
      open();
      assert.deepEqual(new Set(await Promise.all([...callers, ...unknown])), new Set(["set"]));
      assert.strictEqual(requests.length, 1);
    });

    QUnit.test("and its failure", async (assert) => {
      const { source, requests } = rig([down]);
      const results = await Promise.allSettled(Array.from({ length: 10 }, () => source.get()));
      assert.deepEqual(
        results.map(({ status }) => status),
        Array.from({ length: 10 }, () => "rejected"),
      );
      assert.strictEqual(requests.length, 1);
    });

    QUnit.test("a flight that never lands is replaced", async (assert) => {
      // As where the request that began it ended: not even its own timer fires.
      const { source, requests, clock } = rig([never, answer("set")], { timeout_ms: 5 });
      const callers = Promise.allSettled([source.get(), source.get()]);
      // The time that the flight may take has passed by this clock, and not by the timers.
      clock.now += 10;
      assert.strictEqual(await source.get(), "set");
      await callers;
      assert.strictEqual(requests.length, 2);
    });

    QUnit.test("a caller loses patience with another caller's flight", async (assert) => {
      // The cache's timer and the fetch's follow each other, so that the first flight outlasts the patience.
      const cache = { ...cacheOf(), get: () => new Promise<null>(() => {}) };
      const { source, requests } = rig([never, answer("two")], { timeout_ms: 5, cache });
      const [, second] = await Promise.allSettled([source.get(), source.get()]);
      assert.deepEqual<unknown>(second, { status: "fulfilled", value: "two" });
      assert.strictEqual(source.current(), "two");
      assert.strictEqual(requests.length, 2);
    });

    QUnit.test("nor keeps a stale set in use", async (assert) => {
      const { source, clock } = rig([answer("one"), never, answer("two")], { timeout_ms: 50 });
      await source.get();
      clock.now += 600;
      const lost = source.get();
      assert.strictEqual(await source.get(), "one");
      clock.now += 10;
      assert.strictEqual(await source.get(), "two");
      await lost;
    });

    QUnit.test("a flight that lands late replaces nothing newer", async (assert) => {
      const { opened, open } = gate();
      const { source, clock } = rig([() => opened.then(() => new Response("old")), answer("new")]);
      const first = source.get();
      clock.now += 10;
      assert.strictEqual(await source.get(), "new");
      open();
      assert.strictEqual(await first, "old");
      assert.strictEqual(source.current(), "new");
    });
  });

  QUnit.module("verify jwks: failures", () => {
    QUnit.test("a dead endpoint is asked after 1, 2, 4, 8, 16, 30, 30 s, and not before", async (assert) => {
      const { source, requests, clock } = rig([down]);
      let asked = 0;
      for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
        await assert.rejects(source.get(), /connection refused/);
        assert.strictEqual(requests.length, ++asked);
        clock.now += pause - 0.5;
        await assert.rejects(source.get(), /connection refused/);
        await assert.rejects(source.after_unknown_kid(), /connection refused/);
        assert.strictEqual(requests.length, asked);
        clock.now += 0.5;
      }
    });

    QUnit.test("success ends the pauses", async (assert) => {
      const { source, requests, clock } = rig([down, down, answer("set"), down, answer("set")]);
      await assert.rejects(source.get(), /refused/);
      clock.now += 1;
      await assert.rejects(source.get(), /refused/);
      clock.now += 2;
      assert.strictEqual(await source.get(), "set");
      clock.now += 600;
      assert.strictEqual(await source.get(), "set");
      clock.now += 1;
      await source.get();
      assert.deepEqual([requests.length, source.current()], [5, "set"]);
    });

    QUnit.test("a stale set is used until its end", async (assert) => {
      const { source, requests, clock } = rig([answer("set"), down], { stale_if_error: 1_000 });
      await source.get();
      clock.now = START + 600;
      assert.deepEqual([await source.get(), requests.length, source.current()], ["set", 2, undefined]);
      assert.deepEqual([await source.get(), requests.length], ["set", 2], "without asking, in the pause");
      clock.now = START + 1_599;
      assert.deepEqual([await source.get(), requests.length], ["set", 3]);
      clock.now = START + 1_602;
      await assert.rejects(source.get(), /connection refused/);
    });

    QUnit.test("a stale set is at hand while another caller fetches", async (assert) => {
      const { opened, open } = gate();
      const { source, requests, clock } = rig([answer("one"), () => opened.then(() => new Response("two"))]);
      await source.get();
      clock.now += 600;
      const first = source.get();
      assert.deepEqual([await source.get(), await source.get(), requests.length], ["one", "one", 2]);
      open();
      assert.deepEqual([await first, source.current()], ["two", "two"]);
    });

    QUnit.test("a malformed set does not replace a good one", async (assert) => {
      const { source, clock } = rig([answer("one"), answer("malformed")]);
      await source.get();
      clock.now += 600;
      assert.strictEqual(await source.get(), "one");
    });
  });

  QUnit.module("verify jwks: unknown kids", () => {
    QUnit.test("one fetch a cooldown", async (assert) => {
      const { source, requests, clock } = rig([answer("one"), answer("two"), answer("three")]);
      await source.get();
      clock.now += 29;
      assert.deepEqual([await source.after_unknown_kid(), requests.length], [undefined, 1]);
      clock.now += 1;
      assert.deepEqual([await source.after_unknown_kid(), requests.length], ["two", 2]);
      assert.deepEqual([await source.after_unknown_kid(), requests.length], [undefined, 2]);
      assert.strictEqual(source.current(), "two");
      clock.now += 30;
      assert.deepEqual([await source.after_unknown_kid(), requests.length], ["three", 3]);
    });

    QUnit.test("a set that came meanwhile is tried first", async (assert) => {
      const { source, requests } = rig([answer("new")]);
      await source.get();
      assert.deepEqual(
        [await source.after_unknown_kid("old"), await source.after_unknown_kid("new"), requests.length],
        ["new", undefined, 1],
      );
    });

    QUnit.test("a failure is told, and the set stays", async (assert) => {
      const { source, requests, clock } = rig([answer("one"), down]);
      await source.get();
      clock.now += 30;
      await assert.rejects(source.after_unknown_kid(), /connection refused/);
      await assert.rejects(source.after_unknown_kid(), /connection refused/);
      assert.deepEqual([source.current(), requests.length], ["one", 2]);
    });
  });

  QUnit.module("verify jwks: the cache", () => {
    const entry: ExportedJwks = {
      jwks_uri: URI,
      jwks: "kept",
      fetched_at: START - 10,
      fresh_until: START + 50,
    };

    QUnit.test("what is fetched is put there, and can be exported", async (assert) => {
      const cache = cacheOf();
      const { source } = rig([answer("set", { "cache-control": "max-age=100" })], { cache });
      assert.strictEqual(source.export(), undefined);
      await source.get();
      const expected = { jwks_uri: URI, jwks: "set", fetched_at: START, fresh_until: START + 100 };
      assert.deepEqual(cache.puts, [expected]);
      assert.deepEqual(source.export(), expected);
    });

    QUnit.test("a fresh entry spares the fetch, until it is stale", async (assert) => {
      const { source, requests, clock } = rig([answer("set")], { cache: cacheOf(entry) });
      assert.deepEqual([await source.get(), source.current(), requests.length], ["kept", "kept", 0]);
      clock.now = START + 50;
      assert.deepEqual([await source.get(), requests.length], ["set", 1]);
    });

    QUnit.test("an entry is fresh no longer than max_age", async (assert) => {
      for (const fresh_until of [undefined, START + 1e9]) {
        const { fresh_until: _, ...rest } = entry;
        const kept = fresh_until === undefined ? rest : { ...rest, fresh_until };
        const { source, clock } = rig([answer("set")], { cache: cacheOf(kept), max_age: 20 });
        assert.strictEqual(await source.get(), "kept");
        clock.now = START + 10;
        assert.strictEqual(source.current(), undefined);
      }
    });

    QUnit.test("a stale entry is used where fetching fails", async (assert) => {
      const stale = { ...entry, fetched_at: START - 100, fresh_until: START - 50 };
      const { source, requests } = rig([down], { cache: cacheOf(stale), stale_if_error: 100 });
      assert.deepEqual([await source.get(), requests.length], ["kept", 1]);
      const ended = rig([down], { cache: cacheOf(stale), stale_if_error: 50 });
      await assert.rejects(ended.source.get(), /connection refused/);
    });

    QUnit.test("an unknown kid passes the cache by", async (assert) => {
      const cache = cacheOf(entry);
      const { source, requests, clock } = rig([answer("set")], { cache });
      await source.get();
      clock.now += 40;
      cache.get = async () => ({ ...entry, jwks: "other", fetched_at: START + 30, fresh_until: START + 90 });
      assert.deepEqual([await source.after_unknown_kid(), requests.length], ["set", 1]);
    });

    QUnit.test("only an entry newer than the set at hand counts", async (assert) => {
      const cache = cacheOf();
      const answers = ["one", "two"].map((text) => answer(text, { "cache-control": "max-age=60" }));
      const { source, clock } = rig(answers, { cache });
      await source.get();
      clock.now = START + 60;
      cache.get = async () => ({ ...entry, fresh_until: START + 500 });
      assert.strictEqual(await source.get(), "two");
      clock.now = START + 120;
      cache.get = async () => ({ ...entry, fetched_at: START + 100, fresh_until: START + 500 });
      assert.strictEqual(await source.get(), "kept");
    });

    const ignored: [name: string, entry: unknown][] = [
      ["of another address", { ...entry, jwks_uri: "https://other.example/jwks" }],
      ["malformed as a set", { ...entry, jwks: "malformed" }],
      ["too long", { ...entry, jwks: "x".repeat(101) }],
      ["from the future", { ...entry, fetched_at: START + 1 }],
      ["without its time", { ...entry, fetched_at: undefined }],
      ["of a time that is none", { ...entry, fetched_at: Number.NaN }],
      ["of a time in words", { ...entry, fetched_at: `${START}` }],
      ["of an end in words", { ...entry, fresh_until: `${START + 50}` }],
      ["without a set", { ...entry, jwks: undefined }],
      ["with a set as an object", { ...entry, jwks: { keys: [] } }],
      ["undefined", undefined],
      ["a text", JSON.stringify(entry)],
      ["a number", 7],
    ];
    for (const [name, given] of ignored) {
      QUnit.test(`an entry that is ${name} is ignored`, async (assert) => {
        const { source, requests } = rig([answer("set")], { cache: cacheOf(given), max_octets: 100 });
        assert.deepEqual([await source.get(), requests.length], ["set", 1]);
      });
    }

    const fail = (): never => {
      throw new Error("broken");
    };
    const broken: [name: string, fault: () => Promise<never>][] = [
      ["throws", fail],
      ["rejects", () => Promise.reject(new Error("broken"))],
      ["hangs", () => new Promise(() => {})],
    ];
    for (const [name, fault] of broken) {
      QUnit.test(`a cache that ${name} breaks nothing`, async (assert) => {
        const { source, requests } = rig([answer("set")], {
          cache: { get: fault, put: fault },
          timeout_ms: 50,
        });
        assert.strictEqual(await source.get(), "set");
        assert.deepEqual([source.current(), requests.length], ["set", 1]);
      });
    }
  });
};

export default register;
