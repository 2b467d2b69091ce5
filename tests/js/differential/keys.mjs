// Keys of every kind, and signatures over texts that no honest library would sign.

import { createHmac, generateKeyPairSync, generatePrimeSync, randomBytes, sign } from "node:crypto";

const PSS = { padding: 6, saltLength: -1 };
const P1363 = { dsaEncoding: "ieee-p1363" };

/** By `alg`: the kind of key, the hash, and how `node:crypto` is to sign. */
const SIGNING = {
  HS256: ["oct", "sha256"],
  HS384: ["oct", "sha384"],
  HS512: ["oct", "sha512"],
  RS256: ["RSA", "sha256", {}],
  RS384: ["RSA", "sha384", {}],
  RS512: ["RSA", "sha512", {}],
  PS256: ["RSA", "sha256", PSS],
  PS384: ["RSA", "sha384", PSS],
  PS512: ["RSA", "sha512", PSS],
  ES256: ["P-256", "sha256", P1363],
  ES384: ["P-384", "sha384", P1363],
  ES512: ["P-521", "sha512", P1363],
  EdDSA: ["Ed25519", null, {}],
  Ed25519: ["Ed25519", null, {}],
};
export const ALGS = Object.keys(SIGNING);

/** Which kind of key an algorithm takes. */
export const kindOf = (alg) => SIGNING[alg][0];
export const base64url = (octets) => Buffer.from(octets).toString("base64url");
export const octets = (text) => Buffer.from(text, "base64url");

const rsa = (modulusLength, publicExponent = 65537) =>
  generateKeyPairSync("rsa", { modulusLength, publicExponent });

/** A pair as one private JWK. */
const jwk = ({ privateKey }) => privateKey.export({ format: "jwk" });
const secret = (length) => ({ kty: "oct", k: base64url(randomBytes(length)) });

/** Every key that is used, made when first asked for: `KIND` and `KIND other`, and faulty ones. */
const MAKERS = {
  oct: () => secret(64),
  RSA: () => jwk(rsa(2048)),
  "P-256": () => jwk(generateKeyPairSync("ec", { namedCurve: "P-256" })),
  "P-384": () => jwk(generateKeyPairSync("ec", { namedCurve: "P-384" })),
  "P-521": () => jwk(generateKeyPairSync("ec", { namedCurve: "P-521" })),
  Ed25519: () => jwk(generateKeyPairSync("ed25519")),
  "RSA 1536": () => jwk(rsa(1536)),
  "RSA 2047": () => jwk(rsa(2047)),
  "RSA e=3": () => jwk(rsa(2048, 3)),
  "RSA ROCA": roca,
  "oct 31": () => secret(31),
  "oct 32": () => secret(32),
  "oct 47": () => secret(47),
  "oct 48": () => secret(48),
  "oct 63": () => secret(63),
  "P-256 leading zero": leadingZero,
};
const made = new Map();

/** A private JWK by name, always the same in one run. */
export function privateKey(name) {
  const key = made.get(name) ?? MAKERS[name.replace(/ other.*/, "")]();
  made.set(name, key);
  return key;
}

/** The JWK to verify with. */
export function publicKey(name) {
  const { kty, crv, x, y, n, e, k } = privateKey(name);
  const members = Object.entries({ kty, crv, x, y, n, e, k });
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

/** The signature of one text by a key of this name, as `alg` has it. */
export function signature(text, alg, name = kindOf(alg)) {
  const [kind, hash, options] = SIGNING[alg];
  const key = privateKey(name);
  if (kind === "oct") return createHmac(hash, octets(key.k)).update(text).digest();
  return sign(hash, Buffer.from(text), { key, format: "jwk", ...options });
}

/** The public key that is the neutral element: R the same and S zero is a signature over anything. */
export const NEUTRAL = { kty: "OKP", crv: "Ed25519", x: base64url([1, ...Array(31).fill(0)]) };
export const NEUTRAL_SIGNATURE = base64url([1, ...Array(63).fill(0)]);

/** The primes by which a modulus with CVE-2017-15361 is told. */
const MARKED = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/** A sound RSA key but for that mark: both primes are powers of 65537 modulo each of these. */
function roca() {
  const product = MARKED.reduce((all, prime) => all * BigInt(prime), 2n);
  const prime = (exponent) => {
    const residue = power(65537n, exponent, product);
    return generatePrimeSync(1024, { add: product, rem: residue, bigint: true });
  };
  const [e, p, q] = [65537n, prime(12_345n), prime(67_891n)];
  if (p * q < 2n ** 2047n) return roca();
  const d = inverse(e, (p - 1n) * (q - 1n));
  const members = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const texts = Object.entries(members).map(([name, value]) => [name, uint(value)]);
  return { kty: "RSA", ...Object.fromEntries(texts) };
}

/** Base64urlUInt, RFC 7518 §2. */
function uint(value) {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex").toString("base64url");
}

function power(base, exponent, modulus) {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function inverse(value, modulus) {
  let [low, high, from, to] = [value % modulus, modulus, 1n, 0n];
  while (low > 1n) {
    const quotient = high / low;
    [low, high, from, to] = [high - quotient * low, low, to - quotient * from, from];
  }
  return ((from % modulus) + modulus) % modulus;
}

/** One in 256 has a first octet of zero, which a careless writer leaves out. */
function leadingZero() {
  for (;;) {
    const key = MAKERS["P-256"]();
    if (octets(key.x)[0] === 0) return key;
  }
}
