/** An issuer's JWK Set: fetched when it is needed, kept while it is fresh, and longer while fetching fails. */

import { checkedJwksUri, fetchJwks, waiting } from "./jwks_fetch.ts";

/** Where a set is, and how long it is used. Lengths of time are in seconds where they do not say `_ms`. */
export interface JwksOptions {
  /** https, or http on the loopback interface; no credentials, no fragment. */
  jwks_uri: string;
  /** Default: the runtime's. */
  fetch?: typeof globalThis.fetch;
  /** Seconds since 1970; default: the runtime's clock. */
  now?: () => number;
  /**
   * How long a set is fresh: default 600. A shorter `max-age` of the answer is honoured down to 60 seconds,
   * which also stand for `no-store`, `no-cache` and `max-age=0`: a set is no use at all if it may not be kept.
   */
  max_age?: number;
  /** How long no unknown `kid` makes a set be fetched again: default 30. */
  cooldown?: number;
  /** How long past its freshness a set is still used where fetching fails: default 86400. */
  stale_if_error?: number;
  /** Longest wait for the whole answer, milliseconds: default 5000. */
  timeout_ms?: number;
  /** Longest answer, bytes: default 512 KiB. */
  max_octets?: number;
  /** Keeps sets beyond this process, e.g. in a KV namespace. Whoever writes there decides which keys are trusted. */
  cache?: JwksCache;
}

/** A place outside for one set. What it does wrong, or takes too long to do, never fails a verification. */
export interface JwksCache {
  get(): Promise<ExportedJwks | null>;
  put(value: ExportedJwks): Promise<void>;
}

/** A set as it is kept outside. One of another `jwks_uri`, from the future, or malformed is ignored. */
export interface ExportedJwks {
  jwks_uri: string;
  /** The set's text. */
  jwks: string;
  /** Seconds since 1970. */
  fetched_at: number;
  /** Seconds since 1970. */
  fresh_until?: number;
}

/** There is no set that may be used. `message` says why. */
export class JwksUnavailable extends Error {
  override name = "JwksUnavailable";
}

const DEFAULTS = {
  max_age: 600,
  cooldown: 30,
  stale_if_error: 86_400,
  timeout_ms: 5_000,
  max_octets: 524_288,
};

/** Shortest freshness that an answer can ask for, seconds. */
const MIN_AGE = 60;
/** Longest pause after failed fetches, seconds; the first is one second, and each further one doubles it. */
const MAX_PAUSE = 30;
/** Longest wait for the fetch of another caller, and for the cache, milliseconds. */
const PATIENCE_MS = 1_000;
/** How many fetches of other callers one caller waits for. */
const MAX_JOINED = 3;

interface Held<T> extends Required<ExportedJwks> {
  set: T;
  /** The flight that brought it. */
  turn: number;
}

interface Flight<T> {
  turn: number;
  started: number;
  result: Promise<Held<T>>;
}

/**
 * The set at one `jwks_uri`. Callers share one fetch at a time.
 *
 * In a Worker a fetch belongs to the request that began it, and ends unsettled with that request. Therefore
 * none waits for the fetch of another without a timer of its own, and after {@link PATIENCE_MS} fetches
 * by itself, for those who come then; and nothing is fetched in the background.
 */
export class JwksSource<T> {
  readonly #read: (text: string) => T;
  readonly #options: typeof DEFAULTS & { jwks_uri: string; fetch: typeof fetch; patience_ms: number };
  readonly #now: () => number;
  readonly #cache: JwksCache | undefined;
  #held: Held<T> | undefined;
  #flight: Flight<T> | undefined;
  #failure: { error: JwksUnavailable; count: number; at: number; until: number } | undefined;
  #turns = 0;

