// Runs every module of run.mjs, each in a process of its own, some at a time: much of what they do is waiting.
//
// Ends with a line "N passed, N failed"; fails on any failure, and on a module that did not tell how many passed.

import { execFileSync, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

const RUN = fileURLToPath(new URL("run.mjs", import.meta.url));

const waiting = execFileSync(process.execPath, [RUN, "--list"], { encoding: "utf8" }).trim().split("\n");
const counts = { passed: 0, failed: 0 };
const running = new Set();

// Those that run end with this process, and it ends in a way that lets them.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
process.once("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});

async function work() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const child = spawn(process.execPath, [RUN, name], { stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    const printed = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => printed.push(chunk));
    await new Promise((resolve) => child.once("close", resolve));
    running.delete(child);
    const text = Buffer.concat(printed).toString();
    const [, passed, failed] = text.match(/^(\d+) passed, (\d+) failed$/m) ?? [null, 0, 0];
    counts.passed += Number(passed);
    counts.failed += Number(failed);
    if (child.exitCode === 0 && Number(passed) > 0) {
      console.log(text.split("\n").find((line) => line.startsWith(`${name}:`)));
      continue;
    }
    if (Number(failed) === 0) counts.failed++;
    console.log(`${text.trimEnd()}\nFAILED ${name} (exit code ${child.exitCode})`);
  }
}

await Promise.all(Array.from({ length: 2 * availableParallelism() }, work));
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
