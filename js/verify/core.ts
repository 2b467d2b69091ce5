/** The verifier's core: what WebAssembly exports, and the one instance that all verifiers share. */

import type { Refused } from "./types.ts";

/** The exports of `src/wasm/verifier.rs`. Verifiers are named by numbers that the caller chooses. */
export interface VerifierCore {
  /** Makes verifier `id`; answers JSON: the {@link Mistake}s in `rules`. */
  open(id: number, rules: string): string;
  /** Answers JSON: {@link KeysTaken} or `{mistake}`. */
  set_keys(id: number, jwks: string): string;
  /** Looks at a token; see {@link readExamination}. */
  examine(id: number, token: string, now: number): Uint8Array<ArrayBuffer>;
  /** SHA-256, base64url. */
  digest(token: string): string;
  close(id: number): void;
}

/** Makes fresh instances of the compiled core. */
export type VerifierCoreFactory = () => VerifierCore;

/** A mistake in the options: RFC 6901 pointer and what was expected there. */
export interface Mistake {
  pointer: string;
  message: string;
}

/** The keys that the core took, in their order, and those that it passed over. */
export interface KeysTaken {
  keys: TakenKey[];
  ignored: { index: number; reason: string }[];
}

/** A key; `jwk` is its public half without attributes, `null` for a secret, which stays in the core. */
export interface TakenKey {
  kid: string | null;
  kty: string;
  thumbprint: string;
  algorithms: string[];
  jwk: Record<string, unknown> | null;
}

/** What the core says of a token. */
export interface Examination {
  /** Why it is refused; where `keys` is there, if one of them has signed it. */
  refused?: Omit<Refused, "ok">;
  /** The key that has signed it. */
  key?: number;
  /** The keys one of which must have signed it, for `alg`. */
  keys?: number[];
  alg?: string;
  header: unknown;
  claims: unknown;
  signature: Uint8Array<ArrayBuffer>;
}

const decoder = new TextDecoder();

/** Two octets with the signature's length, the signature, JSON. */
export function readExamination(answer: Uint8Array<ArrayBuffer>): Examination {
  const end = 2 + (((answer[0] ?? 0) << 8) | (answer[1] ?? 0));
  const examination: Examination = JSON.parse(decoder.decode(answer.subarray(end)));
  examination.signature = answer.subarray(2, end);
  return examination;
}

/**
 * The instance that all verifiers of an isolate share. One that has trapped is not touched again:
 * the next call gets a fresh one, and `generation` tells the verifiers to open themselves anew.
 */
export class Engine {
  generation = 0;
  readonly #instantiate: VerifierCoreFactory;
  #core: VerifierCore | undefined;
  #next = 0;
  // Not every Worker has it.
  readonly #owners = globalThis.FinalizationRegistry
    ? new FinalizationRegistry((id: number) => this.#core?.close(id))
    : undefined;

  constructor(instantiate: VerifierCoreFactory) {
    this.#instantiate = instantiate;
  }

  /** A number that no other verifier has. The core forgets it some time after `owner` is gone. */
  id(owner: object): number {
    this.#next += 1;
    this.#owners?.register(owner, this.#next);
    return this.#next;
  }

  /** Calls the core; throws what it trapped with. */
  run<T>(call: (core: VerifierCore) => T): T {
    this.#core ??= this.#instantiate();
    try {
      return call(this.#core);
    } catch (trap) {
      this.#core = undefined;
      this.generation += 1;
      throw trap;
    }
  }
}
