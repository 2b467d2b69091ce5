// Runs the one suite of tests/js/suite.ts:
//
//   node tests/js/run/all.mjs                 in every runtime
//   node tests/js/run/all.mjs deno workerd    in some
//
// Ends with a line "N passed, N failed"; fails on any failure, on a runtime that did not start, and on one that
// ran no test.

import { availableParallelism } from "node:os";
import { launch, RUNTIMES } from "./launch.mjs";

const known = Object.keys(RUNTIMES);
const wanted = process.argv.length > 2 ? process.argv.slice(2) : [...known];
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no runtime ${unknown.join(", ")}; there are ${known.join(", ")}`);
  process.exit(2);
}

let passed = 0;
let failed = 0;

async function run(name) {
  const began = Date.now();
  const printed = [];
  const reports = await launch(name, (text) => printed.push(String(text))).catch((error) => [
    didNotRun(error),
  ]);
  for (const report of reports) {
    if (report.passed + report.failed.length === 0)
      report.failed.push(didNotRun(new Error("no test ran")).failed[0]);
  }
  const failures = reports.flatMap((report) => report.failed);
  if (failures.length > 0) process.stderr.write(printed.join(""));
  for (const failure of failures) {
    console.log(`FAILED ${name}: ${failure.name}\n${failure.errors.join("\n").replace(/^/gm, "    ")}`);
  }
  const good = reports.reduce((sum, report) => sum + report.passed, 0);
  console.log(
    `${name}: ${good} passed, ${failures.length} failed (${((Date.now() - began) / 1000).toFixed(1)} s)`,
  );
  passed += good;
  failed += failures.length;
}

/** As many at a time as there are processors. */
async function work() {
  for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) await run(name);
}
await Promise.all(Array.from({ length: availableParallelism() }, work));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function didNotRun(error) {
  return { passed: 0, failed: [{ name: "the runtime", errors: [error.stack ?? String(error)] }] };
}
