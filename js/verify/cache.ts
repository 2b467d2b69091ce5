/** Tokens that were verified before. */

/**
 * What was found for tokens, by a hash of them, until they end. Bounded; the least recently used entry gives way.
 *
 * An entry outlives the key that its token was signed with: clear the cache where the keys change.
 */
export class VerifiedCache<T> {
  readonly #entries = new Map<string, { value: T; exp: number }>();
  readonly #max: number;

  /** @throws RangeError `max_entries` is not a positive integer */
  constructor({ max_entries = 1_000 }: { max_entries?: number } = {}) {
    if (!Number.isSafeInteger(max_entries) || max_entries < 1)
      throw new RangeError(`max_entries: ${max_entries}`);
    this.#max = max_entries;
  }

  /** How many entries there are, ended ones included. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of `key`, where it has not ended at `now` (seconds since 1970). */
  get(key: string, now: number): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    // A map keeps the order of insertion: first is what was used longest ago.
    this.#entries.delete(key);
    if (!(now < entry.exp)) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps `value` until before `exp` (seconds since 1970). */
  set(key: string, value: T, exp: number): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#max) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(key, { value, exp });
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
  }
}
