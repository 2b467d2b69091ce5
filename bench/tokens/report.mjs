// The figures of a runtime as Markdown.
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";
import { median } from "../load.mjs";
import { table } from "../report.mjs";

const CASES = {
  sign_one: "Sign one, one after the other",
  sign_many: "Sign many from a template and columns",
  verify_one: "Verify one, one after the other",
  verify_many: "Verify many",
};
const SUBJECTS = {
  edgegrant: "Edgegrant",
  edgegrant_core: 'Edgegrant, `"signing": "core"`',
  edgegrant_remembered: "Edgegrant, remembered",
  jose: "`jose`",
  webcrypto: "WebCrypto alone",
};
const NAMES = { node: "Node", deno: "Deno", workerd: "workerd" };

/** What is to be reached: a least ratio of `other` to `subject`. */
const TARGETS = [
  ["node", "sign_many", "HS256", "edgegrant", "jose", 15],
  ["workerd", "sign_many", "HS256", "edgegrant", "jose", 8],
  ...["node", "deno", "workerd"].flatMap((runtime) => [
    [runtime, "sign_many", "HS256", "edgegrant", "webcrypto", 1],
    ...[
      ["RS256", 1 / 1.02],
      ["PS256", 1 / 1.02],
      ["ES256", 1 / 1.1],
      ["EdDSA", 1 / 1.1],
    ].map(([alg, least]) => [runtime, "sign_many", alg, "edgegrant", "webcrypto", least]),
  ]),
  ["node", "sign_one", "HS256", "edgegrant", "jose", 3],
  ["deno", "sign_one", "HS256", "edgegrant", "jose", 3],
  ["deno", "sign_many", "ES256", "edgegrant_core", "jose", 3, "cpu"],
  ...["node", "deno"].map((runtime) => [runtime, "verify_one", "HS256", "edgegrant", "jose", 3]),
  ...["node", "deno", "workerd"].flatMap((runtime) =>
    ["HS256", "RS256", "PS256", "ES256", "EdDSA"].flatMap((alg) => [
      [runtime, "verify_one", alg, "edgegrant", "jose", 1],
      [runtime, "verify_many", alg, "edgegrant", "jose", 1],
      [runtime, "verify_one", alg, "edgegrant_remembered", "jose", 10],
    ]),
  ),
];

/** `cells`: what was measured, each with its samples in the order of the rounds. */
export function render(runtime, cells, { rounds }) {
  const find = (name, alg, subject) =>
    cells.find((cell) => cell.name === name && cell.alg === alg && cell.subject === subject);
  // Of each round by itself: what slows the machine down slows both.
  const times = (cell, other, unit = "wall") =>
    median(cell.samples.map((sample, round) => other.samples[round][unit] / sample[unit]));
  const parts = Object.entries(CASES).map(([name, title]) => {
    const rows = cells
      .filter((cell) => cell.name === name)
      .map((cell) => [
        cell.alg,
        SUBJECTS[cell.subject],
        median(cell.samples.map(({ wall }) => wall)).toFixed(2),
        median(cell.samples.map(({ cpu }) => cpu)).toFixed(2),
        times(cell, find(name, cell.alg, "jose")).toFixed(2),
        times(cell, find(name, cell.alg, "webcrypto")).toFixed(2),
        name.endsWith("_many") ? `${cell.count}` : "",
        cell.flights.length === 1 ? "" : cell.flight,
      ]);
    const head = [
      "algorithm",
      "by",
      "µs",
      "CPU µs",
      "× `jose`",
      "× WebCrypto",
      "tokens at once",
      "in flight",
    ];
    return `#### ${title}\n\n${table(head, rows)}`;
  });
  const targets = TARGETS.filter(([at]) => at === runtime).map(
    ([, name, alg, subject, other, least, unit]) => {
      const reached = times(find(name, alg, subject), find(name, alg, other), unit);
      const what = `${alg}, ${CASES[name].toLowerCase()}, ${SUBJECTS[subject]} against ${SUBJECTS[other]}`;
      const per = unit === "cpu" ? " per CPU second" : "";
      return [what + per, reached.toFixed(2), least.toFixed(2), reached >= least ? "met" : "**missed**"];
    },
  );
  return [
    `### ${NAMES[runtime]}\n`,
    `${versions(runtime)}; ${cpus().length} cores (${cpus()[0].model.trim()}); load average ${loadavg()[0].toFixed(1)}; medians of ${rounds} rounds.\n`,
    table(["times as quick", "figure", "target", ""], targets),
    ...parts,
  ].join("\n");
}

/** The verifier's module. */
export function renderModule({ starts, inCore, raw, gzip }) {
  const of = (take) => median(starts.map(take));
  const both = of(({ compile, instantiate }) => compile + instantiate);
  const kb = gzip / 1024;
  const verdict = (met) => (met ? "met" : "**missed**");
  const rows = [
    ["size, gzip, KB", kb.toFixed(1), "100", verdict(kb <= 100)],
    ["size, KB", (raw / 1024).toFixed(1), "", ""],
    ["compile and instantiate in Node, ms", both.toFixed(2), "1.5", verdict(both <= 1.5)],
    ["of that, compile", of(({ compile }) => compile).toFixed(2), "", ""],
    [
      "the quickest start of all",
      Math.min(...starts.map((s) => s.compile + s.instantiate)).toFixed(2),
      "",
      "",
    ],
    ...Object.entries(inCore).map(([alg, µs]) => [
      `to verify ${alg} in WebAssembly, which is left to the host, µs`,
      µs.toFixed(0),
      "",
      "",
    ]),
  ];
  const how = `${versions("node")}; medians of ${starts.length} processes.`;
  return `### The verifier's module\n\n${how}\n\n${table(["what", "figure", "at most", ""], rows)}`;
}

function versions(runtime) {
  const version = (name) => createRequire(import.meta.url)(`${name}/package.json`).version;
  const own = runtime === "node" ? process.versions.node : version(runtime);
  return `${NAMES[runtime]} ${own}, jose ${version("jose")}`;
}
