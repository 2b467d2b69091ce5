/** Loads the core in Deno. */

import type { CoreFactory } from "../types.ts";
import { compile } from "./compile_deno.ts";
import { instances } from "./instance.ts";

/** Reads and compiles the core; needs leave to read `wasm`, by default the file of this package. */
export async function loadCore(
  wasm: URL = new URL("../core/edgegrant.wasm", import.meta.url),
): Promise<CoreFactory> {
  return instances(await compile(wasm));
}
