/** Explains, checks and tests a policy by the functions that decide requests. */

import { once } from "../load/once.ts";
import type { CoreFactory, Outcome } from "../types.ts";
import { PolicyError } from "./error.ts";
import type { PolicyCore, PolicyTools } from "./types.ts";

/** Makes `loadPolicyTools` for a runtime; `load` gets the core. */
export function bind(load: () => Promise<CoreFactory>): () => Promise<PolicyTools> {
  return once(async () => {
    const make = await load();
    // One module has the exports of both.
    return tools(() => make() as ReturnType<CoreFactory> & PolicyCore);
  });
}

function tools(make: () => PolicyCore): PolicyTools {
  let core: PolicyCore | undefined;
  /** The policy that the core has: a text that crossed once need not cross again. */
  let known: string | undefined;
  const ask = <T>(
    policy: object | string,
    work: (core: PolicyCore, policy: string | undefined) => Outcome<T>,
  ): T => {
    const asked = text(policy);
    const given = asked === known ? undefined : asked;
    known = undefined;
    core ??= make();
    let answer: Outcome<T>;
    try {
      answer = work(core, given);
    } catch (error) {
      // One that trapped is not used again.
      core = undefined;
      throw error;
    }
    if ("mistakes" in answer) throw new PolicyError(answer.mistakes);
    known = asked;
    return answer.ok;
  };
  return {
    explainPolicy: (policy, facts) => ask(policy, (core, policy) => core.explain_policy(policy, text(facts))),
    checkPolicy: (policy, now = Date.now() / 1000) =>
      ask(policy, (core, policy) => core.check_policy(policy, now)),
    testPolicy: (policy, cases) => ask(policy, (core, policy) => core.test_policy(policy, text(cases))),
  };
}

function text(document: object | string): string {
  return typeof document === "string" ? document : JSON.stringify(document);
}
