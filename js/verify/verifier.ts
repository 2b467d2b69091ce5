/** Is this token good for this call, and if not, why. */

import { once } from "../load/once.ts";
import { VerifiedCache } from "./cache.ts";
import type { Examination, KeysTaken, Mistake, VerifierCore, VerifierCoreFactory } from "./core.ts";
import { Engine, readExamination } from "./core.ts";
import { type ExportedJwks, JwksSource, JwksUnavailable } from "./jwks.ts";
import { KeySet } from "./keys.ts";
import { type Parts, takeApart, type VerifierOptions, VerifierOptionsError } from "./options.ts";
import { bearer_token, type ChallengeOptions, challenge } from "./request.ts";
import { lacking, require_scope } from "./scope.ts";
import type { Claims, Header, Refused, Verified } from "./types.ts";
import { type ImportKey, webcryptoKey } from "./webcrypto.ts";

/** What is needed of a request beyond the verifier's own rules, and what a refusal answers. */
export interface RequestOptions extends ChallengeOptions {
  /** Scope tokens that this call needs. */
  scope?: string | string[];
}

/** Verifies the tokens of one issuer. */
export interface Verifier<Details = undefined> {
  /** Whether the token is good. A refused one is a value; nothing is thrown for any token. */
  verify(token: string): Promise<Verified<Details> | Refused>;
  /**
   * Verifies the Bearer token of a request (RFC 6750 §2.1). A refusal comes with the answer to send: status
   * and `WWW-Authenticate` of RFC 6750 §3.
   *
   * @throws TypeError an option that has no place in a header field
   */
  verify_request(
    request: Request,
    options?: RequestOptions,
  ): Promise<Verified<Details> | (Refused & { response: Response })>;
  /** The keys as they can be kept outside and given back by `jwks_options.cache`; nothing was fetched: `undefined`. */
  export_jwks(): ExportedJwks | undefined;
}

/** Makes `createVerifier` for a runtime; `load` gets the compiled core, `importKey` what verifies beside it. */
export function bind(load: () => Promise<VerifierCoreFactory>, importKey: ImportKey = webcryptoKey) {
  const engine = once(async () => new Engine(await load()));
  /**
   * Makes a verifier. Nothing is fetched before the first token.
   *
   * @throws VerifierOptionsError all mistakes in the options at once
   */
  return async function createVerifier<Details = undefined>(
    options: VerifierOptions<Details>,
  ): Promise<Verifier<Details>> {
    const loaded = await engine();
    const mistakes: Mistake[] = [];
    const parts = takeApart(options, mistakes);
    return new TokenVerifier(loaded, importKey, parts, mistakes);
  };
}

const encoder = new TextEncoder();

const LOST: Refused = { ok: false, code: "token_malformed", message: "the token could not be read" };

class TokenVerifier<Details> implements Verifier<Details> {
  readonly #engine: Engine;
  readonly #importKey: ImportKey;
  readonly #parts: Parts<Details>;
  readonly #id: number;
  readonly #remote: JwksSource<KeySet> | undefined;
  readonly #local: KeySet | undefined;
  readonly #cache: VerifiedCache<Verified<Details>> | undefined;
  /** What the core holds for this verifier, and the instance that does. */
  #held: KeySet | undefined;
  #generation: number;

  constructor(engine: Engine, importKey: ImportKey, parts: Parts<Details>, mistakes: Mistake[]) {
    this.#engine = engine;
    this.#importKey = importKey;
    this.#parts = parts;
    this.#id = engine.id(this);
    const ruled = this.#open();
    mistakes.push(...ruled);
    this.#generation = engine.generation;
    try {
      // Without rules there is nothing to hold keys.
      if (parts.jwks !== undefined && ruled.length === 0)
        this.#local = this.#take(JSON.stringify(parts.jwks));
    } catch (error) {
      mistakes.push({ pointer: "/jwks", message: String((error as Error).message) });
    }
    try {
      const { jwks_uri, jwks_options, now } = parts;
      if (jwks_uri !== undefined) {
        this.#remote = new JwksSource((text) => this.#take(text), { ...jwks_options, jwks_uri, now });
      }
    } catch (error) {
      mistakes.push({ pointer: "/jwks_uri", message: String((error as Error).message) });
    }
    if (mistakes.length > 0) throw new VerifierOptionsError(mistakes);
    if (parts.remember > 0) this.#cache = new VerifiedCache({ max_entries: parts.remember });
  }

