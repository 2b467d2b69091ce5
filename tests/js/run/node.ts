/** The suite on Node: `node <bundle> <wasm> <verifier> <inspector> <file for the report> <target>`. */

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import inspectorGlue from "../../../js/core/inspector.js";
import verifierGlue from "../../../js/core/verifier.js";
import { memory } from "../../../js/store/memory.ts";
import glue from "../core/glue.js";
import { report } from "./report.ts";

const [, , wasm = "", verifierWasm = "", inspectorWasm = "", file = "", target = ""] = argv;
const module = new WebAssembly.Module(readFileSync(wasm));
const verifier = new WebAssembly.Module(readFileSync(verifierWasm));
const inspector = new WebAssembly.Module(readFileSync(inspectorWasm));

const result = await report({
  name: "node",
  restarted: false,
  target,
  core: () => () => glue(module),
  verifierCore: () => () => verifierGlue(verifier),
  inspectorCore: () => () => inspectorGlue(inspector),
  stores: [{ name: "memory", persistent: false, open: async (now) => memory({ now }) }],
});
writeFileSync(file, JSON.stringify(result));
