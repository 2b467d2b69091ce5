/** A bulk of exchangeable tokens while its keys are rotated, and while its reader goes away. */

import { createEdgegrant, type Edgegrant } from "../../js/index.ts";
import { memory } from "../../js/store/memory.ts";
import type { Store } from "../../js/types.ts";
import type { Assert, Register, Runtime } from "./runtime.ts";

const ORIGIN = "https://issuer.example";
const SECRET = "a-secret-that-is-long-enough-for-hs256";
const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT = "urn:ietf:params:oauth:token-type:jwt";
const API_KEY = "3e91a0af-0029-4a9b-b2f8-05713e997fdb";
const COUNT = 2000;
const members = Array.from({ length: COUNT }, (_, n) => `member ${n}`);

const client = (client_id: string, scope: string) => ({
  client_id,
  client_secret: { env: "SECRET" },
  api_keys: [{ env: "API_KEY" }],
  scope,
  grant_types: ["client_credentials", GRANT],
});
const POLICY = {
  version: "1",
  scopes: { sports: { auto_approved: ["to"] }, "token-generator": {} },
  exchange: [
    {
      flow: "exchangeable_token",
      from: "from",
      to: "to",
      scope: "sports",
      quota: 10 * COUNT,
      justification: "why",
      approved_by: "who",
      expires_at: "2100-01-01T00:00:00Z",
    },
  ],
};

/** From the keys of one rotation: a deployment whose current keys are those named, on the store given. */
function rotation(runtime: Runtime) {
  const core = runtime.core();
  const make = core();
  const env = {
    SECRET,
    API_KEY,
    OLD: make.generate_key("ES256"),
    NEW: make.generate_key("ES256"),
    OLD_GENERATOR: make.generate_key("ES256"),
    NEW_GENERATOR: make.generate_key("ES256"),
  };
  const key = (name: string, state: string) => ({
    alg: "ES256",
    kid: name,
    private_key: { env: name },
    state,
  });
  return (state: Store, current: "OLD" | "NEW", others: Partial<Record<"OLD" | "NEW", string>>) => {
    const keys = (end: string) => [
      key(current + end, "current"),
      ...Object.entries(others).map(([name, its]) => key(name + end, its)),
    ];
    const issuer = { path: "/", keys: keys(""), generator_keys: keys("_GENERATOR") };
    const subjects = members.map((sub) => ({ sub }));
    const issuers = [{ ...issuer, scope: "sports token-generator", policy: POLICY, subjects }];
    const clients = [client("from", "token-generator"), client("to", "sports")];
    const config = { origin: ORIGIN, issuers, clients };
    return createEdgegrant({ config, env, core, state, registry: state });
  };
}

type Member = "access_token" | "scope" | "error" | "error_description";

async function token(edgegrant: Edgegrant, of: string, form: Record<string, string>) {
  const headers = { authorization: `Basic ${btoa(`${of}:${SECRET}`)}` };
  const body = new URLSearchParams(form);
  const response = await edgegrant.fetch(new Request(`${ORIGIN}/token`, { method: "POST", headers, body }));
  const { status } = response;
  const answer: Partial<Record<Member, string>> = JSON.parse(await response.text());
  return { status, ...answer };
}

/** Begins a bulk. The reader of its answer. */
async function begin(edgegrant: Edgegrant) {
  const { access_token } = await token(edgegrant, "from", { grant_type: "client_credentials" });
  const headers = {
    authorization: `Bearer ${access_token}`,
    "content-type": "application/json",
    "x-api-key": API_KEY,
  };
  const init = { method: "POST", headers, body: JSON.stringify(members) };
  const response = await edgegrant.fetch(new Request(`${ORIGIN}/token/generator?client_id=to`, init));
  if (response.status !== 200 || response.body === null) throw new Error(await response.text());
  return response.body.getReader();
}

const WHOLE = Number.POSITIVE_INFINITY;
type Reader = Awaited<ReturnType<typeof begin>>;

