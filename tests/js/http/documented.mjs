// What the documentation has its reader type, typed against the demo.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../../scripts/demo.mjs";

export function documented({ test }, server) {
  test("the worked sample of docs/profiles/decathlon.md", async (assert) => {
    const text = readFileSync(join(root, "docs/profiles/decathlon.md"), "utf8");
    const [, script] = /```sh\n(.*?)```/s.exec(text);
    const env = { ...process.env, ORIGIN: server.origin };
    const { stdout, stderr } = await promisify(execFile)("bash", ["--norc", "-euc", script], { env });
    assert.strictEqual(stderr, "");
    const [member] = server.env.DKT_MEMBERS.split(",");
    assert.true(stdout.includes(`sub: '${member}'`), stdout);
    assert.true(stdout.includes("scope: [ 'contacts', 'phone', 'sports' ]"), stdout);
    assert.true(stdout.includes("(subject-token.used)"), stdout);
  });
}
