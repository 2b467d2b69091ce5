/** The core, as a signer sees it: always there, even after it has trapped. */

import type { Chunk } from "./batch.ts";
import { type Fault, SignError } from "./error.ts";
import type { SignCore } from "./types.ts";

/** One instance for all signers, replaced when it traps. */
export class LiveCore {
  readonly #make: () => SignCore;
  #core: SignCore | undefined;
  #lastId = 0;

  /** `make`: makes a fresh instance. */
  constructor(make: () => SignCore) {
    this.#make = make;
  }

  /**
   * Runs `work` on the live instance, which is lost where that throws. `first`: the place of its first token.
   * Throws {@link SignError}.
   */
  call<T>(work: (core: SignCore) => T | Fault, first = 0): T {
    let answer: T | Fault;
    try {
      this.#core ??= this.#make();
      answer = work(this.#core);
    } catch (cause) {
      this.#core = undefined;
      const message = "the core failed and is replaced: sign again, fewer or shorter tokens at once";
      throw new SignError({ code: "core_trapped", message }, { cause });
    }
    if (!isFault(answer)) return answer;
    const { index } = answer;
    throw new SignError({ ...answer, index: index === undefined ? index : first + index });
  }

  newId(): number {
    this.#lastId = (this.#lastId + 1) >>> 0;
    return this.#lastId;
  }
}

function isFault(answer: unknown): answer is Fault {
  return typeof answer === "object" && answer !== null && "code" in answer;
}

/** A signer of the core, opened again wherever the core does not have it. */
export class OpenSigner {
  readonly #live: LiveCore;
  readonly #id: number;
  readonly #header: string;
  readonly #jwk: string | undefined;

  /** `header`, `jwk`: see {@link SignCore.open_signer}. Throws {@link SignError} where these are wrong. */
  constructor(live: LiveCore, header: string, jwk: string | undefined) {
    this.#live = live;
    this.#id = live.newId();
    this.#header = header;
    this.#jwk = jwk;
    this.#open();
  }

  /** Throws {@link SignError}. */
  token(claims: string): string {
    return ASCII.decode(this.#ask((core) => core.sign_claims(this.#id, claims, seed())));
  }

  /** What the host is to sign. Throws {@link SignError}. */
  input(claims: string): Uint8Array<ArrayBuffer> {
    return this.#ask((core) => core.claims_input(this.#id, claims));
  }

  /** Throws {@link SignError}. */
  tokens({ text, first }: Chunk): string[] {
    return lines(this.#ask((core) => core.sign_batch(this.#id, text, seed()), first));
  }

  /** What the host is to sign, one input after the other, and where each ends. Throws {@link SignError}. */
  inputs({ text, first }: Chunk): [Uint8Array<ArrayBuffer>, Uint32Array] {
    return this.#ask((core) => core.batch_inputs(this.#id, text, seed()), first);
  }

  /**
   * The tokens of inputs and the signatures over them, one after the other. `first`: as in a chunk.
   * Throws {@link SignError}.
   */
  assemble(inputs: Uint8Array, ends: Uint32Array, signatures: Uint8Array, first = 0): string[] {
    return lines(this.#live.call((core) => core.assemble_batch(inputs, ends, signatures), first));
  }

  #ask<T>(work: (core: SignCore) => T | Fault | undefined, first = 0): T {
    let answer = this.#live.call(work, first);
    if (answer === undefined) {
      this.#open();
      answer = this.#live.call(work, first);
    }
    if (answer === undefined) throw new Error("the core forgot a signer that was opened just now");
    return answer;
  }

  #open(): void {
    this.#live.call((core) => core.open_signer(this.#id, this.#header, this.#jwk));
  }
}

const ASCII = new TextDecoder();

function lines(tokens: Uint8Array): string[] {
  return ASCII.decode(tokens).split("\n");
}

let entropy = new Uint8Array(0);

/** 32 bytes that were not handed out before. One call to the platform draws many: it costs as much as for one. */
function seed(): Uint8Array {
  if (entropy.byteLength === 0) entropy = crypto.getRandomValues(new Uint8Array(64 * 32));
  const drawn = entropy.subarray(0, 32);
  entropy = entropy.subarray(32);
  return drawn;
}
