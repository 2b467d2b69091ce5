/** The embedding program governs a deployment: policy, subjects, API keys. */

import { type AuthenticationResult, createEdgegrant, type Edgegrant, OperatorError } from "../../js/index.ts";
import { memory } from "../../js/store/memory.ts";
import type { AuditEvent, Store } from "../../js/types.ts";
import { FakeCores, ok } from "./fake_core.ts";
import type { Register, Runtime } from "./runtime.ts";

const ORIGIN = "https://issuer.example";
const SECRET = "a-secret-that-is-long-enough-for-hs256";
const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT = "urn:ietf:params:oauth:token-type:jwt";

function policy(version: string, change: object = {}) {
  const governed = { justification: "why", approved_by: "who", expires_at: "2100-01-01T00:00:00Z" };
  return {
    version,
    scopes: { sports: { auto_approved: ["to"] }, "token-generator": {} },
    exchange: [
      { flow: "exchangeable_token", from: "from", to: "to", scope: "sports", ...governed, ...change },
    ],
  };
}

/** A deployment whose policy stands in the registry, and its audit events. */
async function start(runtime: Runtime, { state = memory(), registry = memory() } = {}) {
  const core = runtime.core();
  const events: AuditEvent[] = [];
  const client = (client_id: string, scope: string) => ({
    client_id,
    client_secret: { env: "SECRET" },
    scope,
    grant_types: ["client_credentials", GRANT],
  });
  const config = {
    origin: ORIGIN,
    issuers: [
      {
        path: "/",
        keys: [{ alg: "ES256", private_key: { env: "KEY" } }],
        generator_keys: [{ alg: "HS256", private_key: { env: "GENERATOR_KEY" } }],
        scope: "sports token-generator",
        policy: "registry",
      },
    ],
    clients: [client("from", "token-generator"), client("to", "sports")],
  };
  const make = core();
  const env = { SECRET, KEY: make.generate_key("ES256"), GENERATOR_KEY: make.generate_key("HS256") };
  const hooks = { record: (event: AuditEvent) => events.push(event) };
  return { edgegrant: await createEdgegrant({ config, env, core, state, registry, hooks }), events };
}

async function read(response: Response) {
  const body: Record<string, string> = JSON.parse(await response.text());
  return { status: response.status, body };
}

async function token(edgegrant: Edgegrant, client: string, form: Record<string, string>) {
  const headers = { authorization: `Basic ${btoa(`${client}:${SECRET}`)}` };
  const body = new URLSearchParams(form);
  const response = await edgegrant.fetch(new Request(`${ORIGIN}/token`, { method: "POST", headers, body }));
  return read(response);
}

/** Has a token generated for `member`: the status, and what was answered. */
async function generate(edgegrant: Edgegrant, key: string, member = "member") {
  const { body } = await token(edgegrant, "from", { grant_type: "client_credentials" });
  const headers = {
    authorization: `Bearer ${body.access_token}`,
    "content-type": "application/json",
    "x-api-key": key,
  };
  const init = { method: "POST", headers, body: JSON.stringify([member]) };
  const response = await edgegrant.fetch(new Request(`${ORIGIN}/token/generator?client_id=to`, init));
  return read(response);
}

const redeem = (edgegrant: Edgegrant, subject_token: string) =>
  token(edgegrant, "to", { grant_type: GRANT, subject_token, subject_token_type: JWT });

const failing: Store = { ...memory(), commit: () => Promise.reject(new Error("down")) };

