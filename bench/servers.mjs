// The servers that are measured, each a process of its own on 127.0.0.1.
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import workerd from "workerd";
import { bundleWorker, denoProgram, root } from "../scripts/demo.mjs";
import { ask } from "./load.mjs";

const entry = (name) => fileURLToPath(new URL(`entry/${name}.mjs`, import.meta.url));

/** How each is started: `(folder, env)` to a command and its arguments. */
const commands = {
  async workerd(folder, env) {
    await bundleWorker(entry("worker"), folder);
    return serveWorker(folder, env, {
      modules:
        '(name = "worker.js", esModule = embed "worker.js"), (name = "edgegrant.wasm", wasm = embed "edgegrant.wasm")',
      bindings: ["ORIGIN", "KEY_ES256", "KEY_RS256", "CLIENT_SECRET"],
      // SQLite objects are on disk, as in production.
      objects: `
  durableObjectNamespaces = [(className = "EdgegrantState", uniqueKey = "bench", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),`,
      stateBinding: '(name = "STATE", durableObjectNamespace = "EdgegrantState"), ',
    });
  },

  deno: () => [
    denoProgram(),
    [
      ...["run", "--config", join(root, "demo/deno.json"), "--unstable-kv", "--no-prompt"],
      ...["--allow-net=127.0.0.1", "--allow-env", "--allow-read", "--allow-write", entry("deno")],
    ],
  ],

  node: () => [process.execPath, [entry("node")]],

  oidc_provider: () => [process.execPath, [entry("node_oidc_provider")]],

  signs_only(folder, env) {
    copyFileSync(entry("signs_only"), join(folder, "worker.js"));
    const modules = '(name = "worker.js", esModule = embed "worker.js")';
    return serveWorker(folder, env, { modules, bindings: ["KEY_RS256", "INPUT_BYTES"] });
  },
};

/**
 * `workerd serve` without a development server's proxy in front.
 */
export function serveWorker(folder, { PORT }, { modules, bindings, objects = "", stateBinding = "" }) {
  const fromEnvironment = bindings
    .map((name) => `(name = "${name}", fromEnvironment = "${name}")`)
    .join(", ");
  const file = join(folder, "config.capnp");
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "disk", disk = (path = ${JSON.stringify(folder)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${PORT}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${modules}],
  compatibilityDate = "2026-04-01",
  bindings = [${stateBinding}${fromEnvironment}],${objects}
);
`,
  );
  return [workerd.default, ["serve", file]];
}

/**
 * Starts a server and waits until it answers `request(origin)` with 200. `firstAnswerMs`: from the start of
 * its process to that answer. `command`: from `(folder, env)` to what is started and its arguments.
 */
export async function start(name, { folder, env, request, command: commandOf = commands[name] }) {
  const PORT = String(await freePort());
  const ORIGIN = `http://127.0.0.1:${PORT}`;
  const variables = {
    ...process.env,
    NODE_ENV: "production",
    DENO_NO_UPDATE_CHECK: "1",
    ...env,
    PORT,
    ORIGIN,
  };
  variables.KV_PATH = join(folder, "deno.sqlite3");
  const [command, args] = await commandOf(folder, variables);
  const began = performance.now();
  const server = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], env: variables });
  let said = "";
  server.stderr.on("data", (text) => {
    said = (said + text).slice(-4000);
  });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const stop = async () => {
    server.kill("SIGKILL");
    await ended;
  };
  while ((await ask(request(ORIGIN)).catch(() => null))?.status !== 200) {
    if (server.exitCode !== null || performance.now() - began > 20_000) {
      await stop();
      throw new Error(`${name} does not answer: ${said}`);
    }
    await sleep(1);
  }
  const firstAnswerMs = performance.now() - began;
  const { pid } = server;
  return {
    ...{ name, origin: ORIGIN, firstAnswerMs, stop },
    ...{ rss: () => rss(pid), peakRss: () => peakRss(pid), cpu: () => cpu(pid) },
  };
}

/** Resident memory, MiB. */
function rss(pid) {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1024;
}

/** The most that it was so far, MiB. Linux alone keeps it. */
function peakRss(pid) {
  const file = `/proc/${pid}/status`;
  const status = existsSync(file) ? readFileSync(file, "utf8") : "";
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Processor time so far, all threads, microseconds. Linux alone tells it finely enough; elsewhere not a number. */
function cpu(pid) {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return Number.NaN;
  const fields = readFileSync(file, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  // User and system time in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
