// The seamless back-channel from end to end, claim by claim: the worked sample, and the sibling.

import { createRemoteJWKSet, importJWK, jwtVerify } from "jose";
import { Channel, type, UUID } from "./channel.mjs";
import { decode, tokenRequest } from "./wire.mjs";

const SCOPES = ["contacts", "phone", "sports"];

export function seamless({ test }, server) {
  const channel = new Channel(server);
  const members = () => server.env.DKT_MEMBERS.split(",");
  const keys = () => createRemoteJWKSet(new URL(`${server.env.DKT_BASE}/.well-known/jwks.json`));
  const scopes = { query: { scopes: "sports,contacts,phone" } };

  test("step 0: a client's own token", async (assert) => {
    const { DKT_BASE, DKT_SERVICE_CLIENT_ID } = server.env;
    const auth = channel.basic("A");
    const { header, payload, parts, ...answer } = await server.issue(assert, {
      auth,
      path: channel.paths.token,
    });
    const { access_token, ...members } = answer;
    const scope = "token-exchange:seamless-backchannel token-generator:seamless-backchannel";
    assert.deepEqual(members, { token_type: "Bearer", expires_in: 899, scope, jti: payload.jti });
    assert.deepEqual(header, { kid: "main", typ: "JWT", alg: "RS256" });
    const { exp, iat, jti, ...claims } = payload;
    assert.deepEqual(claims, { iss: DKT_BASE, client_id: DKT_SERVICE_CLIENT_ID, scope: scope.split(" ") });
    assert.strictEqual(exp - iat, 900);
    assert.true(UUID.test(jti), jti);
    assert.strictEqual(JSON.stringify(payload), parts[1], "compact, each name once");
    const expected = { issuer: DKT_BASE, algorithms: ["RS256"], typ: "JWT" };
    assert.deepEqual((await jwtVerify(access_token, keys(), expected)).payload, payload);
  });

  test("step 1: exchangeable tokens, which the published keys do not verify", async (assert) => {
    const { DKT_BASE, DKT_CLIENT_ID } = server.env;
    const { tokens } = await channel.generate(assert, members(), scopes);
    assert.deepEqual([...tokens.keys()], members());
    const generator = await importJWK(publicHalf(server.secret("DKT_GENERATOR_KEY")), "RS256");
    const seen = new Set();
    for (const [member, token] of tokens) {
      const { header, payload, parts } = decode(token);
      assert.deepEqual(header, { kid: "generator", typ: "JWT", alg: "RS256" });
      const { exp, iat, jti, ...claims } = payload;
      assert.deepEqual(claims, {
        sub: member,
        aud: `${DKT_BASE}/connect/token/exchange`,
        scope: SCOPES,
        iss: DKT_BASE,
        client_id: DKT_CLIENT_ID,
      });
      assert.strictEqual(exp - iat, 900);
      assert.true(UUID.test(jti), jti);
      assert.strictEqual(JSON.stringify(payload), parts[1], "compact, each name once");
      assert.deepEqual((await jwtVerify(token, generator)).payload, payload);
      await assert.rejects(jwtVerify(token, keys()), /no applicable key/);
      seen.add(jti);
    }
    assert.strictEqual(seen.size, 2);
  });

  for (const [name, auth] of [
    ["Basic", () => channel.basic()],
    ["Bearer", (assert) => channel.bearer(assert, "B")],
  ]) {
    test(`step 2: the member's access token, by ${name}`, async (assert) => {
      const { DKT_BASE, DKT_CLIENT_ID } = server.env;
      const [member] = members();
      const exchangeable = await channel.exchangeable(assert, member, scopes);
      const request = channel.redemption(exchangeable, { auth: await auth(assert) });
      const { header, payload, parts, access_token, ...answer } = await server.issue(assert, request);
      assert.deepEqual(answer, {
        issued_token_type: type("access_token"),
        token_type: "Bearer",
        expires_in: 899,
        scope: SCOPES.join(" "),
      });
      assert.deepEqual(header, { kid: "main", typ: "JWT", alg: "RS256" });
      const { exp, iat, jti, ...claims } = payload;
      assert.deepEqual(claims, { sub: member, scope: SCOPES, iss: DKT_BASE, client_id: DKT_CLIENT_ID });
      assert.strictEqual(exp - iat, 900);
      assert.true(UUID.test(jti), jti);
      assert.notStrictEqual(jti, decode(exchangeable).payload.jti);
      assert.strictEqual(JSON.stringify(payload), parts[1], "compact, each name once");
      const expected = { issuer: DKT_BASE, algorithms: ["RS256"], typ: "JWT" };
      assert.deepEqual((await jwtVerify(access_token, keys(), expected)).payload, payload);
    });
  }

  for (const [name, query, expected] of [
    ["left out: all that is auto-approved", {}, SCOPES],
    ["empty: all that is auto-approved", { scopes: "" }, SCOPES],
    ["one", { scopes: "phone" }, ["phone"]],
    ["in another order", { scopes: "phone,contacts" }, ["contacts", "phone"]],
    ["one twice", { scopes: "phone,phone" }, ["phone"]],
  ]) {
    test(`scopes ${name}`, async (assert) => {
      const exchangeable = await channel.exchangeable(assert, undefined, { query });
      assert.deepEqual(decode(exchangeable).payload.scope, expected);
      const { scope, payload } = await server.issue(assert, channel.redemption(exchangeable));
      assert.deepEqual([scope, payload.scope], [expected.join(" "), expected]);
    });
  }

  for (const headers of [
    { "content-type": "Application/JSON" },
    { "content-type": "application/json; charset=utf-8" },
  ]) {
    test(`generator, ${headers["content-type"]}`, (assert) =>
      channel.generate(assert, ["somebody"], { headers }));
  }

  test("the sibling: an id token of A for an access and a refresh token of B", async (assert) => {
    const { DKT_BASE, DKT_CLIENT_ID } = server.env;
    const [member] = members();
    const change = { scopes: "sports,phone" };
    const request = channel.seamless(channel.idToken(), { change });
    const { header, payload, parts, access_token, refresh_token, ...answer } = await server.issue(
      assert,
      request,
    );
    assert.deepEqual(answer, {
      issued_token_type: type("access_token"),
      token_type: "Bearer",
      expires_in: 899,
      scope: "phone sports",
    });
    assert.strictEqual(refresh_token.split(".").length, 2, "no JWT");
    const { exp, iat, jti, ...claims } = payload;
    assert.deepEqual(claims, {
      sub: member,
      scope: ["phone", "sports"],
      iss: DKT_BASE,
      client_id: DKT_CLIENT_ID,
    });
    assert.strictEqual(exp - iat, 900);
    const expected = { issuer: DKT_BASE, algorithms: ["RS256"], typ: "JWT" };
    assert.deepEqual((await jwtVerify(access_token, keys(), expected)).payload, payload);
  });

  test("the sibling, by Bearer, with the type asked for, and all of B's scope", async (assert) => {
    const auth = await channel.bearer(assert, "B");
    const change = { requested_token_type: type("access_token") };
    const { scope } = await server.issue(assert, channel.seamless(channel.idToken(), { auth, change }));
    assert.strictEqual(scope, SCOPES.join(" "));
  });

  test("a refresh token is followed by the next; a spent one ends its family", async (assert) => {
    const first = await server.issue(assert, channel.seamless(channel.idToken()));
    const second = await server.issue(assert, channel.refreshing(first.refresh_token));
    assert.deepEqual(
      [second.scope, second.expires_in, second.payload.sub],
      [first.scope, 899, first.payload.sub],
    );
    assert.notStrictEqual(second.refresh_token, first.refresh_token);
    const change = { scope: "phone" };
    const third = await server.issue(assert, channel.refreshing(second.refresh_token, { change }));
    assert.deepEqual([third.scope, third.payload.scope], ["phone", ["phone"]]);
    // Less was asked for once; what was granted stays.
    const fourth = await server.issue(assert, channel.refreshing(third.refresh_token));
    assert.strictEqual(fourth.scope, first.scope);
    for (const spent of [first.refresh_token, fourth.refresh_token]) {
      const request = tokenRequest(server.env, channel.refreshing(spent));
      await server.refuse(assert, request, 400, "invalid_grant");
    }
  });
}

function publicHalf(jwk) {
  const { kty, n, e } = JSON.parse(jwk);
  return { kty, n, e };
}
