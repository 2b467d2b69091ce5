/**
 * Edgegrant: an OAuth 2 and OpenID Connect authorization server for the edge.
 *
 *     const edgegrant = await createEdgegrant({ config, env, core: await loadCore(), state, registry });
 *     export default { fetch: (request, env, context) => edgegrant.fetch(request, context) };
 */

import { Driver, type TrapInfo } from "./drive.ts";
import { type Identify, type LookUp, type NotifyUser, performer } from "./effects.ts";
import { handle } from "./http.ts";
import { type Operator, operator } from "./operator.ts";
import { importSigningKey, type SigningKey, SigningKeyError, signer } from "./signer.ts";
import { cached } from "./store/cached.ts";
import { type Transcript, transcribe } from "./transcript.ts";
import type {
  AuditEvent,
  Binding,
  Context,
  Core,
  CoreFactory,
  Mistake,
  Outcome,
  Plan,
  Service,
  Store,
} from "./types.ts";

export type { TrapInfo } from "./drive.ts";
export {
  type AuthenticationResult,
  type Completion,
  type Consent,
  type Operator,
  OperatorError,
  type Property,
} from "./operator.ts";
export { fromJson, replay, type Transcript, toJson } from "./transcript.ts";
export type * from "./types.ts";

/** A deployment in one place. */
export interface EdgegrantOptions {
  /** The configuration document: its text, or the parsed JSON. */
  config: unknown;
  /** Where the bindings that the configuration names are looked up; strings are read. */
  env: Record<string, unknown>;
  /** From one of the loaders. */
  core: CoreFactory;
  /** Holds what is used once or counted; must be atomic. */
  state: Store;
  /** Holds what is read mostly. */
  registry: Store;
  hooks?: Hooks;
  /**
   * Sends outbound requests; by default the global `fetch`. A `state` store that keeps notifications sends them by
   * its own.
   */
  fetch?: typeof globalThis.fetch;
  /** The clock, milliseconds since 1970; by default `Date.now`. */
  now?: () => number;
  /** Draws the 32 bytes of entropy of a request; by default the platform's generator. */
  seed?: () => Uint8Array;
  /**
   * Longest wait for a store or for the hooks `subject`, `identify` and `notifyUser`, milliseconds; default 5000.
   * A request that waited so long gets 503.
   */
  storeTimeoutMs?: number;
  /** How long what was read from `registry` may be answered from memory, seconds; default 30, 0: not at all. */
  registryCacheSeconds?: number;
  /** Given the transcript of every request that ended. It contains credentials. */
  transcript?: (transcript: Transcript) => void;
}

/** What the operator can listen to, and what can be asked of it. A listener that throws or rejects changes nothing. */
export interface Hooks {
  /** Audit events. Without this hook the core makes none. */
  record?: (event: AuditEvent) => unknown;
  /** The core trapped and was replaced. */
  onTrap?: (info: TrapInfo) => void;
  /**
   * Whom `sub` names at `issuer`; `null`: nobody. Where it throws or rejects, the request that needed to know
   * gets 503.
   */
  subject?: LookUp;
  /**
   * Whom a hint names, of a client that asks for an authentication on another device (CIBA Core §7.1), and what
   * was wrong with the user code, if anything was; `null`: nobody. Where it throws or rejects, the request gets 503.
   */
  identify?: Identify;
  /**
   * Has a person asked on their device; the answer is given to {@link Operator.complete} with the request's
   * `ticket`. It is awaited until the asking is under way, not until there is an answer. Where it throws or
   * rejects, the client's request gets 503.
   */
  notifyUser?: NotifyUser;
}

/** A running deployment. */
export interface Edgegrant extends Service {
  /** Answers a request. Never rejects. */
  fetch(request: Request, context?: Context): Promise<Response>;
  /** For the program that embeds this deployment. */
  operator: Operator;
}

/** Everything that is wrong with a configuration and its bindings, at once. */
export class ConfigurationError extends Error {
  override name = "ConfigurationError";
  readonly mistakes: Mistake[];

  constructor(mistakes: Mistake[]) {
    const lines = mistakes.map(
      ({ pointer, message }) => `  ${pointer === "" ? "(document)" : pointer}: ${message}`,
    );
    super(`the configuration has ${count(mistakes.length, "mistake")}:\n${lines.join("\n")}`);
    this.mistakes = mistakes;
  }
}

