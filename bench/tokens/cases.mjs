// What is measured: each case is done by several subjects, in every runtime. Nothing here knows of runtimes.
import { createSigner } from "edgegrant/sign";
import { importJWK, SignJWT } from "jose";
import { ALGORITHMS, inFlight, ready, SHARED, subject } from "./shared.mjs";
import { edgegrantRemembers, edgegrantVerifies, joseVerifies, webcryptoVerifies } from "./verifying.mjs";

/** Where the core can be told to sign. */
const IN_CORE = ["ES256", "EdDSA"];

const TYP = "at+jwt";

const claims = (index) => ({ ...SHARED, sub: subject(index), jti: crypto.randomUUID() });

/**
 * By case and subject: from a private JWK to what makes `count` tokens, `flight` of them at once, and answers the
 * last. `algorithms`: all where none are named.
 */
export const CASES = {
  sign_one: {
    edgegrant: { prepare: (jwk) => edgegrantOne(jwk) },
    edgegrant_core: { prepare: (jwk) => edgegrantOne(jwk, "core"), algorithms: IN_CORE },
    jose: { prepare: joseSigns },
    webcrypto: { prepare: webcryptoSigns },
  },
  sign_many: {
    edgegrant: { prepare: (jwk) => edgegrantMany(jwk) },
    edgegrant_core: { prepare: (jwk) => edgegrantMany(jwk, "core"), algorithms: IN_CORE },
    jose: { prepare: joseSigns, flights: [1, 32, 256] },
    webcrypto: { prepare: webcryptoSigns, flights: [1, 32, 256] },
  },
  verify_one: {
    edgegrant: { prepare: (jwk) => edgegrantVerifies(jwk) },
    edgegrant_remembered: { prepare: edgegrantRemembers },
    jose: { prepare: joseVerifies },
    webcrypto: { prepare: webcryptoVerifies },
  },
  verify_many: {
    edgegrant: { prepare: (jwk) => edgegrantVerifies(jwk), flights: [1, 32, 256] },
    jose: { prepare: joseVerifies, flights: [1, 32, 256] },
    webcrypto: { prepare: webcryptoVerifies, flights: [1, 32, 256] },
  },
};

/** The cases of an algorithm: `{name, subject, flights}`. */
export function casesOf(alg) {
  return Object.entries(CASES).flatMap(([name, subjects]) =>
    Object.entries(subjects)
      .filter(([, { algorithms }]) => algorithms?.includes(alg) ?? true)
      .map(([subject, { flights = [1] }]) => ({ name, subject, flights })),
  );
}

async function edgegrantOne(jwk, signing) {
  const signer = await createSigner({ jwk, alg: jwk.alg, ...(signing && { signing }) });
  const given = ready(claims);
  return (count) => inFlight(given(count), 1, (one) => signer.sign(one));
}

async function edgegrantMany(jwk, signing) {
  const signer = await createSigner({ jwk, alg: jwk.alg, ...(signing && { signing }) });
  const template = { ...SHARED, sub: null, jti: null };
  const given = ready(subject);
  return async (count) => {
    const tokens = await signer.sign_batch({ claims: template, columns: { sub: given(count) }, uuid: "jti" });
    return tokens.at(-1);
  };
}

async function joseSigns(jwk) {
  const { alg, kid } = jwk;
  const key = await importJWK(jwk, alg);
  const sign = (one) => new SignJWT(one).setProtectedHeader({ alg, typ: TYP, kid }).sign(key);
  const given = ready(claims);
  return (count, flight) => inFlight(given(count), flight, sign);
}

/** Nothing but the signatures: no JSON, no base64url, no token. */
async function webcryptoSigns(jwk) {
  const [imported, parameters] = ALGORITHMS[jwk.alg];
  const key = await crypto.subtle.importKey("jwk", jwk, imported, false, ["sign"]);
  const header = { alg: jwk.alg, typ: TYP, kid: jwk.kid };
  const octets = JSON.stringify(header).length + JSON.stringify(claims(0)).length;
  const given = ready((index) => new Uint8Array(Math.ceil(octets * (4 / 3)) + 1).fill(index));
  const sign = (input) => crypto.subtle.sign(parameters, key, input);
  return (count, flight) => inFlight(given(count), flight, sign);
}
