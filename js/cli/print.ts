/** Answers for people. */

import type { CaseResult, Decision, Finding, Granted } from "../policy/types.ts";

/** A decision: what is granted, and every rule in order, with what to do about a refusal. */
export function printDecision({ outcome, granted, rules, missing, policy_version }: Decision): string {
  const lines = [`${outcome} by policy ${policy_version}`];
  if (granted !== undefined) lines.push(...printGranted(granted));
  lines.push("", "rules, ✓ those that hold:");
  const resolve = [...missing];
  for (const { rule, holds, message } of rules) {
    lines.push(`  ${holds ? "✓" : "✗"} ${rule}${message === undefined ? "" : `: ${message}`}`);
    if (!holds) lines.push(`      ${resolve.shift()}`);
  }
  return `${lines.join("\n")}\n`;
}

function printGranted(granted: Granted): string[] {
  const shown: [string, string | undefined][] = [
    ["scope", granted.scope || "none"],
    ["audience", granted.audience.join(", ") || undefined],
    ["lifetime", granted.lifetime > 0 ? `${granted.lifetime} seconds` : undefined],
    ["delegation", granted.delegation ? "the token names who acts" : undefined],
    ["single use", granted.single_use ? "the token is good for one exchange" : undefined],
    ["quota", granted.quota === undefined ? undefined : `${granted.quota} tokens a day`],
    ["grant", granted.grant],
    ["legal basis", granted.legal_basis],
  ];
  return shown.flatMap(([name, value]) => (value === undefined ? [] : `  ${name.padEnd(12)}${value}`));
}

/** Findings, and how many of each severity. */
export function printFindings(findings: readonly Finding[]): string {
  const lines = findings.map(
    ({ severity, pointer, code, message }) => `${severity} ${code} at ${pointer}\n    ${message}`,
  );
  const count = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  lines.push(`${count("error")} errors, ${count("warning")} warnings, ${count("note")} notes`);
  return `${lines.join("\n")}\n`;
}

/** The results of tests, and how many passed. */
export function printResults(results: readonly CaseResult[]): string {
  const lines = results.map(
    ({ name, passed, message }) => `${passed ? "✓" : "✗"} ${name}${passed ? "" : `: ${message}`}`,
  );
  const passed = results.filter((result) => result.passed).length;
  lines.push(`${passed} passed, ${results.length - passed} failed`);
  return `${lines.join("\n")}\n`;
}
