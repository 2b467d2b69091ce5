/** Keys go into WebCrypto, sign what they should, and do not come out. */

import { ConfigurationError, createEdgegrant } from "../../js/index.ts";
import { importSigningKey, SigningKeyError, signAll, signer } from "../../js/signer.ts";
import { memory } from "../../js/store/memory.ts";
import { Park } from "./park.ts";
import type { Register } from "./runtime.ts";

type Jwk = Record<string, unknown>;

/** How WebCrypto makes and imports a key of an algorithm, how it verifies, and what it verifies. */
interface Row {
  key: RsaHashedKeyGenParams | EcKeyGenParams | { name: string };
  verify: RsaPssParams | EcdsaParams | { name: string };
  bytes: number;
}

const RSA = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
const pkcs1 = (hash: string): Row => ({
  key: { name: "RSASSA-PKCS1-v1_5", hash, ...RSA },
  verify: { name: "RSASSA-PKCS1-v1_5" },
  bytes: 256,
});
const pss = (hash: string, saltLength: number): Row => ({
  key: { name: "RSA-PSS", hash, ...RSA },
  verify: { name: "RSA-PSS", saltLength },
  bytes: 256,
});
const ecdsa = (namedCurve: string, hash: string, bytes: number): Row => ({
  key: { name: "ECDSA", namedCurve },
  verify: { name: "ECDSA", hash },
  bytes,
});
const ED25519: Row = { key: { name: "Ed25519" }, verify: { name: "Ed25519" }, bytes: 64 };

const ROWS: Record<string, Row> = {
  RS256: pkcs1("SHA-256"),
  RS384: pkcs1("SHA-384"),
  RS512: pkcs1("SHA-512"),
  PS256: pss("SHA-256", 32),
  PS384: pss("SHA-384", 48),
  PS512: pss("SHA-512", 64),
  ES256: ecdsa("P-256", "SHA-256", 64),
  ES384: ecdsa("P-384", "SHA-384", 96),
  ES512: ecdsa("P-521", "SHA-512", 132),
  EdDSA: ED25519,
  Ed25519: ED25519,
};
const ALL = Object.keys(ROWS);
/** In the server's core are not. */
const ABSENT = ["ES384", "ES512"];

/** What is wrong with a key, the key, and what the error says. */
type Case = [string, unknown, RegExp];

const made = new Map<string, Promise<Jwk>>();

/** A private JWK for `alg`, without `alg`. RSA keys take their time: all RSA algorithms share one. */
function privateJwk(alg: string, name = "one"): Promise<Jwk> {
  const { key } = ROWS[alg] as Row;
  const id = `${"modulusLength" in key ? "RSA" : JSON.stringify(key)} ${name}`;
  const jwk = made.get(id) ?? generate(key);
  made.set(id, jwk);
  return jwk;
}

async function generate(parameters: Row["key"]): Promise<Jwk> {
  const how = parameters as EcKeyGenParams;
  const pair = (await crypto.subtle.generateKey(how, true, ["sign", "verify"])) as CryptoKeyPair;
  const exported = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const { alg: _alg, key_ops: _operations, ext: _extractable, ...jwk } = exported;
  // In workerd what is absent is there, undefined.
  return JSON.parse(JSON.stringify(jwk)) as Jwk;
}

/** Whether `signature` is one by `alg` of the private JWK. */
async function verifies(alg: string, jwk: Jwk, signature: BufferSource, input: BufferSource) {
  const { kty, crv, x, y, n, e } = jwk;
  const half = JSON.parse(JSON.stringify({ kty, crv, x, y, n, e })) as JsonWebKey;
  const row = ROWS[alg] as Row;
  const key = await crypto.subtle.importKey("jwk", half, row.key as EcKeyGenParams, true, ["verify"]);
  return crypto.subtle.verify(row.verify as EcdsaParams, key, signature, input);
}

const bytes = (text: string) => new TextEncoder().encode(text);
const unbase64 = (text: string) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) =>
    character.charCodeAt(0),
  );

