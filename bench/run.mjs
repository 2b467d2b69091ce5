// Measures Edgegrant beside node-oidc-provider and writes the figures into bench/README.md.
//
//   node bench/run.mjs            about eight minutes
//   node bench/run.mjs --quick    a smoke run: prints, and writes nothing
import { spawnSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { denoProgram } from "../scripts/demo.mjs";
import { measureBoundary } from "./boundary.mjs";
import { checkTokens } from "./check.mjs";
import { load, tokenRequest } from "./load.mjs";
import { publish, render } from "./report.mjs";
import { start } from "./servers.mjs";

const quick = process.argv.includes("--quick");
const plan = quick
  ? { rounds: 1, seconds: 1, warmUpSeconds: 1, requests: 2_000, starts: 1, batches: 3, batch: 500 }
  : { rounds: 7, seconds: 3, warmUpSeconds: 4, requests: 100_000, starts: 7, batches: 30, batch: 1_000 };

const SERVERS = ["workerd", "oidc_provider", "node", "deno"];
const BOUND = "signs_only";
const ALGORITHMS = ["ES256", "RS256"];

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const work = mkdtempSync(join(tmpdir(), "bench-"));
const env = {
  CLIENT_SECRET: randomBytes(32).toString("base64url"),
  KEY_ES256: privateJwk("ES256", "ec", { namedCurve: "P-256" }),
  KEY_RS256: privateJwk("RS256", "rsa", { modulusLength: 2048 }),
};
const token = tokenRequest(env.CLIENT_SECRET);
const running = [];

try {
  const figures = await measure();
  const text = render(figures, plan);
  console.log(`\n${text}`);
  if (!quick) publish(file("README.md"), text);
} finally {
  await Promise.all(running.map((server) => server.stop()));
  rmSync(work, { recursive: true, force: true });
}

async function measure() {
  const servers = new Map();
  for (const name of SERVERS) servers.set(name, await launch(name));
  const sizes = await check(servers);
  const bound = { ...env, INPUT_BYTES: String(sizes.get("workerd RS256").signed) };
  servers.set(BOUND, await launch(BOUND, bound));
  const memory = new Map([...servers].map(([name, server]) => [name, { idle: server.rss(), sent: 0 }]));

  const rates = new Map();
  for (const alg of ALGORITHMS) {
    const subjects = [...servers.values()].filter(({ name }) => name !== BOUND || alg === "RS256");
    for (const server of subjects) await send(server, alg, { seconds: plan.warmUpSeconds, distinct: true });
    for (let round = 0; round < plan.rounds; round++) {
      // Every other round runs backwards, so that none always follows the same one.
      const order = round % 2 === 0 ? subjects : subjects.toReversed();
      for (const server of order) {
        const figures = await send(server, alg, { seconds: plan.seconds });
        const key = `${server.name} ${alg}`;
        rates.set(key, [...(rates.get(key) ?? []), figures]);
        say(
          `${alg} ${round + 1}/${plan.rounds} ${server.name}: ${figures.rate.toFixed(0)}/s, ${figures.cpu.toFixed(0)} µs`,
        );
      }
    }
  }
  for (const name of SERVERS) {
    const missing = plan.requests - memory.get(name).sent;
    if (missing > 0) await send(servers.get(name), "ES256", { amount: missing });
    memory.get(name).loaded = servers.get(name).rss();
  }
  while (running.length > 0) await running.pop().stop();

  say("boundary");
  const config = readFileSync(file("edgegrant.json"), "utf8");
  const origin = "http://127.0.0.1:8787";
  const request = target(origin, "ES256");
  const boundary = await measureBoundary({ config, env: { ...env, ORIGIN: origin }, request, ...plan });
  return { rates, sizes, memory, boundary, wasm: wasmSizes(), starts: await coldStarts(bound) };

  async function send(server, alg, how) {
    const before = server.cpu();
    const figures = await load(target(server.origin, alg), how);
    memory.get(server.name).sent += figures.count;
    return { ...figures, cpu: (server.cpu() - before) / figures.count };
  }
}

async function check(servers) {
  const sizes = new Map();
  for (const alg of ALGORITHMS) {
    for (const server of servers.values()) {
      sizes.set(`${server.name} ${alg}`, await checkTokens(server, alg, target(server.origin, alg)));
    }
    const lengths = SERVERS.map((name) => sizes.get(`${name} ${alg}`).length);
    // Base64url rounds up.
    if (Math.max(...lengths) - Math.min(...lengths) > 2) {
      throw new Error(`${alg} tokens differ in size: ${lengths.join(", ")}`);
    }
  }
  return sizes;
}

/** Each start is a new process; in turn, as all else. */
async function coldStarts(variables) {
  const names = [...SERVERS, BOUND];
  const starts = { first: new Map(names.map((name) => [name, []])), steps: new Map() };
  for (let round = 0; round < plan.starts; round++) {
    for (const name of names) {
      const server = await launch(name, variables);
      starts.first.get(name).push(server.firstAnswerMs);
      await running.pop().stop();
    }
    for (const runtime of ["node", "deno"]) {
      starts.steps.set(runtime, [...(starts.steps.get(runtime) ?? []), coldSteps(runtime)]);
    }
    say(`starts ${round + 1}/${plan.starts}`);
  }
  return starts;
}

function coldSteps(runtime) {
  const [command, args] = {
    node: [process.execPath, []],
    deno: [denoProgram(), ["run", "--allow-read", "--allow-env"]],
  }[runtime];
  const { stdout, stderr, status } = spawnSync(command, [...args, file("entry/cold.mjs")], {
    encoding: "utf8",
    env: { ...process.env, ...env, ORIGIN: "http://127.0.0.1:8787", TOKEN_REQUEST: JSON.stringify(token) },
  });
  if (status !== 0) throw new Error(`cold start on ${runtime}: ${stderr}`);
  return JSON.parse(stdout);
}

async function launch(name, variables = env) {
  const folder = mkdtempSync(join(work, `${name}-`));
  const server = await start(name, {
    folder,
    env: variables,
    request: (origin) => target(origin, name === BOUND ? "RS256" : "ES256"),
  });
  running.push(server);
  return server;
}

function target(origin, alg) {
  const { path, ...request } = token;
  return { url: `${origin}/${alg.toLowerCase()}${path}`, ...request };
}

function wasmSizes() {
  const bytes = readFileSync(file("../dist/core/edgegrant.wasm"));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  };
}

function privateJwk(alg, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return JSON.stringify({ ...privateKey.export({ format: "jwk" }), kid: `${alg}-signer`, alg, use: "sig" });
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
