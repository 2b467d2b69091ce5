/** Tokens, one and many, are what WebCrypto verifies, in the order that was asked for; what is wrong is said. */

import { SignError } from "../../js/sign/error.ts";
import { signAll } from "../../js/sign/host.ts";
import { signers } from "../../js/sign/signer.ts";
import type { Batch, SignCore, SignerOptions } from "../../js/sign/types.ts";
import type { Core, CoreFactory } from "../../js/types.ts";
import type { Register } from "./runtime.ts";

type Jwk = Record<string, unknown>;

interface Kind {
  generate: RsaHashedKeyGenParams | EcKeyGenParams | HmacKeyGenParams | { name: string };
  verify: RsaPssParams | EcdsaParams | { name: string };
}

const RSA = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
const KINDS: Record<string, Kind> = {
  HS256: { generate: { name: "HMAC", hash: "SHA-256" }, verify: { name: "HMAC" } },
  HS384: { generate: { name: "HMAC", hash: "SHA-384" }, verify: { name: "HMAC" } },
  HS512: { generate: { name: "HMAC", hash: "SHA-512" }, verify: { name: "HMAC" } },
  RS256: { generate: { name: "RSASSA-PKCS1-v1_5", ...RSA }, verify: { name: "RSASSA-PKCS1-v1_5" } },
  PS256: { generate: { name: "RSA-PSS", ...RSA }, verify: { name: "RSA-PSS", saltLength: 32 } },
  ES256: { generate: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: "SHA-256" } },
  EdDSA: { generate: { name: "Ed25519" }, verify: { name: "Ed25519" } },
};

/** Who may sign: `undefined` is the default. */
const SIGNED_BY: [alg: string, signing: "host" | "core" | undefined][] = [
  ["HS256", undefined],
  ["HS384", undefined],
  ["HS512", "core"],
  ["RS256", undefined],
  ["PS256", "host"],
  ["ES256", undefined],
  ["EdDSA", undefined],
  ["ES256", "core"],
  ["EdDSA", "core"],
];

interface Key {
  jwk: Jwk;
  verify(token: string): Promise<{ header: string; claims: string }>;
}

async function makeKey(alg: string): Promise<Key> {
  const { generate, verify } = KINDS[alg] as Kind;
  const made = await crypto.subtle.generateKey(generate as EcKeyGenParams, true, ["sign", "verify"]);
  const pair = made as CryptoKeyPair | CryptoKey;
  const [own, other] = "privateKey" in pair ? [pair.privateKey, pair.publicKey] : [pair, pair];
  const { alg: _alg, key_ops: _operations, ext: _ext, ...jwk } = await crypto.subtle.exportKey("jwk", own);
  return {
    jwk: { ...jwk, kid: "k1" },
    async verify(token) {
      const [header = "", payload = "", signature = "", ...rest] = token.split(".");
      const input = new TextEncoder().encode(`${header}.${payload}`);
      const good = await crypto.subtle.verify(verify as EcdsaParams, other, decode(signature), input);
      if (!good || rest.length > 0) throw new Error(`does not verify: ${token}`);
      const text = (part: string) => new TextDecoder().decode(decode(part));
      return { header: text(header), claims: text(payload) };
    },
  };
}

function decode(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(text)) throw new Error(`not base64url: ${text}`);
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}

/** What a promise is rejected with. */
async function refusal(promise: Promise<unknown>): Promise<SignError> {
  const error = await promise.then(
    () => new Error("it is not rejected"),
    (error: unknown) => error,
  );
  if (error instanceof SignError) return error;
  throw error;
}

