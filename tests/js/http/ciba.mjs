// CIBA by hand, in poll mode: what is asked, what becomes of it, and the codes of §11.

import { createRemoteJWKSet, jwtVerify } from "jose";
import { Backchannel, CIBA, until } from "./backchannel.mjs";
import { basic, tokenRequest } from "./wire.mjs";

const SILVER = "urn:mace:incommon:iap:silver";
const BRONZE = "urn:mace:incommon:iap:bronze";

/** What nobody was ever told, made of an `auth_req_id`. */
const UNKNOWN = {
  "of another secret": (id) => `${id.split(".")[0]}.${"A".repeat(43)}`,
  "without its secret": (id) => id.split(".")[0],
  "with an empty secret": (id) => `${id.split(".")[0]}.`,
  "and more": (id) => `${id}A`,
  "and another part": (id) => `${id}.A`,
  "of another id": (id) => `${"A".repeat(22)}.${id.split(".")[1]}`,
  "in upper case": (id) => id.toUpperCase(),
  "with a NUL": (id) => `${id}\0`,
  "with a space": (id) => ` ${id}`,
  "of 100 000 characters": () => "x".repeat(100_000),
  "beyond ASCII": () => "ü🔑.ü🔑",
  "as a key of a store": () => "ciba/../../subject",
  "a name of every object": () => "__proto__",
};

