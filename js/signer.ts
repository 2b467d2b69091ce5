/** Signs with keys that WebCrypto holds and does not give back. */

import type { Signing } from "./types.ts";

/** How a JWS algorithm (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2) is said in JWK and in WebCrypto. */
interface Algorithm {
  kty: string;
  crv?: string;
  members: string[];
  import: RsaHashedImportParams | EcKeyImportParams | { name: "Ed25519" };
  sign: RsaPssParams | EcdsaParams | { name: "Ed25519" };
}

/** The salt of PSS is as long as the hash; PKCS #1 v1.5 has none and takes no notice. */
function rsa(name: "RSASSA-PKCS1-v1_5" | "RSA-PSS", bits: number): Algorithm {
  return {
    kty: "RSA",
    members: ["n", "e", "d", "p", "q", "dp", "dq", "qi"],
    import: { name, hash: `SHA-${bits}` },
    sign: { name, saltLength: bits / 8 },
  };
}

function ecdsa(crv: string, bits: number): Algorithm {
  return {
    kty: "EC",
    crv,
    members: ["x", "y", "d"],
    import: { name: "ECDSA", namedCurve: crv },
    sign: { name: "ECDSA", hash: `SHA-${bits}` },
  };
}

const ED25519: Algorithm = {
  kty: "OKP",
  crv: "Ed25519",
  members: ["x", "d"],
  import: { name: "Ed25519" },
  sign: { name: "Ed25519" },
};

const ALGORITHMS = new Map(
  Object.entries({
    RS256: rsa("RSASSA-PKCS1-v1_5", 256),
    RS384: rsa("RSASSA-PKCS1-v1_5", 384),
    RS512: rsa("RSASSA-PKCS1-v1_5", 512),
    PS256: rsa("RSA-PSS", 256),
    PS384: rsa("RSA-PSS", 384),
    PS512: rsa("RSA-PSS", 512),
    ES256: ecdsa("P-256", 256),
    ES384: ecdsa("P-384", 384),
    ES512: ecdsa("P-521", 512),
    EdDSA: ED25519,
    Ed25519: ED25519,
  }),
);

const PUBLIC_MEMBERS = ["kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"];

/** A private key that was refused. The message says what was expected and nothing of the key. */
export class SigningKeyError extends Error {
  override name = "SigningKeyError";
}

/** A key in use: the private half can sign and nothing else, the public half is a JWK. */
export interface SigningKey {
  alg: string;
  privateKey: CryptoKey;
  publicJwk: string;
}

/**
 * Imports a private JWK (RFC 7517) for signing with `alg`, not extractable.
 * Throws {@link SigningKeyError}.
 */
export async function importSigningKey(jwkText: string, alg: string): Promise<SigningKey> {
  const algorithm = ALGORITHMS.get(alg);
  if (algorithm === undefined) {
    throw new SigningKeyError(
      `expected one of ${[...ALGORITHMS.keys()].join(", ")} to sign with, not ${alg}`,
    );
  }
  const jwk = parse(jwkText, alg, algorithm);
  const privateKey = await importPrivate(pick(jwk, ["kty", "crv", ...algorithm.members]), alg, algorithm);
  const publicJwk = pick(jwk, PUBLIC_MEMBERS);
  await prove(privateKey, publicJwk, algorithm);
  return { alg, privateKey, publicJwk: JSON.stringify(publicJwk) };
}

/** The WebCrypto side of a JWS algorithm; `sign` is how it verifies too. `undefined`: it is not the host's. */
export function hostAlgorithm(alg: string): Pick<Algorithm, "import" | "sign"> | undefined {
  return ALGORITHMS.get(alg);
}

/** Signs with `keys` (by binding name), with each key's own algorithm only. */
export function signer(keys: ReadonlyMap<string, SigningKey>): (signing: Signing) => Promise<Uint8Array> {
  return async ({ key: name, alg, inputs, ends }) => {
    const key = keys.get(name);
    const algorithm = ALGORITHMS.get(alg);
    if (key === undefined || algorithm === undefined) throw new Error(`no ${alg} key named ${name}`);
    if (key.alg !== alg) throw new Error(`key ${name} signs ${key.alg}, not ${alg}`);
    return signAll((input) => crypto.subtle.sign(algorithm.sign, key.privateKey, input), inputs, ends);
  };
}