  /**
   * `read` makes of a set's text what is handed out, and throws an Error where the set is malformed.
   *
   * @throws TypeError a `jwks_uri` that may not be fetched
   * @throws RangeError a negative number
   */
  constructor(read: (text: string) => T, options: JwksOptions) {
    const limits = { ...DEFAULTS };
    for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
      const given = options[name] ?? DEFAULTS[name];
      if (!(given >= 0 && given < Number.POSITIVE_INFINITY)) throw new RangeError(`${name}: ${given}`);
      limits[name] = given;
    }
    this.#read = read;
    this.#options = {
      ...limits,
      jwks_uri: checkedJwksUri(options.jwks_uri),
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      patience_ms: Math.min(PATIENCE_MS, limits.timeout_ms),
    };
    this.#now = options.now ?? (() => Date.now() / 1000);
    this.#cache = options.cache;
  }

  /** The set, where it is fresh. */
  current(): T | undefined {
    const held = this.#held;
    return held && isDuring(this.#now(), held.fetched_at, held.fresh_until) ? held.set : undefined;
  }

  /**
   * The set: fresh, or fetched now, or stale where that fails. A stale set is at hand at once while another
   * caller fetches, and during the pause after a failure.
   *
   * @throws JwksUnavailable
   */
  async get(): Promise<T> {
    const current = this.current();
    if (current !== undefined) return current;
    const stale = this.#stale();
    if (stale !== undefined && (this.#underWay() || this.#paused())) return stale;
    try {
      return (await this.#refresh(true)).set;
    } catch (error) {
      // A stale one may have come from the cache just now.
      const left = this.#stale();
      if (left === undefined) throw error;
      return left;
    }
  }

  /**
   * A set that may hold a key which `tried` lacks; `undefined`: the set was fetched so recently that the key
   * is taken to be no key of this issuer.
   *
   * @throws JwksUnavailable fetching failed, so that nobody can say
   */
  async after_unknown_kid(tried?: T): Promise<T | undefined> {
    const held = this.#held;
    if (held) {
      if (tried !== undefined && held.set !== tried) return held.set;
      if (isDuring(this.#now(), held.fetched_at, held.fetched_at + this.#options.cooldown)) return undefined;
    }
    return (await this.#refresh(false)).set;
  }

  /** The set as it can be kept outside; `undefined`: none was fetched yet. */
  export(): ExportedJwks | undefined {
    if (this.#held === undefined) return undefined;
    const { jwks_uri, jwks, fetched_at, fresh_until } = this.#held;
    return { jwks_uri, jwks, fetched_at, fresh_until };
  }

  #stale(): T | undefined {
    const held = this.#held;
    return held && this.#now() < held.fresh_until + this.#options.stale_if_error ? held.set : undefined;
  }

  /** The last failure, while it is too early to try again. */
  #paused(): JwksUnavailable | undefined {
    const failure = this.#failure;
    return failure && isDuring(this.#now(), failure.at, failure.until) ? failure.error : undefined;
  }

  /** The flight that may still land. */
  #underWay(): Flight<T> | undefined {
    const { timeout_ms, patience_ms } = this.#options;
    const longest = (timeout_ms + 2 * patience_ms) / 1000 + 1;
    const flight = this.#flight;
    return flight && isDuring(this.#now(), flight.started, flight.started + longest) ? flight : undefined;
  }

  /** Waits for the flight that is under way, or starts one. */
  async #refresh(consult: boolean): Promise<Held<T>> {
    const before = this.#held;
    let waited: Flight<T> | undefined;
    for (let joined = 0; joined < MAX_JOINED; joined++) {
      const flight = this.#underWay();
      if (flight === undefined || flight === waited) break;
      const held = await waiting(this.#options.patience_ms, flight.result);
      if (held !== undefined) return held;
      if (this.#held !== undefined && this.#held !== before) return this.#held;
      waited = flight;
    }
    const failure = this.#paused();
    if (failure) throw failure;
    return this.#depart(consult);
  }

  #depart(consult: boolean): Promise<Held<T>> {
    const turn = ++this.#turns;
    const flight: Flight<T> = { turn, started: this.#now(), result: this.#fly(turn, consult) };
    const landed = () => {
      if (this.#flight === flight) this.#flight = undefined;
    };
    this.#flight = flight;
    flight.result.then(landed, landed);
    return flight.result;
  }

  async #fly(turn: number, consult: boolean): Promise<Held<T>> {
    const imported = consult ? await this.#import(turn) : undefined;
    if (imported && (this.#held?.fetched_at ?? 0) < imported.fetched_at) {
      this.#held = imported;
      if (this.current() === imported.set) return imported;
    }
    const held = await this.#fetch(turn);
    // Not where a flight that began later has landed before.
    if ((this.#held?.turn ?? 0) <= turn) this.#held = held;
    this.#failure = undefined;
    await this.#put(held);
    return held;
  }

  async #fetch(turn: number): Promise<Held<T>> {
    const { jwks_uri, max_age } = this.#options;
    const fetched_at = this.#now();
    try {
      const { text, lifetime } = await fetchJwks(this.#options);
      const fresh_until = fetched_at + Math.min(max_age, Math.max(MIN_AGE, lifetime));
      return { turn, set: this.#read(text), jwks_uri, jwks: text, fetched_at, fresh_until };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const error = new JwksUnavailable(`no key set from ${jwks_uri}: ${reason}`, { cause });
      const count = (this.#failure?.count ?? 0) + 1;
      const at = this.#now();
      this.#failure = { error, count, at, until: at + Math.min(MAX_PAUSE, 2 ** (count - 1)) };
      throw error;
    }
  }

  async #import(turn: number): Promise<Held<T> | undefined> {
    const { patience_ms, jwks_uri, max_octets, max_age, stale_if_error } = this.#options;
    try {
      const entry = this.#cache && (await waiting(patience_ms, this.#cache.get()));
      if (!isExported(entry) || entry.jwks_uri !== jwks_uri || entry.jwks.length > max_octets)
        return undefined;
      const { jwks, fetched_at } = entry;
      const fresh_until = Math.min(entry.fresh_until ?? Number.POSITIVE_INFINITY, fetched_at + max_age);
      if (!isDuring(this.#now(), fetched_at, fresh_until + stale_if_error)) return undefined;
      return { turn, set: this.#read(jwks), jwks_uri, jwks, fetched_at, fresh_until };
    } catch {
      return undefined;
    }
  }

  async #put({ jwks_uri, jwks, fetched_at, fresh_until }: Held<T>): Promise<void> {
    try {
      const value = { jwks_uri, jwks, fetched_at, fresh_until };
      if (this.#cache) await waiting(this.#options.patience_ms, this.#cache.put(value));
    } catch {
      // The next process fetches for itself.
    }
  }
}

/** From `start` until before `end`. A clock that was set back is before `start`, and ends what would now last too long. */
function isDuring(now: number, start: number, end: number): boolean {
  return start <= now && now < end;
}

/** The cache's content is anybody's. */
function isExported(value: unknown): value is ExportedJwks {
  if (typeof value !== "object" || value === null) return false;
  const { jwks, fetched_at, fresh_until } = value as Record<string, unknown>;
  const isTime = (time: unknown) => typeof time === "number" && Number.isFinite(time);
  return typeof jwks === "string" && isTime(fetched_at) && (fresh_until === undefined || isTime(fresh_until));
}
