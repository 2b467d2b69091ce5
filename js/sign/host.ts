/** Signatures by WebCrypto: one key, many inputs. */

import {
  type HostSign,
  hostAlgorithm,
  signAll as hostSignAll,
  importSigningKey,
  SigningKeyError,
} from "../signer.ts";
import { SignError } from "./error.ts";

/** Imports a private JWK into WebCrypto, not extractable. Rejects with {@link SignError}. */
export async function hostKey(jwk: string, alg: string): Promise<CryptoKey> {
  try {
    return (await importSigningKey(jwk, alg)).privateKey;
  } catch (error) {
    if (error instanceof SigningKeyError)
      throw new SignError({ code: "key_invalid", message: error.message });
    throw error;
  }
}

/** Signs with `key`. Throws {@link SignError} where it is no key for `alg`. */
export function hostSign(key: CryptoKey, alg: string): HostSign {
  const algorithm = hostAlgorithm(alg);
  if (algorithm === undefined) {
    throw new SignError({ code: "option_invalid", message: `"alg": WebCrypto does not sign ${alg} here` });
  }
  const problem = unsuitable(key, algorithm.import);
  if (problem !== undefined) {
    throw new SignError({ code: "key_invalid", message: `the key for ${alg} must be ${problem}` });
  }
  return (input) => crypto.subtle.sign(algorithm.sign, key, input);
}

/** What a key should be and is not. */
function unsuitable(key: CryptoKey, expected: object): string | undefined {
  if (key.type !== "private" || !key.usages.includes("sign")) return `a private key with the usage "sign"`;
  const { name, hash, namedCurve, modulusLength } = key.algorithm as Partial<
    RsaHashedKeyAlgorithm & EcKeyAlgorithm
  >;
  const is: Record<string, unknown> = { name, hash: hash?.name, namedCurve };
  for (const [member, value] of Object.entries(expected)) {
    if (is[member] !== value) return `made for ${value}, not for ${is[member]}`;
  }
  // RFC 7518 §3.3 and §3.5
  return modulusLength !== undefined && modulusLength < 2048 ? "of 2048 bits or more" : undefined;
}

/** The signatures over all inputs, as the host makes them. Rejects with {@link SignError}. */
export async function signAll(
  sign: HostSign,
  inputs: Uint8Array<ArrayBuffer>,
  ends: Uint32Array,
): Promise<Uint8Array> {
  try {
    return await hostSignAll(sign, inputs, ends);
  } catch (cause) {
    throw new SignError(
      { code: "signing_failed", message: "WebCrypto did not sign: see the cause" },
      { cause },
    );
  }
}
