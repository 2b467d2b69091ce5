/** The suite on Deno: `deno run <bundle> <wasm> <verifier> <inspector> <file for the report> <folder> first|restarted <target>`. */

import inspectorGlue from "../../../js/core/inspector.js";
import verifierGlue from "../../../js/core/verifier.js";
import type { Send } from "../../../js/outbound.ts";
import { type DenoKv, denoKv } from "../../../js/store/deno_kv.ts";
import { memory } from "../../../js/store/memory.ts";
import type { Outbound } from "../../../js/types.ts";
import glue from "../core/glue.js";
import { report } from "./report.ts";

/** What is used of the runtime, whose types only it knows. */
declare const Deno: {
  args: string[];
  openKv(path: string): Promise<DenoKv & { close(): void }>;
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  writeTextFile(path: string, text: string): Promise<void>;
};

const [wasm = "", verifierWasm = "", inspectorWasm = "", file = "", folder = "", run, target = ""] =
  Deno.args;
const module = new WebAssembly.Module(await Deno.readFile(wasm));
const verifier = new WebAssembly.Module(await Deno.readFile(verifierWasm));
const inspector = new WebAssembly.Module(await Deno.readFile(inspectorWasm));
const kv = await Deno.openKv(`${folder}/kv.sqlite`);

/** Its isolate hears of no answer. */
async function lose(outbound: Outbound, underWay: () => Promise<void>): Promise<void> {
  const deaf: Send = (url, init) => {
    fetch(url, init).catch(() => {});
    return new Promise(() => {});
  };
  await denoKv(kv, { fetch: deaf }).enqueue?.(outbound);
  await underWay();
  denoKv(kv);
}

async function held(url: string): Promise<number> {
  let count = 0;
  const selector = { prefix: ["edgegrant_notifications"], start: ["edgegrant_notifications", ""] };
  for await (const { value } of kv.list(selector, { batchSize: 100 })) {
    if (JSON.stringify(value).includes(url)) count++;
  }
  return count;
}

const result = await report({
  name: "deno",
  restarted: run === "restarted",
  target,
  core: () => () => glue(module),
  verifierCore: () => () => verifierGlue(verifier),
  inspectorCore: () => () => inspectorGlue(inspector),
  stores: [
    { name: "memory", persistent: false, open: async (now) => memory({ now }) },
    {
      name: "deno_kv",
      persistent: true,
      open: async (now) => denoKv(kv, now && { now }),
      keeps: { lose, held },
    },
  ],
});
await Deno.writeTextFile(file, JSON.stringify(result));
kv.close();
