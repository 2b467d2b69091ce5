/** `edgegrant/policy` for browsers. */

import { loadCore } from "../load/browser.ts";
import { bind } from "./tools.ts";

export { PolicyError } from "./error.ts";
export type * from "./types.ts";

/** Loads the core, once. */
export const loadPolicyTools = bind(loadCore);
