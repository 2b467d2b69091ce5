/** Loads the core in Cloudflare Workers, where modules come compiled with the Worker. */

import wasm from "../core/edgegrant.wasm";
import type { CoreFactory } from "../types.ts";
import { instances } from "./instance.ts";

/** The core that was bundled with the Worker. */
export async function loadCore(): Promise<CoreFactory> {
  return instances(wasm);
}
