// login_hint_token, CIBA Core §7.1: a JWT of an issuer whom the policy trusts says who is to be asked.

import { generateKeyPairSync } from "node:crypto";
import { Backchannel } from "./backchannel.mjs";
import { jwt, now } from "./channel.mjs";
import { Governed, member } from "./governed.mjs";
import { basic } from "./wire.mjs";

const ISSUER = "https://people.example.com";
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const KEY = JSON.stringify(privateKey.export({ format: "jwk" }));
const JWKS = { keys: [{ ...publicKey.export({ format: "jwk" }), alg: "ES256" }] };

/** Claims that differ, and what is answered. */
const REFUSED = {
  "has expired": [{ iat: now() - 900, exp: now() - 600 }, "expired_login_hint_token"],
  "says not when it expires": [{ exp: undefined }, "invalid_request"],
  "is not for this issuer": [{ aud: "https://other.example.com" }, "invalid_request"],
  "is of another issuer": [{ iss: "https://other.example.com" }, "invalid_request"],
  "is about nobody": [{ sub: undefined }, "invalid_request"],
  "is about a stranger": [{ sub: "nobody" }, "unknown_user_id"],
};

export function cibaHintToken({ test }, server) {
  const mount = new Governed(server, "standard");
  const back = new Backchannel(server, { mount: "/standard", parameters: { scope: "openid" } });
  const asker = () => ({ auth: basic("asker", server.env.CLIENT_SECRET) });
  const hint = async (claims) => {
    await mount.publish({
      issuers: [{ issuer: ISSUER, jwks: JWKS, algorithms: ["ES256"] }],
      scopes: { openid: {} },
    });
    const sub = await member(mount);
    const usual = { iss: ISSUER, sub, aud: back.issuer, iat: now(), exp: now() + 60 };
    return { sub, login_hint_token: jwt(KEY, { alg: "ES256" }, { ...usual, ...claims }) };
  };

  test("one that is good", async (assert) => {
    const { sub, login_hint_token } = await hint();
    const { auth_req_id } = await back.decided(assert, "allow", { login_hint_token }, asker());
    assert.strictEqual((await back.issue(assert, auth_req_id, asker())).payload.sub, sub);
  });

  for (const [name, [claims, error]] of Object.entries(REFUSED)) {
    test(`one that ${name}`, async (assert) => {
      const { login_hint_token } = await hint(claims);
      await server.refuse(assert, back.asking({ login_hint_token }, asker()), 400, error);
    });
  }

  test("one that somebody else signed, or nobody", async (assert) => {
    const { login_hint_token } = await hint();
    const [, payload] = login_hint_token.split(".");
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    for (const forged of [
      jwt(server.secret("KEY"), { alg: "ES256" }, JSON.parse(Buffer.from(payload, "base64url"))),
      `${login_hint_token.slice(0, -8)}AAAAAAAA`,
      `${none}.${payload}.`,
    ]) {
      const request = back.asking({ login_hint_token: forged }, asker());
      await server.refuse(assert, request, 400, "invalid_request");
    }
  });
}
