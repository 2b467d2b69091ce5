/** A core written in TypeScript: scripted, able to trap on demand, and strict about how it is used. */

import type {
  Core,
  CoreHooks,
  Effect,
  HttpRequest,
  HttpResponse,
  Outcome,
  Plan,
  Reply,
  Step,
} from "../../js/types.ts";

/** What a request does: it yields steps, is sent the replies, and throws to trap. */
export type Script = (
  request: HttpRequest,
  instance: FakeCore,
) => Generator<Step, HttpResponse | null, Reply>;

/** What an export may do before it does its work: throw, to trap. */
export type Sabotage = (name: keyof Core, core: FakeCore, subject: number | string | undefined) => void;

/** Makes instances and keeps them for inspection. */
export class FakeCores {
  readonly made: FakeCore[] = [];
  readonly #scripts: Record<string, Script>;
  readonly #sabotage: Sabotage;

  constructor(scripts: Record<string, Script>, sabotage: Sabotage = () => {}) {
    this.#scripts = scripts;
    this.#sabotage = sabotage;
  }

  readonly fresh = (): FakeCore => {
    const core = new FakeCore(this.made.length + 1, this.#scripts, this.#sabotage);
    this.made.push(core);
    return core;
  };

  /** Every use that a core must never see, over all instances. */
  get misuses(): string[] {
    return this.made.flatMap((core) => core.misuses);
  }

  /** Requests that are still open on the latest instance. */
  get open(): number {
    return this.made.at(-1)?.open.size ?? 0;
  }
}

/** One instance. A call after a trap, a reused number and a reply to nobody are misuses. */
export class FakeCore implements Core {
  readonly number: number;
  readonly open = new Map<number, Generator<Step, HttpResponse | null, Reply>>();
  readonly started: { id: number; request: HttpRequest; now: number; seed: Uint8Array }[] = [];
  readonly misuses: string[] = [];
  planned: Outcome<Plan> = { ok: { bindings: [], state_kinds: [] } };
  configured: Outcome<null> = { ok: null };
  /** What {@link configure} was called with. */
  given: { config: string; bindings: Record<string, string>; hooks: CoreHooks } | undefined;
  #seen = new Set<number>();
  #dead = false;
  readonly #scripts: Record<string, Script>;
  readonly #sabotage: Sabotage;

  constructor(number: number, scripts: Record<string, Script>, sabotage: Sabotage) {
    this.number = number;
    this.#scripts = scripts;
    this.#sabotage = sabotage;
  }

  plan(): Outcome<Plan> {
    return this.#export("plan", undefined, () => this.planned);
  }

  configure(config: string, bindings: Record<string, string>, hooks: CoreHooks): Outcome<null> {
    this.given = { config, bindings, hooks };
    return this.#export("configure", undefined, () => this.configured);
  }

  body_limit(path: string): number {
    return this.#export("body_limit", path, () => 16);
  }

  draw_seed(): Uint8Array | undefined {
    return this.#export("draw_seed", undefined, () => new Uint8Array(32).fill(7));
  }

  start(id: number, request: HttpRequest, now: number, seed: Uint8Array): Step {
    if (this.#seen.has(id)) this.misuses.push(`start: ${id} was used before`);
    this.#seen.add(id);
    this.started.push({ id, request, now, seed });
    const script = this.#scripts[request.path];
    if (script === undefined) throw new Error(`no script for ${request.path}`);
    const run = script(request, this);
    return this.#export("start", id, () => {
      this.open.set(id, run);
      return step(run.next());
    });
  }

  resume(id: number, reply: Reply): Step {
    const run = this.open.get(id);
    if (run === undefined) this.misuses.push(`resume: ${id} is not open`);
    return this.#export("resume", id, () => (run ? step(run.next(reply)) : { kind: "done", response: null }));
  }

  drop(id: number): void {
    if (!this.open.has(id)) this.misuses.push(`drop: ${id} is not open`);
    this.#export("drop", id, () => this.open.delete(id));
  }

  generate_key(): string | undefined {
    return undefined;
  }

  #export<T>(name: keyof Core, subject: number | string | undefined, work: () => T): T {
    if (this.#dead) this.misuses.push(`${name} on a dead instance`);
    try {
      this.#sabotage(name, this, subject);
      return work();
    } catch (error) {
      this.#dead = true;
      throw error;
    }
  }
}

function step(result: IteratorResult<Step, HttpResponse | null>): Step {
  return result.done ? { kind: "done", response: result.value } : result.value;
}

/** Yields `effect` and returns the reply. */
export function* ask(effect: Effect): Generator<Step, Reply, Reply> {
  return yield { kind: "effect", effect };
}

/** A whole answer with status 200. */
export function ok(body: string): HttpResponse {
  return { status: 200, headers: [["content-type", "text/plain"]], body };
}

/** A part of a streamed answer. */
export function chunk(text: string): Step {
  return { kind: "chunk", chunk: new TextEncoder().encode(text) };
}

/** Reads `key` of the state. */
export function get(key: string): Effect {
  return { kind: "get", role: "state", keys: [key] };
}

/** Writes `key` of the state. */
export function put(key: string, value: string): Effect {
  const set = [{ key, value, expires_at: null }];
  return { kind: "commit", role: "state", check: [], set, delete: [] };
}

/** A request to `path` without anything else. */
export function plain(path: string): HttpRequest {
  return { method: "GET", path, query: "", headers: {}, body: { bytes: new Uint8Array(0) } };
}
