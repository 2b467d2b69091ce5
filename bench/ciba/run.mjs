// Measures CIBA beside node-oidc-provider, and many requests that wait, and writes the figures into README.md here.
//
//   node bench/ciba/run.mjs                  all, in every runtime: about fifteen minutes
//   node bench/ciba/run.mjs cycles           whole cycles
//   node bench/ciba/run.mjs pending workerd  requests that wait, in some runtimes
//   node bench/ciba/run.mjs --quick          a smoke run: prints, and writes nothing
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launcher, RUNTIMES } from "../generator/servers.mjs";
import { publish } from "../report.mjs";
import { measureCycles } from "./cycles.mjs";
import { environment, requests } from "./deployment.mjs";
import { measurePending } from "./pending.mjs";
import { renderCycles, renderPending } from "./report.mjs";

const words = process.argv.slice(2);
const quick = words.includes("--quick");
const wanted = (names) => {
  const some = names.filter((name) => words.includes(name));
  return some.length > 0 ? some : names;
};
const unknown = words.filter((word) => !["cycles", "pending", "--quick", ...RUNTIMES].includes(word));
if (unknown.length > 0) throw new Error(`not to be measured: ${unknown.join(" ")}`);
const plan = quick
  ? { rounds: 1, seconds: 4, warmUpSeconds: 4, pending: { count: 100, seconds: 6, expiry: 15 } }
  : { rounds: 7, seconds: 5, warmUpSeconds: 5, pending: { count: 10_000, seconds: 60, expiry: 110 } };

const work = mkdtempSync(join(tmpdir(), "bench-ciba-"));
/** A file system in memory, where there is one. */
const inMemory = existsSync("/dev/shm") ? mkdtempSync("/dev/shm/bench-ciba-") : undefined;
const env = environment();
const entries = new URL("entry/", import.meta.url);
const launch = launcher(work, env, entries);
/** The same with what is stored in memory, for runtimes that would keep it on disk. */
const launchInMemory = {
  ...(inMemory && { workerd: launcher(inMemory, env, entries) }),
  deno: (name, given) => launch(name, { ...given, env: { ...given.env, MEMORY: "1" } }),
};
const peer = [process.execPath, [fileURLToPath(new URL("node_oidc_provider.mjs", entries))]];
try {
  for (const part of wanted(["cycles", "pending"])) await { cycles, pending }[part]();
} finally {
  for (const folder of [work, inMemory]) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function cycles() {
  const request = (origin) => requests(origin, env).health();
  const servers = [];
  try {
    servers.push(await launch("oidc_provider", { request, command: () => peer }));
    for (const runtime of wanted(RUNTIMES)) {
      servers.push(await launch(runtime, { request }));
      const server = await launchInMemory[runtime]?.(runtime, { request });
      if (server !== undefined) servers.push({ ...server, name: `${runtime}_memory` });
    }
    publishText("cycles", renderCycles(await measureCycles(servers, env, plan), plan));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function pending() {
  const figures = [];
  for (const runtime of wanted(RUNTIMES)) {
    // Each poll is a commit, and 2,000 of them a second are more than a disk syncs.
    const how = launchInMemory[runtime];
    const one = await measurePending(how ?? launch, runtime, env, plan.pending);
    figures.push(how === undefined ? one : { ...one, runtime: `${runtime}_memory` });
  }
  publishText("pending", renderPending(figures, plan.pending));
}

function publishText(name, text) {
  console.log(text);
  if (!quick) publish(fileURLToPath(new URL("README.md", import.meta.url)), text, name);
}
