// Takes the figures.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { importJWK, jwtVerify } from "jose";
import { load, tokenRequest } from "../load.mjs";
import { call } from "./client.mjs";
import { COUNT, exchange, generate, keyOf, MOUNTS, ownToken } from "./deployment.mjs";

const IDS = Array.from({ length: COUNT }, () => randomUUID());
/** Enough to tell which way is quickest where 10,000 take seconds. */
const FEW = 1_000;

const FLIGHTS = [1, 32, 256];
const isSlow = ({ runtime, alg }) => alg === "RS256" || (runtime === "deno" && alg !== "HS256");

/** What is measured of an algorithm, by whom: each with the ways of which the quickest counts. */
function subjects(runtime, alg) {
  const streamed = (flight) => [true, false].map((streamed) => ({ flight, streamed }));
  return [
    ...Object.entries(MOUNTS)
      .filter(([, mount]) => mount.alg === alg && (mount.signing !== "core" || runtime === "deno"))
      .map(([mount, { signing }]) => ({
        by: signing === "core" ? "edgegrant_core" : "edgegrant",
        mount,
        ways: [{}],
      })),
    { by: "jose", ways: FLIGHTS.flatMap(streamed) },
    { by: "webcrypto", ways: FLIGHTS.map((flight) => ({ flight })) },
  ].map((subject) => ({ ...subject, runtime, alg }));
}

/** The generator in one runtime: cells, each with its samples in the order of the rounds. */
export async function measureGenerator(launch, runtime, env, plan) {
  const server = await launch(runtime, {
    request: (origin) => ownToken(origin, "es256", env, "token-generator"),
  });
  const figures = [];
  try {
    for (const alg of ["RS256", "ES256", "EdDSA", "HS256"]) {
      const cells = [];
      for (const cell of subjects(runtime, alg)) cells.push(await calibrate(server, cell, env, plan));
      // There is no target for what takes a minute a round.
      const rounds = runtime === "deno" && alg === "RS256" ? Math.min(plan.rounds, 2) : plan.rounds;
      for (let round = 0; round < rounds; round++) {
        // Every other round runs backwards, so that none always follows the same one.
        for (const cell of round % 2 === 0 ? cells : cells.toReversed()) {
          cell.samples.push(await sample(server, cell, env, IDS));
        }
        say(`${runtime} ${alg} ${round + 1}/${rounds}`);
      }
      figures.push(...cells);
    }
  } finally {
    await server.stop();
  }
  return figures;
}

/** Finds the quickest way, and how many calls make a sample long enough; warms up, and verifies tokens. */
async function calibrate(server, cell, env, plan) {
  const ids = isSlow(cell) ? IDS.slice(0, FEW) : IDS;
  const octets = cell.mount === undefined ? await signedOctets(server, cell, env) : undefined;
  const tries = [];
  for (const way of cell.ways) {
    const one = { ...cell, ...way, octets, times: 1, samples: [] };
    const took = [];
    for (let time = 0; time < 3; time++) took.push((await sample(server, one, env, ids)).wall);
    tries.push({ ...one, took: Math.min(...took) });
  }
  const best = tries.toSorted((a, b) => a.took - b.took)[0];
  if (best.by !== "webcrypto") await verify(server, best, env);
  if (ids === IDS) best.times = Math.max(1, Math.ceil(plan.milliseconds / best.took));
  return best;
}

/** Milliseconds a call, on the clock and of processor time, and to the first octet. */
async function sample(server, cell, env, ids) {
  const sum = { wall: 0, first: 0, cpu: 0 };
  for (let time = 0; time < cell.times; time++) {
    const request = await requestOf(server, cell, env, ids);
    const before = server.cpu();
    const { wall, first, text } = await call(request);
    sum.cpu += (server.cpu() - before) / 1000 / cell.times;
    sum.wall += wall / cell.times;
    sum.first += first / cell.times;
    if (cell.by !== "webcrypto") expectTokens(text, ids);
  }
  return sum;
}

async function requestOf(server, cell, env, ids) {
  const { by, mount, alg, flight, streamed, octets } = cell;
  if (mount !== undefined) {
    cell.token ??= JSON.parse(
      (await call(ownToken(server.origin, mount, env, "token-generator"))).text,
    ).access_token;
    return generate(server.origin, mount, env, cell.token, ids);
  }
  const about =
    by === "jose"
      ? { streamed, origin: `${server.origin}/${alg.toLowerCase()}` }
      : { octets, count: ids.length };
  return {
    url: `${server.origin}/${by}?${new URLSearchParams({ alg, flight, ...about })}`,
    ...(by === "jose" && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ids),
    }),
  };
}

