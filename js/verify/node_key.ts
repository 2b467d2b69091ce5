/**
 * Signatures in Node. WebCrypto hands each to another thread, which is right for many at once, and takes
 * longer than to verify it where there is one: that is done at once by Node's own cryptography.
 */

import { constants, createPublicKey, type JsonWebKeyInput, verify } from "node:crypto";
import { type ImportKey, webcryptoKey } from "./webcrypto.ts";

/** RFC 7518 §3.3, §3.5: a salt as long as the hash. */
const pss = (saltLength: number) => ({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
/** RFC 7518 §3.4: R and S, one after the other. */
const ecdsa = { dsaEncoding: "ieee-p1363" } as const;

/** How Node is told: the hash, which Ed25519 brings along, and what else. */
const ALGORITHMS = new Map<string, [hash: string | null, more: object]>([
  ["RS256", ["sha256", {}]],
  ["RS384", ["sha384", {}]],
  ["RS512", ["sha512", {}]],
  ["PS256", ["sha256", pss(32)]],
  ["PS384", ["sha384", pss(48)]],
  ["PS512", ["sha512", pss(64)]],
  ["ES256", ["sha256", ecdsa]],
  ["ES384", ["sha384", ecdsa]],
  ["ES512", ["sha512", ecdsa]],
  ["EdDSA", [null, {}]],
  ["Ed25519", [null, {}]],
]);

/** Those who asked in the same turn, and the answer for all of them. */
let asked = 0;
let turn: Promise<boolean> | undefined;

/** Whether nobody else asks before the running code is done. */
function alone(): Promise<boolean> {
  asked += 1;
  turn ??= Promise.resolve().then(() => {
    const one = asked === 1;
    asked = 0;
    turn = undefined;
    return one;
  });
  return turn;
}

/** Has Node verify one signature itself, and WebCrypto several. */
export const nodeKey: ImportKey = async (jwk, alg) => {
  const several = await webcryptoKey(jwk, alg);
  const row = ALGORITHMS.get(alg);
  if (row === undefined) return several;
  const [hash, more] = row;
  const key = { key: createPublicKey({ key: jwk as JsonWebKeyInput["key"], format: "jwk" }), ...more };
  return {
    isSigned: async (input, signature) =>
      (await alone()) ? verify(hash, input, key, signature) : several.isSigned(input, signature),
  };
};