async function gather(chunks: AsyncIterable<string[]>): Promise<string[][]> {
  const all: string[][] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

const SECRET: Jwk = { kty: "oct", k: "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8" };
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

const register: Register = (QUnit, runtime) => {
  const createSigner = signers(async () => runtime.core());

  QUnit.module("sign", () => {
    for (const [alg, signing] of SIGNED_BY) {
      QUnit.test(`${alg}, signing by ${signing ?? "default"}: one and many verify`, async (assert) => {
        const { jwk, verify } = await makeKey(alg);
        const signer = await createSigner({ jwk, alg, ...(signing && { signing }), header: { x: ["ü"] } });
        const claims = { z: "é😀", exp: 7.5, a: { b: null }, 1: true };
        const one = await verify(await signer.sign(claims));
        assert.strictEqual(one.header, `{"alg":"${alg}","typ":"at+jwt","kid":"k1","x":["ü"]}`);
        assert.strictEqual(one.claims, JSON.stringify(claims));

        const subjects = ["a", 'q"\\\n', "😀", "", { deep: [1, "ü"] }];
        const times = [1, 20, 300, 4.5, -6];
        const tokens = await signer.sign_batch({
          claims: { iss: "é", sub: null, jti: "", aud: ["b"], exp: 0, y: 1 },
          columns: { exp: times, sub: subjects },
          uuid: "jti",
        });
        assert.strictEqual(tokens.length, subjects.length);
        const seen = new Set<string>();
        for (const [index, token] of tokens.entries()) {
          const { header, claims } = await verify(token);
          assert.strictEqual(header, one.header);
          const jti = /"jti":"([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"/.exec(
            claims,
          );
          seen.add(jti?.[1] ?? "");
          const [sub, exp] = [subjects[index], times[index]];
          const expected = { iss: "é", sub, jti: jti?.[1], aud: ["b"], exp, y: 1 };
          assert.strictEqual(claims, JSON.stringify(expected));
        }
        assert.strictEqual(seen.size, tokens.length, "every jti is another");
        assert.false(seen.has(""));
      });
    }

    QUnit.test("a key of WebCrypto signs, and stays there", async (assert) => {
      const generate = KINDS.ES256?.generate as EcKeyGenParams;
      const pair = await crypto.subtle.generateKey(generate, false, ["sign", "verify"]);
      const signer = await createSigner({ key: pair.privateKey, alg: "ES256", kid: "k2", typ: null });
      const token = await signer.sign({ a: 1 });
      const [header = "", payload = "", signature = ""] = token.split(".");
      assert.strictEqual(new TextDecoder().decode(decode(header)), '{"alg":"ES256","kid":"k2"}');
      const parameters = KINDS.ES256?.verify as EcdsaParams;
      const input = new TextEncoder().encode(`${header}.${payload}`);
      assert.true(await crypto.subtle.verify(parameters, pair.publicKey, decode(signature), input));
    });

    QUnit.test("a stream has the whole batch in its order, and stops where it is left", async (assert) => {
      for (const alg of ["HS256", "EdDSA"]) {
        const { jwk, verify } = await makeKey(alg);
        const signer = await createSigner({ jwk, alg });
        const batch = { claims: { n: 0, k: "v" }, columns: { n: numbers(1100) } };
        const chunks = await gather(signer.sign_chunks(batch));
        assert.true(chunks.length > 1 && chunks.every(({ length }) => length > 0), `${chunks.length} chunks`);
        assert.deepEqual(await signer.sign_batch(batch), chunks.flat(), "both sign by themselves alone");
        for (const index of [0, 1, 255, 256, 257, 511, 512, 1023, 1024, 1099]) {
          const { claims } = await verify(chunks.flat()[index] ?? "");
          assert.strictEqual(claims, `{"n":${index},"k":"v"}`);
        }
        for await (const chunk of signer.sign_chunks(batch)) {
          assert.strictEqual(chunk.length, chunks[0]?.length);
          break;
        }
      }
    });

    QUnit.test("10,000 tokens, and identifiers without another column", async (assert) => {
      const signer = await createSigner({ jwk: JSON.stringify(SECRET), alg: "HS256" });
      const tokens = await signer.sign_batch({ claims: { jti: 0 }, uuid: "jti", count: 10_000 });
      assert.strictEqual(new Set(tokens).size, 10_000);
      assert.strictEqual((await signer.sign_batch({ claims: {} })).length, 1);
    });

    const batches: [
      name: string,
      batch: object,
      code: string,
      column?: string | undefined,
      index?: number,
    ][] = [
      ["no object", [] as object, "claims_invalid"],
      ["an unknown member", { claims: {}, colums: {} }, "option_invalid"],
      ["claims that are an array", { claims: [] }, "claims_invalid"],
      ["claims that turn into text", { claims: new Date(0) }, "claims_invalid"],
      ["a date that is text", { claims: { exp: "7" } }, "claims_invalid", "exp"],
      ["a date that is no number", { claims: { iat: Number.NaN } }, "claims_invalid", "iat"],
      ["half a character", { claims: { a: "\ud800" } }, "claims_invalid"],
      ["a bigint", { claims: { a: 1n } }, "claims_invalid"],
      ["a column without a place", { claims: {}, columns: { a: [1] } }, "column_unknown", "a"],
      ["a uuid without a place", { claims: { a: 1 }, uuid: "b" }, "column_unknown", "b"],
      ["a column twice", { claims: { a: 1 }, columns: { a: [1] }, uuid: "a" }, "column_duplicate", "a"],
      [
        "lengths that differ",
        { claims: { a: 1, b: 1 }, columns: { a: [1, 2], b: [1] } },
        "column_length",
        "b",
      ],
      ["another count", { claims: { a: 1 }, columns: { a: [1, 2] }, count: 3 }, "column_length", "a"],
      ["a column that is text", { claims: { a: 1 }, columns: { a: "xy" } }, "column_length", "a"],
      ["no tokens", { claims: { a: 1 }, columns: { a: [] } }, "count_out_of_range"],
      ["half a token", { claims: {}, count: 1.5 }, "count_out_of_range"],
      ["too many", { claims: { a: 1 }, columns: { a: numbers(10_001) } }, "count_out_of_range"],
      ["undefined", { claims: { a: 1 }, columns: { a: [1, undefined] } }, "value_invalid", "a", 1],
      ["infinity", { claims: { a: 1 }, columns: { a: [1, 2, -1 / 0] } }, "value_invalid", "a", 2],
      ["a function", { claims: { a: 1 }, columns: { a: [() => 1] } }, "value_invalid", "a", 0],
      ["a symbol", { claims: { a: 1 }, columns: { a: [Symbol("s")] } }, "value_invalid", "a", 0],
      ["a bigint in a value", { claims: { a: 1 }, columns: { a: [[1n]] } }, "value_invalid", "a"],
      [
        "half a character in a column",
        { claims: { a: 1 }, columns: { a: ["\udc00"] } },
        "value_invalid",
        "a",
        0,
      ],
      [
        "a long token",
        { claims: { a: 1 }, columns: { a: [1, "x".repeat(16_000)] } },
        "token_too_long",
        undefined,
        1,
      ],
      [
        "a date that is text, in the second chunk",
        { claims: { exp: 1 }, columns: { exp: [...numbers(700), "7"] } },
        "value_invalid",
        "exp",
        700,
      ],
    ];
    for (const alg of ["HS256", "ES256"]) {
      QUnit.test(`${alg}: what is wrong with a batch is said, and where`, async (assert) => {
        const signer = await createSigner({ jwk: (await makeKey(alg)).jwk, alg });
        for (const [name, batch, code, column, index] of batches) {
          const error = await refusal(signer.sign_batch(batch as Batch));
          assert.deepEqual([error.code, error.column, error.index], [code, column, index] as never, name);
          assert.true(error.message.length > 20, name);
          const streamed = await refusal(gather(signer.sign_chunks(batch as Batch)));
          assert.strictEqual(streamed.code, error.code, name);
        }
        const circle: Record<string, unknown> = {};
        circle.self = circle;
        const claims: [unknown, string, string?][] = [
          [null, "claims_invalid"],
          ["text", "claims_invalid"],
          [undefined, "claims_invalid"],
          [circle, "claims_invalid"],
          [{ nbf: null }, "claims_invalid", "nbf"],
          [{ a: "\ud800" }, "claims_invalid"],
          [{ a: "x".repeat(16_000) }, "token_too_long"],
          [{ a: "x".repeat(17_000) }, "token_too_long"],
        ];
        for (const [value, code, column] of claims) {
          const error = await refusal(signer.sign(value as object));
          assert.deepEqual([error.code, error.column], [code, column] as never, String(value));
        }
        assert.strictEqual(
          (await signer.sign({ a: undefined, b: 1 })).split(".").length,
          3,
          "it still signs",
        );
      });
    }

    QUnit.test("what is wrong with a key or an option is said", async (assert) => {
      const { jwk: ec } = await makeKey("ES256");
      const { d: _private, ...half } = ec;
      const pair = await crypto.subtle.generateKey(KINDS.ES256?.generate as EcKeyGenParams, true, [
        "sign",
        "verify",
      ]);
      const small = { ...RSA, name: "RSASSA-PKCS1-v1_5", modulusLength: 1024 };
      const weak = await crypto.subtle.generateKey(small, true, ["sign", "verify"]);
      const good = { jwk: SECRET, alg: "HS256" };
      const cases: [name: string, options: unknown, code: string][] = [
        ["nothing", undefined, "option_invalid"],
        ["a mistyped option", { ...good, sining: "core" }, "option_invalid"],
        ["no alg", { jwk: SECRET }, "option_invalid"],
        ["no key", { alg: "ES256" }, "key_invalid"],
        ["none", { jwk: SECRET, alg: "none" }, "key_invalid"],
        ["none in the core", { jwk: SECRET, alg: "none", signing: "core" }, "key_invalid"],
        ["a secret as text", { jwk: "secret", alg: "HS256" }, "key_invalid"],
        ["a short secret", { jwk: { kty: "oct", k: "AQID" }, alg: "HS256" }, "key_invalid"],
        ["a secret too short for this", { ...good, alg: "HS512" }, "key_invalid"],
        ["a secret for a signature", { jwk: SECRET, alg: "ES256" }, "key_invalid"],
        [
          "a secret for a signature in the core",
          { jwk: SECRET, alg: "ES256", signing: "core" },
          "key_invalid",
        ],
        ["a key for a secret", { jwk: ec, alg: "HS256" }, "key_invalid"],
        ["a public key", { jwk: half, alg: "ES256" }, "key_invalid"],
        ["a public key in the core", { jwk: half, alg: "ES256", signing: "core" }, "key_invalid"],
        ["a key for another alg", { jwk: { ...ec, alg: "ES384" }, alg: "ES256" }, "key_invalid"],
        ["a place that is none", { jwk: ec, alg: "ES256", signing: "cloud" }, "option_invalid"],
        ["HMAC in the host", { ...good, signing: "host" }, "option_invalid"],
        ["a typ that is a number", { ...good, typ: 1 }, "option_invalid"],
        ["a kid that is a number", { ...good, kid: 1 }, "option_invalid"],
        ["a kid of the key that is a number", { jwk: { ...SECRET, kid: 1 }, alg: "HS256" }, "option_invalid"],
        ["a header that is text", { ...good, header: "x" }, "header_invalid"],
        ["a header with alg", { ...good, header: { alg: "ES256" } }, "header_invalid"],
        ["a header with crit", { ...good, header: { crit: ["exp"] } }, "header_invalid"],
        ["a header with b64", { ...good, header: { b64: false } }, "header_invalid"],
        ["half a character", { ...good, header: { x: "\ud800" } }, "header_invalid"],
        ["two keys", { key: pair.privateKey, jwk: ec, alg: "ES256", kid: "k" }, "option_invalid"],
        ["a CryptoKey without kid", { key: pair.privateKey, alg: "ES256" }, "option_invalid"],
        ["a public CryptoKey", { key: pair.publicKey, alg: "ES256", kid: "k" }, "key_invalid"],
        ["a CryptoKey for another alg", { key: pair.privateKey, alg: "RS256", kid: "k" }, "key_invalid"],
        ["a CryptoKey for HMAC", { key: pair.privateKey, alg: "HS256", kid: "k" }, "option_invalid"],
        ["a CryptoKey that is none", { key: {}, alg: "ES256", kid: "k" }, "key_invalid"],
        ["a small modulus", { key: weak.privateKey, alg: "RS256", kid: "k" }, "key_invalid"],
      ];
      for (const [name, options, code] of cases) {
        const error = await refusal(createSigner(options as SignerOptions));
        assert.strictEqual(error.code as string, code, `${name}: ${error.message}`);
        for (const secret of [ec.d, SECRET.k]) assert.false(error.message.includes(String(secret)), name);
      }
    });

    QUnit.test("a trapped core is replaced, and every signer goes on with its own key", async (assert) => {
      let made = 0;
      let trap = false;
      const trapping = (core: Core & SignCore): Core & SignCore => {
        const sign_batch: SignCore["sign_batch"] = (...call) => {
          if (trap) throw new WebAssembly.RuntimeError("unreachable");
          return core.sign_batch(...call);
        };
        return { ...core, sign_batch };
      };
      const factory: CoreFactory = () => {
        made += 1;
        return trapping(runtime.core()() as Core & SignCore);
      };
      const create = signers(async () => factory);
      const keys = await Promise.all([makeKey("HS256"), makeKey("HS256")]);
      const [one, other] = await Promise.all(keys.map(({ jwk }) => create({ jwk, alg: "HS256" })));
      assert.strictEqual(made, 1, "one instance for all signers");
      trap = true;
      const lost = await refusal(one?.sign_batch({ claims: {}, count: 2 }) ?? Promise.resolve());
      assert.strictEqual(lost.code, "core_trapped");
      assert.true(lost.cause instanceof WebAssembly.RuntimeError);
      trap = false;
      for (const [index, signer] of [one, other].entries()) {
        const [token = ""] = (await signer?.sign_batch({ claims: { a: 1 }, count: 2 })) ?? [];
        assert.strictEqual((await keys[index]?.verify(token))?.claims, '{"a":1}');
      }
      assert.strictEqual(made, 2, "one replacement");
    });

    QUnit.test("signers that the core has forgotten sign on", async (assert) => {
      const { jwk, verify } = await makeKey("HS256");
      const first = await createSigner({ jwk, alg: "HS256" });
      for (const _ of numbers(300)) await createSigner({ jwk: SECRET, alg: "HS256" });
      assert.strictEqual((await verify(await first.sign({ a: 1 }))).claims, '{"a":1}');
    });

    QUnit.test("a core that could not be loaded is loaded the next time", async (assert) => {
      let tries = 0;
      const create = signers(async () => {
        tries += 1;
        if (tries === 1) throw new Error("no network");
        return runtime.core();
      });
      await assert.rejects(create({ jwk: SECRET, alg: "HS256" }), /no network/);
      assert.strictEqual((await (await create({ jwk: SECRET, alg: "HS256" })).sign({})).split(".").length, 3);
    });

    QUnit.test("signatures stand in the order of the inputs, and a failure is said", async (assert) => {
      const waiting: (() => void)[] = [];
      const sign = (input: Uint8Array<ArrayBuffer>) => {
        const done = Uint8Array.of(input[0] ?? 0, input.byteLength).buffer;
        return new Promise<ArrayBuffer>((resolve) => waiting.push(() => resolve(done)));
      };
      const signing = signAll(sign, Uint8Array.of(7, 8, 8, 9), Uint32Array.of(1, 3, 4));
      for (const resolve of waiting.toReversed()) resolve();
      assert.deepEqual([...(await signing)], [7, 1, 8, 2, 9, 1]);

      let asked = 0;
      const failing = async () => {
        asked += 1;
        throw new Error("the key is gone");
      };
      const ends = Uint32Array.from(numbers(1000));
      const error = await refusal(signAll(failing, new Uint8Array(1000), ends));
      assert.true(asked < ends.length, `${asked} were asked for`);
      assert.deepEqual([error.code, (error.cause as Error).message], ["signing_failed", "the key is gone"]);
    });
  });
};

export default register;
