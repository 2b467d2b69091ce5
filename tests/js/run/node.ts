/** The suite on Node: `node <bundle> <wasm> <verifier> <file for the report>`. */

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import verifierGlue from "../../../js/core/verifier.js";
import { memory } from "../../../js/store/memory.ts";
import glue from "../core/glue.js";
import { report } from "./report.ts";

const [, , wasm = "", verifierWasm = "", file = ""] = argv;
const module = new WebAssembly.Module(readFileSync(wasm));
const verifier = new WebAssembly.Module(readFileSync(verifierWasm));

const result = await report({
  name: "node",
  restarted: false,
  core: () => () => glue(module),
  verifierCore: () => () => verifierGlue(verifier),
  stores: [{ name: "memory", persistent: false, open: async (now) => memory({ now }) }],
});
writeFileSync(file, JSON.stringify(result));
