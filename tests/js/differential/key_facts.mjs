// What a key of a set is to a verifier that obeys RFC 7517 and RFC 7518; told without the code that is tested.

import { kindOf, NEUTRAL, octets, publicKey } from "./keys.mjs";

const MEMBERS = { RSA: ["n", "e"], EC: ["x", "y"], OKP: ["x"], oct: ["k"] };
const CURVES = { EC: ["P-256", "P-384", "P-521"], OKP: ["Ed25519"] };
/** Octets of a secret, RFC 7518 §3.2. */
export const LEAST = { HS256: 32, HS384: 48, HS512: 64 };

export const isOfKind = ({ kty }, ...kinds) => kinds.includes(kty);

/** The members that are the key; none where its type is unknown or one of them is not there. */
export function material(key) {
  const known = Object.hasOwn(MEMBERS, key.kty) && (CURVES[key.kty]?.includes(key.crv) ?? true);
  const names = known ? MEMBERS[key.kty] : [];
  return names.every((name) => Object.hasOwn(key, name)) ? names : [];
}

/** Whether it can be used at all; not, whether it is well-formed. */
export function isSound(key) {
  if (material(key).length === 0) return false;
  if (key.kty !== "RSA" || typeof key.n !== "string" || typeof key.e !== "string") return true;
  const [modulus, exponent] = [octets(key.n), octets(key.e)];
  const bits = modulus.length * 8 - Math.clz32(modulus[0]) + 24;
  const odd = exponent.at(-1) % 2 === 1 && (exponent.length > 1 || exponent[0] > 1);
  return bits >= 2048 && odd && key.n !== publicKey("RSA ROCA").n;
}

/** Whether it may verify this. */
export function isFor(key, alg) {
  const { kty, crv, use = "sig", key_ops: operations = ["verify"], k } = key;
  const declared = key.alg ?? alg;
  return (
    isSound(key) &&
    [kty, crv].includes(kindOf(alg)) &&
    (declared === alg || [declared, alg].every((name) => /^Ed/.test(name))) &&
    use === "sig" &&
    operations.includes("verify") &&
    (kty !== "oct" || octets(k).length >= LEAST[alg])
  );
}

/** The points of small order, and the octets that are none, which the tests use. */
export const isWeakPoint = ({ kty, crv, x }) =>
  kty === "OKP" && crv === "Ed25519" && [NEUTRAL.x, "A".repeat(43), `${"_".repeat(42)}8`].includes(x);
