// What the generator refuses, each thing by itself, and in which order.

import { randomUUID } from "node:crypto";
import { Channel, expectSays, jwt, now } from "./channel.mjs";
import { basic, decode, GRANT, tokenRequest } from "./wire.mjs";

const MIB = 1024 * 1024;
const GENERATOR_SCOPE = "token-generator:seamless-backchannel";
const bytes = (text) => Buffer.from(text, "latin1");
const longest = (count) => Array.from({ length: count }, (_, n) => String(n).padStart(255, "x"));

/** Content types. */
const TYPES = ["", "text/plain", "text/json", "application/jsonx", "application/x-www-form-urlencoded"];

/** What is wrong with A's token: `Authorization`, or what makes it. */
const TOKENS = {
  "no JWT": () => "Bearer abc",
  "two JWTs": async (own) => `Bearer ${await own()} ${await own()}`,
  expired: (_own, { signed }) => signed({ iat: now() - 901, exp: now() - 1 }),
  "not yet valid": (_own, { signed }) => signed({ nbf: now() + 600 }),
  "issued in the future": (_own, { signed }) => signed({ iat: now() + 600, exp: now() + 900 }),
  "without an end": (_own, { signed }) => signed({ exp: undefined }),
  "of another issuer": (_own, { signed, env }) => signed({ iss: env.ISSUER }),
  "of the other mount, as issued": (_own, { roots }) => roots(),
  "for a member": (_own, { signed, env }) => signed({ sub: env.DKT_MEMBERS.split(",")[0] }),
  "of an unknown client": (_own, { signed }) => signed({ client_id: "nobody" }),
  "of no client": (_own, { signed }) => signed({ client_id: undefined }),
  "with a critical header parameter": (_own, { signed }) => signed({}, { crit: ["x"], x: 1 }),
  "of another typ": (_own, { signed }) => signed({}, { typ: "at+jwt" }),
  "bound to a key": (_own, { signed }) => signed({ cnf: { jkt: "x" } }),
  "by the generator's key": (_own, { signed }) => signed({}, { kid: "generator" }, "DKT_GENERATOR_KEY"),
  "by the generator's key, under the other's name": (_own, { signed }) => signed({}, {}, "DKT_GENERATOR_KEY"),
  "by another mount's key": (_own, { signed }) => signed({}, {}, "HII_KEY"),
  "by an unknown key": (_own, { signed }) => signed({}, { kid: "other" }),
  "whose signature is cut": async (own) => `Bearer ${(await own()).slice(0, -1)}`,
  unsigned: async (own) => {
    const [, payload] = (await own()).split(".");
    const header = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
    return `Bearer ${header}.${payload}.`;
  },
  exchangeable: (_own, { exchangeable }) => exchangeable(),
};

const KEYS = {
  missing: undefined,
  empty: "",
  "no UUID": "key",
  "an unknown UUID": () => randomUUID(),
  "in upper case": (key) => key.toUpperCase(),
  "in braces": (key) => `{${key}}`,
  "without hyphens": (key) => key.replaceAll("-", ""),
  twice: (key) => [key, key],
  "and another": (key) => [key, randomUUID()],
};

/** The query, and what is answered. */
const QUERIES = [
  ["client_id missing", { client_id: undefined }, "invalid_request", { says: "client_id" }],
  ["client_id empty", { client_id: "" }, "invalid_request", { says: "client_id" }],
  ["client_id unknown", { client_id: "nobody" }, "invalid_request", { says: "nobody" }],
  ["client_id of another mount", { client_id: "demo" }, "invalid_request", { says: "demo" }],
  ["client_id in upper case", { client_id: "DKCONNECT" }, "invalid_request", { says: "DKCONNECT" }],
  ["client_id twice", { client_id: ["dkconnect", "dkconnect"] }, "invalid_request", { says: "only once" }],
  ["scopes twice", { scopes: ["phone", "phone"] }, "invalid_request", { says: "only once" }],
  ["an unknown parameter twice", { x: ["1", "2"] }, "invalid_request", { says: "only once" }],
  ["scopes: a comma before", { scopes: ",phone" }, "invalid_scope", {}],
  ["scopes: a comma behind", { scopes: "phone," }, "invalid_scope", {}],
  ["scopes: two commas", { scopes: "phone,,sports" }, "invalid_scope", {}],
  ["scopes: a comma alone", { scopes: "," }, "invalid_scope", {}],
  ["scopes: a space", { scopes: "phone sports" }, "invalid_scope", {}],
  ["scopes: a space behind the comma", { scopes: "phone, sports" }, "invalid_scope", {}],
  ["scopes: a quote", { scopes: '"phone"' }, "invalid_scope", {}],
  ["scopes: beyond ASCII", { scopes: "phöne" }, "invalid_scope", {}],
  ["scopes: unknown", { scopes: "nothing" }, "invalid_scope", { rule: "scope.not-auto-approved" }],
  ["scopes: one of two", { scopes: "phone,email" }, "invalid_scope", { rule: "scope.not-auto-approved" }],
  [
    "scopes: B's, but not auto-approved",
    { scopes: "token-exchange:seamless-backchannel" },
    ...["invalid_scope", { rule: "scope.not-auto-approved" }],
  ],
  ["scopes: in upper case", { scopes: "Phone" }, "invalid_scope", { rule: "scope.not-auto-approved" }],
];

