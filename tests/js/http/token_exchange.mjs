// RFC 8693 at the token endpoint of the demo's root: what it gives, and what it refuses.

import { createRemoteJWKSet, jwtVerify } from "jose";
import { expectSays, form, jwt, now, TOKEN_EXCHANGE, type, UUID } from "./channel.mjs";
import { basic, decode, GRANT, tokenRequest } from "./wire.mjs";

const ORDERS = "https://api.example.com/orders";
const INVALID = [400, "invalid_request"];
const TARGET = [400, "invalid_target"];
const SCOPE = [400, "invalid_scope"];

/** Parameters that differ from a good request's, and what is answered. */
const PARAMETERS = [
  ["subject_token missing", { subject_token: undefined }, ...INVALID, { says: "subject_token" }],
  ["subject_token twice", { subject_token: ["x", "x"] }, ...INVALID, { says: "only once" }],
  [
    "subject_token_type missing",
    { subject_token_type: undefined },
    ...INVALID,
    { says: "subject_token_type" },
  ],
  [
    "subject_token_type unknown",
    { subject_token_type: "access_token" },
    ...INVALID,
    { says: "must be one of" },
  ],
  ["subject_token_type saml2", { subject_token_type: type("saml2") }, ...INVALID, { says: "must be one of" }],
  ["actor_token alone", { actor_token: "x" }, ...INVALID, { says: "actor_token_type" }],
  ["actor_token_type alone", { actor_token_type: type("jwt") }, ...INVALID, { says: "without actor_token" }],
  [
    "actor_token_type unknown",
    { actor_token: "x", actor_token_type: "x" },
    ...INVALID,
    { says: "must be one of" },
  ],
  ["requested_token_type unknown", { requested_token_type: "x" }, ...INVALID, { says: "must be one of" }],
  [
    "requested_token_type id_token",
    { requested_token_type: type("id_token") },
    ...INVALID,
    { says: "id_token" },
  ],
  [
    "requested_token_type jwt for nobody in particular",
    { requested_token_type: type("jwt") },
    ...[...INVALID, { says: "named audience" }],
  ],
  [
    "requested_token_type refresh_token, which the grant does not give",
    { requested_token_type: type("refresh_token") },
    ...[...INVALID, { rule: "exchange.requested-token-type" }],
  ],
  [
    "resource unknown",
    { resource: "https://other.example.com" },
    ...TARGET,
    { rule: "audience.beyond-grant" },
  ],
  ["resource relative", { resource: "/orders" }, ...TARGET, {}],
  ["resource with a fragment", { resource: `${ORDERS}#x` }, ...TARGET, {}],
  ["audience unknown", { audience: "nobody" }, ...TARGET, { rule: "audience.beyond-grant" }],
  ["audience beyond the grant", { audience: ORDERS }, ...TARGET, { rule: "audience.beyond-grant" }],
  [
    "one audience of two beyond",
    { audience: ["https://api.example.com/stock", ORDERS] },
    ...TARGET,
    { rule: "audience.beyond-grant" },
  ],
  ["scope unknown", { scope: "nothing" }, ...SCOPE, { rule: "scope.unknown" }],
  ["scope malformed", { scope: "orders:read  orders:write" }, ...SCOPE, {}],
];

/** What is wrong with the subject token, from `signed(claims, header, key)`, and the rule. */
const TOKENS = [
  ["no JWT", () => "abc", "subject-token.malformed"],
  ["expired", ({ signed }) => signed({ iat: now() - 3601, exp: now() - 1 }), "subject-token.expired"],
  ["not yet valid", ({ signed }) => signed({ nbf: now() + 600 }), "subject-token.expired"],
  ["another issuer", ({ signed }) => signed({ iss: "https://other.example.com" }), "subject-token.issuer"],
  ["another mount's key", ({ signed }) => signed({}, { alg: "RS256" }, "HII_KEY"), "subject-token.signature"],
  ["of another typ", ({ signed }) => signed({}, { typ: "JWT" }), "subject-token.malformed"],
  ["an unknown subject", ({ signed }) => signed({ sub: "nobody" }), "subject.unknown"],
  ["of another client", ({ others }) => others(), "exchange.no-grant"],
  ["of an unknown client", ({ signed }) => signed({ sub: "x", client_id: "x" }), "client.inactive"],
  [
    "may_act names another",
    ({ signed }) => signed({ may_act: { sub: "other" } }),
    "exchange.actor-not-allowed",
  ],
  ["may_act is no object", ({ signed }) => signed({ may_act: "demo" }), "subject-token.malformed"],
  ["bound in an unknown way", ({ signed }) => signed({ cnf: { x: 1 } }), "exchange.confirmation"],
  ["cnf is no object", ({ signed }) => signed({ cnf: "x" }), "subject-token.malformed"],
];

