/** How effects are performed: failures are replies, waits are bounded, observers are harmless. */

import { type EffectOptions, performer } from "../../js/effects.ts";
import type {
  AuditEvent,
  AuthenticationRequest,
  Effect,
  Hint,
  Outbound,
  Reply,
  Store,
} from "../../js/types.ts";
import { get, put } from "./fake_core.ts";
import type { Register } from "./runtime.ts";

const NEVER = new Promise<never>(() => {});
const OUTBOUND: Outbound = {
  method: "POST",
  url: "https://client.example/keys",
  headers: [["x-a", "b"]],
  body: "hello",
  timeout_ms: 10_000,
  max_bytes: 8,
};
const REQUEST: AuthenticationRequest = {
  ticket: "ticket",
  issuer: "https://issuer.example",
  client_id: "client",
  client_name: null,
  sub: "ann",
  scope: "openid",
  audience: [],
  binding_message: "W4SCT",
  acr_values: [],
  authorization_details: null,
  purpose: null,
  expires_at: 1,
};
const EVENT = { type: "token.issued", time: 1 } as AuditEvent;

/** A store that writes down what it was asked. */
function fakeStore(calls: unknown[], change: Partial<Store> = {}): Store {
  const capabilities = { atomic: true, staleReadSeconds: 0, minTtlSeconds: 0, maxValueBytes: 1 };
  return {
    name: "fake",
    capabilities,
    get: async (keys) => {
      calls.push(keys);
      return [{ value: "v", version: "1" }];
    },
    commit: async (commit) => {
      calls.push(commit);
      return false;
    },
    list: async (...asked) => {
      calls.push(asked);
      return { entries: [], more: true };
    },
    ...change,
  };
}

/** Performs one effect; `after`: what it left to be finished later. */
async function perform(effect: Effect, change: Partial<EffectOptions> = {}) {
  const after: Promise<unknown>[] = [];
  const run = performer({
    stores: { state: fakeStore([]), registry: fakeStore([]) },
    storeTimeoutMs: 10_000,
    sign: async () => new Uint8Array(0),
    fetch: async () => new Response(),
    ...change,
  });
  const reply = await run(effect, { waitUntil: (work) => after.push(work) });
  return { reply, after: await Promise.all(after) };
}

/** Hooks that fail, and what is said of it. */
const failing = <Hook>() =>
  [
    [() => Promise.reject(new Error("no connection")), "no connection"],
    [
      () => {
        throw new Error("not yet");
      },
      "not yet",
    ],
    [() => NEVER, "no answer within 1 ms"],
    [undefined, "there is no hook to ask"],
  ] as [Hook, string][];

function failure(reply: Reply): [string, string] | undefined {
  return typeof reply === "object" && "failed" in reply
    ? [reply.failed.effect, reply.failed.message]
    : undefined;
}

