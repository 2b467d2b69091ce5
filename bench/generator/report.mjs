// The figures as Markdown.
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";
import { median } from "../load.mjs";
import { table } from "../report.mjs";

const NAMES = { node: "Node", deno: "Deno", workerd: "workerd" };
const SUBJECTS = {
  edgegrant: "Edgegrant",
  edgegrant_core: 'Edgegrant, `"signing": "core"`',
  jose: "`jose`",
  webcrypto: "WebCrypto alone",
};

/** What is to be reached: a least ratio of `other` to `subject`. */
const TARGETS = [
  ...["node", "workerd"].map((runtime) => [runtime, "RS256", "edgegrant", "webcrypto", 1 / 1.03]),
  ...["ES256", "EdDSA"].flatMap((alg) => [
    ["workerd", alg, "edgegrant", "webcrypto", 1 / 1.12],
    ["workerd", alg, "edgegrant", "jose", 1.3],
  ]),
  ["workerd", "HS256", "edgegrant", "webcrypto", 1],
  ["workerd", "HS256", "edgegrant", "jose", 8],
  ["deno", "ES256", "edgegrant_core", "jose", 3, "cpu"],
];
/** Of the time to the end, the time to the first octet. */
const FIRST = 0.05;
/** What a call may take, MiB. */
const MEMORY = 64;

const verdict = (met) => (met ? "met" : "**missed**");

/** `cells`: what was measured, each with its samples in the order of the rounds. */
export function renderRuntime(runtime, cells, memory, { rounds }) {
  const find = (alg, by) => cells.find((cell) => cell.alg === alg && cell.by === by);
  const of = (cell, take) => median(cell.samples.map(take));
  // Of each round by itself: what slows the machine down slows both.
  const times = (cell, other, unit = "wall") =>
    median(cell.samples.map((sample, round) => other.samples[round][unit] / sample[unit]));
  const share = (cell) => of(cell, ({ first, wall }) => first / wall);
  const rows = cells.map((cell) => [
    cell.alg,
    SUBJECTS[cell.by],
    of(cell, ({ wall }) => wall).toFixed(1),
    of(cell, ({ cpu }) => cpu).toFixed(0),
    times(cell, find(cell.alg, "jose")).toFixed(2),
    times(cell, find(cell.alg, "jose"), "cpu").toFixed(2),
    times(cell, find(cell.alg, "webcrypto")).toFixed(2),
    cell.by === "webcrypto" ? "" : of(cell, ({ first }) => first).toFixed(1),
    cell.by === "webcrypto" ? "" : `${(share(cell) * 100).toFixed(1)} %`,
    cell.flight === undefined ? "" : `${cell.flight}${cell.streamed ? ", streamed" : ""}`,
  ]);
  const ratios = TARGETS.filter(([at]) => at === runtime).map(([, alg, by, other, least, unit]) => {
    const reached = times(find(alg, by), find(alg, other), unit);
    const per = unit === "cpu" ? " per CPU second" : "";
    const what = `${alg}, ${SUBJECTS[by]} against ${SUBJECTS[other]}, times as quick${per}`;
    return [what, reached.toFixed(2), `≥ ${least.toFixed(2)}`, verdict(reached >= least)];
  });
  const firsts = cells
    .filter(({ by }) => by.startsWith("edgegrant"))
    .map((cell) => [
      `${cell.alg}, ${SUBJECTS[cell.by]}, first octet of the body, of the time to its end`,
      `${(share(cell) * 100).toFixed(1)} %`,
      "≤ 5 %",
      verdict(share(cell) <= FIRST),
    ]);
  const [once, ten] = [memory.once - memory.before, memory.tenTimes - memory.before];
  const grown = [
    `MiB by which the resident memory of a fresh process grows at most, ES256 (from ${memory.before.toFixed(0)})`,
    once.toFixed(0),
    `≤ ${MEMORY}`,
    verdict(once <= MEMORY),
  ];
  const grownTen = ["the same, ten calls", ten.toFixed(0), "", ""];
  const head = [
    ...["algorithm", "by", "ms", "CPU ms", "× `jose`", "× `jose`, CPU", "× WebCrypto"],
    ...["first octet, ms", "of the whole", "in flight"],
  ];
  return [
    `### ${NAMES[runtime]}\n`,
    `${versions(runtime)}; ${machine()}; medians of ${rounds} rounds.\n`,
    table(["10,000 tokens over HTTP", "figure", "target", ""], [...ratios, ...firsts, grown, grownTen]),
    table(head, rows),
  ].join("\n");
}

/** Memory of the isolate, in Node. */
export function renderIsolate(figures) {
  const kinds = { uuid: "UUIDs", longest: "of 255 octets" };
  const rows = figures.map(({ kind, mount, chunks, wasmBefore, wasm, grown, kept }) => [
    `${mount.toUpperCase()}, subjects ${kinds[kind]}`,
    String(chunks),
    `${wasm.toFixed(1)} (${wasmBefore.toFixed(1)})`,
    grown.toFixed(1),
    kept.toFixed(1),
    verdict(grown <= MEMORY),
  ]);
  const head = [
    ...["10,000 tokens", "chunks", "memory of WebAssembly after (before)"],
    ...["heap and all that hangs on it: grown by at most", "of that, not garbage", `≤ ${MEMORY}`],
  ];
  return `### Memory of the isolate, MiB\n\n${versions("node")}.\n\n${table(head, rows)}`;
}

/** Token exchange. */
export function renderExchange(figures, { rounds, seconds }) {
  const other = figures.get("oidc_provider");
  const rows = [...figures].map(([name, list]) => [
    name === "oidc_provider"
      ? "node-oidc-provider, Node: `client_credentials`"
      : `Edgegrant, ${NAMES[name]}: token exchange`,
    median(list.map(({ rate }) => rate)).toFixed(0),
    median(list.map(({ p50 }) => p50)).toFixed(2),
    median(list.map(({ p99 }) => p99)).toFixed(2),
    median(list.map(({ cpu }) => cpu)).toFixed(0),
    median(list.map(({ rate }, round) => rate / other[round].rate)).toFixed(2),
  ]);
  const head = ["server", "requests/s", "p50 ms", "p99 ms", "CPU µs/request", "× node-oidc-provider"];
  const how = `${machine()}; ${rounds} rounds of ${seconds} s each in turn; medians.`;
  return `### Token exchange, ES256\n\n${how}\n\n${table(head, rows)}`;
}

function machine() {
  return `${cpus().length} cores (${cpus()[0].model.trim()}); load average ${loadavg()[0].toFixed(1)}`;
}

function versions(runtime) {
  const version = (name) => createRequire(import.meta.url)(`${name}/package.json`).version;
  const own = runtime === "node" ? process.versions.node : version(runtime);
  return `${NAMES[runtime]} ${own}, jose ${version("jose")}`;
}
