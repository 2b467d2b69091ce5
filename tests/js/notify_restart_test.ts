/** A notification that is on its way as the runtime is ended is sent again by the next one on the same folder. */

import { outbound, seen } from "./notify_test.ts";
import type { Register } from "./runtime.ts";

const NAME = "restarted";

const register: Register = (QUnit, { restarted, stores, target = "" }) => {
  for (const { name, open, keeps } of stores) {
    if (keeps === undefined) continue;
    QUnit.module(`notifications kept by ${name} over a restart`, () => {
      if (restarted) {
        QUnit.test("the one from before comes again", async (assert) => {
          await open();
          const [first, again] = await seen(target, NAME, "answered", 1);
          assert.deepEqual([first?.state, again?.state], ["closed", "answered"]);
        });
      } else {
        // The last test of a run: it ends while the endpoint lets the request hang.
        QUnit.test("one is on its way", async (assert) => {
          const { enqueue } = await open();
          await enqueue?.(outbound(`${target}/${NAME}/hang,200`, 2_000));
          assert.deepEqual(
            (await seen(target, NAME, "open", 1)).map(({ state }) => state),
            ["open"],
          );
        });
      }
    });
  }
};

export default register;