export function ciba({ test }, server) {
  const back = new Backchannel(server);

  /** Verifies by the published keys. */
  const verify = async (token, options) => {
    const keys = createRemoteJWKSet(new URL(`${back.issuer}/.well-known/jwks.json`));
    const { ISSUER: issuer, CLIENT_ID: audience } = server.env;
    return (await jwtVerify(token, keys, { issuer, audience, algorithms: ["ES256"], ...options })).payload;
  };

  test("an acknowledgement", async (assert) => {
    const { auth_req_id, expires_in, interval, ...others } = await back.ask(assert);
    assert.deepEqual([expires_in, interval, others], [120, 5, {}]);
    // §7.3, and 256 bits.
    assert.true(/^[\w.-]{43,}$/.test(auth_req_id), auth_req_id);
    assert.notStrictEqual((await back.ask(assert)).auth_req_id, auth_req_id);
  });

  for (const method of ["POST", "GET"]) {
    test(`pending, then allowed by ${method}`, async (assert) => {
      const { auth_req_id } = await back.ask(assert);
      await back.refuse(assert, auth_req_id, "authorization_pending");
      await back.decide(assert, auth_req_id, "allow", method);
      // §7.3: what the interval is for is over.
      const { token_type, expires_in, scope, payload, header, ...rest } = await back.issue(
        assert,
        auth_req_id,
      );
      assert.deepEqual([token_type, expires_in, scope], ["Bearer", 3600, "openid profile"]);
      const { sub, client_id, aud } = payload;
      assert.deepEqual([sub, client_id, aud, header.typ], ["alice", "demo", back.issuer, "at+jwt"]);
      assert.strictEqual(payload.scope, "openid profile");
      const { iat, exp, auth_time, ...claims } = await verify(rest.id_token);
      assert.true(iat - auth_time >= 0 && exp > iat, JSON.stringify({ iat, exp, auth_time }));
      assert.deepEqual([claims.iss, claims.sub, claims.aud], [back.issuer, "alice", "demo"]);
      assert.strictEqual(claims["urn:openid:params:jwt:claim:auth_req_id"], undefined, "it is for push");
      await back.refuse(assert, auth_req_id, "invalid_grant");
    });

    test(`denied by ${method}`, async (assert) => {
      const { auth_req_id } = await back.ask(assert);
      await back.decide(assert, auth_req_id, "deny", method);
      for (let times = 0; times < 2; times++) await back.refuse(assert, auth_req_id, "access_denied");
    });
  }

  test("an id token is no access token, nor the other way about", async (assert) => {
    const { auth_req_id } = await back.decided(assert, "allow");
    const { access_token, id_token } = await back.issue(assert, auth_req_id);
    await assert.rejects(verify(id_token, { typ: "at+jwt" }));
    for (const login_hint of [undefined]) {
      const request = back.asking({ login_hint, id_token_hint: access_token });
      await server.refuse(assert, request, 400, "invalid_request");
    }
  });

  test("two polls at once are too many", async (assert) => {
    const { auth_req_id } = await back.ask(assert);
    await back.refuse(assert, auth_req_id, "authorization_pending");
    for (let times = 0; times < 2; times++) await back.refuse(assert, auth_req_id, "slow_down");
    await back.decide(assert, auth_req_id, "allow");
    await back.issue(assert, auth_req_id);
  });

  test("the refresh token goes on, and is spent each time", async (assert) => {
    const { auth_req_id } = await back.decided(assert, "allow");
    const { refresh_token } = await back.issue(assert, auth_req_id);
    const refreshing = (change) =>
      back.poll(undefined, { change: { grant_type: "refresh_token", ...change } });
    const next = await server.issue(assert, refreshing({ refresh_token }));
    assert.deepEqual([next.payload.sub, next.scope], ["alice", "openid profile"]);
    const spent = tokenRequest(server.env, refreshing({ refresh_token }));
    await server.refuse(assert, spent, 400, "invalid_grant");
  });

  for (const decision of [undefined, "allow", "deny"]) {
    test(`requested_expiry=1, ${decision ?? "undecided"}: it ends by what is stored`, async (assert) => {
      const { auth_req_id, expires_in } = await back.ask(assert, { requested_expiry: "1" });
      assert.strictEqual(expires_in, 1);
      if (decision !== undefined) await server.send(back.deciding(auth_req_id, decision));
      // What can be fetched would be gone: another of the same second tells when it has ended.
      const witness = await back.ask(assert, { requested_expiry: "1" });
      await until(async () => {
        const { text } = await server.send(back.polling(witness.auth_req_id));
        return JSON.parse(text).error === "expired_token" ? true : undefined;
      });
      await back.refuse(assert, auth_req_id, "expired_token");
      await server.refuse(assert, back.deciding(auth_req_id, "allow"), 400, "invalid_request");
      await back.refuse(assert, auth_req_id, "expired_token");
    });
  }

  test("requested_expiry is kept to what the issuer allows", async (assert) => {
    for (const [requested_expiry, given] of [
      ["30", 30],
      ["600", 600],
      ["601", 600],
      ["99999999999999999999", 600],
    ]) {
      assert.strictEqual((await back.ask(assert, { requested_expiry })).expires_in, given, requested_expiry);
    }
  });

  test("acr_values: the one that is reached is in the id token, unknown ones are passed over", async (assert) => {
    const acr = async (acr_values) => {
      const { auth_req_id } = await back.decided(assert, "allow", { acr_values });
      return (await verify((await back.issue(assert, auth_req_id)).id_token)).acr;
    };
    assert.strictEqual(await acr(`${SILVER} ${BRONZE}`), SILVER);
    assert.strictEqual(await acr(`urn:example:gold ${BRONZE}`), BRONZE);
    assert.strictEqual(await acr("urn:example:gold"), undefined);
  });

  test("id_token_hint: one that was issued to this client names its subject", async (assert) => {
    const first = await back.decided(assert, "allow");
    const { id_token } = await back.issue(assert, first.auth_req_id);
    const hint = { login_hint: undefined, id_token_hint: id_token };
    const { auth_req_id } = await back.decided(assert, "allow", hint);
    assert.strictEqual((await back.issue(assert, auth_req_id)).payload.sub, "alice");
    for (const [change, options] of [
      [hint, { client: "OTHER_CLIENT" }],
      [{ ...hint, id_token_hint: `${id_token.slice(0, -8)}AAAAAAAA` }],
      [{ ...hint, id_token_hint: id_token.replace(/\.[^.]*$/, ".") }],
      [{ ...hint, id_token_hint: "x" }],
    ]) {
      await server.refuse(assert, back.asking(change, options), 400, "invalid_request");
    }
  });

  test("another client's, in whatever state, is unknown", async (assert) => {
    const stranger = { client: "OTHER_CLIENT" };
    const { auth_req_id } = await back.ask(assert);
    const { description } = await back.refuse(assert, auth_req_id, "invalid_grant", stranger);
    await back.decide(assert, auth_req_id, "allow");
    await back.refuse(assert, auth_req_id, "invalid_grant", stranger);
    await back.issue(assert, auth_req_id);
    const used = await back.refuse(assert, auth_req_id, "invalid_grant", stranger);
    const unknown = await back.refuse(assert, "x.y", "invalid_grant");
    assert.deepEqual([used.description, unknown.description], [description, description]);
  });

  test("at another issuer of the same client it is unknown", async (assert) => {
    const { auth_req_id } = await back.decided(assert, "allow");
    await back.refuse(assert, auth_req_id, "invalid_grant", { path: "/authlete/token" });
    await back.issue(assert, auth_req_id);
  });

  for (const [name, made] of Object.entries(UNKNOWN)) {
    test(`an auth_req_id ${name}`, async (assert) => {
      const { auth_req_id } = await back.decided(assert, "allow");
      await back.refuse(assert, made(auth_req_id), "invalid_grant");
      await back.issue(assert, auth_req_id);
    });
  }

  test("no auth_req_id, an empty one, or two", async (assert) => {
    const { auth_req_id } = await back.decided(assert, "allow");
    await back.refuse(assert, undefined, "invalid_request");
    await back.refuse(assert, "", "invalid_request");
    await back.refuse(assert, [auth_req_id, auth_req_id], "invalid_request");
    await back.issue(assert, auth_req_id);
  });

  test("who may not fetch it", async (assert) => {
    const { auth_req_id } = await back.decided(assert, "allow");
    const refuse = (error, options) => back.refuse(assert, auth_req_id, error, options);
    await refuse("unauthorized_client", { client: "NOGRANT_CLIENT" });
    await refuse("unauthorized_client", { auth: null, change: { client_id: server.env.PUBLIC_CLIENT_ID } });
    await refuse("invalid_client", { auth: null });
    await refuse("invalid_client", { auth: basic("demo", "wrong") });
    await refuse("unsupported_grant_type", { change: { grant_type: `${CIBA} ` } });
    await back.issue(assert, auth_req_id);
  });

  test("what decides nothing", async (assert) => {
    const { auth_req_id } = await back.ask(assert);
    for (const [id, action] of [
      [auth_req_id, "maybe"],
      [auth_req_id, ""],
      [auth_req_id, "allow/allow"],
      ["x.y", "allow"],
      ["%ff", "allow"],
      [auth_req_id.split(".")[0], "allow"],
    ]) {
      await server.refuse(assert, back.deciding(id, action), 404, "not_found");
    }
    await server.refuse(assert, back.deciding(auth_req_id, "allow", "PUT"), 405, "invalid_request");
    await back.refuse(assert, auth_req_id, "authorization_pending");
  });

  test("the first word stands, and counts once", async (assert) => {
    for (const [first, then] of [
      ["allow", "deny"],
      ["deny", "allow"],
      ["allow", "allow"],
    ]) {
      const { auth_req_id } = await back.decided(assert, first);
      await server.refuse(assert, back.deciding(auth_req_id, then), 400, "invalid_request");
      if (first === "allow") await back.issue(assert, auth_req_id);
      else await back.refuse(assert, auth_req_id, "access_denied");
      await server.refuse(assert, back.deciding(auth_req_id, then), 400, "invalid_request");
    }
  });
}
