/** `edgegrant/verify` in Deno; needs leave to read the package's own file. */

import instantiate from "../core/verifier.js";
import { bind } from "./verifier.ts";

declare const Deno: { readFile(path: URL): Promise<Uint8Array<ArrayBuffer>> };

export * from "./index.ts";

export const createVerifier = bind(async () => {
  const module = await WebAssembly.compile(
    await Deno.readFile(new URL("../core/verifier.wasm", import.meta.url)),
  );
  return () => instantiate(module);
});
