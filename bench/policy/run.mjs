// Measures how long it takes to have a decision explained, from JavaScript and back, and writes the figures into
// README.md here.
//
//   node bench/policy/run.mjs            half a minute
//   node bench/policy/run.mjs --quick    a smoke run: prints, and writes nothing
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { loadPolicyTools } from "../../dist/policy/node.js";
import { median } from "../load.mjs";
import { publish, table } from "../report.mjs";

const SCOPES = 30;
const GRANTS = 20;
/** At most, for texts: microseconds. */
const TARGET = 20;

const quick = process.argv.includes("--quick");
const [rounds, calls] = quick ? [1, 200] : [21, 5000];
const load = loadavg()[0].toFixed(1);

const number = (count, make) => Array.from({ length: count }, (_, i) => make(i));

const policy = {
  version: "2026-06-01",
  scopes: Object.fromEntries(
    number(SCOPES, (i) => [
      `area${i}:read`,
      {
        description: `Reads what is in area ${i}`,
        clients: number(4, (c) => `client-${(i + c) % GRANTS}`),
        auto_approved: number(3, (c) => `client-${(i + c) % GRANTS}`),
      },
    ]),
  ),
  lifetimes: { access_token: { default: 900, max: 3600 } },
  exchange: number(GRANTS, (i) => ({
    flow: i % 2 ? "token_exchange" : "exchangeable_token",
    from: `service-${i}`,
    to: `client-${i}`,
    scope: `area${i}:read area${i + 1}:read`,
    quota: 50_000,
    justification: "Members get a mail with a link that works without logging in",
    approved_by: "Data protection officer",
    approved_at: "2026-06-01T00:00:00Z",
    expires_at: "2027-06-01T00:00:00Z",
  })),
};

const now = "2026-07-01T00:00:00Z";
const FACTS = {
  "`client_credentials`": { kind: "client_credentials", client: "client-7", scope: "area7:read area6:read" },
  "`generate`": { kind: "generate", from: "service-18", to: "client-18", scope: "area18:read", now },
  "`redeem`": { kind: "redeem", from: "service-18", to: "client-18", subject: { scope: "area18:read" }, now },
  "`exchange`": {
    kind: "exchange",
    from: "service-19",
    to: "client-19",
    subject: { scope: "area19:read area5:read", audience: ["issuer"], expires_at: "2026-07-01T00:10:00Z" },
    scope: "area19:read",
    now,
  },
  "`exchange`, refused by three rules": {
    kind: "exchange",
    from: "service-19",
    to: "client-19",
    subject: { scope: "area5:read", audience: ["issuer"], expires_at: now },
    scope: "area19:read",
    used: 50_000,
    now,
  },
};

const { explainPolicy } = await loadPolicyTools();
const text = JSON.stringify(policy);
const subjects = Object.entries(FACTS).flatMap(([name, facts]) => {
  const factsText = JSON.stringify(facts);
  return [
    { name, given: "texts", run: () => explainPolicy(text, factsText) },
    { name, given: "facts as an object", run: () => explainPolicy(text, facts) },
    { name, given: "both as objects", run: () => explainPolicy(policy, facts) },
  ];
});
for (const subject of subjects) {
  const { outcome, rules } = subject.run();
  if ((outcome === "refused") !== subject.name.includes("refused"))
    throw new Error(`${subject.name}: ${outcome}`);
  subject.rules = rules.length;
  subject.times = [];
}
for (let round = 0; round <= rounds; round++) {
  for (const { run, times } of subjects) {
    const began = performance.now();
    for (let i = 0; i < calls; i++) run();
    // The first round warms up.
    if (round > 0) times.push(((performance.now() - began) * 1000) / calls);
  }
}

const rows = Object.keys(FACTS).map((name) => {
  const own = subjects.filter((subject) => subject.name === name);
  const [texts, ...others] = own.map(({ times }) => median(times));
  const reached = texts < TARGET ? "met" : "**missed**";
  return [
    name,
    own[0].rules,
    texts.toFixed(1),
    `< ${TARGET}`,
    reached,
    ...others.map((one) => one.toFixed(1)),
  ];
});
const figures = [
  `Node ${process.versions.node}; ${cpus().length} cores (${cpus()[0].model.trim()}); load average ${load}; a policy of`,
  `${SCOPES} scopes and ${GRANTS} grants, ${(text.length / 1024).toFixed(1)} KiB; medians of ${rounds} rounds of ${calls} calls.\n`,
  table(["µs a decision", "rules", "texts", "target", "", "facts as an object", "both as objects"], rows),
].join("\n");
if (quick) console.log(figures);
else publish(fileURLToPath(new URL("README.md", import.meta.url)), figures);
