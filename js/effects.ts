/** Performs the core's effects: stores, signatures, outbound HTTP, hooks. */

import type { Perform } from "./drive.ts";
import { late, notified, RETRIES, send } from "./outbound.ts";
import type {
  AuditEvent,
  AuthenticationRequest,
  Context,
  Effect,
  Hint,
  Identified,
  Outbound,
  Reply,
  Role,
  Signing,
  Store,
  SubjectState,
} from "./types.ts";

/** What effects are performed with. */
export interface EffectOptions {
  stores: Record<Role, Store>;
  /** Longest wait for a store, or for a hook whose answer is needed, milliseconds. */
  storeTimeoutMs: number;
  /** The signatures over all inputs, one after the other. */
  sign: (signing: Signing) => Promise<Uint8Array>;
  fetch: typeof globalThis.fetch;
  record?: ((event: AuditEvent) => unknown) | undefined;
  subject?: LookUp | undefined;
  identify?: Identify | undefined;
  notifyUser?: NotifyUser | undefined;
  /** Lets time pass, milliseconds. */
  pause?: (milliseconds: number) => Promise<void>;
}

/** Looks for a subject; `null`: there is none. */
export type LookUp = (asked: {
  issuer: string;
  sub: string;
}) => SubjectState | null | Promise<SubjectState | null>;

/** Looks for the person that a hint names; `null`: it names nobody. */
export type Identify = (hint: Hint) => Identified | null | Promise<Identified | null>;

/** Sees to it that a person is asked. */
export type NotifyUser = (request: AuthenticationRequest) => unknown;

/** The longest that a request may let pass at once, milliseconds. */
const LONGEST_WAIT = 30_000;

/** Performs effects with `options`. What it returns never throws or rejects: failures are replies. */
export function performer(options: EffectOptions): Perform {
  return (effect, context) => {
    switch (effect.kind) {
      case "notify": {
        const { kind: _, ...outbound } = effect;
        return handOver(options, outbound, context);
      }
      case "record":
        return later(context, observe(options, effect.event));
      default:
        return attempt(options, effect);
    }
  };
}

type Answered = Exclude<Effect, { kind: "notify" | "record" }>;

async function attempt(options: EffectOptions, effect: Answered): Promise<Reply> {
  try {
    return await answer(options, effect);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { failed: { effect: effect.kind, message } };
  }
}

async function answer(options: EffectOptions, effect: Answered): Promise<Reply> {
  const { stores, storeTimeoutMs: limit } = options;
  switch (effect.kind) {
    case "get":
      return { records: await within(limit, stores[effect.role].get(effect.keys)) };
    case "commit": {
      const { check, set, delete: remove } = effect;
      const store = stores[effect.role];
      return { committed: await within(limit, store.commit({ check, set, delete: remove })) };
    }
    case "list": {
      const { prefix, after } = effect;
      return { page: await within(limit, stores[effect.role].list(prefix, after, effect.limit)) };
    }
    case "sign":
      return { signatures: await options.sign(effect) };
    case "subject": {
      const { issuer, sub } = effect;
      const found = await within(limit, hook(options.subject)({ issuer, sub }));
      return { subject: found && { active: found.active } };
    }
    case "identify": {
      const { kind: _, ...hint } = effect;
      const found = await within(limit, hook(options.identify)(hint));
      return { identified: found && { sub: found.sub, user_code: found.user_code ?? null } };
    }
    case "notify_user": {
      const { kind: _, ...request } = effect;
      await within(limit, hook(options.notifyUser)(request));
      return "done";
    }
    case "wait":
      await (options.pause ?? pause)(Math.min(effect.milliseconds, LONGEST_WAIT));
      return "done";
    case "fetch":
      return await send(options.fetch, effect, async (response) => {
        const body = await readAtMost(effect.max_bytes, response);
        return { response: { status: response.status, body } };
      });
  }
}

/** The hook, where there is one: without it, the core does not ask. */
function hook<T>(found: T | undefined): T {
  if (found === undefined) throw new Error("there is no hook to ask");
  return found;
}

/** Lets `work` outlive the request; whether it succeeds is no longer the request's concern. */
function later(context: Context | undefined, work: Promise<void>): Reply {
  const settled = work.catch(() => {});
  context?.waitUntil(settled);
  return "done";
}

async function observe(options: EffectOptions, event: AuditEvent): Promise<void> {
  await options.record?.(event);
}

/**
 * Gives a notification to the store, where it can keep one, and is done once it is kept. One that it could not
 * keep, or not in time, is sent from here: rather twice than never.
 */
function handOver(options: EffectOptions, outbound: Outbound, context?: Context): Reply | Promise<Reply> {
  const { stores, storeTimeoutMs: limit } = options;
  const here = () => later(context, deliver(options, outbound));
  if (stores.state.enqueue === undefined) return here();
  const keep = async (): Promise<Reply> => {
    await within(limit, stores.state.enqueue?.(outbound));
    return "done";
  };
  const kept = keep().catch(here);
  context?.waitUntil(kept);
  return kept;
}

/** Sends until the other side answers anything but 5xx, or the retries are used up. */
async function deliver({ fetch, pause: wait = pause }: EffectOptions, outbound: Outbound): Promise<void> {
  for (const after of RETRIES) {
    if (await notified(fetch, outbound)) return;
    await wait(after);
  }
  await notified(fetch, outbound);
}

async function readAtMost(limit: number, response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
    length += next.value.byteLength;
    if (length > limit) {
      reader?.cancel().catch(() => {});
      throw new Error(`the answer is longer than ${limit} bytes`);
    }
    parts.push(next.value);
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

function within<T>(milliseconds: number, work: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late(milliseconds)), milliseconds);
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
