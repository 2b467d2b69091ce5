/** Starting a deployment: bindings, keys, refusals, and what a replacement is given. */

import { ConfigurationError, createEdgegrant, type EdgegrantOptions } from "../../js/index.ts";
import { memory } from "../../js/store/memory.ts";
import type { AuditEvent, Binding, CoreHooks, Mistake, Store } from "../../js/types.ts";
import { ask, type FakeCore, FakeCores, get, ok, put, type Script } from "./fake_core.ts";
import type { Register } from "./runtime.ts";

const CONFIG = { origin: "https://issuer.example" };
const EVENT = { type: "token.issued", time: 1 } as AuditEvent;
const NO_HOOKS: CoreHooks = { audit: false, subject: false, identify: false, notify_user: false };
const text = (name: string, pointer: string): Binding => ({ name, pointer, kind: "text", alg: null });
const key = (name: string, pointer: string, alg = "ES256"): Binding => ({
  name,
  pointer,
  kind: "private_key",
  alg,
});

const SCRIPTS: Record<string, Script> = {
  "/sign": function* () {
    const inputs = new Uint8Array([1, 2, 3]);
    const reply = yield* ask({ kind: "sign", key: "KEY", alg: "ES256", inputs, ends: [3] });
    if (typeof reply !== "object" || !("signatures" in reply)) return ok(JSON.stringify(reply));
    return ok(Array.from(reply.signatures, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  },
  "/subject": function* () {
    return ok(JSON.stringify(yield* ask({ kind: "subject", issuer: "https://issuer.example", sub: "ann" })));
  },
  "/authentication": function* () {
    const known = { issuer: "https://issuer.example", client_id: "client" };
    const hint = { type: "login_hint", hint: "ann", user_code: null } as const;
    const identified = yield* ask({ kind: "identify", ...known, ...hint });
    const request = {
      ...known,
      ticket: "ticket",
      client_name: null,
      sub: "1",
      scope: "openid",
      audience: [],
      binding_message: null,
      acr_values: [],
      authorization_details: null,
      purpose: null,
      expires_at: 1,
    };
    return ok(JSON.stringify([identified, yield* ask({ kind: "notify_user", ...request })]));
  },
  "/registry": function* () {
    return ok(JSON.stringify(yield* ask({ kind: "get", role: "registry", keys: ["a/b"] })));
  },
  "/store": function* () {
    yield* ask({ kind: "record", event: EVENT });
    return ok(JSON.stringify([yield* ask(put("a/b", "1")), yield* ask(get("a/b"))]));
  },
  "/trap": function* () {
    yield* [];
    throw new WebAssembly.RuntimeError("unreachable");
  },
};

/** Options for a core that wants `bindings`; `prepare` changes each instance before it is used. */
function options(
  bindings: Binding[],
  change: Partial<EdgegrantOptions> = {},
  prepare: (core: FakeCore) => void = () => {},
) {
  const cores = new FakeCores(SCRIPTS);
  const core = () => {
    const made = cores.fresh();
    made.planned = { ok: { bindings, state_kinds: ["jti", "code"] } };
    prepare(made);
    return made;
  };
  const stores = { state: memory(), registry: memory() };
  return { cores, options: { config: CONFIG, env: {}, core, ...stores, ...change } };
}

async function mistakesOf(starting: Promise<unknown>): Promise<Mistake[]> {
  const error = await starting.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof ConfigurationError) return error.mistakes;
  throw new Error(`no ConfigurationError: ${error}`);
}

async function privateJwk(): Promise<JsonWebKey> {
  const parameters = { name: "ECDSA", namedCurve: "P-256" };
  const pair = await crypto.subtle.generateKey(parameters, true, ["sign", "verify"]);
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  return { kty, crv, x, y, d } as JsonWebKey;
}

const request = (path: string) => new Request(`https://issuer.example${path}`);

const register: Register = (QUnit) => {
  QUnit.module("index", () => {
    QUnit.test("the core is given texts and public keys, and the private key signs", async (assert) => {
      const jwk = await privateJwk();
      const env = { SECRET: "s", KEY: JSON.stringify({ ...jwk, kid: "k1" }), UNUSED: "u" };
      const wanted = [text("SECRET", "/a/env"), key("KEY", "/b/env"), text("SECRET", "/c/env")];
      const { cores, options: given } = options(wanted, { env });
      const edgegrant = await createEdgegrant(given);
      const { config, bindings } = cores.made[0]?.given ?? {};
      assert.strictEqual(config, JSON.stringify(CONFIG));
      assert.deepEqual(Object.keys(bindings ?? {}), ["SECRET", "KEY"]);
      const { kty, crv, x, y } = jwk;
      assert.deepEqual(JSON.parse(bindings?.KEY ?? ""), { kty, crv, x, y, kid: "k1" });

      const signature = await (await edgegrant.fetch(request("/sign"))).text();
      const bytes = Uint8Array.from(signature.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
      const publicJwk = { kty, crv, x, y } as JsonWebKey;
      const curve = { name: "ECDSA", namedCurve: "P-256" };
      const publicKey = await crypto.subtle.importKey("jwk", publicJwk, curve, false, ["verify"]);
      const hash = { name: "ECDSA", hash: "SHA-256" };
      assert.true(await crypto.subtle.verify(hash, publicKey, bytes, new Uint8Array([1, 2, 3])));
    });

    QUnit.test("a configuration that is text is passed on as it is", async (assert) => {
      const { cores, options: given } = options([], { config: ' {"a": 1} ' });
      await createEdgegrant(given);
      assert.strictEqual(cores.made[0]?.given?.config, ' {"a": 1} ');
      // Nobody listens, so the core need not make events.
      assert.deepEqual(cores.made[0]?.given?.hooks, NO_HOOKS);
    });

    QUnit.test("all mistakes are told at once, each at its place", async (assert) => {
      const wanted = [
        text("MISSING", "/a/env"),
        text("NUMBER", "/b/env"),
        key("BAD", "/c/env"),
        key("GONE", "/d/env", "RS256"),
        text("BAD", "/e/env"),
        text("FINE", "/f/env"),
      ];
      const found = [
        { pointer: "/a/env", message: "the environment has no binding MISSING" },
        { pointer: "/g", message: "expected something else" },
        { pointer: "", message: "expected another document" },
      ];
      const eventual: Store = { ...memory(), name: "cloudflare_kv" };
      const state = { ...eventual, capabilities: { ...eventual.capabilities, atomic: false } };
      const env = { NUMBER: 7, BAD: "{}", FINE: "f" };
      const { options: given } = options(wanted, { env, state }, (core) => {
        core.configured = { mistakes: found };
      });
      const error = await createEdgegrant(given).catch((error: unknown) => error);
      assert.true(error instanceof ConfigurationError);
      const { mistakes, message } = error as ConfigurationError;
      assert.deepEqual(
        mistakes.map(({ pointer, message }) => `${pointer}: ${message}`),
        [
          "/a/env: set the environment binding MISSING to a text: it is not set",
          "/b/env: set the environment binding NUMBER to a text: it is of type number",
          '/c/env: environment binding BAD: expected a private JWK for ES256: a JSON object with "kty": "EC" and "crv": "P-256"',
          "/d/env: set the environment binding GONE to a private JWK for RS256: it is not set",
          "/e/env: binding BAD is a private JWK for ES256 at /c/env and cannot be a text here",
          ': the store "cloudflare_kv" cannot hold the state role: its commits are not atomic, and these ' +
            "records are used once or counted: jti, code. Use durable_object, deno_kv or memory.",
          "/g: expected something else",
          ": expected another document",
        ],
      );
      const lines = message.split("\n");
      assert.strictEqual(lines[0], "the configuration has 8 mistakes:");
      assert.strictEqual(lines[7], "  /g: expected something else");
      assert.strictEqual(lines[8], "  (document): expected another document");
    });

    QUnit.test("mistakes of the first reading are told", async (assert) => {
      const mistakes = [{ pointer: "/issuers", message: "member issuers is missing" }];
      const { options: given } = options([], {}, (core) => {
        core.planned = { mistakes };
      });
      assert.deepEqual(await mistakesOf(createEdgegrant(given)), mistakes);
    });

    QUnit.test("a binding may be used twice for the same, and only for the same", async (assert) => {
      const env = { KEY: JSON.stringify(await privateJwk()) };
      const twice = options([key("KEY", "/a/env"), key("KEY", "/b/env")], { env });
      await createEdgegrant(twice.options);
      const signedText = { ...text("KEY", "/b/env"), alg: "ES256" };
      await createEdgegrant(options([text("KEY", "/a/env"), signedText], { env }).options);
      const differing = options([key("KEY", "/a/env"), key("KEY", "/b/env", "EdDSA")], { env });
      const mistakes = await mistakesOf(createEdgegrant(differing.options));
      assert.deepEqual(
        mistakes.map(({ pointer }) => pointer),
        ["/b/env"],
      );
    });

    QUnit.test("a replacement serves the same configuration with the same bindings", async (assert) => {
      const traps: unknown[] = [];
      const hooks = { onTrap: (info: unknown) => traps.push(info) };
      const { cores, options: given } = options([text("A", "/a/env")], { env: { A: "a" }, hooks });
      const edgegrant = await createEdgegrant(given);
      assert.strictEqual((await edgegrant.fetch(request("/trap"))).status, 500);
      assert.strictEqual((await edgegrant.fetch(request("/store"))).status, 200);
      assert.strictEqual(cores.made.length, 2);
      assert.deepEqual(cores.made[1]?.given, cores.made[0]?.given);
      assert.deepEqual([traps.length, cores.misuses], [1, []]);
    });

    QUnit.test("clock, seed, hooks and transcript are the caller's", async (assert) => {
      const heard: unknown[] = [];
      const { cores, options: given } = options([], {
        now: () => 5,
        seed: () => new Uint8Array(32).fill(3),
        hooks: { record: (event) => heard.push(event) },
        transcript: ({ request, response }) => heard.push([request.path, response?.status]),
      });
      const edgegrant = await createEdgegrant(given);
      const body = JSON.parse(await (await edgegrant.fetch(request("/store"))).text());
      const version = body[1].records[0].version;
      assert.deepEqual(body, [{ committed: true }, { records: [{ value: "1", version }] }]);
      const [started] = cores.made[0]?.started ?? [];
      assert.deepEqual([started?.now, started?.seed], [5, new Uint8Array(32).fill(3)]);
      assert.deepEqual(heard, [EVENT, ["/store", 200]]);
      assert.deepEqual(cores.made[0]?.given?.hooks, { ...NO_HOOKS, audit: true });
    });

    QUnit.test("who keeps the subjects is asked for them", async (assert) => {
      const asked: unknown[] = [];
      const { cores, options: given } = options([], {
        hooks: {
          subject: (subject) => {
            asked.push(subject);
            return { active: false };
          },
        },
      });
      const edgegrant = await createEdgegrant(given);
      assert.deepEqual(cores.made[0]?.given?.hooks, { ...NO_HOOKS, subject: true });
      const answer = await (await edgegrant.fetch(request("/subject"))).text();
      assert.strictEqual(answer, '{"subject":{"active":false}}');
      assert.deepEqual(asked, [{ issuer: "https://issuer.example", sub: "ann" }]);
    });

    QUnit.test("who knows people by hints is asked, and who asks them is told", async (assert) => {
      const asked: string[] = [];
      const { cores, options: given } = options([], {
        hooks: {
          identify: ({ hint }) => {
            asked.push(hint);
            return { sub: "1" };
          },
          notifyUser: ({ ticket }) => asked.push(ticket),
        },
      });
      const edgegrant = await createEdgegrant(given);
      assert.deepEqual(cores.made[0]?.given?.hooks, { ...NO_HOOKS, identify: true, notify_user: true });
      const answer = await (await edgegrant.fetch(request("/authentication"))).text();
      assert.strictEqual(answer, '[{"identified":{"sub":"1","user_code":null}},"done"]');
      assert.deepEqual(asked, ["ann", "ticket"]);
    });

    for (const [registryCacheSeconds, reads] of [
      [undefined, [1, 1, 2]],
      [10, [1, 2, 3]],
      [0, [1, 2, 3]],
    ] as const) {
      QUnit.test(`the registry is read anew after ${registryCacheSeconds} seconds`, async (assert) => {
        let now = 1_000_000;
        let read = 0;
        const inner = memory();
        const registry: Store = {
          ...inner,
          get: (keys) => {
            read += 1;
            return inner.get(keys);
          },
        };
        const change = { registry, now: () => now };
        const { options: given } = options(
          [],
          registryCacheSeconds === undefined ? change : { ...change, registryCacheSeconds },
        );
        const edgegrant = await createEdgegrant(given);
        const counted: number[] = [];
        for (const pass of [0, 10_000, 20_000]) {
          now += pass;
          await edgegrant.fetch(request("/registry"));
          counted.push(read);
        }
        assert.deepEqual(counted, [...reads]);
      });
    }
  });
};

export default register;