/** Starts a deployment. Throws {@link ConfigurationError} with every mistake that it finds. */
export async function createEdgegrant(options: EdgegrantOptions): Promise<Edgegrant> {
  const { core, state, hooks = {}, now = Date.now, transcript } = options;
  const { storeTimeoutMs = 5000, registryCacheSeconds = 30 } = options;
  const config = typeof options.config === "string" ? options.config : JSON.stringify(options.config);
  const first = core();
  const plan = expectOk(first.plan(config));
  const { bindings, keys, mistakes } = await resolve(plan.bindings, options.env);
  mistakes.push(...refuseState(state, plan));
  const asks = {
    audit: hooks.record !== undefined,
    subject: hooks.subject !== undefined,
    identify: hooks.identify !== undefined,
    notify_user: hooks.notifyUser !== undefined,
  };
  const found = first.configure(config, bindings, asks);
  if ("mistakes" in found) mistakes.push(...found.mistakes.filter(isNewAmong(mistakes)));
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);

  const fresh = (): Core => {
    const instance = core();
    expectOk(instance.configure(config, bindings, asks));
    return instance;
  };
  const registry =
    registryCacheSeconds > 0
      ? cached(options.registry, registryCacheSeconds, () => now() / 1000)
      : options.registry;
  const perform = performer({
    stores: { state, registry },
    storeTimeoutMs,
    sign: signer(keys),
    fetch: options.fetch ?? globalThis.fetch,
    record: hooks.record,
    subject: hooks.subject,
    identify: hooks.identify,
    notifyUser: hooks.notifyUser,
  });
  const driver = new Driver(
    {
      fresh,
      perform,
      now,
      seed: options.seed,
      onTrap: hooks.onTrap,
      record: transcript && ((recording) => transcript(transcribe(recording))),
    },
    first,
  );
  return {
    fetch: (request, context) => handle(driver, request, context),
    answer: (request, context) => driver.open(request, context),
    bodyLimit: (path) => driver.bodyLimit(path),
    operator: operator(driver),
  };
}

interface Resolved {
  /** What the core is given: texts, and the public halves of private keys. */
  bindings: Record<string, string>;
  /** Private keys by binding name. */
  keys: Map<string, SigningKey>;
  mistakes: Mistake[];
}

async function resolve(wanted: Binding[], env: Record<string, unknown>): Promise<Resolved> {
  const resolved: Resolved = { bindings: {}, keys: new Map(), mistakes: [] };
  const uses = new Map<string, Binding>();
  for (const binding of wanted) {
    const { name, pointer, kind, alg } = binding;
    const before = uses.get(name);
    if (before === undefined) {
      uses.set(name, binding);
      const mistake = await resolveOne(binding, env[name], resolved);
      if (mistake !== undefined) resolved.mistakes.push({ pointer, message: mistake });
    } else if (before.kind !== kind || (kind === "private_key" && before.alg !== alg)) {
      const message = `binding ${name} is ${describe(before)} at ${before.pointer} and cannot be ${describe(binding)} here`;
      resolved.mistakes.push({ pointer, message });
    }
  }
  return resolved;
}

/** Returns what is wrong with a binding, if anything. */
async function resolveOne(binding: Binding, value: unknown, into: Resolved): Promise<string | undefined> {
  const { name, kind, alg } = binding;
  if (typeof value !== "string") {
    const now = value === undefined ? "it is not set" : `it is of type ${typeof value}`;
    return `set the environment binding ${name} to ${describe(binding)}: ${now}`;
  }
  if (kind === "text") {
    into.bindings[name] = value;
    return undefined;
  }
  try {
    const key = await importSigningKey(value, alg ?? "");
    into.keys.set(name, key);
    into.bindings[name] = key.publicJwk;
    return undefined;
  } catch (error) {
    if (error instanceof SigningKeyError) return `environment binding ${name}: ${error.message}`;
    throw error;
  }
}

function describe({ kind, alg }: Binding): string {
  return kind === "text" ? "a text" : `a private JWK for ${alg}`;
}

function refuseState({ name, capabilities }: Store, { state_kinds }: Plan): Mistake[] {
  if (capabilities.atomic) return [];
  const message =
    `the store "${name}" cannot hold the state role: its commits are not atomic, and these records ` +
    `are used once or counted: ${state_kinds.join(", ")}. Use durable_object, deno_kv or memory.`;
  return [{ pointer: "", message }];
}

/** The core reports a binding that is missing at the same place again. */
function isNewAmong(known: Mistake[]): (mistake: Mistake) => boolean {
  const pointers = new Set(known.map(({ pointer }) => pointer).filter((pointer) => pointer !== ""));
  return ({ pointer }) => !pointers.has(pointer);
}

function expectOk<T>(outcome: Outcome<T>): T {
  if ("mistakes" in outcome) throw new ConfigurationError(outcome.mistakes);
  return outcome.ok;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
