/** `edgegrant/policy` for Deno. */

import { loadCore } from "../load/deno.ts";
import { bind } from "./tools.ts";

export { PolicyError } from "./error.ts";
export type * from "./types.ts";

/** Loads the core, once. */
export const loadPolicyTools = bind(loadCore);
