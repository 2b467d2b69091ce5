// wrangler's own dev server runs the demo as a user of it would.

import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { environment, healthy, root } from "../../../scripts/demo.mjs";
import { startGroup } from "./group.mjs";
import { freePort, makeFolder } from "./serving.mjs";
import { decode, send, tokenRequest } from "./wire.mjs";

export function wrangler({ test }) {
  test("serves a token", async (assert) => {
    const [folder, port] = [await makeFolder("wrangler"), await freePort()];
    const env = await environment(folder, port);
    const bindings = join(folder, "bindings.env");
    await writeFile(
      bindings,
      Object.entries(env)
        .map(([name, value]) => `${name}='${value}'\n`)
        .join(""),
    );
    const child = run(folder, ["--port", String(port), "--env-file", bindings]);
    try {
      await healthy(`${env.ORIGIN}/health`, { failed: () => !child.running() });
      const answer = await send(env.ORIGIN, tokenRequest({ CLIENT_ID: "demo", ...env }));
      assert.strictEqual(answer.status, 200, answer.text);
      const { payload } = decode(JSON.parse(answer.text).access_token);
      assert.deepEqual([payload.iss, payload.sub], [env.ORIGIN, "demo"]);
    } finally {
      await child.end("SIGTERM");
      await rm(folder, { recursive: true, force: true });
    }
  });
}

/** Ending wrangler's wrapper alone would leave its children running. */
function run(folder, more) {
  const config = join(root, "demo/wrangler.jsonc");
  const local = ["--local", "--ip", "127.0.0.1", "--inspector-port", "0", "--persist-to", folder];
  const quiet = ["--log-level", "error", "--show-interactive-dev-session", "false"];
  const command = join(root, "node_modules/.bin/wrangler");
  return startGroup(command, ["dev", "--config", config, ...local, ...quiet, ...more], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      HOME: folder,
      XDG_CONFIG_HOME: folder,
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      WRANGLER_SEND_METRICS: "false",
    },
  });
}