function expectTokens(text, ids) {
  const answer = JSON.parse(text);
  const tokens = new Set(Object.values(answer));
  if (tokens.size !== ids.length || Object.keys(answer).some((id, index) => id !== ids[index])) {
    throw new Error(`${ids.length} subjects, ${tokens.size} different tokens`);
  }
}

/** How many octets Edgegrant signs for a token of this algorithm. */
async function signedOctets(server, { runtime, alg }, env) {
  const cell = { ...subjects(runtime, alg)[0], times: 1 };
  const { text } = await call(await requestOf(server, cell, env, IDS.slice(0, 1)));
  return JSON.parse(text)[IDS[0]].lastIndexOf(".");
}

/** Verifies tokens of one answer, whoever made it: they say the same. */
async function verify(server, cell, env) {
  const ids = IDS.slice(0, 100);
  const { text } = await call(await requestOf(server, cell, env, ids));
  const { kty, crv, x, y, n, e, k } = JSON.parse(env[keyOf(cell.mount ?? cell.alg)]);
  const key = await importJWK({ kty, crv, x, y, n, e, k }, cell.alg);
  const issuer = `${server.origin}/${cell.mount ?? cell.alg.toLowerCase()}`;
  for (const [id, token] of Object.entries(JSON.parse(text))) {
    const { payload, protectedHeader } = await jwtVerify(token, key, {
      issuer,
      audience: `${issuer}/token`,
      algorithms: [cell.alg],
      subject: id,
    });
    const header = JSON.stringify(protectedHeader);
    const expected = JSON.stringify({ kid: "generator", typ: "exchangeable+jwt", alg: cell.alg });
    const { scope, client_id, exp, iat, jti } = payload;
    const good =
      scope.toSorted().join() === "contacts,phone,sports" && client_id === "redeems" && exp - iat === 900;
    if (header !== expected || !good || jti.length !== 36) throw new Error(`wrong: ${token}`);
  }
}

/** MiB resident of a fresh server that has made one token, and the most of it while it makes 10,000, and ten times. */
export async function measureMemory(launch, runtime, env) {
  const server = await launch(runtime, {
    request: (origin) => ownToken(origin, "es256", env, "token-generator"),
  });
  try {
    const cell = { by: "edgegrant", mount: "es256", alg: "ES256", times: 1 };
    await sample(server, cell, env, IDS.slice(0, 1));
    const figures = { before: server.rss() };
    for (let time = 1; time <= 10; time++) {
      await sample(server, cell, env, IDS);
      if (time === 1) figures.once = server.peakRss();
    }
    return { ...figures, tenTimes: server.peakRss() };
  } finally {
    await server.stop();
  }
}

/** The memory of the isolate: Node tells of it what RSS does not. MiB. */
export function measureIsolate(env) {
  const command = ["--expose-gc", fileURLToPath(new URL("entry/isolate.mjs", import.meta.url))];
  const ORIGIN = "http://127.0.0.1:8787";
  return JSON.parse(
    execFileSync(process.execPath, command, { encoding: "utf8", env: { ...process.env, ...env, ORIGIN } }),
  );
}

/** Rates of token exchange, and of node-oidc-provider's client_credentials. */
export async function measureExchange(launch, runtimes, env, plan) {
  const servers = [];
  try {
    const credentials = tokenRequest(env.CLIENT_SECRET);
    const provided = (origin) => ({ ...credentials, url: `${origin}/es256${credentials.path}` });
    servers.push({ ...(await launch("oidc_provider", { request: provided })), requestOf: provided });
    for (const runtime of runtimes) {
      const request = (origin) => ownToken(origin, "es256", env, "orders:read orders:write");
      const server = await launch(runtime, { request });
      const { access_token } = JSON.parse((await call(request(server.origin))).text);
      servers.push({ ...server, requestOf: (origin) => exchange(origin, "es256", env, access_token) });
    }
    const figures = new Map(servers.map(({ name }) => [name, []]));
    for (const server of servers) await loadOne(server, { seconds: plan.seconds, distinct: true });
    for (let round = 0; round < plan.rounds; round++) {
      for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
        figures.get(server.name).push(await loadOne(server, { seconds: plan.seconds }));
      }
      say(`exchange ${round + 1}/${plan.rounds}`);
    }
    return figures;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function loadOne(server, how) {
  const before = server.cpu();
  const figures = await load(server.requestOf(server.origin), how);
  return { ...figures, cpu: (server.cpu() - before) / figures.count };
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
