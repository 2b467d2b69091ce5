/** `edgegrant/inspect` in Cloudflare Workers, where modules come compiled with the Worker. */

import instantiate from "../core/inspector.js";
import wasm from "../core/inspector.wasm";
import { bind } from "./inspect.ts";

export type * from "./types.ts";

export const inspect = bind(async () => () => instantiate(wasm));
