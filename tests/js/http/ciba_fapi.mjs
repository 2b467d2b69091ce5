// FAPI-CIBA §5.2.2: requests are signed, recent, and say what they are about. CIBA Core §7.1.1.

import { createHmac, randomUUID } from "node:crypto";
import { Backchannel } from "./backchannel.mjs";
import { jwt, now } from "./channel.mjs";
import { basic, decode } from "./wire.mjs";

const TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Claims of a signed request that differ. */
const BAD = {
  "without iss": () => ({ iss: undefined }),
  "of another client": () => ({ iss: "sign" }),
  "without aud": () => ({ aud: undefined }),
  "for another issuer": ({ server }) => ({ aud: server.origin }),
  "for the endpoint": ({ issuer }) => ({ aud: `${issuer}/bc-authorize` }),
  "without exp": () => ({ exp: undefined }),
  "without nbf": () => ({ nbf: undefined }),
  "without iat": () => ({ iat: undefined }),
  "without jti": () => ({ jti: undefined }),
  "that has expired": () => ({ exp: now() - 60 }),
  "that is not yet good": () => ({ nbf: now() + 120, exp: now() + 180 }),
  "good for more than an hour": () => ({ exp: now() + 3700 }),
  "good since more than an hour": () => ({ nbf: now() - 3700 }),
  "with exp as a text": () => ({ exp: String(now() + 60) }),
  "about nothing": () => ({ binding_message: undefined }),
  "within another": () => ({ request: "x.y.z" }),
  "without a hint": () => ({ login_hint: undefined }),
};

export function cibaFapi({ test }, server) {
  const back = new Backchannel(server, { mount: "/fapi", parameters: {} });
  const signed = (claims, header = { alg: "ES256" }) => {
    const { FAPI_CLIENT_ID: iss, FAPI_CLIENT_JWK: key } = server.env;
    const iat = now();
    return jwt(key, header, { iss, aud: back.issuer, iat, exp: iat + 60, jti: randomUUID(), ...claims });
  };
  const request = (change) => {
    const { CIBA_SCOPE: scope, CIBA_LOGIN_HINT: login_hint } = server.env;
    return signed({ nbf: now(), scope, login_hint, binding_message: "W4SCT", ...change });
  };
  const authentication = () => ({
    client_assertion_type: TYPE,
    client_assertion: signed({ sub: server.env.FAPI_CLIENT_ID }),
  });
  const asking = (change) => back.asking({ ...authentication(), ...change }, { auth: null });

  test("a good one, to the end", async (assert) => {
    const change = { ...authentication(), request: request({ requested_expiry: 30 }) };
    const { auth_req_id, expires_in } = await back.ask(assert, change, { auth: null });
    assert.strictEqual(expires_in, 30);
    await back.decide(assert, auth_req_id, "allow");
    const options = { auth: null, change: authentication() };
    const { id_token, header } = await back.issue(assert, auth_req_id, options);
    assert.deepEqual([decode(id_token).header.alg, header.alg], ["PS256", "PS256"]);
  });

  for (const [name, change] of Object.entries(BAD)) {
    test(`a request ${name}`, async (assert) => {
      const asked = asking({ request: request(change(back)) });
      await server.refuse(assert, asked, 400, "invalid_request");
    });
  }

  test("one that is not signed, or by nobody who may", async (assert) => {
    const { CIBA_SCOPE: scope, CIBA_LOGIN_HINT: login_hint, FAPI_CLIENT_JWK } = server.env;
    const plain = { scope, login_hint, binding_message: "W4SCT" };
    await server.refuse(assert, asking(plain), 400, "invalid_request");
    const [head, payload, signature] = request().split(".");
    const encode = (header) => Buffer.from(JSON.stringify(header)).toString("base64url");
    const { d: _private, ...half } = JSON.parse(FAPI_CLIENT_JWK);
    const symmetric = `${encode({ alg: "HS256" })}.${payload}`;
    const mac = createHmac("sha256", JSON.stringify(half)).update(symmetric).digest("base64url");
    for (const forged of [
      `${encode({ alg: "none" })}.${payload}.`,
      `${encode({ alg: "RS256" })}.${payload}.${signature}`,
      `${encode({ alg: "ES256", jwk: half })}.${payload}.${signature}`,
      `${head}.${payload}.${"A".repeat(86)}`,
      `${head}.${payload}`,
      `${head}.${payload}.${signature}.x.y`,
      `${symmetric}.${mac}`,
      jwt(server.secret("KEY"), { alg: "ES256" }, JSON.parse(Buffer.from(payload, "base64url"))),
    ]) {
      await server.refuse(assert, asking({ request: forged }), 400, "invalid_request");
    }
  });

  test("once, and with nothing beside it", async (assert) => {
    const once = request();
    await server.refuse(assert, asking({ request: once, scope: "openid" }), 400, "invalid_request");
    await back.ask(assert, { ...authentication(), request: once }, { auth: null });
    await server.refuse(assert, asking({ request: once }), 400, "invalid_request");
  });

  test("an assertion is no request, nor a request an assertion", async (assert) => {
    const { client_assertion } = authentication();
    await server.refuse(assert, asking({ request: client_assertion }), 400, "invalid_request");
    const swapped = asking({ client_assertion: request(), request: request() });
    await server.refuse(assert, swapped, 401, "invalid_client");
  });

  test("no client authenticates by a secret", async (assert) => {
    const asked = back.asking({ request: request() }, { auth: basic("demo", server.env.CLIENT_SECRET) });
    await server.refuse(assert, asked, 401, "invalid_client");
  });
}
