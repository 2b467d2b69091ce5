#!/usr/bin/env node
/** The command line: `edgegrant policy explain | check | test`. */

import { policy } from "./policy.ts";
import { USAGE, UsageError } from "./usage.ts";

/** Carries out the command and answers the exit status. */
async function run(args: string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === "--help" || command === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  if (command === "policy") return policy(rest);
  if (command === undefined) throw new UsageError("a command is missing");
  throw new UsageError(`there is no command ${command}`);
}

// Who reads the output may stop before its end.
process.stdout.on("error", () => process.exit());
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`edgegrant: ${message}\n`);
  if (error instanceof UsageError) process.stderr.write('"edgegrant --help" shows how it is used\n');
  process.exitCode = 2;
}
