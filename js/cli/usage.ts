/** How the command line is used, and what is wrong with how it was. */

export const USAGE = `Usage:
  edgegrant policy explain POLICY FACTS [--json]
      What the policy decides on the facts, and by which rules.
  edgegrant policy check POLICY [--now TIME] [--json]
      What people should look at before they approve the policy.
  edgegrant policy test POLICY CASES [--json]
      Runs tests of the policy.

POLICY, FACTS and CASES are JSON files; - in place of one of them is standard input.

  --now TIME  seconds since 1970, or as in 2026-11-25T00:00:00Z; default: the clock
  --json      answers with JSON
  --help      shows this

Exit status: 0 granted, no error found, all tests passed; 1 refused, an error found, a test failed;
2 the command or a document cannot be understood.
`;

/** The command cannot be carried out; the message says what to do. */
export class UsageError extends Error {
  override name = "UsageError";
}
