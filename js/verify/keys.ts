/** The keys that the core took, and what the host made of them. */

import type { KeysTaken, TakenKey } from "./core.ts";
import type { VerifiedKey } from "./types.ts";
import type { HostKey, ImportKey } from "./webcrypto.ts";

/** A set of keys; another object for each set that was read. */
export class KeySet {
  /** The set's text, for a fresh instance of the core. */
  readonly text: string;
  /** What was passed over: its place in the set, and why. */
  readonly ignored: KeysTaken["ignored"];
  readonly #keys: TakenKey[];
  readonly #importKey: ImportKey;
  /** By index and algorithm; `null`: the host does not take it. */
  readonly #imported = new Map<string, HostKey | null>();

  constructor(text: string, { keys, ignored }: KeysTaken, importKey: ImportKey) {
    this.text = text;
    this.#importKey = importKey;
    this.ignored = ignored;
    this.#keys = keys;
  }

  /** What a result says of a key. */
  describe(index: number): VerifiedKey {
    const { kid = null, kty = "", thumbprint = "" } = this.#keys[index] ?? {};
    return kid === null ? { kty, thumbprint } : { kid, kty, thumbprint };
  }

  /** A key of the host, where it was imported before. */
  imported(index: number, alg: string): HostKey | null | undefined {
    return this.#imported.get(`${index} ${alg}`);
  }

  /** Has the host import a key. */
  async import(index: number, alg: string): Promise<HostKey | null> {
    const jwk = this.#keys[index]?.jwk;
    const key = jwk ? await this.#importKey(jwk, alg).catch(() => null) : null;
    this.#imported.set(`${index} ${alg}`, key);
    return key;
  }
}
