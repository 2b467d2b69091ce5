/** `edgegrant/verify` in Cloudflare Workers, where modules come compiled with the Worker. */

import instantiate from "../core/verifier.js";
import wasm from "../core/verifier.wasm";
import { bind } from "./verifier.ts";

export * from "./index.ts";

export const createVerifier = bind(async () => () => instantiate(wasm));
