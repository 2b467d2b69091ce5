// Measures making and verifying tokens beside `jose` and beside WebCrypto alone, and writes the figures into README.md here.
//
//   node bench/tokens/run.mjs                 in every runtime, some three minutes each
//   node bench/tokens/run.mjs node workerd    in some
//   node bench/tokens/run.mjs --quick         a smoke run: prints, and writes nothing
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { importJWK, jwtVerify } from "jose";
import { bundleWorker, denoProgram, root } from "../../scripts/demo.mjs";
import { publish } from "../report.mjs";
import { serveWorker, start } from "../servers.mjs";
import { casesOf } from "./cases.mjs";
import { render, renderModule } from "./report.mjs";
import { ALGORITHMS } from "./shared.mjs";

const MOST = 10_000;
const quick = process.argv.includes("--quick");
const plan = quick ? { rounds: 1, milliseconds: 50 } : { rounds: 7, milliseconds: 300 };

const entry = (name) => fileURLToPath(new URL(`entry/${name}.mjs`, import.meta.url));
const dist = (path) => String(pathToFileURL(join(root, path)));

const RUNTIMES = {
  node: () => [process.execPath, [entry("node")]],

  deno(folder) {
    const map = join(folder, "imports.json");
    const imports = {
      "edgegrant/sign": dist("dist/sign/deno.js"),
      "edgegrant/verify": dist("dist/verify/deno.js"),
      jose: dist("node_modules/jose/dist/webapi/index.js"),
    };
    writeFileSync(map, JSON.stringify({ imports }));
    const allowed = ["--allow-net=127.0.0.1", "--allow-env", "--allow-read"];
    return [
      denoProgram(),
      ["run", "--no-config", "--no-prompt", ...allowed, `--import-map=${map}`, entry("deno")],
    ];
  },

  async workerd(folder, env) {
    await bundleWorker(entry("worker"), folder);
    const wasm = ["edgegrant.wasm", "verifier.wasm"].map(
      (name) => `(name = "${name}", wasm = embed "${name}")`,
    );
    const modules = ['(name = "worker.js", esModule = embed "worker.js")', ...wasm].join(", ");
    return serveWorker(folder, env, { modules, bindings: ["KEYS"] });
  },
};

const wanted = process.argv.slice(2).filter((argument) => argument !== "--quick");
const keys = makeKeys();
const work = mkdtempSync(join(tmpdir(), "bench-tokens-"));
try {
  publishText("module", renderModule(measureModule()));
  for (const runtime of wanted.length > 0 ? wanted : Object.keys(RUNTIMES)) {
    publishText(runtime, render(runtime, await measure(runtime), plan));
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

function publishText(name, text) {
  console.log(text);
  if (!quick) publish(fileURLToPath(new URL("README.md", import.meta.url)), text, name);
}

/** The verifier's module: its size, and how long fresh Node processes take to make an instance. */
function measureModule() {
  const starts = Array.from({ length: quick ? 3 : 21 }, () =>
    JSON.parse(execFileSync(process.execPath, [entry("cold")], { encoding: "utf8" })),
  );
  const module = readFileSync(join(root, "dist/core/verifier.wasm"));
  const inCore = JSON.parse(execFileSync(process.execPath, [entry("in_core")], { encoding: "utf8" }));
  return { starts, inCore, raw: module.length, gzip: gzipSync(module, { level: 9 }).length };
}

/** Figures by case, algorithm and subject. */
async function measure(runtime) {
  const server = await start(runtime, {
    folder: mkdtempSync(join(work, `${runtime}-`)),
    env: { KEYS: JSON.stringify(keys) },
    request: (origin) => ({ url: origin }),
    command: RUNTIMES[runtime],
  });
  const figures = [];
  try {
    for (const alg of Object.keys(ALGORITHMS)) {
      const cells = [];
      for (const cell of casesOf(alg)) cells.push(await calibrate(server, { ...cell, alg }));
      for (let round = 0; round < plan.rounds; round++) {
        // Every other round runs backwards, so that none always follows the same one.
        for (const cell of round % 2 === 0 ? cells : cells.toReversed()) {
          cell.samples.push(await ask(server, cell));
        }
        process.stderr.write(`${runtime} ${alg} ${round + 1}/${plan.rounds}\n`);
      }
      figures.push(...cells);
    }
  } finally {
    await server.stop();
  }
  return figures;
}

/** Finds the best `flight`, and how many make a sample long enough; warms up, and checks a token. */
async function calibrate(server, cell) {
  const tries = [];
  for (const flight of cell.flights) {
    let count = cell.name.endsWith("_one") ? 20 : 256;
    let times = 1;
    let sample = await ask(server, { ...cell, flight, count, times });
    // A few times: what was compiled for the first run is compiled better later.
    for (let step = 0; step < 4; step++) {
      const tokens = Math.max(count, (plan.milliseconds * 1000) / sample.wall);
      count = Math.min(MOST, Math.ceil(tokens));
      times = Math.max(1, Math.round(tokens / count));
      sample = await ask(server, { ...cell, flight, count, times });
    }
    tries.push({ ...cell, flight, count, times, wall: sample.wall, token: sample.token, samples: [] });
  }
  const best = tries.toSorted((a, b) => a.wall - b.wall)[0];
  if (cell.name.startsWith("verify") && best.token !== "" && !/^subject-\d{5}$/.test(best.token)) {
    throw new Error(`not verified: ${best.token}`);
  }
  if (cell.name.startsWith("sign") && best.token !== "") {
    const { payload } = await jwtVerify(best.token, await importJWK(publicHalf(keys[best.alg]), best.alg), {
      typ: "at+jwt",
      algorithms: [best.alg],
      currentDate: new Date(1_790_000_000_000),
    });
    if (!/^subject-\d{5}$/.test(payload.sub) || payload.jti.length !== 36)
      throw new Error(`wrong: ${best.token}`);
  }
  return best;
}

/** Microseconds a token: on the clock, and of processor time. */
async function ask(server, { name, subject, alg, count, flight, times }) {
  const query = new URLSearchParams({ case: name, subject, alg, count, flight, times });
  const cpu = server.cpu();
  const began = performance.now();
  const response = await fetch(`${server.origin}/?${query}`);
  const token = await response.text();
  const wall = performance.now() - began;
  if (!response.ok) throw new Error(`${query}: ${response.status} ${token}`);
  const tokens = count * times;
  return { wall: (wall * 1000) / tokens, cpu: (server.cpu() - cpu) / tokens, token };
}

function makeKeys() {
  const pairs = {
    RS256: ["rsa", { modulusLength: 2048 }],
    PS256: ["rsa", { modulusLength: 2048 }],
    ES256: ["ec", { namedCurve: "P-256" }],
    EdDSA: ["ed25519", {}],
  };
  const own = (alg, jwk) => [alg, { ...jwk, alg, kid: `${alg}-signer`, use: "sig" }];
  return Object.fromEntries([
    own("HS256", { kty: "oct", k: randomBytes(32).toString("base64url") }),
    ...Object.entries(pairs).map(([alg, [type, options]]) =>
      own(alg, generateKeyPairSync(type, options).privateKey.export({ format: "jwk" })),
    ),
  ]);
}

function publicHalf({ kty, crv, x, y, n, e, k }) {
  return { kty, crv, x, y, n, e, k };
}
