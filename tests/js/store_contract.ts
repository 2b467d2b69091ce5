/** What every store adapter must do. The core relies on all of it. */

import type { Capabilities } from "../../js/types.ts";
import { atomicContract } from "./contract/atomic.ts";
import { type Contract, change, put, T, version } from "./contract/kit.ts";
import { limitsContract } from "./contract/limits.ts";
import { listingContract } from "./contract/listing.ts";
import { recordsContract } from "./contract/records.ts";
import type { QUnit, StoreUnderTest } from "./runtime.ts";

const MIB = 1024 * 1024;
const DECLARED: Record<StoreUnderTest["name"], Capabilities> = {
  memory: { atomic: true, staleReadSeconds: 0, minTtlSeconds: 0, maxValueBytes: MIB },
  cloudflare_kv: { atomic: false, staleReadSeconds: 60, minTtlSeconds: 60, maxValueBytes: 25 * MIB },
  durable_object: { atomic: true, staleReadSeconds: 0, minTtlSeconds: 0, maxValueBytes: MIB },
  deno_kv: { atomic: true, staleReadSeconds: 0, minTtlSeconds: 0, maxValueBytes: 64 * 1024 - 8 },
};

/** Registers the contract for one adapter. */
export function storeContract(QUnit: QUnit, { name, open }: StoreUnderTest): void {
  const { atomic, maxValueBytes } = DECLARED[name];
  let kinds = 0;
  const contract: Contract = {
    test(title, run) {
      const kind = `contract${++kinds}`;
      QUnit.test(title, async (assert) => run(assert, await open(), kind));
    },
    timed(title, run) {
      const kind = `contract${++kinds}`;
      const clock = { now: T };
      QUnit.test(title, async (assert) => run(assert, await open(() => clock.now), kind, clock));
    },
  };

  contract.test("declares what it can do", async (assert, store) => {
    assert.strictEqual(store.name, name);
    assert.deepEqual(store.capabilities, DECLARED[name]);
  });

  recordsContract(contract);
  listingContract(contract);
  limitsContract(contract, maxValueBytes);
  if (atomic) atomicContract(contract);
  else {
    contract.test("refuses to compare and writes nothing", async (assert, store, kind) => {
      const key = `${kind}/1`;
      const commit = change({ check: [{ key, version: null }], set: [put(key)] });
      await assert.rejects(store.commit(commit), /cannot compare.*"state".*atomic/);
      assert.strictEqual(await version(store, key), null);
    });
  }
}
