/** What was stored is there after the runtime was ended and started anew on the same folder. */

import { byUtf8 } from "../../js/store/partition.ts";
import { change, put } from "./contract/kit.ts";
import { ODD_IDS } from "./contract/samples.ts";
import type { QUnit, Runtime } from "./runtime.ts";

const KEYS = ODD_IDS.map((id) => `persistence/1/${id}`).sort(byUtf8);
/** Holds the versions that {@link KEYS} had when they were stored. */
const VERSIONS = "persistence/versions";
/** Seconds. */
const DAY = 86_400;

const today = () => Math.floor(Date.now() / 1000);

export default (QUnit: QUnit, { restarted, stores }: Runtime): void => {
  for (const { name, open, observed } of stores.filter(({ persistent }) => persistent)) {
    QUnit.module(`persistence of ${name}`, () => {
      if (!restarted) {
        QUnit.test("stores before the restart", async (assert) => {
          const store = await open();
          const expires_at = today() + DAY;
          assert.true(
            await store.commit(change({ set: KEYS.map((key) => put(key, `at ${key}`, expires_at)) })),
          );
          const versions = (await store.get(KEYS)).map((found) => found?.version ?? null);
          assert.true(await store.commit(change({ set: [put(VERSIONS, JSON.stringify(versions))] })));
        });
        if (!observed) return;
        QUnit.test("plans a clean-up before the restart", async (assert) => {
          const { store, held } = observed("planned", today);
          await store.commit(change({ set: [put("planned/1", "v", today() + DAY)] }));
          assert.notStrictEqual((await held()).due, null);
        });
        return;
      }

      QUnit.test("finds all of it after the restart", async (assert) => {
        const store = await open();
        const [versions] = await store.get([VERSIONS]);
        const expected = JSON.parse(versions?.value ?? "[]").map((version: string, i: number) => ({
          key: KEYS[i],
          value: `at ${KEYS[i]}`,
          version,
        }));
        assert.strictEqual(expected.length, KEYS.length);
        assert.deepEqual(await store.list("persistence/1/", null, 1000), { entries: expected, more: false });
        if (!store.capabilities.atomic) return;
        const [first] = expected;
        const check = [{ key: first.key, version: first.version }];
        assert.true(await store.commit(change({ check, delete: [first.key] })));
        assert.false(await store.commit(change({ check, delete: [first.key] })));
      });
      if (!observed) return;
      QUnit.test("a clean-up that was planned before is not put off", async (assert) => {
        const { store, held } = observed("planned", today);
        const { due } = await held();
        assert.notStrictEqual(due, null);
        await store.commit(change({ set: [put("planned/2", "v", today() + 2 * DAY)] }));
        assert.strictEqual((await held()).due, due);
      });
    });
  }
};