/** Signs one input. */
export type HostSign = (input: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>;

/**
 * How many signatures are asked for before the first has come: enough to keep the threads of Node and Deno busy, and
 * for their results to come several at once; not so many that the signature of another request waits long behind
 * them. workerd, on one thread, does as well with one as with many.
 */
const IN_FLIGHT = 128;

/**
 * The signatures over all inputs, one after the other in order. `ends`: where each input ends in `inputs`.
 * Rejects as `sign` does, and then signs no more.
 */
export async function signAll(
  sign: HostSign,
  inputs: Uint8Array<ArrayBuffer>,
  ends: ArrayLike<number>,
): Promise<Uint8Array> {
  if (ends.length === 1) return new Uint8Array(await sign(inputs.subarray(0, ends[0])));
  let signatures: Uint8Array | undefined;
  let next = 0;
  const signOn = async () => {
    while (next < ends.length) {
      const index = next++;
      const signature = new Uint8Array(await sign(inputs.subarray(ends[index - 1] ?? 0, ends[index])));
      signatures ??= new Uint8Array(signature.byteLength * ends.length);
      signatures.set(signature, index * signature.byteLength);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, ends.length) }, signOn));
  } finally {
    next = ends.length;
  }
  return signatures ?? new Uint8Array(0);
}

function parse(text: string, alg: string, algorithm: Algorithm): Record<string, unknown> {
  const { kty, crv, members } = algorithm;
  const jwk = parseObject(text);
  const what = crv === undefined ? `"kty": "${kty}"` : `"kty": "${kty}" and "crv": "${crv}"`;
  if (jwk === undefined || jwk.kty !== kty || (crv !== undefined && jwk.crv !== crv)) {
    throw new SigningKeyError(`expected a private JWK for ${alg}: a JSON object with ${what}`);
  }
  for (const member of members) {
    if (typeof jwk[member] !== "string") {
      throw new SigningKeyError(`expected a private JWK for ${alg}: "${member}" is missing`);
    }
  }
  // EdDSA and Ed25519 are two names of one row.
  const named = typeof jwk.alg === "string" ? ALGORITHMS.get(jwk.alg) : undefined;
  if (jwk.alg !== undefined && named !== algorithm)
    throw new SigningKeyError(`expected a JWK with "alg": "${alg}"`);
  if (jwk.use !== undefined && jwk.use !== "sig")
    throw new SigningKeyError(`expected a JWK with "use": "sig"`);
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes("sign")))
    throw new SigningKeyError(`expected a JWK with "sign" in "key_ops"`);
  return jwk;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function pick(jwk: Record<string, unknown>, members: string[]): JsonWebKey {
  return Object.fromEntries(members.filter((name) => name in jwk).map((name) => [name, jwk[name]]));
}

async function importPrivate(jwk: JsonWebKey, alg: string, algorithm: Algorithm): Promise<CryptoKey> {
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey("jwk", jwk, algorithm.import, false, ["sign"]);
    if (jwk.kty === "RSA") expectConsistent(jwk);
  } catch {
    throw new SigningKeyError(`expected a private JWK for ${alg}: its members do not make a key`);
  }
  // RFC 7518 §3.3 and §3.5
  if ("modulusLength" in key.algorithm && (key.algorithm as RsaKeyAlgorithm).modulusLength < 2048) {
    throw new SigningKeyError(`expected a modulus of 2048 bits or more for ${alg}`);
  }
  return key;
}

/** Some WebCryptos sign without a look at `d`, others work around all that is wrong beside it, slowly. */
function expectConsistent(jwk: JsonWebKey): void {
  const [e, d, p, q] = [uint(jwk.e), uint(jwk.d), uint(jwk.p), uint(jwk.q)];
  const consistent =
    uint(jwk.n) === p * q &&
    (e * d) % (p - 1n) === 1n &&
    (e * d) % (q - 1n) === 1n &&
    uint(jwk.dp) === d % (p - 1n) &&
    uint(jwk.dq) === d % (q - 1n) &&
    (q * uint(jwk.qi)) % p === 1n;
  if (!consistent) throw new SigningKeyError("inconsistent");
}

/** Base64urlUInt, RFC 7518 §2. */
function uint(text = ""): bigint {
  const octets = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const hex = Array.from(octets, (octet) => octet.charCodeAt(0).toString(16).padStart(2, "0"));
  return BigInt(`0x${hex.join("")}`);
}

/** Not every WebCrypto notices a public half that belongs to another key; verifiers would. */
async function prove(privateKey: CryptoKey, publicJwk: JsonWebKey, algorithm: Algorithm): Promise<void> {
  const half = pick({ ...publicJwk }, ["kty", "crv", "x", "y", "n", "e"]);
  const input = new Uint8Array(32);
  let proven = false;
  try {
    const publicKey = await crypto.subtle.importKey("jwk", half, algorithm.import, true, ["verify"]);
    const signature = await crypto.subtle.sign(algorithm.sign, privateKey, input);
    proven = await crypto.subtle.verify(algorithm.sign, publicKey, signature, input);
  } catch {
    // Not proven.
  }
  if (!proven) throw new SigningKeyError("expected a JWK whose public members belong to its private ones");
}
