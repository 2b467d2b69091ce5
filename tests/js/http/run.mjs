// The suites over HTTP: against the demo and the tests' own deployment, in every runtime.
//
//   node tests/js/http/run.mjs                 all
//   node tests/js/http/run.mjs deno wrangler   modules whose name has one of these words
//   node tests/js/http/run.mjs --list          no test: the names of the modules
//
// Ends with a line "N passed, N failed"; fails on any failure and where no test ran.

import { fileURLToPath } from "node:url";
import QUnit from "qunit";
import { policyCommands } from "../cli/policy.mjs";
import { authentication } from "./authentication.mjs";
import { badInput } from "./bad_input.mjs";
import { bulk, hardBulk } from "./bulk.mjs";
import { ciba } from "./ciba.mjs";
import { cibaCamara } from "./ciba_camara.mjs";
import { cibaConsent } from "./ciba_consent.mjs";
import { cibaFapi } from "./ciba_fapi.mjs";
import { cibaForeign } from "./ciba_foreign.mjs";
import { cibaGateway } from "./ciba_gateway.mjs";
import { cibaHintToken } from "./ciba_hint_token.mjs";
import { cibaHooks } from "./ciba_hooks.mjs";
import { cibaMetadata } from "./ciba_metadata.mjs";
import { cibaNotify } from "./ciba_notify.mjs";
import { cibaPatient } from "./ciba_patient.mjs";
import { cibaRaces } from "./ciba_races.mjs";
import { cibaRechecked } from "./ciba_rechecked.mjs";
import { cibaRefused } from "./ciba_refused.mjs";
import { cibaSlow } from "./ciba_slow.mjs";
import { clientAssertion } from "./client_assertion.mjs";
import { documented } from "./documented.mjs";
import { exampleFrontEnd } from "./example_front_end.mjs";
import { exchangeRefusals } from "./exchange_refusals.mjs";
import { foreign } from "./foreign.mjs";
import { frontEnd } from "./front_end.mjs";
import { generatorRefusals } from "./generator_refusals.mjs";
import { happy } from "./happy.mjs";
import { hiiRetail } from "./hii_retail.mjs";
import { jwks } from "./jwks.mjs";
import { nodeListener } from "./listener.mjs";
import { nodeKey } from "./node_key.mjs";
import { packaged } from "./package.mjs";
import { paths } from "./paths.mjs";
import { rechecked } from "./rechecked.mjs";
import { redemption } from "./redemption.mjs";
import { seamless } from "./seamless.mjs";
import { serve } from "./serve.mjs";
import { RUNTIMES, serving } from "./serving.mjs";
import { sideBySide } from "./side_by_side.mjs";
import { tokenExchange } from "./token_exchange.mjs";
import { unharmed } from "./unharmed.mjs";
import { wrangler } from "./wrangler.mjs";

/** Run one after the other against one server. The last looks back on all others. */
const DEMO_SUITES = {
  happy,
  hiiRetail,
  tokenExchange,
  seamless,
  generatorRefusals,
  exchangeRefusals,
  bulk,
  documented,
  foreign,
  cibaMetadata,
  ciba,
  cibaRefused,
  cibaFapi,
  cibaRaces,
  cibaNotify,
  cibaForeign,
  frontEnd,
  exampleFrontEnd,
};
const FAULTY_SUITES = {
  badInput,
  authentication,
  paths,
  clientAssertion,
  rechecked,
  redemption,
  hardBulk,
  sideBySide,
  cibaGateway,
  cibaConsent,
  cibaCamara,
  cibaRechecked,
  cibaHintToken,
  cibaHooks,
  cibaPatient,
  cibaSlow,
  unharmed,
};

const listing = process.argv[2] === "--list";
const words = listing ? [] : process.argv.slice(2);
let registered = 0;
const { module } = QUnit;
const test = (name, run) => {
  registered++;
  QUnit.test(name, run);
};

/** One module on one deployment. */
function deployment(name, runtime, entry, suites) {
  if (listing) return console.log(name);
  if (words.length > 0 && !words.some((word) => name.includes(word))) return;
  module(name, (hooks) => {
    const server = serving(hooks, runtime, entry);
    for (const [suite, register] of Object.entries(suites)) {
      module(suite, (inner) => register({ test }, server, RUNTIMES[runtime], inner));
    }
  });
}

function alone(name, register) {
  if (listing) return console.log(name);
  if (words.length === 0 || words.some((word) => name.includes(word)))
    module(name, (hooks) => register({ test }, hooks));
}

QUnit.config.autostart = false;
QUnit.config.testTimeout = 120_000;
QUnit.config.reorder = false;
for (const runtime of Object.keys(RUNTIMES)) {
  const entry = fileURLToPath(new URL(`faulty_${runtime}.ts`, import.meta.url));
  deployment(`${runtime}, the demo`, runtime, undefined, DEMO_SUITES);
  deployment(`${runtime}, the tests' own`, runtime, entry, FAULTY_SUITES);
}
alone("node, the listener", nodeListener);
alone("node, one signature and several", nodeKey);
alone("cli", policyCommands);
alone("jwks", jwks);
alone("wrangler", wrangler);
alone("serve", serve);
alone("package", packaged);

const counts = { passed: 0, failed: 0 };
QUnit.on("testEnd", ({ status, fullName, errors }) => {
  if (status === "passed") return counts.passed++;
  counts.failed++;
  console.log(`FAILED ${fullName.join(" > ")}\n${errors.map(describe).join("\n").replace(/^/gm, "    ")}`);
});
QUnit.on("suiteEnd", ({ fullName, runtime, testCounts: { passed, total } }) => {
  if (fullName.length !== 1) return;
  console.log(`${fullName[0]}: ${passed} of ${total} passed (${(runtime / 1000).toFixed(1)} s)`);
});
QUnit.on("runEnd", () => {
  const ran = counts.passed + counts.failed;
  if (ran === 0 || ran !== registered) {
    counts.failed++;
    console.log(`FAILED the run: ${registered} tests are registered, ${ran} ran`);
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
  // What a test that failed left open must not keep the run from ending.
  setTimeout(() => process.exit(), 5_000).unref();
});

// Servers end with this process, and it ends in a way that lets them.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
if (!listing) QUnit.start();

function describe({ message, actual, expected, stack }) {
  const show = (name, value) =>
    value === undefined ? [] : `${name} ${JSON.stringify(value)?.slice(0, 2000)}`;
  return [message ?? [], show("expected", expected), show("actual", actual), stack ?? []].flat().join("\n");
}
