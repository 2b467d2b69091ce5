// CAMARA: client assertions that are good for five minutes, signed requests, and a JWT as a grant.

import { randomUUID } from "node:crypto";
import { now } from "./channel.mjs";
import { Camara, FRAUD } from "./gateway.mjs";
import { basic, tokenRequest } from "./wire.mjs";

/** Claims of an assertion that is no good. */
const BAD = {
  "longer than 300 seconds": () => ({ exp: now() + 301 }),
  "too far ahead": () => ({ iat: now() + 25, exp: now() + 340 }),
  "longer, made in the past": () => ({ iat: now() - 250, exp: now() + 60 }),
  "without exp": () => ({ exp: undefined }),
  "without iat": () => ({ iat: undefined }),
  "without jti": () => ({ jti: undefined }),
  "that has expired": () => ({ iat: now() - 100, exp: now() - 40 }),
  "made later": () => ({ iat: now() + 100, exp: now() + 160 }),
  "for another issuer": ({ server }) => ({ aud: server.env.OGW_BASE }),
  "for the origin": ({ server }) => ({ aud: server.origin }),
  "for several": ({ issuer }) => ({ aud: [issuer, "https://other.example.com"] }),
  "for nobody": () => ({ aud: undefined }),
  "of another client": () => ({ iss: "ogw-app", sub: "ogw-app" }),
};

export function cibaCamara({ test }, server) {
  const camara = new Camara(server);

  test("asked and fetched, each with an assertion", async (assert) => {
    const { payload } = await camara.token(assert);
    assert.deepEqual([payload.iss, payload.purpose], [camara.issuer, FRAUD]);
    assert.true(/^[\w-]{43}$/.test(payload.sub), payload.sub);
  });

  test("audiences: the issuer, the endpoint; for 300 seconds", async (assert) => {
    for (const aud of [camara.issuer, `${camara.issuer}/token`, `${camara.issuer}/bc-authorize`]) {
      await camara.ask(assert, {}, { claims: { aud } });
    }
    const { auth_req_id } = await camara.ask(assert, {}, { claims: { exp: now() + 300, iat: now() } });
    await camara.issue(assert, auth_req_id, { claims: { aud: `${camara.issuer}/token` } });
  });

  for (const [name, claims] of Object.entries(BAD)) {
    test(`an assertion ${name}`, async (assert) => {
      const bad = { claims: claims(camara) };
      await server.refuse(assert, camara.asking({}, bad), 401, "invalid_client");
      const { auth_req_id } = await camara.ask(assert);
      await camara.refuse(assert, auth_req_id, "invalid_client", { claims: claims(camara) });
    });
  }

  test("an assertion is good once, at whichever endpoint", async (assert) => {
    const claims = { jti: randomUUID() };
    const { auth_req_id } = await camara.ask(assert, {}, { claims });
    await camara.refuse(assert, auth_req_id, "invalid_client", { claims });
    await camara.issue(assert, auth_req_id);
  });

  test("no secret does in its place", async (assert) => {
    const { OGW_CLIENT_SECRET } = server.env;
    const none = { client_assertion: undefined, client_assertion_type: undefined };
    for (const auth of [basic("camara", OGW_CLIENT_SECRET), null]) {
      await server.refuse(assert, camara.asking(none, { auth }), 401, "invalid_client");
    }
  });

  test("a signed request, whose aud counts", async (assert) => {
    const { login_hint, purpose } = camara.parameters;
    const asked = (change) => {
      const given = { sub: undefined, nbf: now(), login_hint, purpose, ...change };
      return { login_hint: undefined, purpose: undefined, request: camara.signed(given) };
    };
    const { auth_req_id } = await camara.ask(assert, asked());
    assert.strictEqual((await camara.issue(assert, auth_req_id)).payload.purpose, FRAUD);
    for (const change of [
      { aud: `${camara.issuer}x` },
      { aud: server.env.OGW_BASE },
      { aud: undefined },
      { iss: "ogw-app" },
      { exp: undefined },
      { nbf: undefined },
      { iat: undefined },
      { jti: undefined },
      { exp: now() - 60 },
      { nbf: now() + 100 },
      { exp: now() + 3700 },
    ]) {
      await server.refuse(assert, camara.asking(asked(change)), 400, "invalid_request");
    }
    await server.refuse(assert, camara.asking({ ...asked(), login_hint }), 400, "invalid_request");
  });

  test("a JWT as a grant", async (assert) => {
    for (const sub of ["tel:+34655555555", "operatortoken:demo"]) {
      const { payload } = await server.issue(assert, camara.bearing({ sub }));
      assert.deepEqual([payload.purpose, payload.scope], [FRAUD, "openid sim-swap"]);
      assert.strictEqual(payload.sub, (await camara.token(assert)).payload.sub);
    }
  });

  for (const [name, said] of Object.entries({
    ...BAD,
    "about a stranger": () => ({ sub: "tel:+34677777777" }),
    "about no subscriber": () => ({ sub: "alice" }),
    "about nobody": () => ({ sub: undefined }),
  })) {
    if (name === "too far ahead") continue;
    test(`a JWT as a grant ${name}`, async (assert) => {
      const request = tokenRequest(server.env, camara.bearing(said(camara)));
      await server.refuse(assert, request, 400, "invalid_grant");
    });
  }

  test("a JWT as a grant: once, for a purpose that is known, where nobody must be asked", async (assert) => {
    const said = { jti: randomUUID() };
    await server.issue(assert, camara.bearing(said));
    const refuse = (error, request, status = 400) =>
      server.refuse(assert, tokenRequest(server.env, request), status, error);
    await refuse("invalid_grant", camara.bearing(said));
    await refuse("invalid_request", camara.bearing({}, { change: { assertion: undefined } }));
    await refuse("invalid_request", camara.bearing({}, { change: { scope: undefined } }));
    await refuse("invalid_scope", camara.bearing({}, { change: { scope: "dpv:Marketing#sim-swap" } }));
    const silent = { sub: server.env.OGW_LOGIN_HINT_NO_CONSENT };
    const { error } = JSON.parse((await server.send(tokenRequest(server.env, camara.bearing(silent)))).text);
    assert.true(["access_denied", "invalid_grant"].includes(error), error);
  });

  test("offline_access: a refresh token, and none without", async (assert) => {
    const scope = `openid offline_access ${FRAUD} sim-swap`;
    const { refresh_token } = await camara.token(assert, { purpose: undefined, scope });
    const change = { grant_type: "refresh_token", refresh_token };
    assert.strictEqual(
      (await server.issue(assert, camara.poll(undefined, { change }))).payload.purpose,
      FRAUD,
    );
    assert.strictEqual((await camara.token(assert)).refresh_token, undefined);
  });
}
