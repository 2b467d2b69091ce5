// The figures as Markdown.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, loadavg, platform, totalmem } from "node:os";
import { CONNECTIONS, median } from "./load.mjs";

const NAMES = {
  workerd: "Edgegrant, workerd",
  deno: "Edgegrant, Deno",
  node: "Edgegrant, Node",
  oidc_provider: "node-oidc-provider, Node",
  signs_only: "a Worker that only signs",
};
const OTHER = "oidc_provider";

/** What else the machine had to do before the run. */
const BUSY = loadavg()[0];

/** All of it. */
export function render({ rates, sizes, memory, boundary, wasm, starts }, plan) {
  const rate = (key) => median(rates.get(key).map((figures) => figures.rate));
  const over = (key, other) =>
    median(rates.get(key).map((figures, i) => figures.rate / rates.get(other)[i].rate));
  const times = (name, alg) => over(`${name} ${alg}`, `${OTHER} ${alg}`);
  const share = over("workerd RS256", "signs_only RS256");
  const rows = [...rates.keys()].map((key) => {
    const [name, alg] = key.split(" ");
    const list = rates.get(key);
    return [
      NAMES[name],
      alg,
      rate(key).toFixed(0),
      median(list.map(({ p50 }) => p50)).toFixed(2),
      median(list.map(({ p99 }) => p99)).toFixed(2),
      name === OTHER ? "1" : times(name, alg).toFixed(2),
      median(list.map(({ cpu }) => cpu)).toFixed(0),
      sizes.get(key)?.length ?? "",
    ];
  });
  const targets = [
    [
      "ES256 in workerd",
      `${times("workerd", "ES256").toFixed(2)} ×`,
      "≥ 1.5 ×",
      times("workerd", "ES256") >= 1.5,
    ],
    ["ES256 on Node", `${times("node", "ES256").toFixed(2)} ×`, "≥ 2 ×", times("node", "ES256") >= 2],
    ["RS256 on Node", `${times("node", "RS256").toFixed(2)} ×`, "≥ 1.5 ×", times("node", "RS256") >= 1.5],
    ["RS256 in workerd, of its signing bound", `${(share * 100).toFixed(0)} %`, "≥ 90 %", share >= 0.9],
    ["WebAssembly and boundary", `${boundary.core.toFixed(1)} µs`, "< 30 µs", boundary.core < 30],
    ["Module, gzip", `${kb(wasm.gzip)} KB`, "< 350 KB", wasm.gzip < 350_000],
  ];
  const steps = (runtime) => starts.steps.get(runtime) ?? [];
  const step = (runtime, name) => median(steps(runtime).map((all) => all[name])).toFixed(1);
  return [
    describe(plan),
    "### Reached\n",
    table(
      ["what", "figure", "target", ""],
      targets.map(([what, figure, target, met]) => [what, figure, target, met ? "met" : "**missed**"]),
    ),
    "### `client_credentials`\n",
    table(
      [
        "server",
        "algorithm",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "× node-oidc-provider",
        "CPU µs/request",
        "token bytes",
      ],
      rows,
    ),
    "### One request on Node, the signature left out\n",
    table(
      ["part", "µs"],
      [
        ["WebAssembly and the boundary", boundary.core.toFixed(1)],
        ["the driver around it", (boundary.driver - boundary.core).toFixed(1)],
        [
          "`Request` read, `Response` made (not with `listener`)",
          (boundary.http - boundary.driver).toFixed(1),
        ],
        ["of that, what the platform's own `Request` and `Response` take", boundary.platform.toFixed(1)],
      ],
    ),
    "### Memory, MiB resident\n",
    table(
      ["server", "after its start", `after ${plan.requests.toLocaleString("en")} requests or more`],
      [...memory]
        .filter(([, { loaded }]) => loaded !== undefined)
        .map(([name, { idle, loaded }]) => [NAMES[name], idle.toFixed(0), loaded.toFixed(0)]),
    ),
    "### Cold start, ms\n",
    table(
      ["server", "start of the process to the first answer"],
      [...starts.first].map(([name, list]) => [NAMES[name], median(list).toFixed(0)]),
    ),
    table(
      ["inside the process", "import", "compile", "instantiate", "configure", "first token"],
      ["node", "deno"].map((runtime) => [
        NAMES[runtime],
        ...["import", "compile", "instantiate", "configure", "token"].map((name) => step(runtime, name)),
      ]),
    ),
    "### Size of the module, KB\n",
    table(["raw", "gzip -9", "brotli 11"], [[kb(wasm.raw), kb(wasm.gzip), kb(wasm.brotli)]]),
  ].join("\n");
}

/** Puts `text` between the markers of this name in the file. */
export function publish(file, text, name = "figures") {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const before = readFileSync(file, "utf8");
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} lacks the markers ${begin} and ${end}`);
  writeFileSync(file, `${before.slice(0, from + begin.length)}\n${text}\n${before.slice(to)}`);
}

function describe({ rounds, seconds }) {
  const version = (name) => createRequire(import.meta.url)(`${name}/package.json`).version;
  const machine = `${cpus().length} cores (${cpus()[0].model.trim()}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${platform()} ${arch()}`;
  const versions = [
    `Node ${process.versions.node}`,
    ...["deno", "workerd", "oidc-provider"].map((name) => `${name} ${version(name)}`),
  ].join(", ");
  return `\`make bench\` on ${machine}; ${versions}. ${CONNECTIONS} connections, ${rounds} rounds of ${seconds} s each in turn; medians. Load average before the run: ${BUSY.toFixed(1)}.\n`;
}

/** A Markdown table. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""].join("\n");
}

function kb(bytes) {
  return (bytes / 1000).toFixed(1);
}
