/** `edgegrant/verify` in Node. */

import { readFile } from "node:fs/promises";
import instantiate from "../core/verifier.js";
import { bind } from "./verifier.ts";

export * from "./index.ts";

export const createVerifier = bind(async () => {
  const module = await WebAssembly.compile(await readFile(new URL("../core/verifier.wasm", import.meta.url)));
  return () => instantiate(module);
});
