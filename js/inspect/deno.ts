/** `edgegrant/inspect` in Deno; needs leave to read the package's own file. */

import instantiate from "../core/inspector.js";
import { compile } from "../load/compile_deno.ts";
import { bind } from "./inspect.ts";

export type * from "./types.ts";

export const inspect = bind(async () => {
  const module = await compile(new URL("../core/inspector.wasm", import.meta.url));
  return () => instantiate(module);
});
