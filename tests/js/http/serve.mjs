// `scripts/serve.mjs`, as `make serve` runs it.

import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../../scripts/demo.mjs";
import { startGroup } from "./group.mjs";
import { freePort, makeFolder } from "./serving.mjs";
import { decode } from "./wire.mjs";

const execute = promisify(execFile);
const script = join(root, "scripts/serve.mjs");

export function serve({ test }) {
  for (const RUNTIME of ["workerd", "deno", "node"]) {
    test(`RUNTIME=${RUNTIME}: the printed commands work, Ctrl-C stops it, secrets stay`, async (assert) => {
      const [DATA, port] = [await makeFolder("serve"), await freePort()];
      const origin = `http://127.0.0.1:${port}`;
      const secrets = [];
      try {
        for (const start of ["first", "second"]) {
          const child = begin({ RUNTIME, DATA, PORT: String(port) });
          try {
            const printed = await child.printed(3);
            const [token, claims, keys] = await paste(printed);
            assert.strictEqual(decode(token.trim()).payload.iss, origin, start);
            assert.true(claims.includes(`iss: '${origin}'`) && claims.includes("client_id: 'demo'"), claims);
            assert.strictEqual(JSON.parse(keys).keys[0].alg, "ES256");
            secrets.push(await (await fetch(`${origin}/_dev/env`)).json());
          } finally {
            assert.deepEqual(await child.interrupt(), [0, null], "exit code and signal");
          }
          assert.true(await isFree(port), "the port is free");
        }
        assert.deepEqual(secrets[1], secrets[0]);
      } finally {
        await rm(DATA, { recursive: true, force: true });
      }
    });
  }

  for (const [name, env, message] of [
    ["PORT in words", { PORT: "http" }, "PORT=http"],
    ["PORT too high", { PORT: "65536" }, "PORT=65536"],
    ["PORT zero", { PORT: "0" }, "PORT=0"],
    ["unknown RUNTIME", { RUNTIME: "bun" }, "RUNTIME=bun"],
    ["RUNTIME of every object", { RUNTIME: "constructor" }, "RUNTIME=constructor"],
  ]) {
    test(`${name} is refused`, async (assert) => {
      const { code, stderr } = await refusal(env);
      assert.strictEqual(code, 1);
      assert.true(stderr.includes(message) && stderr.split("\n").length === 2, stderr);
    });
  }

  for (const RUNTIME of ["workerd", "deno", "node"]) {
    test(`RUNTIME=${RUNTIME}: a port that is taken is refused`, async (assert) => {
      const DATA = await makeFolder("serve");
      const taken = createServer();
      await new Promise((resolve) => taken.listen(0, "127.0.0.1", resolve));
      try {
        const PORT = String(taken.address().port);
        const { code, stderr } = await refusal({ RUNTIME, DATA, PORT });
        assert.deepEqual([code, stderr], [1, `serve: port ${PORT} of 127.0.0.1: EADDRINUSE\n`]);
      } finally {
        await new Promise((resolve) => taken.close(resolve));
        await rm(DATA, { recursive: true, force: true });
      }
    });
  }
}

/** What the script says where it cannot start. */
function refusal(env) {
  const options = { env: { ...process.env, ...env }, timeout: 60_000 };
  return execute(process.execPath, [script], options).catch((error) => error);
}

/** The script as a shell runs it. */
function begin(env) {
  const options = { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } };
  const child = startGroup(process.execPath, [script], options);
  let output = "";
  return {
    /** The commands that it prints, once there are so many. */
    async printed(count) {
      const commands = () =>
        (output.split("Paste:\n")[1] ?? "").split("\n\n").filter((text) => text.trim() !== "");
      child.stdout.setEncoding("utf8");
      const enough = new Promise((resolve) => {
        child.stdout.on("data", (text) => {
          output += text;
          if (commands().length >= count && output.endsWith("\n")) resolve();
        });
      });
      const end = await Promise.race([enough, child.ended]);
      if (end !== undefined) throw new Error(`it ended with ${end} and said: ${output}`);
      return commands();
    },
    /** What Ctrl-C does. Returns exit code and signal. */
    interrupt: () => child.end("SIGINT"),
  };
}

/** Runs commands in one shell; the output of each. */
async function paste(commands) {
  const mark = "-".repeat(20);
  const { stdout } = await execute("bash", ["--norc", "-euc", commands.join(`\necho ${mark}\n`)]);
  return stdout.split(`${mark}\n`);
}

async function isFree(port) {
  const probe = createServer();
  const free = await new Promise((resolve) => {
    probe.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
  });
  if (free) await new Promise((resolve) => probe.close(resolve));
  return free;
}
