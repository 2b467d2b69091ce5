// Node verifies one signature itself and has WebCrypto verify several: both are of one mind.

import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { createVerifier } from "../../../dist/verify/node.js";

const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const RULES = { issuer: "https://as.example", audience: "https://api.example" };

export function nodeKey({ test }) {
  for (const alg of ALGORITHMS) {
    test(alg, async (assert) => {
      const [own, other] = await Promise.all([generateKeyPair(alg), generateKeyPair(alg)]);
      const jwks = { keys: [{ ...(await exportJWK(own.publicKey)), kid: "k" }] };
      const verifier = await createVerifier({ ...RULES, algorithms: [alg], jwks });
      const token = ({ privateKey }) =>
        new SignJWT({ iss: RULES.issuer, aud: RULES.audience, exp: 4_000_000_000 })
          .setProtectedHeader({ alg, kid: "k", typ: "at+jwt" })
          .sign(privateKey);
      const good = await token(own);
      const forged = await token(other);
      const signature = good.lastIndexOf(".") + 1;
      const tokens = [good, forged, good.slice(0, signature), `${good.slice(0, signature)}AAAA`, good];
      const code = (result) => (result.ok ? "ok" : result.code);
      const expected = ["ok", ...Array(3).fill("signature_invalid"), "ok"];
      for (let round = 0; round < 2; round++) {
        const together = await Promise.all(tokens.map((text) => verifier.verify(text)));
        assert.deepEqual(together.map(code), expected, "together");
        const singly = [];
        for (const text of tokens) singly.push(code(await verifier.verify(text)));
        assert.deepEqual(singly, expected, "one after the other");
      }
    });
  }
}