const register: Register = (QUnit, runtime) => {
  QUnit.module("signer", () => {
    for (const alg of ALL) {
      QUnit.test(`${alg}: signs, verifies, and keeps the key`, async (assert) => {
        const jwk = await privateJwk(alg);
        const text = JSON.stringify({ ...jwk, alg, use: "sig", kid: "k1", key_ops: ["sign"] });
        const key = await importSigningKey(text, alg);
        assert.deepEqual([key.privateKey.extractable, key.privateKey.usages], [false, ["sign"]]);
        await assert.rejects(crypto.subtle.exportKey("jwk", key.privateKey), /extract/i);

        const { kty, crv, x, y, n, e } = jwk;
        const half = { kty, crv, x, y, n, e, kid: "k1", alg, use: "sig" };
        assert.deepEqual(JSON.parse(key.publicJwk), JSON.parse(JSON.stringify(half)));

        const sign = signer(new Map([["KEY", key]]));
        for (const texts of [["only"], ["one", "second", ""]]) {
          let end = 0;
          const ends = texts.map((text) => {
            end += text.length;
            return end;
          });
          const signatures = await sign({ key: "KEY", alg, inputs: bytes(texts.join("")), ends });
          const length = ROWS[alg]?.bytes ?? 0;
          assert.strictEqual(signatures.byteLength, length * texts.length);
          for (const [index, text] of texts.entries()) {
            const signature = signatures.slice(length * index, length * (index + 1));
            assert.true(await verifies(alg, jwk, signature, bytes(text)), `input ${index}: ${text}`);
          }
        }
      });

      QUnit.test(`${alg}: a bad key is refused`, async (assert) => {
        const [one, other] = await Promise.all([privateJwk(alg), privateJwk(alg, "other")]);
        const { d: secret, ...half } = one;
        const cases: Case[] = [
          ...Object.keys(one)
            .filter((member) => !["kty", "crv", "e"].includes(member))
            .map((member): Case => [`another ${member}`, { ...one, [member]: other[member] }, /members/]),
          ["a cut d", { ...one, d: `${secret}`.slice(0, 20) }, /members/],
          ["a public key", half, /"d" is missing/],
          ["another kty", { ...one, kty: "oct" }, new RegExp(`for ${alg}: a JSON object with "kty": "`)],
          [
            "another alg",
            { ...one, alg: alg === "RS256" ? "PS256" : "RS256" },
            new RegExp(`"alg": "${alg}"`),
          ],
          ["another operation", { ...one, key_ops: ["verify"] }, /"sign" in "key_ops"/],
        ];
        for (const [name, key, expected] of cases) {
          const error = await importSigningKey(JSON.stringify(key), alg).catch((error: unknown) => error);
          assert.true(error instanceof SigningKeyError && expected.test(error.message), name);
        }
      });

      QUnit.test(`${alg}: an issuer signs with it, or its configuration says with what`, async (assert) => {
        const jwk = await privateJwk(alg);
        const origin = "https://issuer.example";
        const edgegrant = createEdgegrant({
          config: {
            origin,
            issuers: [{ path: "/", keys: [{ alg, private_key: { env: "KEY" } }] }],
            clients: [{ client_id: "shop", client_secret: { env: "SECRET" } }],
          },
          env: { KEY: JSON.stringify(jwk), SECRET: "a-secret-that-is-long-enough" },
          core: runtime.core(),
          state: memory(),
          registry: memory(),
        });
        if (ABSENT.includes(alg)) {
          const known = ALL.filter((alg) => !ABSENT.includes(alg)).join(", ");
          const message = `expected one of ${known}, found ${alg}`;
          const error = await edgegrant.catch((error: unknown) => error);
          assert.true(error instanceof ConfigurationError, `${error}`);
          const { mistakes } = error as ConfigurationError;
          assert.deepEqual(mistakes, [{ pointer: "/issuers/0/keys/0/alg", message }]);
          return;
        }
        const headers = { authorization: `Basic ${btoa("shop:a-secret-that-is-long-enough")}` };
        const body = new URLSearchParams({ grant_type: "client_credentials" });
        const request = new Request(`${origin}/token`, { method: "POST", headers, body });
        const answer = (await (await (await edgegrant).fetch(request)).json()) as Record<string, string>;
        const [header = "", payload, signature = ""] = (answer["access_token"] ?? "").split(".");
        assert.strictEqual(JSON.parse(atob(header)).alg, alg);
        assert.true(await verifies(alg, jwk, unbase64(signature), bytes(`${header}.${payload}`)));
      });
    }

    QUnit.test("EdDSA and Ed25519 are names of one signature", async (assert) => {
      const jwk = await privateJwk("EdDSA");
      const key = await importSigningKey(JSON.stringify({ ...jwk, alg: "Ed25519" }), "EdDSA");
      assert.strictEqual(key.alg, "EdDSA");
    });

    QUnit.test("what is wrong is said, and nothing of the key", async (assert) => {
      const jwk = await privateJwk("ES256");
      const { d: secret } = jwk;
      const unknown = new RegExp(`one of ${ALL.join(", ")} to sign with`);
      const cases: [string, string, unknown, RegExp][] = [
        [
          "not JSON",
          "ES256",
          `${secret}`,
          /^expected a private JWK for ES256: a JSON object with "kty": "EC"/,
        ],
        ["null", "ES256", null, /a JSON object/],
        ["an array", "ES256", [jwk], /a JSON object/],
        ["another kty", "RS256", jwk, /for RS256: a JSON object with "kty": "RSA"/],
        ["another crv", "ES256", { ...jwk, crv: "P-384" }, /"crv": "P-256"/],
        ["another curve", "ES384", jwk, /"crv": "P-384"/],
        ["a number for d", "ES256", { ...jwk, d: 7 }, /"d" is missing/],
        ["another alg", "ES256", { ...jwk, alg: "ES384" }, /"alg": "ES256"/],
        ["a list for alg", "ES256", { ...jwk, alg: ["ES256"] }, /"alg": "ES256"/],
        ["another use", "ES256", { ...jwk, use: "enc" }, /"use": "sig"/],
        ["not on the curve", "ES256", { ...jwk, x: jwk.y }, /members/],
        ["no list of operations", "ES256", { ...jwk, key_ops: "sign" }, /"sign" in "key_ops"/],
        ["an unknown algorithm", "HS256", jwk, unknown],
        ["an inherited name", "constructor", jwk, unknown],
      ];
      for (const [name, alg, key, expected] of cases) {
        const text = typeof key === "string" ? key : JSON.stringify(key);
        const error = await importSigningKey(text, alg).catch((error: unknown) => error);
        assert.true(error instanceof SigningKeyError, name);
        const { message } = error as SigningKeyError;
        assert.true(expected.test(message), `${name}: ${message}`);
        assert.false(message.includes(`${secret}`.slice(0, 8)), `${name}: no secret`);
      }
    });

    QUnit.test("RSA below 2048 bits is refused", async (assert) => {
      const { key } = ROWS["RS256"] as Row;
      const text = JSON.stringify(await generate({ ...key, modulusLength: 1024 } as RsaHashedKeyGenParams));
      for (const alg of ALL.filter((alg) => /^[RP]S/.test(alg)))
        await assert.rejects(importSigningKey(text, alg), /2048 bits/, alg);
    });

    QUnit.test("many are signed a bounded number at a time, and stand in order", async (assert) => {
      const park = new Park();
      let running = 0;
      let most = 0;
      const sign = async (input: Uint8Array) => {
        running += 1;
        most = Math.max(most, running);
        await park.wait();
        running -= 1;
        return Uint8Array.of(input[0] ?? 0, input.byteLength).buffer;
      };
      // Input n is n % 3 + 1 octets long, all of them n.
      const lengths = Array.from({ length: 200 }, (_, n) => (n % 3) + 1);
      const inputs = Uint8Array.from(lengths.flatMap((length, n) => Array<number>(length).fill(n)));
      let end = 0;
      const ends = lengths.map((length) => {
        end += length;
        return end;
      });
      const signing = signAll(sign, inputs, ends);
      for (let left = lengths.length; left > 0; left -= 128) {
        await park.holds(Math.min(128, left));
        park.release();
      }
      assert.deepEqual(
        [...(await signing)],
        lengths.flatMap((length, n) => [n, length]),
      );
      assert.strictEqual(most, 128);
    });

    QUnit.test("no key, or another algorithm than its key's, fails", async (assert) => {
      const jwk = await privateJwk("RS256");
      const sign = signer(new Map([["KEY", await importSigningKey(JSON.stringify(jwk), "RS256")]]));
      const one = { inputs: new Uint8Array(1), ends: [1] };
      await assert.rejects(sign({ key: "OTHER", alg: "RS256", ...one }), /no RS256 key named OTHER/);
      await assert.rejects(sign({ key: "KEY", alg: "PS256", ...one }), /signs RS256, not PS256/);
      const none = { inputs: new Uint8Array(0), ends: [] };
      assert.deepEqual(await sign({ key: "KEY", alg: "RS256", ...none }), new Uint8Array(0));
    });
  });
};

export default register;
