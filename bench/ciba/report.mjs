// The figures as Markdown.
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";
import { CONNECTIONS, median } from "../load.mjs";
import { table } from "../report.mjs";

const NAMES = {
  oidc_provider: "node-oidc-provider, Node: memory",
  node: "Edgegrant, Node: memory",
  workerd: "Edgegrant, workerd: Durable Objects, disk",
  workerd_memory: "Edgegrant, workerd: Durable Objects, tmpfs",
  deno: "Edgegrant, Deno: Deno KV, disk",
  deno_memory: "Edgegrant, Deno: Deno KV, `:memory:`",
};
const OTHER = "oidc_provider";
/** What else the machine had to do before the run. */
const BUSY = loadavg()[0];

/** `figures`: by server, in the order of the rounds. */
export function renderCycles(figures, { rounds, seconds }) {
  const rows = [...figures].map(([name, list]) => {
    const of = (unit) => median(list.map((one) => one[unit]));
    // Of each round by itself: what slows the machine down slows both.
    const times = (compare) => median(list.map((one, round) => compare(one, figures.get(OTHER)[round])));
    return [
      NAMES[name],
      of("rate").toFixed(0),
      of("p50").toFixed(1),
      of("p99").toFixed(1),
      times((one, other) => one.rate / other.rate).toFixed(2),
      of("cpu").toFixed(0),
      times((one, other) => other.cpu / one.cpu).toFixed(2),
    ];
  });
  const head = ["server", "cycles/s", "p50 ms", "p99 ms", "× node-oidc-provider"];
  return [
    "### Cycles\n",
    `${machine()}. ${CONNECTIONS} connections, ${rounds} rounds of ${seconds} s each in turn; medians.\n`,
    table([...head, "CPU µs/cycle", "× node-oidc-provider, per CPU second"], rows),
  ].join("\n");
}

/** `figures`: one of each runtime. */
export function renderPending(figures, { count, seconds, expiry }) {
  const amount = count.toLocaleString("en");
  const rows = figures.map(({ runtime, polls, rate, cpu, busy, late, creating, rss }) => [
    NAMES[runtime],
    creating.toFixed(0),
    polls.toLocaleString("en"),
    rate.toFixed(0),
    cpu.toFixed(0),
    `${(busy * 100).toFixed(0)} %`,
    late.toFixed(0),
    rss.map((one) => one.toFixed(0)).join(", "),
  ]);
  const states = {
    before: "before",
    created: `${amount} pending`,
    polled: `${seconds} s of polls later`,
    ended: "after their end",
  };
  const memory = figures.flatMap((one) =>
    one.states.map(({ at, records, wasm, heap, rss }) => [
      NAMES[one.runtime],
      states[at],
      records.toLocaleString("en"),
      wasm.toFixed(1),
      Number.isNaN(heap) ? "" : heap.toFixed(1),
      rss.toFixed(0),
    ]),
  );
  const head = ["server", "CPU µs to make one", "polls", "polls/s", "CPU µs/poll", "of one core"];
  return [
    `### ${amount} pending requests, polled every 5 s for ${seconds} s\n`,
    `${machine()}. \`requested_expiry\` ${expiry}.\n`,
    table([...head, "latest poll, ms behind", "resident, MiB, by quarters of the time"], rows),
    table(["server", "when", "records", "WebAssembly, MiB", "heap, MiB", "resident, MiB"], memory),
  ].join("\n");
}

function machine() {
  const version = (name) => createRequire(import.meta.url)(`${name}/package.json`).version;
  const versions = ["deno", "workerd", "oidc-provider"].map((name) => `${name} ${version(name)}`);
  return `${cpus().length} cores (${cpus()[0].model.trim()}); Node ${process.versions.node}, ${versions.join(", ")}; load average before the run ${BUSY.toFixed(1)}`;
}
