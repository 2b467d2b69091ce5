/** Loads the core in Node, and serves it from `node:http`. */

import type { CoreFactory } from "../types.ts";
import { compile } from "./compile_node.ts";
import { instances } from "./instance.ts";

export { listener } from "./node_listener.ts";

/** Reads and compiles the core; `wasm`: by default the file of this package. */
export async function loadCore(
  wasm: URL = new URL("../core/edgegrant.wasm", import.meta.url),
): Promise<CoreFactory> {
  return instances(await compile(wasm));
}
