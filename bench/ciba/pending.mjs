// Many requests that nobody decides, polled at their interval.
import { setTimeout as sleep } from "node:timers/promises";
import { client, expect } from "./client.mjs";
import { pathOf } from "./cycles.mjs";
import { REMEMBERED, requests } from "./deployment.mjs";
import { INTERVAL } from "./entry/shape.mjs";

const CONNECTIONS = 64;
/** What a client waits between polls, in milliseconds; a timer may be a millisecond early. */
const WAIT = INTERVAL * 1000 + 10;
const MIB = 2 ** 20;

/** Figures of one runtime. */
export async function measurePending(launch, runtime, env, { count, seconds, expiry }) {
  const server = await launch(runtime, {
    request: (origin) => requests(origin, env).health(),
    // A request is kept for as long past its end: so that stores remove it when it ends.
    env: { BEHIND: String(REMEMBERED) },
  });
  const call = client(CONNECTIONS);
  const asked = requests(server.origin, env);
  const look = async (at) => {
    const state = JSON.parse(expect(await call(asked.state()), 200));
    const figures = {
      at,
      records: state.records,
      wasm: state.wasm / MIB,
      heap: state.heap / MIB,
      rss: server.rss(),
    };
    process.stderr.write(`${runtime} ${JSON.stringify(figures)}\n`);
    return figures;
  };
  try {
    const states = [await look("before")];
    const before = server.cpu();
    const queue = await create(call, asked, { count, expiry });
    const creating = (server.cpu() - before) / count;
    states.push(await look("created"));
    const polling = await poll(call, asked, server, queue, seconds);
    states.push(await look("polled"));
    const latest = performance.now() + (expiry + 150) * 1000;
    let last = states.at(-1);
    while (last.records > states[0].records && performance.now() < latest && runtime !== "node") {
      await sleep(5_000);
      last = await look("ended");
    }
    states.push({ ...last, at: "ended" });
    return { runtime, count, creating, ...polling, states };
  } finally {
    call.close();
    await server.stop();
  }
}

/** As many at once as there are connections; when each may be polled. */
async function create(call, { ask }, { count, expiry }) {
  const queue = [];
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      const answer = await call(ask(pathOf(), { requested_expiry: String(expiry) }));
      const { auth_req_id } = JSON.parse(expect(answer, 200));
      queue.push({ auth_req_id, due: performance.now() + WAIT });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  // They were made within a few seconds; from here on they are spread over the interval.
  const now = performance.now();
  return queue.map(({ auth_req_id, due }, i) => {
    return { auth_req_id, due: Math.max(due, now + (i / count) * WAIT) };
  });
}

/** Polls each an interval after it was answered, for so many seconds. */
async function poll(call, { fetch }, server, queue, seconds) {
  queue.sort((a, b) => a.due - b.due);
  const began = queue[0].due;
  const end = began + seconds * 1000;
  await sleep(Math.max(0, began - performance.now()));
  const [cpu, own] = [server.cpu(), process.cpuUsage()];
  const rss = [];
  const looking = setInterval(() => rss.push(server.rss()), (seconds * 1000) / 4);
  let [next, polls, late] = [0, 0, 0];
  const worker = async () => {
    for (;;) {
      const { auth_req_id, due } = queue[next++];
      if (due >= end) return;
      await sleep(Math.max(0, due - performance.now()));
      late = Math.max(late, performance.now() - due);
      expect(await call(fetch(auth_req_id)), 400, "authorization_pending");
      polls++;
      queue.push({ auth_req_id, due: performance.now() + WAIT });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  clearInterval(looking);
  const took = (performance.now() - began) / 1000;
  const used = process.cpuUsage(own);
  return {
    polls,
    rate: polls / took,
    cpu: (server.cpu() - cpu) / polls,
    busy: (server.cpu() - cpu) / 1e6 / took,
    late,
    rss: [...rss, server.rss()].slice(0, 4),
    client: (used.user + used.system) / 1e6 / took,
  };
}
