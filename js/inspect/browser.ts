/** `edgegrant/inspect` in a browser; the bundler must ship the `.wasm` file beside the code. */

import instantiate from "../core/inspector.js";
import { compile } from "../load/compile_browser.ts";
import { bind } from "./inspect.ts";

export type * from "./types.ts";

export const inspect = bind(async () => {
  const module = await compile(new URL("../core/inspector.wasm", import.meta.url));
  return () => instantiate(module);
});
