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
  status: "passed" | "failed" | "skipped" | "todo";
  fullName: string[];
  errors: { message?: string; actual?: unknown; expected?: unknown; stack?: string }[];
}
export interface Counts {
  total: number;
}

// Before a page has loaded, at which QUnit would start by itself.
QUnit.config.autostart = false;
QUnit.config.testTimeout = 60_000;

/** Runs all tests. One that was skipped, or pushed aside by another's `only`, counts as failed. */
export async function report(runtime: Runtime): Promise<Report> {
  const result: Report = { passed: 0, failed: [] };
  suite(QUnit, runtime);
  QUnit.on("testEnd", ({ status, fullName, errors }) => {
    if (status === "passed") result.passed++;
    else result.failed.push({ name: fullName.join(" > "), errors: [status, ...errors.map(describe)] });
  });
  const counts = await new Promise<Counts>((resolve) => {
    QUnit.on("runEnd", ({ testCounts }) => resolve(testCounts));
    QUnit.start();
  });
  const registered = QUnit.config.modules.reduce((sum, module) => sum + module.tests.length, 0);
  if (counts.total !== registered || result.passed + result.failed.length !== registered) {
    result.failed.push({ name: "the run", errors: [`${registered} tests are registered, ${counts.total} ran`] });
  }
  return result;
}

const describe = ({ message, actual, expected, stack }: TestEnd["errors"][number]): string =>
  [message, expected !== undefined && `expected ${show(expected)}`, actual !== undefined && `actual ${show(actual)}`, stack]
    .filter(Boolean)
    .join("\n");

/** As JSON, cut where it is long. */
function show(value: unknown): string {
  const text = value instanceof Error ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 2000 ? `${text.slice(0, 2000)}… (${text.length} characters)` : text;
}
