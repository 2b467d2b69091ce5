// The package as its users install and import it, in every runtime: `edgegrant/verify` fetches the keys of a
// deployment and of an issuer that is not ours, and jose says the same of every token; `edgegrant/sign` makes one,
// and `edgegrant/inspect` explains it; `edgegrant/policy` explains a decision. The command line runs once.

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as jose from "jose";
import { OWN } from "./package_api.mjs";
import { HOSTS, install } from "./package_hosts.mjs";
import { ALGS, AUDIENCE, openPartner } from "./package_partner.mjs";
import { serving } from "./serving.mjs";
import { basic, GRANT } from "./wire.mjs";

const execute = promisify(execFile);
const HII_AUDIENCE = "https://hiiretail.com";

export function packaged({ test }, hooks) {
  const server = serving(hooks, "workerd");
  let folder;
  let partner;
  hooks.before(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgegrant-package-"));
    await install(folder);
    partner = await openPartner();
  });
  hooks.after(async () => {
    partner?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** What the API is told, and what jose is: from the deployment's own metadata. */
  const optionsOf = async () => {
    const read = async (path) => JSON.parse((await server.send({ path })).text);
    const own = await read("/.well-known/oauth-authorization-server");
    const hii = await read("/.well-known/oauth-authorization-server/hii");
    const of = ({ issuer, jwks_uri }) => ({ issuer, jwks_uri });
    return {
      orders: { ...of(own), audience: server.env.CC_RESOURCE, algorithms: ["ES256"] },
      tills: { issuer: hii.issuer },
      partner: { ...of(partner), audience: AUDIENCE, algorithms: ALGS },
    };
  };
  const issue = async (assert, scope) =>
    (await server.issue(assert, { form: `${GRANT}&scope=${scope}&resource=${server.env.CC_RESOURCE}` }))
      .access_token;
  const issueHii = async (assert) => {
    const auth = basic(server.env.HII_CLIENT_ID, server.env.HII_CLIENT_SECRET);
    const form = `${GRANT}&audience=${HII_AUDIENCE}`;
    return (await server.issue(assert, { auth, path: "/hii/oauth2/token", form })).access_token;
  };

  test("the command line", async (assert) => {
    const file = join(folder, "policy.json");
    await writeFile(file, JSON.stringify({ version: "1", scopes: { read: { description: "reads" } } }));
    const { stdout } = await execute(join(folder, "node_modules/.bin/edgegrant"), ["policy", "check", file]);
    assert.strictEqual(stdout, "0 errors, 0 warnings, 0 notes\n");
  });

  for (const [runtime, host] of Object.entries(HOSTS)) {
    /** Runs the API while `use(options, ask)` does; `ask` presents a token. */
    const withApi = async (use) => {
      const options = await optionsOf();
      const { ask, stop } = await host(folder, options);
      try {
        await use(options, async (path, authorization) => {
          const answer = await ask(path, authorization === undefined ? {} : { authorization });
          return { ...answer, body: answer.text === "" ? null : JSON.parse(answer.text) };
        });
      } finally {
        await stop();
      }
    };

    test(`${runtime}: good tokens`, async (assert) => {
      await withApi(async (options, ask) => {
        const fetched = partner.fetched();
        const tokens = [
          ["/orders", "orders", await issue(assert, "orders:read")],
          ["/orders/new", "orders", await issue(assert, "orders:write")],
          ["/tills", "tills", await issueHii(assert)],
        ];
        for (const alg of ALGS) tokens.push(["/partner", "partner", await partner.sign({ alg })]);
        for (const [path, rules, token] of tokens) {
          const { status, body } = await ask(path, `Bearer ${token}`);
          assert.strictEqual(status, 200, `${path} ${JSON.stringify(body)}`);
          assert.deepEqual(body.claims, await byJose(token, options[rules]), path);
          if (path !== "/tills") continue;
          const { workstation_id, ...claims } = body.details.claims;
          assert.strictEqual(workstation_id, 42424242);
          assert.deepEqual(claims, { business_unit_id: "demo_buid", iso_cc: "demo-country" });
          assert.deepEqual([body.details.software_id, body.details.software_version], ["abc", "1.3"]);
        }
        assert.strictEqual(partner.fetched() - fetched, 1 + ALGS.length, "the API fetched keys once");
      });
    });

    test(`${runtime}: a token of its own`, async (assert) => {
      await withApi(async (_, ask) => {
        const { status, body } = await ask("/own");
        assert.strictEqual(status, 200, JSON.stringify(body));
        const { payload } = await jose.jwtVerify(body.token, await jose.importJWK(OWN), { typ: "at+jwt" });
        assert.deepEqual(payload, body.inspection.claims);
        assert.strictEqual(body.inspection.signature.status, "verified");
      });
    });

    test(`${runtime}: a decision explained`, async (assert) => {
      await withApi(async (_, ask) => {
        const { status, body } = await ask("/policy");
        assert.strictEqual(status, 200);
        assert.deepEqual([body.outcome, body.granted.scope], ["granted", "read"]);
      });
    });

    test(`${runtime}: refused tokens`, async (assert) => {
      await withApi(async (options, ask) => {
        const [reading, till] = [await issue(assert, "orders:read"), await issueHii(assert)];
        const forged = `${reading.slice(0, -86)}${"A".repeat(86)}`;
        const table = [
          ["/orders", undefined, 401, { realm: "orders", scope: "orders:read" }],
          ["/orders", "Basic YTpi", 401, { realm: "orders", scope: "orders:read" }],
          ["/orders", `Bearer ${reading} ${reading}`, 400, { realm: "orders", error: "invalid_request" }],
          ["/orders", `Bearer ${forged}`, 401, { realm: "orders", error: "invalid_token" }],
          ["/orders", `Bearer ${till}`, 401, { realm: "orders", error: "invalid_token" }],
          ["/tills", `Bearer ${reading}`, 401, { error: "invalid_token" }],
          ["/orders/new", `Bearer ${reading}`, 403, { error: "insufficient_scope", scope: "orders:write" }],
        ];
        for (const [path, authorization, expected, parameters] of table) {
          const { status, headers, body } = await ask(path, authorization);
          const name = `${path} ${authorization}`;
          assert.strictEqual(status, expected, name);
          const challenge = readChallenge(headers["www-authenticate"]);
          const { error_description, ...others } = body ?? {};
          assert.deepEqual(others, parameters.error ? { error: parameters.error } : {}, name);
          assert.strictEqual(challenge.error_description, error_description, name);
          for (const [parameter, value] of Object.entries(parameters)) {
            assert.strictEqual(challenge[parameter], value, `${name} ${parameter}`);
          }
        }
        for (const [name, token] of await partner.bad()) {
          const { status, headers, body } = await ask("/partner", `Bearer ${token}`);
          assert.strictEqual(status, 401, `${name} ${JSON.stringify(body)}`);
          assert.strictEqual(readChallenge(headers["www-authenticate"]).error, "invalid_token", name);
          await assert.rejects(byJose(token, options.partner), undefined, name);
        }
      });
    });
  }
}

/** The claims, where jose accepts the token by the same rules. Without `algorithms`: those of Hii Retail. */
async function byJose(token, { issuer, jwks_uri, audience = HII_AUDIENCE, algorithms }) {
  const keys = jose.createRemoteJWKSet(new URL(jwks_uri ?? `${issuer}.well-known/jwks.json`));
  const typ = algorithms ? "at+jwt" : "JWT";
  const rules = { issuer, audience, algorithms: algorithms ?? ["RS256"], typ };
  return (await jose.jwtVerify(token, keys, rules)).payload;
}

/** The parameters of a Bearer challenge, RFC 6750 §3. */
function readChallenge(field) {
  if (!field.startsWith("Bearer ")) throw new Error(`WWW-Authenticate: ${field}`);
  return Object.fromEntries([...field.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}
