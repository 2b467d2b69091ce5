/** Keys and tokens made by the host's WebCrypto: nothing of what is tested. */

import type { JwkSet } from "../../js/verify/types.ts";

/** Seconds since 1970, in all tests of the verifier. */
export const NOW = 1_800_000_000;
/** What most tokens are held against. */
export const RULES = { issuer: "https://as.example", audience: "https://api.example", now: () => NOW };
/** What a good token says. */
export const CLAIMS = {
  iss: "https://as.example",
  aud: "https://api.example",
  sub: "user",
  client_id: "client",
  jti: "one",
  iat: NOW - 10,
  exp: NOW + 300,
  scope: "read write",
};

const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };

/** By `alg`: how WebCrypto makes a key and signs. */
const PARAMS = {
  RS256: [{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", ...rsa }, {}],
  RS384: [{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-384", ...rsa }, {}],
  RS512: [{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-512", ...rsa }, {}],
  PS256: [{ name: "RSA-PSS", hash: "SHA-256", ...rsa }, { saltLength: 32 }],
  PS384: [{ name: "RSA-PSS", hash: "SHA-384", ...rsa }, { saltLength: 48 }],
  PS512: [{ name: "RSA-PSS", hash: "SHA-512", ...rsa }, { saltLength: 64 }],
  ES256: [{ name: "ECDSA", namedCurve: "P-256" }, { hash: "SHA-256" }],
  ES384: [{ name: "ECDSA", namedCurve: "P-384" }, { hash: "SHA-384" }],
  ES512: [{ name: "ECDSA", namedCurve: "P-521" }, { hash: "SHA-512" }],
  EdDSA: [{ name: "Ed25519" }, {}],
  Ed25519: [{ name: "Ed25519" }, {}],
  HS256: [{ name: "HMAC", hash: "SHA-256", length: 256 }, {}],
  HS384: [{ name: "HMAC", hash: "SHA-384", length: 384 }, {}],
  HS512: [{ name: "HMAC", hash: "SHA-512", length: 512 }, {}],
} as const;

export type Alg = keyof typeof PARAMS;
export const ALGS = Object.keys(PARAMS) as Alg[];

/** A key that signs, and the JWK that verifies. */
export interface TestKey {
  alg: Alg;
  signingKey: CryptoKey;
  jwk: Record<string, unknown>;
}

const made = new Map<string, Promise<TestKey>>();

/** A key for `alg`; always the same for the same `kid`. */
export function key(alg: Alg, kid: string = alg): Promise<TestKey> {
  const name = `${alg} ${kid}`;
  const existing = made.get(name) ?? generate(alg, kid);
  made.set(name, existing);
  return existing;
}

async function generate(alg: Alg, kid: string): Promise<TestKey> {
  const [params] = PARAMS[alg];
  const generated = await crypto.subtle.generateKey(params as EcKeyGenParams, true, ["sign", "verify"]);
  const { privateKey: signingKey, publicKey } = (
    "privateKey" in generated ? generated : { privateKey: generated, publicKey: generated }
  ) as CryptoKeyPair;
  const { kty, crv, x, y, n, e, k } = await crypto.subtle.exportKey("jwk", publicKey);
  const members = Object.entries({ kty, crv, x, y, n, e, k }).filter(([, value]) => value !== undefined);
  return { alg, signingKey, jwk: { ...Object.fromEntries(members), kid, alg } };
}

/** base64url of text or octets, RFC 7515 §2. */
export function base64url(content: string | Uint8Array): string {
  const octets = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const text = btoa(Array.from(octets, (octet) => String.fromCharCode(octet)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Signs whatever the two segments hold. */
export async function signText(
  { alg, signingKey }: TestKey,
  header: string,
  payload: string,
): Promise<string> {
  const [params, more] = PARAMS[alg];
  const input = `${base64url(header)}.${base64url(payload)}`;
  const octets = new TextEncoder().encode(input);
  const signature = await crypto.subtle.sign(
    { name: params.name, ...more } as EcdsaParams,
    signingKey,
    octets,
  );
  return `${input}.${base64url(new Uint8Array(signature))}`;
}

/** Signs a token: `alg`, `kid` and `typ` `at+jwt` unless `header` says otherwise; what is `undefined` is left out. */
export async function sign(key: TestKey, claims: object, header: object = {}): Promise<string> {
  const full = { alg: key.alg, kid: key.jwk["kid"], typ: "at+jwt", ...header };
  return signText(key, JSON.stringify(full), JSON.stringify(claims));
}

/** The set of these keys. */
export function jwkSet(...keys: TestKey[]): JwkSet {
  return { keys: keys.map(({ jwk }) => jwk) };
}