  #verify(token: string, keys: KeySet): Promise<Verified<Details> | Refused> {
    const cache = this.#cache;
    return cache === undefined ? this.#decide(token, keys) : this.#remembered(cache, token, keys);
  }

  async verify(token: string): Promise<Verified<Details> | Refused> {
    if (typeof token !== "string") return LOST;
    try {
      const keys = this.#local ?? this.#remote?.current() ?? (await this.#remote?.get());
      if (keys === undefined) return LOST;
      const result = await this.#verify(token, keys);
      if (result.ok || result.code !== "key_not_found" || this.#remote === undefined) return result;
      const more = await this.#remote.after_unknown_kid(keys);
      return more === undefined ? result : await this.#verify(token, more);
    } catch (error) {
      if (!(error instanceof JwksUnavailable)) throw error;
      return { ok: false, code: "jwks_unavailable", message: error.message };
    }
  }

  async verify_request(request: Request, { scope, ...options }: RequestOptions = {}) {
    const bearer = bearer_token(request);
    const verified = "token" in bearer ? await this.verify(bearer.token) : bearer;
    const result = scope === undefined ? verified : require_scope(verified, scope);
    if (result.ok) return result;
    const needed = scope ?? (this.#parts.scope.length > 0 ? this.#parts.scope : undefined);
    return {
      ...result,
      response: challenge(result, needed === undefined ? options : { scope: needed, ...options }),
    };
  }

  export_jwks(): ExportedJwks | undefined {
    return this.#remote?.export();
  }

  async #remembered(
    cache: VerifiedCache<Verified<Details>>,
    token: string,
    keys: KeySet,
  ): Promise<Verified<Details> | Refused> {
    const now = this.#parts.now();
    // Another set may lack the key that a remembered token was signed with.
    if (this.#held !== keys) cache.clear();
    const digest = this.#call((core) => core.digest(token), keys);
    if (digest === undefined) return LOST;
    const known = cache.get(digest, now);
    if (known !== undefined) return known;
    const result = await this.#decide(token, keys);
    if (result.ok && this.#held === keys) {
      const { exp, iat } = result.claims;
      const { after_exp, after_iat } = this.#parts;
      const end = Math.min(
        Number(exp) + after_exp,
        iat === undefined ? Number.POSITIVE_INFINITY : Number(iat) + after_iat,
      );
      cache.set(digest, frozen(result), end);
    }
    return result;
  }

  /** Has the core look at the token, and the host at its signature. */
  async #decide(token: string, keys: KeySet): Promise<Verified<Details> | Refused> {
    const now = this.#parts.now();
    const answer = this.#call((core) => core.examine(this.#id, token, now), keys);
    if (answer === undefined) return LOST;
    const seen = readExamination(answer);
    const key = seen.keys === undefined ? seen.key : await signer(token, seen, keys);
    if (typeof key === "object") return key;
    // That it is not signed is said before what else is wrong with it.
    if (seen.refused || key === undefined) return { ...LOST, ...seen.refused };
    return this.#accept(seen.header as Header, seen.claims as Claims, keys, key);
  }

  #accept(header: Header, claims: Claims, keys: KeySet, key: number): Verified<Details> | Refused {
    const { scope, details } = this.#parts;
    const lack = scope.length > 0 ? lacking(claims, scope) : undefined;
    if (lack !== undefined) return lack;
    try {
      // Without the option, `Details` is `undefined`.
      const made = details?.(claims) as Details;
      return { ok: true, claims, header, key: keys.describe(key), details: made };
    } catch (error) {
      return { ok: false, code: "claim_malformed", message: String((error as Error)?.message ?? error) };
    }
  }

  /** Calls the core, which holds `keys` then; `undefined`: it trapped, twice. */
  #call<T>(call: (core: VerifierCore) => T, keys: KeySet): T | undefined {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        this.#reopen();
        if (this.#held !== keys) {
          this.#engine.run((core) => core.set_keys(this.#id, keys.text));
          this.#held = keys;
        }
        return this.#engine.run(call);
      } catch {
        // The instance is gone; on a fresh one it may go well, if it was another's fault.
      }
    }
    return undefined;
  }

  #open(): Mistake[] {
    return JSON.parse(this.#engine.run((core) => core.open(this.#id, this.#parts.rules)));
  }

  /** A fresh instance of the core knows nothing of this verifier. */
  #reopen(): void {
    if (this.#generation === this.#engine.generation) return;
    this.#open();
    this.#generation = this.#engine.generation;
    this.#held = undefined;
  }

  /** @throws Error a malformed set */
  #take(text: string): KeySet {
    this.#reopen();
    const taken: KeysTaken | { mistake: string } = JSON.parse(
      this.#engine.run((core) => core.set_keys(this.#id, text)),
    );
    if ("mistake" in taken) throw new Error(taken.mistake);
    // The set before may be asked for again.
    this.#held = undefined;
    return new KeySet(text, taken, this.#importKey);
  }
}

/** Which of the keys has signed the token. */
async function signer(token: string, seen: Examination, keys: KeySet): Promise<number | Refused> {
  const { keys: candidates = [], alg = "", signature } = seen;
  // RFC 7515 §5.2
  const input = encoder.encode(token.slice(0, token.lastIndexOf(".")));
  let usable = false;
  for (const index of candidates) {
    let key = keys.imported(index, alg);
    if (key === undefined) key = await keys.import(index, alg);
    if (key === null) continue;
    usable = true;
    try {
      if (await key.isSigned(input, signature)) return index;
    } catch {
      // Not signed, then.
    }
  }
  if (usable) {
    return {
      ok: false,
      code: "signature_invalid",
      message: "the signature is not by the key of this issuer",
    };
  }
  const message = `the key for ${alg} is none that this host takes`;
  return { ok: false, code: "key_not_found", message };
}

/** Many will be given the same object. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}