export function tokenExchange({ test }, server) {
  const own = async (assert, more = "", auth = undefined) =>
    (await server.issue(assert, { form: GRANT + more, auth })).access_token;
  const other = () => basic(server.env.OTHER_CLIENT_ID, server.env.OTHER_CLIENT_SECRET);
  const asked = async (assert, change = {}, options = {}) => {
    const parameters = {
      grant_type: TOKEN_EXCHANGE,
      subject_token: change.subject_token ?? (await own(assert)),
      subject_token_type: type("access_token"),
    };
    return { form: form(parameters, change), ...options };
  };
  const exchange = async (assert, change, options) =>
    server.issue(assert, await asked(assert, change, options));
  const refuse = async (assert, change, status, error, says, options) => {
    const request = tokenRequest(server.env, await asked(assert, change, options));
    expectSays(assert, await server.refuse(assert, request, status, error), says);
  };
  const acting = async (assert) => ({
    actor_token: await own(assert),
    actor_token_type: type("access_token"),
  });

  test("impersonation: a token of the same subject, for another audience", async (assert) => {
    const { ISSUER, CLIENT_ID, TE_AUDIENCE, CC_SCOPE: scope } = server.env;
    const { header, payload, parts, access_token, ...answer } = await exchange(assert, {
      audience: TE_AUDIENCE,
    });
    const { expires_in, ...members } = answer;
    assert.deepEqual(members, {
      issued_token_type: type("access_token"),
      token_type: "Bearer",
      scope,
    });
    const { exp, iat, jti, ...claims } = payload;
    assert.deepEqual(claims, {
      iss: ISSUER,
      sub: CLIENT_ID,
      aud: TE_AUDIENCE,
      client_id: CLIENT_ID,
      scope,
    });
    assert.deepEqual([header.typ, exp - iat], ["at+jwt", expires_in]);
    assert.true(UUID.test(jti), jti);
    const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`));
    const expected = { issuer: ISSUER, audience: TE_AUDIENCE, typ: "at+jwt" };
    assert.deepEqual((await jwtVerify(access_token, keys, expected)).payload, payload);
  });

  test("delegation: who acts stands in act", async (assert) => {
    const { CLIENT_ID } = server.env;
    const { payload, token_type } = await exchange(assert, {
      ...(await acting(assert)),
      scope: "orders:read",
    });
    assert.deepEqual([payload.act, payload.sub], [{ sub: CLIENT_ID }, CLIENT_ID]);
    assert.strictEqual(token_type, "Bearer");
  });

  test("delegation: the actor before stands inside, and the chain is bounded", async (assert) => {
    const { CLIENT_ID: sub } = server.env;
    const once = await exchange(assert, await acting(assert));
    const twice = await exchange(assert, { ...(await acting(assert)), subject_token: once.access_token });
    assert.deepEqual(twice.payload.act, { sub, act: { sub } });
    const change = { ...(await acting(assert)), subject_token: twice.access_token };
    await refuse(assert, change, ...INVALID, { rule: "exchange.act-too-deep" });
    const impersonated = await exchange(assert, { subject_token: twice.access_token });
    assert.deepEqual(impersonated.payload.act, twice.payload.act, "a chain is not lost");
  });

  test("a jwt for a named audience is no access token", async (assert) => {
    const { TE_AUDIENCE } = server.env;
    const change = { requested_token_type: type("jwt"), audience: TE_AUDIENCE };
    const { header, payload, issued_token_type, token_type } = await exchange(assert, change);
    assert.deepEqual([issued_token_type, token_type], [type("jwt"), "N_A"]);
    assert.deepEqual([header.typ, payload.aud], ["JWT", TE_AUDIENCE]);
  });

  test("audience and resource may repeat, and be the same", async (assert) => {
    const { TE_AUDIENCE } = server.env;
    const change = { audience: [TE_AUDIENCE, TE_AUDIENCE], resource: [TE_AUDIENCE, TE_AUDIENCE] };
    assert.strictEqual((await exchange(assert, change)).payload.aud, TE_AUDIENCE);
  });

  test("nothing widens over two hops: scope, audience, lifetime", async (assert) => {
    const { TE_AUDIENCE } = server.env;
    const subject_token = await own(assert, "&scope=orders:read");
    await refuse(assert, { subject_token, scope: "orders:write" }, ...SCOPE, {
      rule: "scope.beyond-subject",
    });
    await refuse(assert, { subject_token, scope: "orders:read orders:write" }, ...SCOPE, {
      rule: "scope.beyond-subject",
    });
    const hop = await exchange(assert, { subject_token, audience: TE_AUDIENCE });
    assert.strictEqual(hop.scope, "orders:read");
    assert.true(hop.payload.exp <= decode(subject_token).payload.exp, "exp");
    const again = { subject_token: hop.access_token };
    const second = await exchange(assert, again);
    assert.deepEqual([second.payload.aud, second.scope], [TE_AUDIENCE, "orders:read"]);
    assert.true(second.payload.exp <= hop.payload.exp, "exp");
    await refuse(assert, { ...again, audience: ORDERS }, ...TARGET, { rule: "audience.beyond-grant" });
    await refuse(assert, { ...again, scope: "orders:write" }, ...SCOPE, { rule: "scope.beyond-subject" });
  });

  test("a token that is bound to a key gives one that is bound to the same key", async (assert) => {
    const { payload } = decode(await own(assert));
    const cnf = { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" };
    const subject_token = jwt(server.secret("KEY"), { alg: "ES256", typ: "at+jwt" }, { ...payload, cnf });
    const exchanged = await exchange(assert, { subject_token });
    assert.deepEqual([exchanged.payload.cnf, exchanged.token_type], [cnf, "DPoP"]);
  });

  test("a token lives as long as what it was exchanged for, not longer", async (assert) => {
    const { payload } = decode(await own(assert));
    const exp = now() + 60;
    const subject_token = jwt(server.secret("KEY"), { alg: "ES256", typ: "at+jwt" }, { ...payload, exp });
    const { payload: exchanged, expires_in } = await exchange(assert, { subject_token });
    assert.true(exchanged.exp <= exp && expires_in <= 60, `${expires_in}`);
  });

  for (const [name, change, ...expected] of PARAMETERS) {
    test(name, (assert) => refuse(assert, change, ...expected));
  }

  for (const [name, make, rule] of TOKENS) {
    for (const part of ["subject", "actor"]) {
      if (part === "actor" && /^(exchange|client)/.test(rule)) continue;
      test(`${part} token: ${name}`, async (assert) => {
        const { header, payload } = decode(await own(assert));
        const signed = (change, more, key = "KEY") =>
          jwt(server.secret(key), { ...header, ...more }, { ...payload, ...change });
        const made = await make({ signed, others: () => own(assert, "", other()) });
        const actor = { actor_token: made, actor_token_type: type("access_token") };
        const change = part === "actor" ? actor : { subject_token: made };
        const actors = rule === "subject.unknown" ? "exchange.actor-not-allowed" : rule;
        await refuse(assert, change, ...INVALID, {
          rule: part === "actor" ? actors : rule,
        });
      });
    }
  }

  test("an actor token of another client", async (assert) => {
    const change = { actor_token: await own(assert, "", other()), actor_token_type: type("access_token") };
    await refuse(assert, change, ...INVALID, { rule: "exchange.actor-not-allowed" });
  });

  test("an access token under another type", async (assert) => {
    const change = (name) => ({ subject_token_type: type(name) });
    await refuse(assert, change("id_token"), ...INVALID, { rule: "subject-token.malformed" });
    await refuse(assert, change("jwt"), ...INVALID, { rule: "subject-token.issuer" });
    await refuse(assert, change("refresh_token"), ...INVALID, { rule: "subject-token.expired" });
  });

  test("another client's token", async (assert) => {
    const subject_token = await own(assert);
    await refuse(assert, { subject_token }, ...INVALID, { rule: "exchange.no-grant" }, { auth: other() });
  });

  test("clients that may not exchange, and that are none", async (assert) => {
    const { NOGRANT_CLIENT_ID: id, NOGRANT_CLIENT_SECRET: secret } = server.env;
    await refuse(assert, {}, 400, "unauthorized_client", {}, { auth: basic(id, secret) });
    await refuse(assert, {}, 401, "invalid_client", {}, { auth: basic(id, "wrong") });
    await refuse(assert, {}, 401, "invalid_client", {}, { auth: null });
    await refuse(assert, {}, 401, "invalid_client", {}, { auth: `Bearer ${await own(assert)}` });
  });
}
