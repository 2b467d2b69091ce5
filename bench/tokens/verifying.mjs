// Verifying, by subject: from a private JWK to what verifies `count` tokens, `flight` of them at once.
import { createSigner } from "edgegrant/sign";
import { createVerifier } from "edgegrant/verify";
import { importJWK, jwtVerify } from "jose";
import { ALGORITHMS, inFlight, ready, SHARED, subject } from "./shared.mjs";

/** How many tokens there are to take turns. */
const TOKENS = 500;
/** While they last. */
const NOW = SHARED.iat + 1;

const EXPECTED = {
  issuer: SHARED.iss,
  audience: SHARED.aud,
};

async function tokensOf(jwk) {
  const signer = await createSigner({ jwk, alg: jwk.alg });
  const columns = { sub: Array.from({ length: TOKENS }, (_, index) => subject(index)) };
  return signer.sign_batch({ claims: { ...SHARED, sub: null, jti: null }, columns, uuid: "jti" });
}

function publicHalf({ kty, crv, x, y, n, e, k, kid, alg }) {
  return { kty, crv, x, y, n, e, k, kid, alg };
}

export async function edgegrantVerifies(jwk, options = {}) {
  const [tokens, verifier] = await Promise.all([
    tokensOf(jwk),
    createVerifier({
      ...EXPECTED,
      algorithms: [jwk.alg],
      required_claims: ["sub", "client_id", "iat", "jti"],
      jwks: { keys: [publicHalf(jwk)] },
      now: () => NOW,
      ...options,
    }),
  ]);
  const verify = async (token) => {
    const result = await verifier.verify(token);
    if (!result.ok) throw new Error(result.message);
    return result.claims.sub;
  };
  const given = ready((index) => tokens[index % TOKENS]);
  return (count, flight) => inFlight(given(count), flight, verify);
}

export const edgegrantRemembers = (jwk) => edgegrantVerifies(jwk, { remember: TOKENS });

export async function joseVerifies(jwk) {
  const [tokens, key] = await Promise.all([tokensOf(jwk), importJWK(publicHalf(jwk), jwk.alg)]);
  const options = {
    ...EXPECTED,
    algorithms: [jwk.alg],
    typ: "at+jwt",
    requiredClaims: ["exp", "sub", "client_id", "iat", "jti"],
    currentDate: new Date(NOW * 1000),
  };
  const verify = async (token) => (await jwtVerify(token, key, options)).payload.sub;
  const given = ready((index) => tokens[index % TOKENS]);
  return (count, flight) => inFlight(given(count), flight, verify);
}

/** Nothing but the signatures: no JSON, no base64url, no claims. */
export async function webcryptoVerifies(jwk) {
  const [imported, parameters] = ALGORITHMS[jwk.alg];
  const tokens = (await tokensOf(jwk)).map((token) => {
    const end = token.lastIndexOf(".");
    const text = atob(
      token
        .slice(end + 1)
        .replaceAll("-", "+")
        .replaceAll("_", "/"),
    );
    return [
      Uint8Array.from(text, (octet) => octet.charCodeAt(0)),
      new TextEncoder().encode(token.slice(0, end)),
    ];
  });
  const { alg: _, ...key } = publicHalf(jwk);
  const verifies = await crypto.subtle.importKey("jwk", key, imported, false, ["verify"]);
  const verify = async ([signature, input]) => {
    if (!(await crypto.subtle.verify(parameters, verifies, signature, input)))
      throw new Error("not verified");
    return "";
  };
  const given = ready((index) => tokens[index % TOKENS]);
  return (count, flight) => inFlight(given(count), flight, verify);
}
