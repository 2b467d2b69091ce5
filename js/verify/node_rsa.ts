/**
 * RSA signatures that Node verifies without WebCrypto, which hands each to another thread: that takes longer
 * than to verify it. For ECDSA and EdDSA it pays where many come at once.
 */

import { constants, createPublicKey, type JsonWebKeyInput, verify } from "node:crypto";
import { type ImportKey, webcryptoKey } from "./webcrypto.ts";

/** RFC 7518 §3.3, §3.5: hash, and salt where there is one. */
const ALGORITHMS = new Map<string, [hash: string, saltLength?: number]>([
  ["RS256", ["sha256"]],
  ["RS384", ["sha384"]],
  ["RS512", ["sha512"]],
  ["PS256", ["sha256", 32]],
  ["PS384", ["sha384", 48]],
  ["PS512", ["sha512", 64]],
]);

/** Has Node's own cryptography verify RSA, and WebCrypto all else. */
export const nodeKey: ImportKey = async (jwk, alg) => {
  const row = ALGORITHMS.get(alg);
  if (row === undefined) return webcryptoKey(jwk, alg);
  const [hash, saltLength] = row;
  const key = {
    key: createPublicKey({ key: jwk as JsonWebKeyInput["key"], format: "jwk" }),
    ...(saltLength === undefined
      ? { padding: constants.RSA_PKCS1_PADDING }
      : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
  };
  return { isSigned: (input, signature) => verify(hash, input, key, signature) };
};
