/** The suite in a page: leaves the report's promise where the runner finds it. */

import inspectorGlue from "../../../js/core/inspector.js";
import verifierGlue from "../../../js/core/verifier.js";
import { memory } from "../../../js/store/memory.ts";
import glue from "../core/glue.js";
import { type Report, report } from "./report.ts";

async function run(): Promise<Report> {
  const module = await WebAssembly.compileStreaming(fetch("/edgegrant.wasm"));
  const verifier = await WebAssembly.compileStreaming(fetch("/verifier.wasm"));
  const inspector = await WebAssembly.compileStreaming(fetch("/inspector.wasm"));
  return report({
    name: "chromium",
    restarted: false,
    core: () => () => glue(module),
    verifierCore: () => () => verifierGlue(verifier),
    inspectorCore: () => () => inspectorGlue(inspector),
    stores: [{ name: "memory", persistent: false, open: async (now) => memory({ now }) }],
  });
}

Object.assign(globalThis, { report: run() });