const register: Register = (QUnit) => {
  QUnit.module("effects", () => {
    QUnit.test("store effects go to the store of their role", async (assert) => {
      const state: unknown[] = [];
      const registry: unknown[] = [];
      const stores = { state: fakeStore(state), registry: fakeStore(registry) };
      const list: Effect = { kind: "list", role: "registry", prefix: "p/", after: null, limit: 3 };
      const replies = [];
      for (const effect of [get("a/b"), put("a/b", "1"), list]) {
        replies.push((await perform(effect, { stores })).reply);
      }
      assert.deepEqual(replies, [
        { records: [{ value: "v", version: "1" }] },
        { committed: false },
        { page: { entries: [], more: true } },
      ] as Reply[]);
      const commit = { check: [], set: [{ key: "a/b", value: "1", expires_at: null }], delete: [] };
      assert.deepEqual(state, [["a/b"], commit]);
      assert.deepEqual(registry, [["p/", null, 3]]);
    });

    QUnit.test("a store that throws, rejects or does not answer is a failed effect", async (assert) => {
      const ways: [Partial<Store>, string][] = [
        [{ get: () => Promise.reject(new Error("disk full")) }, "disk full"],
        [{ get: () => Promise.reject("just text") }, "just text"],
        [
          {
            get: () => {
              throw new TypeError("not yet");
            },
          },
          "not yet",
        ],
        [{ get: () => NEVER }, "no answer within 1 ms"],
      ];
      for (const [change, message] of ways) {
        const stores = { state: fakeStore([], change), registry: fakeStore([]) };
        const { reply } = await perform(get("a/b"), { stores, storeTimeoutMs: 1 });
        assert.deepEqual(failure(reply), ["get", message]);
      }
    });

    QUnit.test("sign: the signatures, or a failure", async (assert) => {
      const inputs = new Uint8Array([1, 2]);
      const effect: Effect = { kind: "sign", key: "KEY", alg: "ES256", inputs, ends: [1, 2] };
      const { reply } = await perform(effect, { sign: async ({ inputs }) => inputs });
      assert.deepEqual(reply, { signatures: inputs });
      const failing = await perform(effect, { sign: () => Promise.reject(new Error("no key")) });
      assert.deepEqual(failure(failing.reply), ["sign", "no key"]);
    });

    QUnit.test("subject: what the hook knows, or a failure", async (assert) => {
      const effect: Effect = { kind: "subject", issuer: "https://issuer.example", sub: "ann" };
      const more = { active: true, name: "Ann" };
      const known: [EffectOptions["subject"], Reply][] = [
        [() => ({ active: false }), { subject: { active: false } }],
        [async () => more, { subject: { active: true } }],
        [
          ({ issuer, sub }) => ({ active: issuer === effect.issuer && sub === "ann" }),
          { subject: { active: true } },
        ],
        [() => null, { subject: null }],
        [async () => null, { subject: null }],
      ];
      for (const [subject, expected] of known) {
        assert.deepEqual((await perform(effect, { subject })).reply, expected);
      }
      for (const [subject, message] of failing<EffectOptions["subject"]>()) {
        const { reply } = await perform(effect, { subject, storeTimeoutMs: 1 });
        assert.deepEqual(failure(reply), ["subject", message]);
      }
    });

    QUnit.test("identify: whom the hook names, or a failure", async (assert) => {
      const hint: Hint = {
        issuer: "https://issuer.example",
        client_id: "client",
        type: "login_hint",
        hint: "ann",
        user_code: null,
      };
      const effect: Effect = { kind: "identify", ...hint };
      const asked: Hint[] = [];
      const more = { sub: "1", name: "Ann" };
      const known: [EffectOptions["identify"], Reply][] = [
        [(hint) => (asked.push(hint) > 0 ? more : null), { identified: { sub: "1", user_code: null } }],
        [async () => ({ sub: "1", user_code: "wrong" }), { identified: { sub: "1", user_code: "wrong" } }],
        [() => ({ sub: "1", user_code: null }), { identified: { sub: "1", user_code: null } }],
        [() => null, { identified: null }],
        [async () => null, { identified: null }],
      ];
      for (const [identify, expected] of known) {
        assert.deepEqual((await perform(effect, { identify })).reply, expected);
      }
      assert.deepEqual(asked, [hint]);
      for (const [identify, message] of failing<EffectOptions["identify"]>()) {
        const { reply } = await perform(effect, { identify, storeTimeoutMs: 1 });
        assert.deepEqual(failure(reply), ["identify", message]);
      }
    });

    QUnit.test("notify_user: awaited until the asking is under way", async (assert) => {
      const asked: unknown[] = [];
      const effect: Effect = { kind: "notify_user", ...REQUEST };
      const hooks: EffectOptions["notifyUser"][] = [
        (request) => asked.push(request),
        async (request) => void asked.push(request),
      ];
      for (const notifyUser of hooks) {
        const { reply, after } = await perform(effect, { notifyUser });
        assert.deepEqual([reply, after], ["done" as Reply, []]);
      }
      assert.deepEqual(asked, [REQUEST, REQUEST]);
      for (const [notifyUser, message] of failing<EffectOptions["notifyUser"]>()) {
        const { reply } = await perform(effect, { notifyUser, storeTimeoutMs: 1 });
        assert.deepEqual(failure(reply), ["notify_user", message]);
      }
    });

    QUnit.test("wait: as long as is asked for, but no longer than half a minute", async (assert) => {
      const paused: number[] = [];
      const pause = async (milliseconds: number) => void paused.push(milliseconds);
      for (const milliseconds of [0, 1_500, 30_000, 30_001, 4_000_000_000]) {
        assert.strictEqual((await perform({ kind: "wait", milliseconds }, { pause })).reply, "done");
      }
      assert.deepEqual(paused, [0, 1_500, 30_000, 30_000, 30_000]);
      assert.strictEqual((await perform({ kind: "wait", milliseconds: 1 })).reply, "done");
    });

    QUnit.test("fetch: what is sent, and what comes back", async (assert) => {
      const sent: [unknown, RequestInit | undefined][] = [];
      const fetch: EffectOptions["fetch"] = async (url, init) => {
        sent.push([url, init]);
        return new Response("12345678", { status: 404 });
      };
      const { reply } = await perform({ kind: "fetch", ...OUTBOUND }, { fetch });
      const body = new TextEncoder().encode("12345678");
      assert.deepEqual(reply, { response: { status: 404, body } });
      const [url, init] = sent[0] ?? [];
      assert.deepEqual([url, init?.method, init?.body], [OUTBOUND.url, "POST", "hello"]);
      assert.deepEqual([init?.headers, init?.redirect], [OUTBOUND.headers, "manual"]);
      const empty = await perform({ kind: "fetch", ...OUTBOUND });
      assert.deepEqual(empty.reply, { response: { status: 200, body: new Uint8Array(0) } });
    });

    QUnit.test("fetch: too long, too late, too bad", async (assert) => {
      let cancelled = false;
      const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(5)),
        cancel: () => {
          cancelled = true;
        },
      });
      const long = await perform(
        { kind: "fetch", ...OUTBOUND },
        { fetch: async () => new Response(endless) },
      );
      assert.deepEqual(failure(long.reply), ["fetch", "the answer is longer than 8 bytes"]);
      assert.true(cancelled);
      const hanging: EffectOptions["fetch"] = (_, init) =>
        new Promise((_, reject) => {
          init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
        });
      const late = await perform({ kind: "fetch", ...OUTBOUND, timeout_ms: 1 }, { fetch: hanging });
      assert.deepEqual(failure(late.reply), ["fetch", "no answer within 1 ms"]);
      const broken = await perform(
        { kind: "fetch", ...OUTBOUND },
        { fetch: () => Promise.reject(new TypeError("refused")) },
      );
      assert.deepEqual(failure(broken.reply), ["fetch", "refused"]);
    });

    QUnit.test("no timer is left behind", async (assert) => {
      const { setTimeout: set, clearTimeout: clear } = globalThis;
      const running = new Set<unknown>();
      const watched = {
        setTimeout: () => {
          const timer = Symbol("timer");
          running.add(timer);
          return timer;
        },
        clearTimeout: (timer: unknown) => running.delete(timer),
      };
      Object.assign(globalThis, watched);
      try {
        const failing = { fetch: () => Promise.reject(new TypeError("refused")) };
        await perform(get("a/b"));
        await perform(put("a/b", "1"));
        await perform({ kind: "fetch", ...OUTBOUND });
        await perform({ kind: "fetch", ...OUTBOUND }, failing);
        await perform({ kind: "notify", ...OUTBOUND });
        await perform({ kind: "notify_user", ...REQUEST }, { notifyUser: () => {} });
      } finally {
        Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
      }
      assert.strictEqual(running.size, 0);
    });

    for (const [statuses, sends, waits] of [
      [[204], 1, []],
      [[401], 1, []],
      [[302], 1, []],
      [[503, 0, 200], 3, [500, 2_000]],
      [[500, 500, 500, 500, 500], 4, [500, 2_000, 8_000]],
      [[0, 0, 0, 0, 0], 4, [500, 2_000, 8_000]],
    ] as const) {
      QUnit.test(`notify: answers ${statuses.join(", ")} (0: none) are ${sends} attempts`, async (assert) => {
        let sent = 0;
        const paused: number[] = [];
        const pause = async (milliseconds: number) => {
          paused.push(milliseconds);
        };
        const fetch: EffectOptions["fetch"] = async () => {
          const status = statuses[sent++] ?? 0;
          if (status === 0) throw new TypeError("refused");
          return new Response(status === 204 ? null : "far more than eight bytes", { status });
        };
        const { reply, after } = await perform({ kind: "notify", ...OUTBOUND }, { fetch, pause });
        assert.strictEqual(reply, "done");
        assert.strictEqual(after.length, 1, "handed to waitUntil");
        assert.deepEqual([sent, paused], [sends, [...waits]]);
      });
    }

    QUnit.test("notify: an answer's body is cancelled, and nobody waits for that", async (assert) => {
      let cancelled = 0;
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(5)),
        cancel: () => {
          cancelled++;
          return NEVER;
        },
      });
      const { after } = await perform(
        { kind: "notify", ...OUTBOUND },
        { fetch: async () => new Response(body) },
      );
      assert.deepEqual([after.length, cancelled], [1, 1]);
    });

    QUnit.test("notify: kept by the store of the state, where that keeps any", async (assert) => {
      const kept: unknown[] = [];
      let sent = 0;
      const fetch = async () => {
        sent++;
        return new Response();
      };
      const ways: [Store["enqueue"], number][] = [
        [async (outbound) => void kept.push(outbound), 0],
        [() => Promise.reject(new Error("down")), 1],
        [
          () => {
            throw new Error("down");
          },
          1,
        ],
        [() => NEVER, 1],
      ];
      for (const [enqueue = async () => {}, expected] of ways) {
        sent = 0;
        const stores = { state: fakeStore([], { enqueue }), registry: fakeStore([]) };
        const change = { stores, fetch, storeTimeoutMs: 1 };
        const { reply } = await perform({ kind: "notify", ...OUTBOUND }, change);
        assert.deepEqual([reply, sent], ["done" as Reply, expected]);
      }
      assert.deepEqual(kept, [OUTBOUND]);
      const registry = fakeStore([], { enqueue: ways[0]?.[0] ?? (async () => {}) });
      await perform({ kind: "notify", ...OUTBOUND }, { stores: { state: fakeStore([]), registry }, fetch });
      assert.deepEqual([kept.length, sent], [1, 2], "the registry is not asked");
    });

    QUnit.test("record: the hook hears it, and cannot fail the request", async (assert) => {
      const heard: AuditEvent[] = [];
      const hooks: EffectOptions["record"][] = [
        (event) => heard.push(event),
        () => Promise.reject(new Error("log is full")),
        () => {
          throw new Error("log is full");
        },
        undefined,
      ];
      for (const record of hooks) {
        const { reply } = await perform({ kind: "record", event: EVENT }, { record });
        assert.strictEqual(reply, "done");
      }
      assert.deepEqual(heard, [EVENT]);
    });

    QUnit.test("without waitUntil the work is done all the same", async (assert) => {
      const heard: AuditEvent[] = [];
      const run = performer({
        stores: { state: fakeStore([]), registry: fakeStore([]) },
        storeTimeoutMs: 1,
        sign: async () => new Uint8Array(0),
        fetch: async () => new Response(),
        record: (event) => heard.push(event),
      });
      assert.strictEqual(run({ kind: "record", event: EVENT }, undefined), "done");
      assert.deepEqual(heard, [EVENT]);
    });
  });
};

export default register;
