// Client assertions, RFC 7523 §2.2, of the demo's client that has a key: good ones, and any other.

import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { GRANT } from "./wire.mjs";

/** What a good assertion says; `others` are added, or (`undefined`) taken away. */
export function claims({ JWT_CLIENT_ID, ISSUER }, others = {}) {
  const exp = Math.floor(Date.now() / 1000) + 60;
  return { iss: JWT_CLIENT_ID, sub: JWT_CLIENT_ID, aud: ISSUER, jti: randomUUID(), exp, ...others };
}

/** A JWS with the client's signature. Header and payload are text or bytes, or become JSON. */
export function signed({ JWT_CLIENT_JWK }, header, payload) {
  const key = createPrivateKey({ key: JSON.parse(JWT_CLIENT_JWK), format: "jwk" });
  const input = [header, payload].map(encode).join(".");
  return `${input}.${sign("sha256", input, { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

function encode(part) {
  const raw = typeof part === "string" || Buffer.isBuffer(part) ? part : JSON.stringify(part);
  return Buffer.from(raw).toString("base64url");
}

/** A good assertion. */
export function assertion(env, others) {
  return signed(env, { alg: "ES256" }, claims(env, others));
}

/** A token request's body. */
export function assertionForm(client_assertion) {
  const client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
  return `${GRANT}&${new URLSearchParams({ client_assertion_type, client_assertion })}`;
}
