// Starts the demo deployment in a runtime. Used by serve.mjs, the HTTP tests and the benches.
import { spawn } from "node:child_process";
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { loadCore } from "../dist/load/node.js";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/**
 * The environment that demo/edgegrant.json names. Its secrets and keys are made on the first start and
 * kept in `folder`; where they already are, nothing changes.
 */
export async function environment(folder, port) {
  const file = join(folder, "env.json");
  mkdirSync(folder, { recursive: true });
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const names = [...readFileSync(join(root, "demo/edgegrant.json"), "utf8").matchAll(/"env": "(\w+)"/g)];
  const lacks = names.some(([, name]) => !(name in kept) && !(name in derived(port)));
  const secrets = lacks ? { ...(await makeSecrets()), ...kept } : kept;
  if (lacks) writeFileSync(file, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  return { ...secrets, ...derived(port) };
}

/** What follows from the port. */
function derived(port) {
  const ORIGIN = `http://127.0.0.1:${port}`;
  // Where clients of the demo listen for what they are told.
  const listen = `http://127.0.0.1:${port + (port > 64_000 ? -1000 : 1000)}`;
  return {
    ORIGIN,
    HII_BASE: `${ORIGIN}/hii`,
    DKT_BASE: `${ORIGIN}/dkt`,
    FAPI_BASE: `${ORIGIN}/fapi`,
    AUTHLETE_BASE: `${ORIGIN}/authlete`,
    OGW_BASE: `${ORIGIN}/ogw`,
    CAMARA_BASE: `${ORIGIN}/camara`,
    CIBA_DECIDE_URL: `${ORIGIN}/_dev/ciba/{auth_req_id}/{action}`,
    CONSENT_PAGE: `${ORIGIN}/_dev/consent`,
    PING_LISTEN: `${listen}/ping`,
    PUSH_LISTEN: `${listen}/push`,
  };
}

async function makeSecrets() {
  const core = (await loadCore())();
  const secret = () => randomBytes(32).toString("base64url");
  const jwk = core.generate_key("ES256");
  const { d: _private, ...half } = JSON.parse(jwk);
  return {
    KEY: core.generate_key("ES256"),
    HII_KEY: core.generate_key("RS256"),
    CLIENT_SECRET: secret(),
    OTHER_CLIENT_SECRET: secret(),
    NOGRANT_CLIENT_SECRET: secret(),
    HII_CLIENT_SECRET: secret(),
    DKT_KEY: core.generate_key("RS256"),
    DKT_GENERATOR_KEY: core.generate_key("RS256"),
    DKT_SERVICE_CLIENT_SECRET: secret(),
    DKT_CLIENT_SECRET: secret(),
    DKT_API_KEY: randomUUID(),
    FAPI_KEY: core.generate_key("PS256"),
    AUTHLETE_KEY: core.generate_key("ES256"),
    OGW_KEY: core.generate_key("ES256"),
    CAMARA_KEY: core.generate_key("ES256"),
    CIBA_USER_CODE: String(randomInt(1_000_000)).padStart(6, "0"),
    PAIRWISE_SALT: secret(),
    PING_CLIENT_SECRET: secret(),
    PUSH_CLIENT_SECRET: secret(),
    AUTHLETE_API_KEY: String(randomInt(1_000_000_000, 2_000_000_000)),
    AUTHLETE_API_SECRET: secret(),
    AUTHLETE_ACCESS_TOKEN: secret(),
    OGW_CLIENT_SECRET: secret(),
    OGW_OTHER_CLIENT_SECRET: secret(),
    OGW_CONSENT_CLIENT_SECRET: secret(),
    JWT_CLIENT_JWK: jwk,
    JWT_CLIENT_JWKS: JSON.stringify({ keys: [half] }),
  };
}

/**
 * Starts the demo on 127.0.0.1:`port` and waits until it answers. `folder` keeps what is stored; `entry`
 * is the server's source. Returns how to stop it.
 */
export async function start(runtime, { port, folder, entry }) {
  await expectFree(port);
  const env = await environment(folder, port);
  const server = await runtimes[runtime]({ port, folder, env, entry });
  try {
    await healthy(`${env.ORIGIN}/health`, server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { origin: env.ORIGIN, env, stop: server.stop };
}

const runtimes = {
  async workerd({ port, folder, env, entry = join(root, "demo/worker.ts") }) {
    const miniflare = new Miniflare({
      ...workerOptions(await bundleWorker(entry, join(folder, "worker"))),
      host: "127.0.0.1",
      port,
      cf: false,
      bindings: env,
      kvPersist: join(folder, "kv"),
      durableObjectsPersist: join(folder, "do"),
    });
    await miniflare.ready;
    return { stop: () => miniflare.dispose() };
  },

  deno({ port, folder, env, entry = join(root, "demo/deno.ts") }) {
    const flags = [
      "--unstable-kv",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "--allow-env",
      "--allow-read",
      "--allow-write",
    ];
    const variables = {
      ...env,
      PORT: String(port),
      KV_PATH: join(folder, "deno.sqlite3"),
      DENO_NO_UPDATE_CHECK: "1",
    };
    return child(
      denoProgram(),
      ["run", "--config", join(root, "demo/deno.json"), ...flags, entry],
      variables,
    );
  },

  async node({ port, folder, env, entry = join(root, "demo/node.ts") }) {
    // Inside this package, so that `edgegrant` names it and its dependencies are found.
    const outfile = join(folder, "node.mjs");
    await build({ ...bundling, entryPoints: [entry], outfile, platform: "node", packages: "external" });
    return child(process.execPath, [outfile], { ...env, PORT: String(port) });
  },
};

/** Deno itself: the package's command is a parent process that a signal to it would end alone. */
export function denoProgram() {
  return createRequire(import.meta.url)("deno/install_api.cjs").runInstall();
}

const bundling = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };

/** Bundles a Worker; the compiled core stays a module of its own. */
export async function bundleWorker(entry, outdir) {
  await build({
    ...bundling,
    entryPoints: { worker: entry },
    outdir,
    conditions: ["workerd", "worker"],
    external: ["cloudflare:workers"],
    loader: { ".wasm": "copy" },
    assetNames: "[name]",
  });
  return outdir;
}

/** What Miniflare needs to run a bundle of the demo's shape. */
export function workerOptions(outdir) {
  return {
    rootPath: outdir,
    modules: [
      { type: "ESModule", path: join(outdir, "worker.js") },
      { type: "CompiledWasm", path: join(outdir, "edgegrant.wasm") },
    ],
    compatibilityDate: "2026-04-01",
    kvNamespaces: ["REGISTRY"],
    durableObjects: { STATE: { className: "EdgegrantState", useSQLite: true } },
  };
}

/** A server in a process of its own that ends with ours; what it says goes to our own output. */
function child(command, args, variables) {
  const server = spawn(command, args, {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...variables },
  });
  const kill = () => server.kill("SIGTERM");
  process.once("exit", kill);
  const ended = new Promise((resolve) => server.once("exit", resolve));
  return {
    failed: () => server.exitCode !== null,
    async stop() {
      process.off("exit", kill);
      kill();
      await ended;
    },
  };
}

/** Refuses a port where another process listens: its answers would pass for the demo's. */
async function expectFree(port) {
  const probe = createServer();
  await new Promise((resolve, reject) => {
    probe.once("error", ({ code }) => reject(new Error(`port ${port} of 127.0.0.1: ${code}`)));
    probe.listen(port, "127.0.0.1", resolve);
  });
  await new Promise((resolve) => probe.close(resolve));
}

/** Waits until `url` answers, or what should serve it has `failed`. */
export async function healthy(url, { failed = () => false }) {
  for (let tries = 0; tries < 300 && !failed(); tries++) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return;
    if (answer) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing answers at ${url}`);
}
