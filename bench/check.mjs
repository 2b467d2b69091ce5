// Checks that what is measured is what is claimed: fresh tokens, verified, of one size.
import assert from "node:assert/strict";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { ask } from "./load.mjs";

/** Gets two tokens and verifies them. Returns the length of one, and of what was signed. */
export async function checkTokens({ origin, name }, alg, request) {
  const issuer = `${origin}/${alg.toLowerCase()}`;
  const { jwks_uri } = await get(`${issuer}/.well-known/openid-configuration`);
  const keys = createLocalJWKSet(await get(jwks_uri));
  const verified = [];
  for (let i = 0; i < 2; i++) {
    const response = await ask(request);
    assert.equal(response.status, 200, name);
    const { access_token, token_type, expires_in } = await response.json();
    assert.equal(token_type, "Bearer");
    assert.equal(expires_in, 3600);
    await jwtVerify(access_token, keys, {
      issuer,
      audience: "https://api.example.com/orders",
      typ: "at+jwt",
      algorithms: [alg],
    });
    verified.push(access_token);
  }
  const [first, second] = verified.map((token) => decodeJwt(token));
  assert.equal(first.scope, "orders:read orders:write");
  assert.notEqual(first.jti, second.jti);
  return { length: verified[0].length, signed: verified[0].lastIndexOf(".") };
}

async function get(url) {
  const response = await ask({ url });
  assert.equal(response.status, 200, url);
  return response.json();
}
