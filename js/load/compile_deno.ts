/** Compiles a module of this package in Deno. */

declare const Deno: { readFile(path: URL): Promise<Uint8Array<ArrayBuffer>> };

/** Reads and compiles the module at `url`; needs leave to read it. */
export async function compile(url: URL): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await Deno.readFile(url));
}
