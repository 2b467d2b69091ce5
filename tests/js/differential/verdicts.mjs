// What the two say of a case: `{token, jwks, rules}`. Rules are those of `edgegrant/verify`, with `now` a number.

import { createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify } from "jose";
import { createVerifier, VerifierOptionsError } from "../../../dist/verify/node.js";

/** `{ok, header, claims}`, or the refusal; `jwks` is the code where no verifier takes the keys. */
export async function ours({ token, jwks, rules: { now, ...rules } }) {
  try {
    const verifier = await createVerifier({ ...rules, jwks, now: () => now });
    return await verifier.verify(token);
  } catch (error) {
    const ofKeys =
      error instanceof VerifierOptionsError && error.mistakes.every((m) => m.pointer === "/jwks");
    if (!ofKeys) throw error;
    return { ok: false, code: "jwks", message: error.message };
  }
}

/** The same of jose, by the options that say the same. */
export async function theirs({ token, jwks, rules }) {
  const { issuer, audience, algorithms, now, clock_tolerance, max_age, claims } = rules;
  const options = {
    issuer,
    audience: audience ?? undefined,
    algorithms,
    subject: claims?.sub,
    clockTolerance: clock_tolerance,
    maxTokenAge: max_age,
    requiredClaims: ["exp", ...(rules.required_claims ?? [])],
    currentDate: new Date(now * 1000),
  };
  // It takes one type, or none.
  const types = rules.typ === null ? [undefined] : [rules.typ ?? "at+jwt"].flat();
  let refused;
  for (const typ of types) {
    try {
      const { payload, protectedHeader } = await bySet(token, jwks, { ...options, typ });
      return { ok: true, claims: payload, header: protectedHeader };
    } catch (error) {
      refused = { ok: false, code: error.code ?? error.name, message: error.message };
    }
  }
  return refused;
}

/** With the set, and where several keys fit with each of them: as its documentation has it. */
async function bySet(token, jwks, options) {
  const { alg, kid } = decodeProtectedHeader(token);
  if (/^HS/.test(alg)) return bySecrets(token, jwks, kid, options);
  try {
    return await jwtVerify(token, createLocalJWKSet(jwks), options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    return await first(error, (key) => jwtVerify(token, key, options));
  }
}

/** Its sets hold no secrets: those are chosen here as it chooses other keys, and given as JWKs. */
function bySecrets(token, jwks, kid, options) {
  createLocalJWKSet(jwks);
  const fits = (key) =>
    key.kty === "oct" && (kid === undefined || (typeof kid === "string" && key.kid === kid));
  return first(jwks.keys.filter(fits), (key) => jwtVerify(token, { ...key }, options));
}

async function first(keys, verify) {
  let refused = new Error("no key");
  for await (const key of keys) {
    try {
      return await verify(key);
    } catch (error) {
      refused = error;
    }
  }
  throw refused;
}
