/**
 * Drives requests through the core: performs each effect and feeds the reply back, until the
 * answer stands.
 *
 * A trap must not hurt anyone else. The driver keeps what went into every request in flight
 * ({@link Recording}). An exception out of any export means that the instance is lost: the request
 * that trapped is answered `server_error`, a fresh instance is made, and every other request in
 * flight is opened on it anew and fed its recorded replies, which lands it where it was. All of
 * that happens in one synchronous stretch; no effect is performed twice; nothing is ever freed on
 * a lost instance.
 */

import type { Answer, Context, Core, Effect, HttpRequest, HttpResponse, Reply, Step } from "./types.ts";

/** Performs an effect. Must not throw or reject: a failure is a {@link Reply} too. */
export type Perform = (effect: Effect, context: Context | undefined) => Reply | Promise<Reply>;

/** A request in full: the same inputs give the same steps to the byte. */
export interface Recording {
  readonly request: HttpRequest;
  /** When it arrived, milliseconds since 1970. */
  readonly now: number;
  /** 32 bytes that feed its generator. */
  readonly seed: Uint8Array;
  readonly replies: readonly Reply[];
  /** What it did: the first step, and one more for each reply. */
  readonly steps: readonly Step[];
}

/** What the operator learns of a trap. */
export interface TrapInfo {
  /** What the export threw. */
  error: unknown;
  /** The path of the request that trapped; `null`: no request was being run. */
  path: string | null;
  /** Requests in flight that went on as if nothing had happened. */
  replayed: number;
  /** Requests in flight that were lost, the one that trapped included. */
  failed: number;
}

/** What a {@link Driver} is made of. */
export interface DriverOptions {
  /** Makes an instance that serves the deployment; may throw. */
  fresh: () => Core;
  perform: Perform;
  /** The clock, milliseconds since 1970. */
  now: () => number;
  /** Draws a request's 32 bytes of entropy; by default the core draws them. */
  seed?: (() => Uint8Array) | undefined;
  onTrap?: ((info: TrapInfo) => void) | undefined;
  /** Given every request once it has ended, however it did. */
  record?: ((recording: Recording) => void) | undefined;
}

/** An error that the host answers by itself, in the shape of RFC 6749 §5.2. */
export function refusal(status: number, error: string, description: string): HttpResponse {
  const headers: [string, string][] = [
    ["content-type", "application/json"],
    ["cache-control", "no-store"],
  ];
  return { status, headers, body: JSON.stringify({ error, error_description: description }) };
}

/** The answer to a request that trapped. */
export function serverError(): HttpResponse {
  return refusal(500, "server_error", "The server failed while it handled this request.");
}

interface Flight {
  readonly id: number;
  readonly context: Context | undefined;
  readonly request: HttpRequest;
  readonly now: number;
  readonly seed: Uint8Array;
  readonly replies: Reply[];
  /** Its last step; where they are recorded, all of them. */
  readonly steps: Step[];
  /** What is sent once it has ended, however it did. */
  readonly notices: Effect[];
}

/** Another character for every octet. */
const LATIN1 = new TextDecoder("latin1");

/** Milliseconds after which the core has computed long enough to let others have their turn. */
const LONG = 5;

/** Milliseconds. Some runtimes abandon a request whose client has gone, and nothing tells of it. */
const ABANDONED = 15 * 60_000;

/** Runs requests on one live instance of the core, and replaces it when it traps. */
export class Driver {
  readonly #options: DriverOptions;
  /** The requests that are open on the live instance. */
  readonly #flights = new Map<number, Flight>();
  #core: Core | undefined;
  #lastId = 0;

  /** `first`: the instance to begin with, if one is at hand. */
  constructor(options: DriverOptions, first?: Core) {
    this.#options = options;
    this.#core = first;
  }

  /** The longest body that is read for `path`, bytes. Throws when the core traps. */
  bodyLimit(path: string): number {
    return this.#call(undefined, (core) => core.body_limit(path));
  }

  /** Answers a request. Never rejects; the body of a streamed answer may end in an error. */
  async open(request: HttpRequest, context?: Context): Promise<Answer> {
    let flight: Flight | undefined;
    try {
      flight = this.#admit(request, context);
      let step = this.#start(flight);
      while (step.kind === "effect") step = await this.#perform(flight, step.effect);
      if (step.kind === "head") {
        const body = this.#stream(flight);
        flight = undefined; // The stream ends it.
        return { status: step.status, headers: step.headers, body };
      }
      return step.kind === "done" && step.response !== null ? step.response : serverError();
    } catch {
      return serverError();
    } finally {
      if (flight !== undefined) await this.#end(flight);
    }
  }

  #admit(request: HttpRequest, context: Context | undefined): Flight {
    const now = this.#options.now();
    for (const oldest of this.#flights.values()) {
      if (now - oldest.now < ABANDONED) break;
      this.#end(oldest);
    }
    const draw = this.#options.seed ?? (() => this.#call(undefined, (core) => core.draw_seed()));
    const seed = draw();
    if (seed === undefined) throw new Error("the host has no entropy");
    this.#lastId = (this.#lastId + 1) >>> 0;
    return { id: this.#lastId, context, request, now, seed, replies: [], steps: [], notices: [] };
  }

