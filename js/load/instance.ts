/** From the compiled module to instances of the core. */

import instantiate from "../core/glue.js";
import type { CoreFactory } from "../types.ts";

/** Makes instances of a compiled core, each with glue and memory of its own. */
export function instances(module: WebAssembly.Module): CoreFactory {
  return () => instantiate(module);
}
