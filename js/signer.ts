/** Signs with keys that WebCrypto holds and does not give back. */

import type { SignJob } from "./types.ts";

/** How a JWS algorithm (RFC 7518 §3.1, RFC 8037 §3.1) is said in JWK and in WebCrypto. */
interface Algorithm {
  kty: string;
  crv?: string;
  members: string[];
  import: RsaHashedImportParams | EcKeyImportParams | { name: "Ed25519" };
  sign: RsaPssParams | EcdsaParams | { name: "RSASSA-PKCS1-v1_5" | "Ed25519" };
}

const RSA = { kty: "RSA", members: ["n", "e", "d", "p", "q", "dp", "dq", "qi"] };

const ALGORITHMS = new Map<string, Algorithm>(
  Object.entries({
    RS256: {
      ...RSA,
      import: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
      sign: { name: "RSASSA-PKCS1-v1_5" },
    },
    PS256: {
      ...RSA,
      import: { name: "RSA-PSS", hash: "SHA-256" },
      sign: { name: "RSA-PSS", saltLength: 32 },
    },
    ES256: {
      kty: "EC",
      crv: "P-256",
      members: ["x", "y", "d"],
      import: { name: "ECDSA", namedCurve: "P-256" },
      sign: { name: "ECDSA", hash: "SHA-256" },
    },
    EdDSA: {
      kty: "OKP",
      crv: "Ed25519",
      members: ["x", "d"],
      import: { name: "Ed25519" },
      sign: { name: "Ed25519" },
    },
  } satisfies Record<string, Algorithm>),
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

/** The WebCrypto side of a JWS algorithm that the host signs; `undefined`: it does not. */
export function hostAlgorithm(alg: string): Pick<Algorithm, "import" | "sign"> | undefined {
  return ALGORITHMS.get(alg);
}

/** Signs jobs with `keys` (by binding name), each job with its key's own algorithm only. */
export function signer(keys: ReadonlyMap<string, SigningKey>): (jobs: SignJob[]) => Promise<Uint8Array[]> {
  const sign = async ({ key: name, alg, input }: SignJob): Promise<Uint8Array> => {
    const key = keys.get(name);
    const algorithm = ALGORITHMS.get(alg);
    if (key === undefined || algorithm === undefined) throw new Error(`no ${alg} key named ${name}`);
    if (key.alg !== alg) throw new Error(`key ${name} signs ${key.alg}, not ${alg}`);
    return new Uint8Array(await crypto.subtle.sign(algorithm.sign, key.privateKey, input));
  };
  return (jobs) => Promise.all(jobs.map(sign));
}

function parse(text: string, alg: string, { kty, crv, members }: Algorithm): Record<string, unknown> {
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
  if (jwk.alg !== undefined && jwk.alg !== alg)
    throw new SigningKeyError(`expected a JWK with "alg": "${alg}"`);
  if (jwk.use !== undefined && jwk.use !== "sig")
    throw new SigningKeyError(`expected a JWK with "use": "sig"`);
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
  } catch {
    throw new SigningKeyError(`expected a private JWK for ${alg}: its members do not make a key`);
  }
  // RFC 7518 §3.3 and §3.5
  if ("modulusLength" in key.algorithm && (key.algorithm as RsaKeyAlgorithm).modulusLength < 2048) {
    throw new SigningKeyError(`expected a modulus of 2048 bits or more for ${alg}`);
  }
  return key;
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
