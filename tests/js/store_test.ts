/** The contract for every adapter of the runtime, and what is particular to one. */

import { cloudflareKv } from "../../js/store/cloudflare_kv.ts";
import { type DenoKvAtomic, denoKv } from "../../js/store/deno_kv.ts";
import { type MemoryRecord, memory } from "../../js/store/memory.ts";
import { partition, shardOf } from "../../js/store/partition.ts";
import { change, put } from "./contract/kit.ts";
import type { QUnit, Runtime } from "./runtime.ts";
import { storeContract } from "./store_contract.ts";

export default (QUnit: QUnit, runtime: Runtime): void => {
  for (const under of runtime.stores) {
    QUnit.module(`store ${under.name}`, () => {
      storeContract(QUnit, under);

      const { observed } = under;
      if (!observed) return;
      QUnit.test("removes what has expired, and plans to only where something expires", async (assert) => {
        const { store, held, cleanUp } = observed("swept", () => 1000);
        const later = Math.floor(Date.now() / 1000) + 86_400;
        await store.commit(change({ set: [put("a/1")] }));
        assert.deepEqual(await held(), { keys: ["a/1"], due: null }, "nothing expires: nothing planned");

        await store.commit(change({ set: [put("b/1", "v", later)] }));
        assert.strictEqual((await held()).due, later * 1000, "planned for the expiry");
        const before = Date.now();
        await store.commit(
          change({ set: [put("b/2/x", "v", 2000), put("b/2/y", "v", 2000), put("b/2/z", "v", later)] }),
        );
        const { due } = await held();
        assert.true(
          due !== null && due >= before + 60_000 && due < later * 1000,
          "moved to the earlier expiry",
        );
        await store.commit(change({ set: [put("b/3", "v", 2000)] }));
        assert.strictEqual((await held()).due, due, "and left there");

        await cleanUp();
        assert.deepEqual(await held(), { keys: ["a/1", "b/1", "b/2/z"], due: later * 1000 });
        await store.commit(change({ delete: ["b/1"] }));
        await store.commit(change({ delete: ["b/2/z"] }));
        await cleanUp();
        assert.deepEqual(
          await held(),
          { keys: ["a/1"], due: null },
          "nothing left to remove: nothing planned",
        );
      });
    });
  }

  QUnit.module("store partitions", () => {
    QUnit.test("are hashed by FNV-1a, for ever", (assert) => {
      // The hashes are those that the algorithm's authors publish.
      const hashes: [string, number][] = [
        ["", 0x811c9dc5],
        ["a", 0xe40c292c],
        ["foobar", 0xbf9cf968],
      ];
      for (const [text, hash] of hashes) {
        assert.strictEqual(shardOf(text, 2 ** 32), hash);
        assert.strictEqual(shardOf(text, 64), hash % 64);
      }
      assert.notStrictEqual(shardOf("\u00e9", 2 ** 32), shardOf("\u0129", 2 ** 32), "over UTF-8");
    });

    QUnit.test("are a key's first two segments", (assert) => {
      const keys = ["k", "k/1", "k/1/", "k/1/a", "k/1/a/b", "k//a", "k/"];
      assert.deepEqual(keys.map(partition), ["k", "k/1", "k/1", "k/1", "k/1", "k/", "k/"]);
    });
  });

  QUnit.module("store lifetimes", () => {
    const now = () => 1000;

    QUnit.test("memory forgets what has expired", async (assert) => {
      let time = 1000;
      const records = new Map<string, MemoryRecord>();
      const store = memory({ now: () => time, records });
      const life = 60;
      let most = 0;
      for (let i = 0; i < 20_000; i++) {
        time = 1000 + i;
        await store.commit(change({ set: [put(`k/${i}`, "v", time + life)] }));
        most = Math.max(most, records.size);
      }
      assert.true(most <= 1024, `held ${most} at most`);
      assert.strictEqual((await store.list("k/", null, 100)).entries.length, life);
    });

    QUnit.test("cloudflare_kv asks for no life that KV refuses", async (assert) => {
      const asked: unknown[] = [];
      const namespace = {
        put: async (_key: string, _value: string, options: unknown) => void asked.push(options),
      };
      const store = cloudflareKv(namespace as unknown as Parameters<typeof cloudflareKv>[0], { now });
      const lives = [null, 900, 1000, 1005, 1060, 1061];
      for (const expires_at of lives) await store.commit(change({ set: [put("k/1", "v", expires_at)] }));
      const ttls = asked.map((options) => (options as { expirationTtl?: number }).expirationTtl);
      assert.deepEqual(ttls, [undefined, 60, 60, 60, 60, 61]);
    });

    QUnit.test("deno_kv asks for the life in milliseconds", async (assert) => {
      const asked: unknown[] = [];
      const atomic: DenoKvAtomic = {
        check: () => atomic,
        delete: () => atomic,
        set(_key, _value, { expireIn }) {
          asked.push(expireIn);
          return atomic;
        },
        commit: async () => ({ ok: true }),
      };
      const kv = { atomic: () => atomic } as unknown as Parameters<typeof denoKv>[0];
      const store = denoKv(kv, { now });
      for (const expires_at of [null, 900, 1005])
        await store.commit(change({ set: [put("k/1", "v", expires_at)] }));
      assert.deepEqual(asked, [undefined, 1, 5000]);
    });
  });
};
