/** Loads the core in a browser. */

import type { CoreFactory } from "../types.ts";
import { compile } from "./compile_browser.ts";
import { instances } from "./instance.ts";

/**
 * Fetches and compiles the core; `wasm`: by default the file next to this package. The page's
 * content security policy must allow `'wasm-unsafe-eval'`.
 */
export async function loadCore(
  wasm: URL = new URL("../core/edgegrant.wasm", import.meta.url),
): Promise<CoreFactory> {
  return instances(await compile(wasm));
}
