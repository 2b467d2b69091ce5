/** `edgegrant/verify` in a browser; the bundler must ship the `.wasm` file beside the code. */

import instantiate from "../core/verifier.js";
import { compile } from "../load/compile_browser.ts";
import { bind } from "./verifier.ts";

export * from "./index.ts";

export const createVerifier = bind(async () => {
  const module = await compile(new URL("../core/verifier.wasm", import.meta.url));
  return () => instantiate(module);
});
