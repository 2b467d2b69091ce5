/** Performs the core's effects: stores, signatures, outbound HTTP, hooks. */

import type { Perform } from "./drive.ts";
import type {
  AuditEvent,
  Context,
  Effect,
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
  /** Longest wait for a store or for `subject`, milliseconds. */
  storeTimeoutMs: number;
  /** The signatures over all inputs, one after the other. */
  sign: (signing: Signing) => Promise<Uint8Array>;
  fetch: typeof globalThis.fetch;
  record?: ((event: AuditEvent) => unknown) | undefined;
  subject?: LookUp | undefined;
  /** Waits between the attempts of a notification, milliseconds. */
  pause?: (milliseconds: number) => Promise<void>;
}

/** Looks for a subject; `null`: there is none. */
export type LookUp = (asked: {
  issuer: string;
  sub: string;
}) => SubjectState | null | Promise<SubjectState | null>;

/** Waits before the second, third and last attempt of a notification, milliseconds. */
const RETRIES = [500, 2_000, 8_000];

/** Performs effects with `options`. What it returns never throws or rejects: failures are replies. */
export function performer(options: EffectOptions): Perform {
  return (effect, context) => {
    switch (effect.kind) {
      case "notify":
        return later(context, deliver(options, effect));
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
      if (options.subject === undefined) throw new Error("there is no hook to ask");
      const found = await within(limit, Promise.resolve(options.subject({ issuer, sub })));
      return { subject: found && { active: found.active } };
    }
    case "fetch":
      return await send(options, effect, async (response) => {
        const body = await readAtMost(effect.max_bytes, response);
        return { response: { status: response.status, body } };
      });
  }
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

/** Sends until the other side answers anything but 5xx, or the retries are used up. */
async function deliver(options: EffectOptions, outbound: Outbound): Promise<void> {
  for (const wait of [...RETRIES, null]) {
    const status = await send(options, outbound, async (response) => {
      await response.body?.cancel();
      return response.status;
    }).catch(() => 599);
    if (status < 500 || wait === null) return;
    await (options.pause ?? pause)(wait);
  }
}

/** Redirects are not followed: the allowed destinations were decided before. */
async function send<T>(
  options: EffectOptions,
  { method, url, headers, body, timeout_ms }: Outbound,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const { fetch } = options;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(late(timeout_ms)), timeout_ms);
  try {
    return await read(await fetch(url, { method, headers, body, redirect: "manual", signal: abort.signal }));
  } finally {
    clearTimeout(timer);
  }
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

function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late(milliseconds)), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function late(milliseconds: number): Error {
  return new Error(`no answer within ${milliseconds} ms`);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
