/** `edgegrant/policy` for Cloudflare Workers. */

import { loadCore } from "../load/workerd.ts";
import { bind } from "./tools.ts";

export { PolicyError } from "./error.ts";
export type * from "./types.ts";

/** Loads the core, once. */
export const loadPolicyTools = bind(loadCore);
