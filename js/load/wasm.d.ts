/** Workers import WebAssembly as a compiled module (`CompiledWasm`). */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
