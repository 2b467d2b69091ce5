/**
 * Signatures that WebCrypto verifies. HMAC is not among them: the core is quicker than any WebCrypto.
 * For all others every host is quicker than the core would be (bench/tokens/README.md has the figures).
 */

interface Algorithm {
  import: RsaHashedImportParams | EcKeyImportParams | { name: "Ed25519" };
  verify: RsaPssParams | EcdsaParams | { name: "RSASSA-PKCS1-v1_5" | "Ed25519" };
}

const rsa = (hash: string): Algorithm => ({
  import: { name: "RSASSA-PKCS1-v1_5", hash },
  verify: { name: "RSASSA-PKCS1-v1_5" },
});
const pss = (hash: string, saltLength: number): Algorithm => ({
  import: { name: "RSA-PSS", hash },
  verify: { name: "RSA-PSS", saltLength },
});
const ecdsa = (namedCurve: string, hash: string): Algorithm => ({
  import: { name: "ECDSA", namedCurve },
  verify: { name: "ECDSA", hash },
});
const ed25519: Algorithm = { import: { name: "Ed25519" }, verify: { name: "Ed25519" } };

/** RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2 */
const ALGORITHMS = new Map<string, Algorithm>([
  ["RS256", rsa("SHA-256")],
  ["RS384", rsa("SHA-384")],
  ["RS512", rsa("SHA-512")],
  ["PS256", pss("SHA-256", 32)],
  ["PS384", pss("SHA-384", 48)],
  ["PS512", pss("SHA-512", 64)],
  ["ES256", ecdsa("P-256", "SHA-256")],
  ["ES384", ecdsa("P-384", "SHA-384")],
  ["ES512", ecdsa("P-521", "SHA-512")],
  ["EdDSA", ed25519],
  ["Ed25519", ed25519],
]);

/** A public key for one algorithm. */
export interface HostKey {
  /** Whether the key has signed `input`. Some hosts throw for a signature of another length. */
  isSigned(input: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>): boolean | Promise<boolean>;
}

/** Imports a public JWK. Rejects where the host does not take it: a point off its curve, an unknown algorithm. */
export type ImportKey = (jwk: Record<string, unknown>, alg: string) => Promise<HostKey>;

/** Has WebCrypto verify. */
export const webcryptoKey: ImportKey = async (jwk, alg) => {
  const algorithm = ALGORITHMS.get(alg);
  if (algorithm === undefined) throw new Error(`no ${alg} here`);
  const key = await crypto.subtle.importKey("jwk", jwk, algorithm.import, false, ["verify"]);
  return {
    isSigned: (input, signature) => crypto.subtle.verify(algorithm.verify, key, signature, input),
  };
};
