// Hii Retail: `client_credentials` at its mount, in its own shapes.

import { createRemoteJWKSet, jwtVerify } from "jose";
import { assertion, assertionForm } from "./assertion.mjs";
import { basic, decode, GRANT, tokenRequest } from "./wire.mjs";

const AUDIENCE = "https://hiiretail.com";
const UUID = "[\\da-f]{8}(-[\\da-f]{4}){3}-[\\da-f]{12}";

/** What the client id of the sample registration says. */
const SAMPLE = `business_unit_id: demo_buid
iso_cc: demo-country
sfw: abc@1.3@CIR7nQwtS0rA6t0S6ejd
tid: CIR7nQwtS0rA6t0S6ejd
workstation_id: 42424242
`;

export function hiiRetail({ test }, server) {
  const path = "/hii/oauth2/token";
  const form = `${GRANT}&audience=${AUDIENCE}`;
  const auth = () => basic(server.env.HII_CLIENT_ID, server.env.HII_CLIENT_SECRET);
  const refuse = (assert, options, status, error) =>
    server.refuse(assert, tokenRequest(server.env, { auth: auth(), path, form, ...options }), status, error);

  test("the sample's client id describes it", (assert) => {
    const { HII_CLIENT_ID } = server.env;
    assert.strictEqual(Buffer.from(HII_CLIENT_ID, "base64url").toString(), SAMPLE);
    assert.strictEqual(Buffer.from(SAMPLE).toString("base64url"), HII_CLIENT_ID);
  });

  test("the answer", async (assert) => {
    const { access_token, header, payload, parts, ...answer } = await server.issue(assert, {
      auth: auth(),
      path,
      form,
    });
    assert.deepEqual(answer, { token_type: "bearer", expires_in: 3599, scope: "" });
    assert.strictEqual(parts.length, 3);
  });

  test("the token", async (assert) => {
    const { HII_BASE, HII_CLIENT_ID } = server.env;
    const { access_token } = await server.issue(assert, { auth: auth(), path, form });
    const { header, payload, parts } = decode(access_token);
    assert.deepEqual(Object.keys(header).sort(), ["alg", "kid", "typ"]);
    assert.deepEqual([header.alg, header.typ], ["RS256", "JWT"]);
    assert.true(new RegExp(`^public:${UUID}$`).test(header.kid), header.kid);

    const names = ["aud", "client_id", "exp", "ext", "iat", "iss", "jti", "nbf", "scp", "sub"];
    assert.deepEqual(Object.keys(payload), names);
    const { exp, iat, jti, ...claims } = payload;
    assert.deepEqual(claims, {
      aud: [AUDIENCE],
      client_id: HII_CLIENT_ID,
      ext: {},
      iss: `${HII_BASE}/`,
      nbf: iat,
      scp: [],
      sub: HII_CLIENT_ID,
    });
    assert.strictEqual(exp - iat, 3600);
    assert.true(new RegExp(`^${UUID}$`).test(jti), jti);
    assert.strictEqual(JSON.stringify(payload), parts[1], "compact, each name once");

    const keys = createRemoteJWKSet(new URL(`${HII_BASE}/.well-known/jwks.json`));
    const expected = { issuer: `${HII_BASE}/`, audience: AUDIENCE, algorithms: ["RS256"] };
    assert.deepEqual((await jwtVerify(access_token, keys, expected)).payload, payload);
    const others = createRemoteJWKSet(new URL(`${server.env.ISSUER}/.well-known/jwks.json`));
    await assert.rejects(jwtVerify(access_token, others, expected), /no applicable key/);
  });

  for (const [name, more] of [
    ["none", ""],
    ["empty", "&audience="],
    ["another", "&audience=https://other.example.com"],
    ["with a slash", `&audience=${AUDIENCE}/`],
    ["in upper case", `&audience=${AUDIENCE.toUpperCase()}`],
    ["a second", `&audience=${AUDIENCE}&audience=https://other.example.com`],
    ["this issuer", "&audience=http://127.0.0.1/hii/"],
  ]) {
    test(`audience: ${name}`, async (assert) => {
      const { description } = await refuse(assert, { form: GRANT + more }, 400, "invalid_request");
      assert.true(description.includes(AUDIENCE), description);
    });
  }

  test("only client_credentials", async (assert) => {
    for (const grant of ["password", "authorization_code", "refresh_token", "CLIENT_CREDENTIALS"]) {
      const options = { form: `grant_type=${grant}&audience=${AUDIENCE}` };
      await refuse(assert, options, 400, "unsupported_grant_type");
    }
    await refuse(assert, { form: `audience=${AUDIENCE}` }, 400, "invalid_request");
  });

  test("no scope is known", (assert) =>
    refuse(assert, { form: `${form}&scope=orders:read` }, 400, "invalid_scope"));

  test("only Basic", async (assert) => {
    const { HII_CLIENT_ID: id, HII_CLIENT_SECRET: secret, JWT_CLIENT_ID } = server.env;
    const byJwt = assertionForm(assertion(server.env, { aud: `${server.env.HII_BASE}/` }));
    for (const more of [`${form}&client_id=${id}&client_secret=${secret}`, `${form}&client_id=${id}`, form]) {
      await refuse(assert, { auth: null, form: more }, 401, "invalid_client");
    }
    await refuse(assert, { auth: null, form: `${byJwt}&audience=${AUDIENCE}` }, 401, "invalid_client");
    await refuse(assert, { auth: basic(id, "wrong") }, 401, "invalid_client");
    await refuse(assert, { auth: basic(JWT_CLIENT_ID, secret) }, 401, "invalid_client");
    const metadata = await server.send({ path: "/hii/.well-known/openid-configuration" });
    const { token_endpoint_auth_methods_supported: methods } = JSON.parse(metadata.text);
    assert.deepEqual(methods, ["client_secret_basic"]);
  });
}
