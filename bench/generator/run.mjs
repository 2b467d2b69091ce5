// Measures 10,000 exchangeable tokens over HTTP beside `jose` and beside WebCrypto alone, and token exchange beside
// node-oidc-provider, and writes the figures into README.md here.
//
//   node bench/generator/run.mjs                 in every runtime
//   node bench/generator/run.mjs node workerd    in some
//   node bench/generator/run.mjs --quick         a smoke run: prints, and writes nothing
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { publish } from "../report.mjs";
import { environment } from "./deployment.mjs";
import { measureExchange, measureGenerator, measureIsolate, measureMemory } from "./measure.mjs";
import { renderExchange, renderIsolate, renderRuntime } from "./report.mjs";
import { launcher, RUNTIMES } from "./servers.mjs";

const wanted = process.argv.slice(2).filter((argument) => argument !== "--quick");
const quick = wanted.length + 2 < process.argv.length;
const plan = quick
  ? { quick, rounds: 1, milliseconds: 100, seconds: 1 }
  : { quick, rounds: 7, milliseconds: 500, seconds: 3 };

const runtimes = wanted.length > 0 ? wanted : RUNTIMES;
const work = mkdtempSync(join(tmpdir(), "bench-generator-"));
const env = environment();
const launch = launcher(work, env);
try {
  publishText("isolate", renderIsolate(measureIsolate(env)));
  for (const runtime of runtimes) {
    const figures = await measureGenerator(launch, runtime, env, plan);
    const memory = await measureMemory(launch, runtime, env);
    publishText(runtime, renderRuntime(runtime, figures, memory, plan));
  }
  const exchanging = runtimes.filter((runtime) => runtime !== "deno");
  if (exchanging.length > 0) {
    publishText("exchange", renderExchange(await measureExchange(launch, exchanging, env, plan), plan));
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

function publishText(name, text) {
  console.log(text);
  if (!quick) publish(fileURLToPath(new URL("README.md", import.meta.url)), text, name);
}