async function read(reader: Reader, most: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (let parts = 0; parts < most; parts++) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

const redeem = (edgegrant: Edgegrant, subject_token: string | undefined) =>
  token(edgegrant, "to", { grant_type: GRANT, subject_token: subject_token ?? "", subject_token_type: JWT });

function headerOf(jwt: string): { kid: string } {
  return JSON.parse(atob((jwt.split(".")[0] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
}

async function expectRedeemable(assert: Assert, edgegrant: Edgegrant, tokens: (string | undefined)[]) {
  for (const one of tokens) {
    const { status, scope } = await redeem(edgegrant, one);
    assert.deepEqual([status, scope], [200, "sports"]);
  }
}

const recordsOf = async (store: Store) =>
  (await store.list("", null, 1000)).entries.map(({ key, value }) => `${key} ${value}`);

const register: Register = (QUnit, runtime) => {
  QUnit.module("bulk", () => {
    QUnit.test("a key rotation in its middle leaves every token good", async (assert) => {
      const deploy = rotation(runtime);
      const state = memory();
      const before = await deploy(state, "OLD", {});
      const reader = await begin(before);
      const first = await read(reader, 2);
      assert.true(first.length > 0 && !first.endsWith("}"), "the answer has begun, and is not whole");

      // The next key is published before it signs; each of the three reads what the others made.
      const published = await deploy(state, "OLD", { NEW: "next" });
      const after = await deploy(state, "NEW", { OLD: "retired" });
      const during: Record<string, string> = JSON.parse(await read(await begin(after), WHOLE));
      const all: Record<string, string> = JSON.parse(first + (await read(reader, WHOLE)));
      assert.deepEqual(Object.keys(all), members);
      const kids = new Set(Object.values(all).map((one) => headerOf(one).kid));
      assert.strictEqual(kids.size, 1, "one call, one key");
      assert.false(kids.has(headerOf(during[members[0] ?? ""] ?? "").kid), "the new key signs now");

      const last = COUNT - 1;
      await expectRedeemable(assert, after, [all["member 0"], all[`member ${last}`], during["member 1"]]);
      await expectRedeemable(assert, published, [all["member 2"], during["member 3"]]);
      // What is used at one is used at each.
      for (const edgegrant of [before, published, after]) {
        const { status, error } = await redeem(edgegrant, all["member 0"]);
        assert.deepEqual([status, error], [400, "invalid_request"]);
      }
      // A key that is gone verifies nothing.
      const gone = await deploy(state, "NEW", {});
      assert.strictEqual((await redeem(gone, all["member 4"])).status, 400);
    });

    QUnit.test("a reader that goes away half-way leaves nothing but the count of the day", async (assert) => {
      const state = memory();
      const edgegrant = await rotation(runtime)(state, "OLD", {});
      const whole = await read(await begin(edgegrant), WHOLE);
      const before = await recordsOf(state);
      assert.strictEqual(before.length, 1, before.join());
      for (const parts of [0, 1, 2]) {
        const reader = await begin(edgegrant);
        await read(reader, parts);
        await reader.cancel();
      }
      const after = await recordsOf(state);
      assert.deepEqual(
        after.map((record) => record.replace(/"tokens":\d+/, "")),
        before.map((record) => record.replace(/"tokens":\d+/, "")),
      );
      assert.true(after.join().includes(`"tokens":${4 * COUNT}`), after.join());
      const tokens: Record<string, string> = JSON.parse(whole);
      await expectRedeemable(assert, edgegrant, [tokens["member 0"], tokens[`member ${COUNT - 1}`]]);
    });

    QUnit.test("two bulks at the same time do not mix", async (assert) => {
      const edgegrant = await rotation(runtime)(memory(), "OLD", {});
      const readers = [await begin(edgegrant), await begin(edgegrant)];
      const texts = ["", ""];
      for (let more = true; more; ) {
        more = false;
        for (const [i, reader] of readers.entries()) {
          const part = await read(reader, 1);
          texts[i] += part;
          more ||= part !== "";
        }
      }
      const [one, other] = texts.map((text): Record<string, string> => JSON.parse(text));
      assert.deepEqual([Object.keys(one ?? {}), Object.keys(other ?? {})], [members, members]);
      const all = [...Object.values(one ?? {}), ...Object.values(other ?? {})];
      assert.strictEqual(new Set(all).size, 2 * COUNT);
    });
  });
};

export default register;
