/** The suite on Node: `node <bundle> <wasm> <file for the report>`. */

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { memory } from "../../../js/store/memory.ts";
import glue from "../core/glue.js";
import { report } from "./report.ts";

const [, , wasm = "", file = ""] = argv;
const module = new WebAssembly.Module(readFileSync(wasm));

const result = await report({
  name: "node",
  restarted: false,
  core: () => () => glue(module),
  stores: [{ name: "memory", persistent: false, open: async (now) => memory({ now }) }],
});
writeFileSync(file, JSON.stringify(result));