const BODIES = [
  ["none", "", "must be a JSON array"],
  ["no JSON", "{", "must be a JSON array"],
  ["an object", '{"a":"b"}', "must be a JSON array"],
  ["a text", '"a"', "must be a JSON array"],
  ["null", "null", "must be a JSON array"],
  ["more behind", '["a"] x', "must be a JSON array"],
  ["a comma too many", '["a",]', "must be a JSON array"],
  ["broken off", '["a","b', "must be a JSON array"],
  ["a line break inside", '["a\nb"]', "must be a JSON array"],
  ["20,000 deep", "[".repeat(20_000), "must be a JSON array"],
  ["20,000 deep and closed", `${"[".repeat(20_000)}${"]".repeat(20_000)}`, "index 0 is not a string"],
  ["a mark of its byte order", '\ufeff["a"]', "must be a JSON array"],
  ["in UTF-16", Buffer.from('["a"]', "utf16le"), "must be a JSON array"],
  ["invalid UTF-8", bytes('["a","\xff"]'), "not UTF-8 at octet 6"],
  ["overlong UTF-8", bytes('["\xc0\xaf"]'), "not UTF-8 at octet 2"],
  ["a surrogate in UTF-8", bytes('["\xed\xa0\x80"]'), "not UTF-8 at octet 2"],
  ["half a pair", '["a","\\ud800"]', "index 1 is not a string"],
  ["empty", "[]", "expected 1 to 10000 member ids, found 0"],
  ["10,001 ids", JSON.stringify(longest(10_001)), "found 10001"],
  ["a number", '["a",1]', "index 1 is not a string"],
  ["null in it", '["a",null]', "index 1 is not a string"],
  ["an array in it", '["a",["b"]]', "index 1 is not a string"],
  ["an object in it", '[{"id":"a"}]', "index 0 is not a string"],
  ["an empty id", '["a","b",""]', "index 2 has 0 bytes"],
  ["an id of 256 bytes", JSON.stringify(["x".repeat(256)]), "index 0 has 256 bytes"],
  ["an id of 128 letters of 2 bytes", JSON.stringify(["é".repeat(128)]), "index 0 has 256 bytes"],
  ["an id twice", '["a","b","a","b"]', "index 2 stands there before"],
  ["an id twice, once escaped", '["a","\\u0061"]', "index 1 stands there before"],
  [
    "10,000 ids, the last one twice",
    JSON.stringify([...longest(9_999), "0".padStart(255, "x")]),
    "index 9999",
  ],
];

const OVER = [
  [
    "a byte longer than 4 MiB, chunked",
    { body: `["somebody"]`.padEnd(4 * MIB + 1), chunked: true, unended: true },
  ],
  ["declared as 4 MiB and a byte", { headers: { "content-length": 4 * MIB + 1 }, unsent: true }],
];

