/**
 * Signatures that WebCrypto verifies. HMAC is not among them: the core is quicker than any WebCrypto.
 * For all others every host is quicker than the core would be (bench/tokens/README.md has the figures).
 */

import { hostAlgorithm } from "../signer.ts";

/** A public key for one algorithm. */
export interface HostKey {
  /** Whether the key has signed `input`. Some hosts throw for a signature of another length. */
  isSigned(input: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>): boolean | Promise<boolean>;
}

/** Imports a public JWK. Rejects where the host does not take it: a point off its curve, an unknown algorithm. */
export type ImportKey = (jwk: Record<string, unknown>, alg: string) => Promise<HostKey>;

/** Has WebCrypto verify. */
export const webcryptoKey: ImportKey = async (jwk, alg) => {
  const algorithm = hostAlgorithm(alg);
  if (algorithm === undefined) throw new Error(`no ${alg} here`);
  const key = await crypto.subtle.importKey("jwk", jwk, algorithm.import, false, ["verify"]);
  return {
    isSigned: (input, signature) => crypto.subtle.verify(algorithm.sign, key, signature, input),
  };
};