  #start(flight: Flight): Step {
    this.#flights.set(flight.id, flight);
    const { id, request, now, seed } = flight;
    return this.#keep(
      flight,
      this.#call(flight, (core) => core.start(id, request, now, seed)),
    );
  }

  #resume(flight: Flight, reply: Reply): Step {
    if (!this.#flights.has(flight.id)) throw new Error("the request is no longer open");
    flight.replies.push(reply);
    return this.#keep(
      flight,
      this.#call(flight, (core) => core.resume(flight.id, reply)),
    );
  }

  async #perform(flight: Flight, effect: Effect): Promise<Step> {
    if (effect.kind === "notify") {
      flight.notices.push(effect);
      return this.#resume(flight, "done");
    }
    return this.#resume(flight, await this.#options.perform(effect, flight.context));
  }

  #keep(flight: Flight, step: Step): Step {
    if (this.#options.record === undefined) flight.steps.pop();
    flight.steps.push(step);
    return step;
  }

  /** The rest of a streamed answer. Asks for the next chunk only when the reader wants one. */
  #stream(flight: Flight): ReadableStream<Uint8Array> {
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      try {
        const began = this.#options.now();
        let step = this.#resume(flight, "done");
        const alone = step.kind !== "effect";
        while (step.kind === "effect") step = await this.#perform(flight, step.effect);
        // Where the core took long by itself, what was sent before goes out now, and others have their turn.
        if (alone && this.#options.now() - began >= LONG) await turn();
        if (step.kind === "chunk") return controller.enqueue(step.chunk);
        // An answer behind the head: what came so far is not all.
        if (step.kind === "done" && step.response !== null) throw new Error("the answer broke off");
        this.#end(flight);
        controller.close();
      } catch {
        this.#end(flight);
        controller.error(new Error("server_error"));
      }
    };
    return new ReadableStream({ pull, cancel: () => void this.#end(flight) }, { highWaterMark: 0 });
  }

  /**
   * Drops a flight, unless it went down with an instance or has ended before. What it returns settles once its
   * notices are in hands that do not lose them.
   */
  #end(flight: Flight): unknown {
    if (!this.#flights.delete(flight.id)) return undefined;
    try {
      if (this.#core !== undefined) this.#call(undefined, (core) => core.drop(flight.id));
    } catch {
      // The instance is replaced already, and the answer stands.
    }
    return this.#conclude(flight);
  }

  /** What follows a flight, however it ended. Others may open flights of their own in here. */
  #conclude(flight: Flight): unknown {
    const { perform, record } = this.#options;
    const given = flight.notices.map((notice) => quietly(() => perform(notice, flight.context)));
    if (record !== undefined) quietly(() => record(flight));
    return given.length > 0 ? Promise.all(given) : undefined;
  }

  /** Calls an export on behalf of `flight`. What it throws is thrown on, the instance replaced. */
  #call<T>(flight: Flight | undefined, call: (core: Core) => T): T {
    try {
      this.#core ??= this.#options.fresh();
      return call(this.#core);
    } catch (error) {
      this.#replace(flight, error);
      throw error;
    }
  }

  /** Moves every flight but `culprit` to a fresh instance, without those that trap on the way. */
  #replace(culprit: Flight | undefined, error: unknown): void {
    const lost: Flight[] = [];
    this.#core = undefined;
    try {
      // Every round but the last removes a flight.
      for (let next = culprit; this.#core === undefined; ) {
        if (next !== undefined && this.#flights.delete(next.id)) lost.push(next);
        const core = this.#options.fresh();
        next = this.#reopen(core);
        if (next === undefined) this.#core = core;
      }
    } catch {
      // No instance to be had: the next request tries again.
      lost.push(...this.#flights.values());
      this.#flights.clear();
    }
    const { onTrap } = this.#options;
    const path = culprit?.request.path ?? null;
    const info: TrapInfo = { error, path, replayed: this.#flights.size, failed: lost.length };
    if (onTrap !== undefined) quietly(() => onTrap(info));
    for (const flight of lost) this.#conclude(flight);
  }

  /** Replays every flight on `core`. Returns the first that traps or does not land where it was. */
  #reopen(core: Core): Flight | undefined {
    for (const flight of this.#flights.values()) {
      try {
        let step = core.start(flight.id, flight.request, flight.now, flight.seed);
        for (const reply of flight.replies) step = core.resume(flight.id, reply);
        if (comparable(step) !== comparable(flight.steps.at(-1))) return flight;
      } catch {
        return flight;
      }
    }
    return undefined;
  }
}

/** Lets the runtime do what else there is to do. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Equal for equal steps. Octets as text: as members of an object they take a hundred times as long. */
function comparable(step: Step | undefined): string {
  return JSON.stringify(step, (_, member: unknown) =>
    member instanceof Uint8Array ? LATIN1.decode(member) : member,
  );
}

/** An observer that throws or rejects must not change what happens. */
function quietly(observe: () => unknown): unknown {
  try {
    const result = observe();
    return result instanceof Promise ? result.catch(() => {}) : undefined;
  } catch {
    // Its own fault, its own loss.
    return undefined;
  }
}
