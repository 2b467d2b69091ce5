/** Compiles a module of this package in a browser. */

/** Fetches and compiles the module at `url`. The page's content security policy must allow `'wasm-unsafe-eval'`. */
export async function compile(url: URL): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  // Compiling while loading wants this media type; not every file server knows it.
  if (response.headers.get("content-type") === "application/wasm") {
    return WebAssembly.compileStreaming(response);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}
