/** Runs the suite in the runtime that this is loaded in. */

import QUnit from "qunit";
import type { Runtime } from "../runtime.ts";
import suite from "../suite.ts";

/** What a runtime answers to the runner. */
export interface Report {
  passed: number;
  failed: { name: string; errors: string[] }[];
}

/** https://qunitjs.com/api/callbacks/QUnit.on/ */
export interface TestEnd {
  status: "passed" | "failed";
  fullName: string[];
  errors: { message?: string; actual?: unknown; expected?: unknown; stack?: string }[];
}

// Before a page has loaded, at which QUnit would start by itself.
QUnit.config.autostart = false;
QUnit.config.testTimeout = 60_000;

/** Runs all tests; the report accounts for each. */
export async function report(runtime: Runtime): Promise<Report> {
  const result: Report = { passed: 0, failed: [] };
  let registered = 0;
  // No more of QUnit than this, so that no test can be skipped, or push others aside by `only`.
  const { module } = QUnit;
  const test: typeof QUnit.test = (name, run) => {
    registered++;
    QUnit.test(name, run);
  };
  suite({ module, test }, runtime);
  QUnit.on("testEnd", ({ status, fullName, errors }) => {
    if (status === "passed") result.passed++;
    else result.failed.push({ name: fullName.join(" > "), errors: errors.map(describe) });
  });
  await new Promise<void>((resolve) => {
    QUnit.on("runEnd", () => resolve());
    QUnit.start();
  });
  const ran = result.passed + result.failed.length;
  if (ran !== registered) {
    result.failed.push({ name: "the run", errors: [`${registered} tests are registered, ${ran} ran`] });
  }
  return result;
}

const describe = ({ message, actual, expected, stack }: TestEnd["errors"][number]): string =>
  [
    message,
    expected !== undefined && `expected ${show(expected)}`,
    actual !== undefined && `actual ${show(actual)}`,
    stack,
  ]
    .filter(Boolean)
    .join("\n");

/** As JSON, cut where it is long. */
function show(value: unknown): string {
  const text = value instanceof Error ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 2000 ? `${text.slice(0, 2000)}… (${text.length} characters)` : text;
}