const register: Register = (QUnit, runtime) => {
  QUnit.module("operator", () => {
    QUnit.test(
      "without its policy an issuer decides nothing, and with the next one by that",
      async (assert) => {
        const { edgegrant, events } = await start(runtime);
        const { operator } = edgegrant;
        assert.strictEqual(await operator.policy(ORIGIN), null);
        const grant_type = "client_credentials";
        assert.strictEqual((await token(edgegrant, "from", { grant_type })).status, 503);
        assert.deepEqual(await operator.publishPolicy(ORIGIN, policy("1")), { version: "1" });
        assert.strictEqual((await token(edgegrant, "from", { grant_type })).status, 200);
        const key = await operator.createApiKey(ORIGIN, "from");
        assert.true(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(key), key);
        assert.strictEqual((await generate(edgegrant, key)).status, 200);
        await operator.publishPolicy(
          ORIGIN,
          JSON.stringify(policy("2", { expires_at: "2001-01-01T00:00:00Z" })),
        );
        const { status, body } = await generate(edgegrant, key);
        assert.deepEqual([status, body.error], [403, "access_denied"]);
        assert.true(body.error_description?.endsWith(" (exchange.expired)") ?? false, body.error_description);
        const { policy_version, rule, type } = events.at(-1) ?? {};
        assert.deepEqual([type, policy_version, rule], ["generation.refused", "2", "exchange.expired"]);
      },
    );

    QUnit.test("who is disabled between generation and redemption gets nothing", async (assert) => {
      const { edgegrant, events } = await start(runtime);
      const { operator } = edgegrant;
      await operator.publishPolicy(ORIGIN, policy("1"));
      const key = await operator.createApiKey(ORIGIN, "from");
      const { member = "" } = (await generate(edgegrant, key)).body;
      const refused = async (rule: string) => {
        const { status, body } = await redeem(edgegrant, member);
        assert.deepEqual([status, body.error], [400, "invalid_request"]);
        assert.true(body.error_description?.endsWith(` (${rule})`) ?? false, body.error_description);
      };
      await refused("subject.unknown");
      await operator.putSubject(ORIGIN, "member", { active: false });
      await refused("subject.disabled");
      await operator.putSubject(ORIGIN, "member", { active: true });
      const { status, body } = await redeem(edgegrant, member);
      assert.deepEqual([status, body.scope], [200, "sports"]);
      assert.strictEqual(events.at(-1)?.subject, "member");
      await refused("subject-token.used");
    });

    QUnit.test("an API key counts until it is revoked, and for its client alone", async (assert) => {
      const { edgegrant } = await start(runtime);
      const { operator } = edgegrant;
      await operator.publishPolicy(ORIGIN, policy("1"));
      const [key, others] = [
        await operator.createApiKey(ORIGIN, "from"),
        await operator.createApiKey(ORIGIN, "to"),
      ];
      assert.strictEqual((await generate(edgegrant, key)).status, 200);
      for (const wrong of [others, crypto.randomUUID(), "", key.toUpperCase()]) {
        const { status, body } = await generate(edgegrant, wrong);
        assert.deepEqual([status, body.error], [401, "invalid_client"], wrong);
      }
      await operator.revokeApiKey(ORIGIN, "from", key);
      assert.strictEqual((await generate(edgegrant, key)).status, 401);
    });

    QUnit.test("commands reach the core as they are given, and its answers come back", async (assert) => {
      const consent = { client_id: "a", purpose: "p", scope: "s", state: "given" } as const;
      const answers: Record<string, object> = {
        read_consents: { consents: [{ ...consent, at: 1, by: "operator" }] },
      };
      const given: unknown[] = [];
      const cores = new FakeCores({
        "": function* ({ body }) {
          yield* [];
          const command = JSON.parse(
            new TextDecoder().decode(body === "over_limit" ? undefined : body.bytes),
          );
          given.push(command);
          if (command.complete_authentication?.ticket === "used") {
            const answer = { error: "invalid_request", error_description: "the ticket is used" };
            return { ...ok(JSON.stringify(answer)), status: 400 };
          }
          return ok(JSON.stringify(answers[Object.keys(command)[0] ?? ""] ?? {}));
        },
      });
      const stores = { state: memory(), registry: memory() };
      const { operator } = await createEdgegrant({
        config: {},
        env: {},
        core: () => cores.fresh(),
        ...stores,
      });
      const result: AuthenticationResult = {
        outcome: "authorized",
        sub: "ann",
        auth_time: 1,
        acr: "loa2",
        claims: { name: "Ann" },
        properties: [{ key: "k", value: "v", hidden: true }],
        scope: "openid",
        id_token_header: { x: 1 },
      };
      const denied: AuthenticationResult = {
        outcome: "access_denied",
        error_description: "no",
        error_uri: "https://a.example",
      };
      assert.deepEqual(await operator.complete("t", result), { outcome: "completed" });
      await operator.complete("t", denied);
      await operator.putSubject(ORIGIN, "ann", { active: true });
      await operator.putSubject(ORIGIN, "ann", { active: true, hints: ["ann@a.example"] });
      await operator.putConsent(ORIGIN, { sub: "ann", ...consent });
      assert.deepEqual(await operator.consents(ORIGIN, "ann"), [{ ...consent, at: 1, by: "operator" }]);
      assert.deepEqual(given, [
        { complete_authentication: { ticket: "t", result } },
        { complete_authentication: { ticket: "t", result: denied } },
        { put_subject: { issuer: ORIGIN, sub: "ann", active: true } },
        { put_subject: { issuer: ORIGIN, sub: "ann", active: true, hints: ["ann@a.example"] } },
        { put_consent: { issuer: ORIGIN, sub: "ann", ...consent } },
        { read_consents: { issuer: ORIGIN, sub: "ann" } },
      ]);
      const error = await operator.complete("used", denied).catch((error: unknown) => error);
      assert.true(error instanceof OperatorError);
      const { status, message } = error as OperatorError;
      assert.deepEqual([status, message], [400, "the ticket is used"]);
    });

    QUnit.test("what is wrong is said, all at once", async (assert) => {
      const { edgegrant } = await start(runtime);
      const { operator } = edgegrant;
      const wrong = { ...policy("1", { quota: 0, scope: "a  b" }), extra: 1 };
      const error = await operator.publishPolicy(ORIGIN, wrong).catch((error: unknown) => error);
      assert.true(error instanceof OperatorError);
      const { status, mistakes } = error as OperatorError;
      assert.deepEqual(
        [status, mistakes.map(({ pointer }) => pointer)],
        [400, ["/exchange/0/scope", "/extra"]],
      );
      await assert.rejects(operator.publishPolicy("https://other.example", policy("1")), /there are https:/);
      await assert.rejects(operator.createApiKey(ORIGIN, "nobody"), /no client nobody/);
      await assert.rejects(operator.putSubject(ORIGIN, "", { active: true }), /1 to 255 bytes/);
      const broken = await start(runtime, { state: failing, registry: failing });
      await assert.rejects(broken.edgegrant.operator.publishPolicy(ORIGIN, policy("1")), /try again/);
    });
  });
};

export default register;
