/** What `edgegrant/sign` takes and gives, and what it asks of the core. */

import type { Fault } from "./error.ts";

/** What signs: a private JWK or an `oct` one, or a key that WebCrypto holds. */
export type SignerOptions = JwkSignerOptions | CryptoKeySignerOptions;

interface HeaderOptions {
  /** RFC 7518 §3.1, RFC 8037 §3.1: the one algorithm of the key. */
  alg: string;
  /** The header's `typ`; default `at+jwt` (RFC 9068 §2.1). `null`: none. */
  typ?: string | null;
  /** Further header members, after `alg`, `typ` and `kid`. */
  header?: Record<string, unknown>;
}

export interface JwkSignerOptions extends HeaderOptions {
  /** The key, RFC 7517: an object, or its JSON text. */
  jwk: string | object;
  /**
   * `host`: WebCrypto signs, with a key that cannot be extracted. `core`: the WebAssembly core signs. HMAC
   * is always computed in the core; all else by default in the host.
   */
  signing?: "host" | "core";
  /** The header's `kid`; by default that of the JWK. */
  kid?: string;
}

export interface CryptoKeySignerOptions extends HeaderOptions {
  /** A private key with the usage `sign`. */
  key: CryptoKey;
  /** The header's `kid`. */
  kid: string;
}

/** Tokens that differ in some members. */
export interface Batch {
  /**
   * The claims that all tokens share, and the order of all: each member that has a column, or is `uuid`,
   * holds its place, and its value is replaced. What all tokens share is encoded and hashed once where it
   * stands before the first of these.
   */
  claims: object;
  /** By member: its values, one a token. */
  columns?: Record<string, readonly unknown[]>;
  /** A member that is a UUID of its own in each token, RFC 9562 §5.4. */
  uuid?: string;
  /** How many tokens, 1 to 10,000; by default as many as the columns have values. */
  count?: number;
}

/** Signs with one key and one algorithm. */
export interface Signer {
  /** Signs claims; the order of their members is kept. Rejects with {@link SignError}. */
  sign(claims: object): Promise<string>;
  /** Signs a batch; the tokens stand in the order of the columns. Rejects with {@link SignError}. */
  sign_batch(batch: Batch): Promise<string[]>;
  /** The same tokens in arrays of a few hundred. No more than one of them is made ahead. */
  sign_chunks(batch: Batch): AsyncIterable<string[]>;
}

/**
 * The core's exports for signing. `undefined` in place of an answer: it has no such signer, or no longer.
 * A batch is the JSON text of {@link Batch}; a seed is 32 bytes
 * of entropy; what is answered is ASCII.
 */
export interface SignCore {
  /** Opens signer `id`. Without `jwk` the host signs. */
  open_signer(id: number, header: string, jwk: string | undefined): Fault | null;
  /** The token of these claims (JSON text). */
  sign_claims(id: number, claims: string, seed: Uint8Array): Uint8Array | Fault | undefined;
  /** What the host is to sign for these claims. */
  claims_input(id: number, claims: string): Uint8Array<ArrayBuffer> | Fault | undefined;
  /** The tokens, a line each. */
  sign_batch(id: number, batch: Uint8Array, seed: Uint8Array): Uint8Array | Fault | undefined;
  /** What the host is to sign, one input after the other, and where each ends. */
  batch_inputs(
    id: number,
    batch: Uint8Array,
    seed: Uint8Array,
  ): [Uint8Array<ArrayBuffer>, Uint32Array] | Fault | undefined;
  /** The tokens, a line each, of inputs and the signatures over them, one after the other. */
  assemble_batch(inputs: Uint8Array, ends: Uint32Array, signatures: Uint8Array): Uint8Array | Fault;
}
