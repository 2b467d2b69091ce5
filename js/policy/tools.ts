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
  const ask = <T>(work: (core: PolicyCore) => Outcome<T>): T => {
    core ??= make();
    let answer: Outcome<T>;
    try {
      answer = work(core);
    } catch (error) {
      // One that trapped is not used again.
      core = undefined;
      throw error;
    }
    if ("mistakes" in answer) throw new PolicyError(answer.mistakes);
    return answer.ok;
  };
  return {
    explainPolicy: (policy, facts) => ask((core) => core.explain_policy(text(policy), text(facts))),
    checkPolicy: (policy, now = Date.now() / 1000) => ask((core) => core.check_policy(text(policy), now)),
    testPolicy: (policy, cases) => ask((core) => core.test_policy(text(policy), text(cases))),
  };
}

function text(document: object | string): string {
  return typeof document === "string" ? document : JSON.stringify(document);
}
