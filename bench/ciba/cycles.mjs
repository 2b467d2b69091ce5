// Whole cycles: a request, a poll while nothing is decided, the person's agreement, the tokens.
import assert from "node:assert/strict";
import { createLocalJWKSet, jwtVerify } from "jose";
import { CONNECTIONS, quantile } from "../load.mjs";
import { client, expect } from "./client.mjs";
import { requests } from "./deployment.mjs";
import { RESOURCE } from "./entry/shape.mjs";

/** Where clients ask. */
const PATHS = { oidc_provider: "/backchannel" };
export const pathOf = (name) => PATHS[name] ?? "/bc-authorize";

/** Figures by server, in the order of the rounds. `servers`: running. */
export async function measureCycles(servers, env, plan) {
  const figures = new Map(servers.map(({ name }) => [name, []]));
  for (const server of servers) {
    await check(server, env);
    await run(server, env, plan.warmUpSeconds);
  }
  for (let round = 0; round < plan.rounds; round++) {
    // Every other round runs backwards, so that none always follows the same one.
    for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
      const one = await run(server, env, plan.seconds);
      figures.get(server.name).push(one);
      process.stderr.write(
        `${round + 1}/${plan.rounds} ${server.name}: ${one.rate.toFixed(0)}/s, ${one.cpu.toFixed(0)} µs\n`,
      );
    }
  }
  return figures;
}

async function run({ name, origin, cpu }, env, seconds) {
  const call = client(CONNECTIONS);
  const latencies = [];
  const before = cpu();
  const began = performance.now();
  const end = began + seconds * 1000;
  const person = async () => {
    while (performance.now() < end) {
      const start = performance.now();
      await cycle(call, name, requests(origin, env));
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, person));
  const took = performance.now() - began;
  call.close();
  latencies.sort((a, b) => a - b);
  return {
    rate: (latencies.length / took) * 1000,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpu: (cpu() - before) / latencies.length,
  };
}

/** One cycle; the token response. */
async function cycle(call, name, { ask, fetch, agree }) {
  const { auth_req_id } = JSON.parse(expect(await call(ask(pathOf(name))), 200));
  expect(await call(fetch(auth_req_id)), 400, "authorization_pending");
  expect(await call(agree(auth_req_id)), 200, "completed");
  return expect(await call(fetch(auth_req_id)), 200, "id_token");
}

/** Verifies both tokens of two cycles. */
async function check({ name, origin }, env) {
  const call = client(1);
  const asked = requests(origin, env);
  const metadata = JSON.parse(expect(await call(asked.health()), 200));
  const keys = createLocalJWKSet(JSON.parse(expect(await call({ url: metadata.jwks_uri }), 200)));
  const verified = { issuer: metadata.issuer, algorithms: ["ES256"] };
  const seen = new Set();
  for (let i = 0; i < 2; i++) {
    const tokens = JSON.parse(await cycle(call, name, asked));
    const access = await jwtVerify(tokens.access_token, keys, {
      ...verified,
      ...{ audience: RESOURCE, typ: "at+jwt" },
    });
    const id = await jwtVerify(tokens.id_token, keys, { ...verified, audience: "bench" });
    for (const { payload } of [access, id]) {
      assert.deepEqual([payload.sub, payload.exp - payload.iat], ["alice", 3600], name);
    }
    assert.ok(access.payload.scope.includes("orders:read orders:write"), access.payload.scope);
    assert.equal(tokens.refresh_token, undefined);
    seen.add(access.payload.jti);
  }
  assert.equal(seen.size, 2);
  call.close();
}
