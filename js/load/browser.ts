/** Loads the core in a browser. */

import type { CoreFactory } from "../types.ts";
import { instances } from "./instance.ts";

/**
 * Fetches and compiles the core; `wasm`: by default the file next to this package. The page's
 * content security policy must allow `'wasm-unsafe-eval'`.
 */
export async function loadCore(
  wasm: URL = new URL("../core/edgegrant.wasm", import.meta.url),
): Promise<CoreFactory> {
  const response = await fetch(wasm);
  if (!response.ok) throw new Error(`${wasm} answered ${response.status}`);
  // Compiling while loading wants this media type; not every file server knows it.
  if (response.headers.get("content-type") === "application/wasm") {
    return instances(await WebAssembly.compileStreaming(response));
  }
  return instances(await WebAssembly.compile(await response.arrayBuffer()));
}
