/**
 * `edgegrant/verify` in a browser. The page's content security policy must allow `'wasm-unsafe-eval'`, and
 * the bundler must ship `core/verifier.wasm` beside the code.
 */

import instantiate from "../core/verifier.js";
import { bind } from "./verifier.ts";

export * from "./index.ts";

export const createVerifier = bind(async () => {
  const url = new URL("../core/verifier.wasm", import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const module = await WebAssembly.compile(await response.arrayBuffer());
  return () => instantiate(module);
});
