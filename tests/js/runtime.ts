/**
 * What a portable test may use: the suite is registered once per runtime with a {@link Runtime}, and
 * knows nothing else of where it runs.
 */

import type { InspectorCore } from "../../js/inspect/types.ts";
import type { CoreFactory, Outbound, Store } from "../../js/types.ts";
import type { VerifierCoreFactory } from "../../js/verify/core.ts";

/** Where the suite runs, and what that place offers. */
export interface Runtime {
  readonly name: "node" | "deno" | "workerd" | "chromium";
  /** Second run of this runtime on the same folders: only what must have survived is tested. */
  readonly restarted: boolean;
  /** Makes fresh instances of the core built with the feature `faults`. */
  core(): CoreFactory;
  /** Makes fresh instances of the verifier's core, as it is shipped. */
  verifierCore(): VerifierCoreFactory;
  /** Makes fresh instances of the inspector's core, as it is shipped. */
  inspectorCore(): () => InspectorCore;
  readonly stores: readonly StoreUnderTest[];
  /** Where `tests/js/run/target.mjs` listens; a page has none. */
  readonly target?: string;
}

/** One adapter in one runtime. */
export interface StoreUnderTest {
  readonly name: "memory" | "cloudflare_kv" | "durable_object" | "deno_kv";
  /** Whether what is stored outlives the runtime. */
  readonly persistent: boolean;
  /** Opens the store; `now` (seconds since 1970) takes the place of the machine's clock. */
  open(now?: () => number): Promise<Store>;
  /** Only where the adapter removes what has expired by itself: a store named `name` that can be looked into. */
  observed?(name: string, now: () => number): Observed;
  /** Only where the adapter keeps notifications. */
  readonly keeps?: Keeps;
}

/** The notifications that a store keeps, from outside. */
export interface Keeps {
  /** Hands one over, and has what sends it end without a trace once `underWay` has resolved. */
  lose(outbound: Outbound, underWay: () => Promise<void>): Promise<void>;
  /** How many are kept that go to the host of `url`. */
  held(url: string): Promise<number>;
}

/** A store whose clean-up can be watched. */
export interface Observed {
  readonly store: Store;
  /** All keys that are held, expired or not, and when the next clean-up is due (milliseconds since 1970). */
  held(): Promise<{ keys: string[]; due: number | null }>;
  /** Has the runtime start the clean-up now, and waits for its end. */
  cleanUp(): Promise<void>;
}

/** What the tests use of QUnit, which brings no types of its own. */
export interface QUnit {
  module(name: string, register: () => void): void;
  test(name: string, run: (assert: Assert) => void | Promise<void>): void;
}

/** https://qunitjs.com/api/assert/ */
export interface Assert {
  true(actual: boolean, message?: string): void;
  false(actual: boolean, message?: string): void;
  strictEqual<T>(actual: T, expected: T, message?: string): void;
  notStrictEqual<T>(actual: T, expected: T, message?: string): void;
  deepEqual<T>(actual: T, expected: T, message?: string): void;
  throws(block: () => unknown, expected: RegExp, message?: string): void;
  rejects(promise: Promise<unknown>, expected: RegExp, message?: string): Promise<void>;
}

/** A portable test file's default export. */
export type Register = (QUnit: QUnit, runtime: Runtime) => void;
