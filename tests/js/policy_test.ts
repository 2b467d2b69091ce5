/** The policy's tools through WebAssembly. What they find is tested in `tests/policy.rs` and `src/policy/`. */

import { PolicyError } from "../../js/policy/error.ts";
import { bind } from "../../js/policy/tools.ts";
import type { Facts, PolicyCore } from "../../js/policy/types.ts";
import type { Core, CoreFactory } from "../../js/types.ts";
import type { Register } from "./runtime.ts";

const POLICY = {
  version: "7",
  scopes: { read: { description: "reads", auto_approved: ["b"] }, write: { clients: ["a"] } },
  exchange: [
    {
      flow: "exchangeable_token",
      from: "a",
      to: "b",
      scope: "read write",
      quota: 5,
      justification: "for absent people",
      approved_by: "board",
      expires_at: "2027-01-01T00:00:00Z",
    },
  ],
};
const FACTS: Facts = { kind: "generate", from: "a", to: "b", now: "2026-06-01T00:00:00Z" };
const NOW = Date.parse("2026-06-01T00:00:00Z") / 1000;

function mistakes(ask: () => unknown): string[] {
  try {
    ask();
  } catch (error) {
    if (error instanceof PolicyError) return error.mistakes.map(({ pointer }) => pointer);
    throw error;
  }
  return [];
}

const policy: Register = (QUnit, runtime) => {
  QUnit.module("policy", () => {
    const load = bind(async () => runtime.core());

    QUnit.test("a decision is explained", async (assert) => {
      const { explainPolicy } = await load();
      const decision = explainPolicy(POLICY, FACTS);
      assert.deepEqual(decision.granted, {
        scope: "read",
        audience: [],
        lifetime: 900,
        delegation: false,
        single_use: true,
        quota: 5,
        grant: "exchangeable_token a -> b",
      });
      assert.strictEqual(decision.policy_version, "7");
      assert.true(decision.rules.every(({ holds, message }) => holds && message === undefined));

      const refused = explainPolicy(JSON.stringify(POLICY), JSON.stringify({ ...FACTS, scope: "write" }));
      assert.strictEqual(refused.outcome, "refused");
      assert.strictEqual(refused.granted, undefined);
      assert.deepEqual(
        refused.rules.filter(({ holds }) => !holds),
        [
          {
            rule: "scope.not-auto-approved",
            holds: false,
            message: "scope write is not auto-approved for this client",
          },
        ],
      );
      assert.strictEqual(refused.missing.length, 1);
    });

    QUnit.test("another policy is another decision, and the first is not forgotten", async (assert) => {
      const { explainPolicy } = await load();
      const other = { ...POLICY, version: "8", exchange: [] };
      const versions = [POLICY, other, POLICY, POLICY].map((one) => {
        const { outcome, policy_version } = explainPolicy(one, FACTS);
        return `${policy_version} ${outcome}`;
      });
      assert.deepEqual(versions, ["7 granted", "8 refused", "7 granted", "7 granted"]);

      for (const bad of [{ ...other, version: 8 }, other]) {
        const [facts, pointer] = bad === other ? ["{}", "/facts"] : [FACTS, "/policy/version"];
        assert.deepEqual(
          mistakes(() => explainPolicy(bad, facts)),
          [pointer],
        );
        assert.strictEqual(explainPolicy(POLICY, FACTS).policy_version, "7", `after a mistake in ${pointer}`);
      }
    });

    QUnit.test("the core keeps the policy of the call before", (assert) => {
      const core = runtime.core()() as Core & PolicyCore;
      const [facts, policy] = [JSON.stringify(FACTS), JSON.stringify(POLICY)];
      const said = (given: string | undefined) => JSON.stringify(core.explain_policy(given, facts));
      const none = core.explain_policy(undefined, facts);
      assert.deepEqual("mistakes" in none && none.mistakes.map(({ pointer }) => pointer), ["/policy"]);
      const granted = said(policy);
      assert.true(granted.includes('"granted"'));
      assert.strictEqual(said(undefined), granted);
      const other = said(JSON.stringify({ ...POLICY, version: "8" }));
      assert.notStrictEqual(other, granted);
      assert.strictEqual(said(undefined), other);
    });

    QUnit.test("findings", async (assert) => {
      const { checkPolicy } = await load();
      const codes = (now?: number) => checkPolicy(POLICY, now).map(({ code }) => code);
      const always = ["scope_undescribed", "grant_scope_not_allowed", "grant_all_scopes"];
      assert.deepEqual(codes(NOW), always);
      assert.deepEqual(codes(NOW + 366 * 86_400), [
        "scope_undescribed",
        "grant_expired",
        "grant_scope_not_allowed",
        "grant_all_scopes",
      ]);
      assert.true(codes().includes("scope_undescribed"), "by the runtime's clock");
    });

    QUnit.test("tests of a policy", async (assert) => {
      const { testPolicy } = await load();
      const results = testPolicy(POLICY, [
        { name: "good", facts: FACTS, expect: { scope: "read" } },
        { name: "bad", facts: FACTS, expect: { rule: "exchange.expired" } },
      ]);
      assert.deepEqual(
        results.map(({ name, passed, message }) => [name, passed, message]),
        [
          ["good", true, undefined],
          ["bad", false, "expected refused by exchange.expired, found granted"],
        ],
      );
    });

    QUnit.test("mistakes name the document and the place", async (assert) => {
      const { explainPolicy, checkPolicy, testPolicy } = await load();
      const bad = { ...POLICY, scopes: [], extra: 1 };
      const twice = '{"kind":"purpose","kind":"purpose"}';
      const cases: [() => unknown, string[]][] = [
        [() => explainPolicy(bad, FACTS), ["/policy/extra", "/policy/scopes"]],
        [() => explainPolicy("{", FACTS), ["/policy"]],
        [() => explainPolicy(POLICY, twice), ["/facts"]],
        [
          () => explainPolicy(POLICY, JSON.stringify({ ...FACTS, from: 1, now: "?" })),
          ["/facts/from", "/facts/now"],
        ],
        [() => checkPolicy(bad), ["/policy/extra", "/policy/scopes"]],
        [() => testPolicy(POLICY, [{ name: "n", facts: FACTS, expect: {} }]), ["/cases/0/expect"]],
        [() => testPolicy(POLICY, "[]"), ["/cases"]],
      ];
      for (const [ask, expected] of cases) assert.deepEqual(mistakes(ask), expected);
      assert.throws(() => explainPolicy(POLICY, "7"), /^PolicyError: \/facts: expected an object/);
    });

    QUnit.test("an instance that trapped is not used again", async (assert) => {
      let made = 0;
      const trapping: CoreFactory = () => {
        made++;
        const core = runtime.core()() as Core & PolicyCore;
        if (made > 1) return core;
        return {
          ...core,
          explain_policy() {
            throw new WebAssembly.RuntimeError("unreachable");
          },
        } as Core;
      };
      const { explainPolicy } = await bind(async () => trapping)();
      assert.throws(() => explainPolicy(POLICY, FACTS), /unreachable/);
      assert.strictEqual(explainPolicy(POLICY, FACTS).outcome, "granted");
      assert.strictEqual(made, 2);
    });
  });
};

export default policy;
