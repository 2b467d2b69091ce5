/** Compiles a module of this package in Node. */

import { readFile } from "node:fs/promises";

/** Reads and compiles the module at `url`. */
export async function compile(url: URL): Promise<WebAssembly.Module> {
  // To hand it to other threads and wait for them takes longer.
  return new WebAssembly.Module(await readFile(url));
}
