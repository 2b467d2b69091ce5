/** `edgegrant/policy` for Node. */

import { loadCore } from "../load/node.ts";
import { bind } from "./tools.ts";

export { PolicyError } from "./error.ts";
export type * from "./types.ts";

/** Loads the core, once. */
export const loadPolicyTools = bind(loadCore);
