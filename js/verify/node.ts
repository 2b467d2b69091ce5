/** `edgegrant/verify` in Node. */

import instantiate from "../core/verifier.js";
import { compile } from "../load/compile_node.ts";
import { nodeKey } from "./node_key.ts";
import { bind } from "./verifier.ts";

export * from "./index.ts";

export const createVerifier = bind(async () => {
  const module = await compile(new URL("../core/verifier.wasm", import.meta.url));
  return () => instantiate(module);
}, nodeKey);
