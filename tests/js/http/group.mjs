// A command in a process group of its own, as a shell runs it: a signal reaches what the command has started too.

import { spawn } from "node:child_process";

/** Starts it. It ends with this process at the latest. */
export function startGroup(command, args, options) {
  const child = spawn(command, args, { ...options, detached: true });
  const running = () => child.exitCode === null && child.signalCode === null;
  const signal = (name) => running() && process.kill(-child.pid, name);
  const kill = () => signal("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (...end) => {
      process.off("exit", kill);
      resolve(end);
    });
  });
  return {
    stdout: child.stdout,
    running,
    /** Resolves to exit code and signal. */
    ended,
    /** Sends a signal to the whole group and waits for the command's end. */
    end(name) {
      signal(name);
      return ended;
    },
  };
}