export function generatorRefusals({ test }, server) {
  const channel = new Channel(server);
  const realm = () => `Bearer realm="${channel.issuer}"`;
  const refuse = async (assert, options, status, error, says = {}) => {
    const request = await channel.generation(assert, options);
    const answer = await server.refuse(assert, request, status, error, "Bearer");
    expectSays(assert, answer, says);
    if (status !== 401 && status !== 403) assert.strictEqual(answer.headers["www-authenticate"], undefined);
    return { ...answer, challenge: answer.headers["www-authenticate"] };
  };

  for (const type of [null, ...TYPES]) {
    test(`content type ${type ?? "missing"}`, (assert) =>
      refuse(assert, { headers: { "content-type": type } }, 415, "invalid_request"));
  }

  for (const [name, auth] of [
    ["no Authorization", () => null],
    ["Basic", () => channel.basic("A")],
    ["an empty token", () => "Bearer "],
    ["another scheme", async (assert) => (await channel.bearer(assert)).replace("Bearer", "Token")],
    ["no scheme", async (assert) => (await channel.bearer(assert)).replace("Bearer ", "")],
  ]) {
    test(`${name}: the scheme and nothing else`, async (assert) => {
      const { challenge } = await refuse(assert, { auth: await auth(assert) }, 401, "invalid_token");
      assert.strictEqual(challenge, realm());
    });
  }

  for (const [name, make] of Object.entries(TOKENS)) {
    test(`A's token: ${name}`, async (assert) => {
      const own = async () => (await channel.bearer(assert)).slice("Bearer ".length);
      const { payload } = decode(await own());
      const signed = (change, header, key = "DKT_KEY") =>
        `Bearer ${jwt(server.secret(key), { kid: "main", typ: "JWT", ...header }, { ...payload, ...change })}`;
      const roots = async () => `Bearer ${(await server.issue(assert)).access_token}`;
      const exchangeable = async () => `Bearer ${await channel.exchangeable(assert)}`;
      const auth = await make(own, { signed, roots, exchangeable, env: server.env });
      const { challenge, description } = await refuse(assert, { auth }, 401, "invalid_token");
      const expected = `${realm()}, error="invalid_token", error_description="${description}"`;
      assert.strictEqual(challenge, expected);
    });
  }

  test("what the tests above change is good as it was", async (assert) => {
    const { payload } = decode((await channel.bearer(assert)).slice("Bearer ".length));
    const auth = `Bearer ${jwt(server.secret("DKT_KEY"), { kid: "main", typ: "JWT" }, payload)}`;
    await channel.generate(assert, ["somebody"], { auth });
  });

  for (const [name, auth] of [
    ["B's token", (assert) => channel.bearer(assert, "B")],
    [
      "A's token, narrowed",
      async (assert) => {
        const form = `${GRANT}&scope=token-exchange:seamless-backchannel`;
        const { DKT_SERVICE_CLIENT_ID: id, DKT_SERVICE_CLIENT_SECRET: secret } = server.env;
        const asked = { auth: basic(id, secret), path: channel.paths.token, form };
        return `Bearer ${(await server.issue(assert, asked)).access_token}`;
      },
    ],
  ]) {
    test(`${name} has not the scope`, async (assert) => {
      const { challenge, description } = await refuse(
        assert,
        { auth: await auth(assert) },
        ...[403, "insufficient_scope", { says: GENERATOR_SCOPE }],
      );
      const parts = `error="insufficient_scope", error_description="${description}", scope="${GENERATOR_SCOPE}"`;
      assert.strictEqual(challenge, `${realm()}, ${parts}`);
    });
  }

  for (const [name, key] of Object.entries(KEYS)) {
    test(`x-api-key ${name}`, async (assert) => {
      const value = typeof key === "function" ? key(server.env.DKT_API_KEY) : (key ?? null);
      const { challenge, description } = await refuse(
        assert,
        { headers: { "x-api-key": value } },
        ...[401, "invalid_client"],
      );
      assert.strictEqual(challenge, realm());
      assert.strictEqual(description, "x-api-key is missing, or not a key of this client");
    });
  }

  for (const [name, query, error, says] of QUERIES) {
    test(name, (assert) => refuse(assert, { query }, 400, error, says));
  }

  test("no UTF-8 in the query", async (assert) => {
    const request = await channel.generation(assert);
    await server.refuse(assert, { ...request, path: `${request.path}%ff` }, 400, "invalid_request");
  });

  test("no pair from A to A", async (assert) => {
    const query = { client_id: server.env.DKT_SERVICE_CLIENT_ID };
    await refuse(assert, { query }, 403, "access_denied", { rule: "exchange.no-grant" });
  });

  for (const [name, body, says] of BODIES) {
    test(`body: ${name}`, (assert) => refuse(assert, { body }, 400, "invalid_request", { says }));
  }

  for (const [name, options] of OVER) {
    test(`body: ${name}`, (assert) => refuse(assert, options, 413, "invalid_request", { says: "4194304" }));
  }

  for (const [name, chunked] of [
    ["declared", false],
    ["chunked", true],
  ]) {
    test(`body: 4 MiB, ${name}, is good`, async (assert) => {
      const { tokens } = await channel.generate(assert, '["somebody"]'.padEnd(4 * MIB), { chunked });
      assert.deepEqual([...tokens.keys()], ["somebody"]);
    });
  }

  for (const name of ["token", "exchange"]) {
    test(`body: longer than 1 MiB at the ${name} endpoint`, async (assert) => {
      const form = `${GRANT}&pad=`.padEnd(MIB + 1, "x");
      const options = { auth: channel.basic(), path: channel.paths[name], form };
      for (const chunked of [false, true]) {
        const request = tokenRequest(server.env, { ...options, chunked });
        const answer = await server.refuse(assert, request, 413, "invalid_request");
        expectSays(assert, answer, { says: String(MIB) });
      }
    });
  }

  test("the first of many faults is told", async (assert) => {
    const bad = {
      headers: { "content-type": "text/plain", "x-api-key": null },
      auth: null,
      query: { client_id: "nobody", scopes: "nothing" },
      body: "[]",
    };
    const steps = [
      [{}, 415, "invalid_request"],
      [{ headers: { "x-api-key": null } }, 401, "invalid_token"],
      [{ auth: await channel.bearer(assert, "B") }, 403, "insufficient_scope"],
      [{ auth: undefined }, 401, "invalid_client"],
      [{ headers: {} }, 400, "invalid_request"],
      [{ query: { client_id: "review-mails", scopes: "nothing" } }, 403, "access_denied"],
      [{ query: { scopes: "nothing" } }, 400, "invalid_scope"],
      [{ query: {} }, 400, "invalid_request"],
    ];
    for (const [mended, status, error] of steps) {
      Object.assign(bad, mended);
      const answer = await server.refuse(
        assert,
        await channel.generation(assert, bad),
        ...[status, error, "Bearer"],
      );
      assert.true(answer.description.length > 0);
    }
    await channel.generate(assert, ["somebody"]);
  });
}
