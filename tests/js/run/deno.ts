/** The suite on Deno: `deno run <bundle> <wasm> <verifier> <inspector> <file for the report> <folder> first|restarted`. */

import inspectorGlue from "../../../js/core/inspector.js";
import verifierGlue from "../../../js/core/verifier.js";
import { type DenoKv, denoKv } from "../../../js/store/deno_kv.ts";
import { memory } from "../../../js/store/memory.ts";
import glue from "../core/glue.js";
import { report } from "./report.ts";

/** What is used of the runtime, whose types only it knows. */
declare const Deno: {
  args: string[];
  openKv(path: string): Promise<DenoKv & { close(): void }>;
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  writeTextFile(path: string, text: string): Promise<void>;
};

const [wasm = "", verifierWasm = "", inspectorWasm = "", file = "", folder = "", run] = Deno.args;
const module = new WebAssembly.Module(await Deno.readFile(wasm));
const verifier = new WebAssembly.Module(await Deno.readFile(verifierWasm));
const inspector = new WebAssembly.Module(await Deno.readFile(inspectorWasm));
const kv = await Deno.openKv(`${folder}/kv.sqlite`);

const result = await report({
  name: "deno",
  restarted: run === "restarted",
  core: () => () => glue(module),
  verifierCore: () => () => verifierGlue(verifier),
  inspectorCore: () => () => inspectorGlue(inspector),
  stores: [
    { name: "memory", persistent: false, open: async (now) => memory({ now }) },
    { name: "deno_kv", persistent: true, open: async (now) => denoKv(kv, { now }) },
  ],
});
await Deno.writeTextFile(file, JSON.stringify(result));
kv.close();
