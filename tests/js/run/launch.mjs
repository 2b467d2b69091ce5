// Starts the suite in one runtime and answers its reports, one per start. What the runtime prints goes to `log`.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { target } from "./target.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../../..");
const wasm = join(here, "../core/edgegrant.wasm");
const verifier = join(root, "js/core/verifier.wasm");
const inspector = join(root, "js/core/inspector.wasm");

/** The longest that one start of a runtime may take, milliseconds. */
const DEADLINE = 300_000;

/** The names of all runtimes, each with what runs the suite there: `(bundle, folder, log, target) => Report[]`. */
export const RUNTIMES = { node, deno, workerd, chromium };

/** Bundles the suite for the runtime `name` and runs it. */
export async function launch(name, log) {
  for (const file of [wasm, verifier, inspector]) {
    if (!existsSync(file)) throw new Error(`${file} is not there: "make core faults" builds it`);
  }
  const folder = await mkdtemp(join(tmpdir(), `edgegrant-${name}-`));
  const endpoint = await target();
  try {
    return await RUNTIMES[name](await bundle(name), folder, log, endpoint.url);
  } finally {
    endpoint.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function bundle(name) {
  const outfile = join(root, `target/js-tests/${name}.mjs`);
  const { metafile } = await build({
    absWorkingDir: root,
    metafile: true,
    entryPoints: [join(here, `${name}.ts`)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "neutral",
    conditions: ["module", "import"],
    target: "es2022",
    sourcemap: "inline",
    external: ["node:*", "cloudflare:*"],
    logLevel: "error",
    plugins: [
      {
        // Only the Worker imports it; the file is given to workerd beside the bundle.
        name: "wasm",
        setup: ({ onResolve }) =>
          onResolve({ filter: /\.wasm$/ }, ({ path }) => ({ path: `./${basename(path)}`, external: true })),
      },
    ],
  });
  const files = (await readdir(join(here, ".."))).filter((file) => file.endsWith("_test.ts"));
  const forgotten = files.filter((file) => !(`tests/js/${file}` in metafile.inputs));
  if (forgotten.length > 0) throw new Error(`tests/js/suite.ts does not list ${forgotten.join(", ")}`);
  return outfile;
}

async function node(bundle, folder, log, url) {
  return [
    await command(
      process.execPath,
      ["--enable-source-maps", bundle, wasm, verifier, inspector],
      folder,
      log,
      [url],
    ),
  ];
}

async function deno(bundle, folder, log, url) {
  const program = join(root, "node_modules/.bin/deno");
  const flags = [
    "--no-config",
    "--no-prompt",
    "--unstable-kv",
    "--allow-read",
    "--allow-write",
    "--allow-env",
    `--allow-net=${new URL(url).host}`,
  ];
  const run = (start) =>
    command(program, ["run", ...flags, bundle, wasm, verifier, inspector], folder, log, [folder, start, url]);
  return [await run("first"), await run("restarted")];
}

/** Runs a program that writes its report into a file. One that dies before has no report, and that is an error. */
async function command(program, args, folder, log, more = []) {
  const file = join(folder, "report.json");
  await rm(file, { force: true });
  const env = { ...process.env, DENO_NO_UPDATE_CHECK: "1" };
  const stdio = ["ignore", "pipe", "pipe"];
  const child = spawn(program, [...args, file, ...more], { cwd: root, env, stdio, timeout: DEADLINE });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", log);
  const end = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(signal ?? code));
  });
  if (end !== 0) throw new Error(`${basename(program)} ended with ${end}`);
  return JSON.parse(await readFile(file, "utf8"));
}

async function workerd(bundle, folder, log, url) {
  const { Miniflare } = await import("miniflare");
  const modules = [
    { type: "ESModule", path: "worker.mjs", contents: await readFile(bundle, "utf8") },
    { type: "CompiledWasm", path: "edgegrant.wasm", contents: await readFile(wasm) },
    { type: "CompiledWasm", path: "verifier.wasm", contents: await readFile(verifier) },
    { type: "CompiledWasm", path: "inspector.wasm", contents: await readFile(inspector) },
  ];
  const run = async (start) => {
    const miniflare = new Miniflare({
      host: "127.0.0.1",
      cf: false,
      handleRuntimeStdio(stdout, stderr) {
        for (const stream of [stdout, stderr]) stream.on("data", log);
      },
      compatibilityDate: "2026-04-01",
      modules,
      bindings: { TARGET: url },
      kvNamespaces: ["REGISTRY"],
      kvPersist: join(folder, "kv"),
      durableObjects: { STATE: { className: "ObservedState", useSQLite: true } },
      durableObjectsPersist: join(folder, "objects"),
    });
    try {
      const response = await within(DEADLINE, miniflare.dispatchFetch(`http://127.0.0.1/${start}`));
      if (!response.ok) throw new Error(`the Worker answered ${response.status}: ${await response.text()}`);
      return await response.json();
    } finally {
      await miniflare.dispose();
    }
  };
  return [await run("first"), await run("restarted")];
}

async function chromium(bundle, _folder, log) {
  const { chromium: browser } = await import("playwright-core");
  const served = {
    "/": ["text/html", '<!doctype html><title>tests</title><script type="module" src="/suite.mjs"></script>'],
    "/suite.mjs": ["text/javascript", await readFile(bundle)],
    "/edgegrant.wasm": ["application/wasm", await readFile(wasm)],
    "/verifier.wasm": ["application/wasm", await readFile(verifier)],
    "/inspector.wasm": ["application/wasm", await readFile(inspector)],
  };
  const server = createServer(({ url }, response) => {
    const [type, content] = served[url] ?? [];
    if (!type) return response.writeHead(404).end();
    const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
    response.writeHead(200, { "content-type": type, "content-security-policy": policy }).end(content);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  let window;
  try {
    window = await browser.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
      ],
    });
    const tab = await window.newPage();
    tab.on("console", (message) => log(`${message.text()}\n`));
    tab.on("pageerror", (error) => log(`${error.stack}\n`));
    await tab.goto(`http://127.0.0.1:${server.address().port}/`);
    await tab.waitForFunction(() => globalThis.report, undefined, { timeout: 60_000 });
    return [
      await within(
        DEADLINE,
        tab.evaluate(() => globalThis.report),
      ),
    ];
  } finally {
    await window?.close();
    server.close();
  }
}

/** Fails where `promise` takes longer than `milliseconds`. */
async function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no report within ${milliseconds / 1000} s`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
