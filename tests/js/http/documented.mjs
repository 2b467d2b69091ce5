// What the documentation has its reader type, typed against the demo.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../../scripts/demo.mjs";

/** The first commands of a document, and what they print. */
const SAMPLES = {
  "docs/profiles/decathlon.md": ({ DKT_MEMBERS }) => [
    `sub: '${DKT_MEMBERS.split(",")[0]}'`,
    "scope: [ 'contacts', 'phone', 'sports' ]",
    "(subject-token.used)",
  ],
  "docs/profiles/open_gateway.md": ({ OGW_BASE }) => [
    `"iss":"${OGW_BASE}"`,
    '"purpose":"dpv:FraudPreventionAndDetection"',
    '"scope":"openid sim-swap"',
    '"interval":5}{',
    '"consent_url":"',
  ],
};

export function documented({ test }, server) {
  for (const [document, printed] of Object.entries(SAMPLES)) {
    test(`the worked sample of ${document}`, async (assert) => {
      const text = readFileSync(join(root, document), "utf8");
      const [, script] = /```sh\n(.*?)```/s.exec(text);
      const env = { ...process.env, ORIGIN: server.origin };
      const { stdout, stderr } = await promisify(execFile)("bash", ["--norc", "-euc", script], { env });
      assert.strictEqual(stderr, "");
      for (const part of printed(server.env)) assert.true(stdout.includes(part), `${part} in ${stdout}`);
    });
  }
}
