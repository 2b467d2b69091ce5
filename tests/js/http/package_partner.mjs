// An issuer that is not ours: jose makes its keys and signs its tokens.

import { once } from "node:events";
import { createServer } from "node:http";
import * as jose from "jose";

/** One key each. */
export const ALGS = ["ES384", "PS256", "Ed25519"];
export const AUDIENCE = "https://api.example.com/partner";

/** Serves the public keys. `sign` makes a token, `bad` makes tokens that all must refuse: pairs of what is wrong, token. */
export async function openPartner() {
  const pairs = {};
  for (const alg of [...ALGS, "unpublished"]) {
    pairs[alg] = await jose.generateKeyPair(alg === "unpublished" ? "ES384" : alg, { extractable: true });
  }
  const keys = await Promise.all(
    ALGS.map(async (alg) => ({ ...(await jose.exportJWK(pairs[alg].publicKey)), alg, kid: alg, use: "sig" })),
  );
  let fetched = 0;
  const server = createServer((_, response) => {
    fetched++;
    // Pages of other origins read it, too.
    const headers = { "content-type": "application/jwk-set+json", "access-control-allow-origin": "*" };
    response.writeHead(200, headers).end(JSON.stringify({ keys }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${server.address().port}`;

  const sign = ({
    alg = "ES384",
    kid = alg,
    key = pairs[alg].privateKey,
    typ = "at+jwt",
    claims = {},
  } = {}) =>
    new jose.SignJWT({
      ...{ iss: issuer, aud: AUDIENCE, sub: "user", client_id: "client", jti: "1", scope: "read" },
      ...claims,
    })
      .setProtectedHeader({ alg, kid, typ })
      .setIssuedAt(claims.iat)
      .setExpirationTime(claims.exp ?? "5 minutes")
      .sign(key);
  const bad = async () => [
    ["expired", await sign({ claims: { iat: 1_000_000, exp: 1_000_300 } })],
    ["from another issuer", await sign({ claims: { iss: "https://as.example.com" } })],
    ["for another audience", await sign({ claims: { aud: "https://api.example.com" } })],
    ["of another type", await sign({ typ: "JWT" })],
    ["by an unpublished key", await sign({ kid: "unpublished", key: pairs.unpublished.privateKey })],
    ["by another key than its kid's", await sign({ key: pairs.unpublished.privateKey })],
    ["by a public key as a secret", await sign({ alg: "HS256", kid: "ES384", key: secretOf(keys[0]) })],
    [
      "unsecured",
      new jose.UnsecuredJWT({ iss: issuer, aud: AUDIENCE }).setExpirationTime("5 minutes").encode(),
    ],
  ];
  return {
    issuer,
    jwks_uri: `${issuer}/keys`,
    fetched: () => fetched,
    sign,
    bad,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const secretOf = (jwk) => new TextEncoder().encode(JSON.stringify(jwk));
