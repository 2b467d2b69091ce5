/** The portable tests: each file registers its modules, in every runtime. */

import persistence from "./persistence_test.ts";
import type { Register } from "./runtime.ts";
import store from "./store_test.ts";

const FILES: Register[] = [store, persistence];

/** What is tested when a runtime is started a second time on the same folders. */
const AFTER_RESTART: Register[] = [persistence];

const suite: Register = (QUnit, runtime) => {
  for (const register of runtime.restarted ? AFTER_RESTART : FILES) register(QUnit, runtime);
};

export default suite;
