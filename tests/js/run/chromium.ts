/** The suite in a page: leaves the report's promise where the runner finds it. */

import verifierGlue from "../../../js/core/verifier.js";
import { memory } from "../../../js/store/memory.ts";
import glue from "../core/glue.js";
import { type Report, report } from "./report.ts";

async function run(): Promise<Report> {
  const module = await WebAssembly.compileStreaming(fetch("/edgegrant.wasm"));
  const verifier = await WebAssembly.compileStreaming(fetch("/verifier.wasm"));
  return report({
    name: "chromium",
    restarted: false,
    core: () => () => glue(module),
    verifierCore: () => () => verifierGlue(verifier),
    stores: [{ name: "memory", persistent: false, open: async (now) => memory({ now }) }],
  });
}

Object.assign(globalThis, { report: run() });
