/** Keys go into WebCrypto, sign what they should, and do not come out. */

import { importSigningKey, SigningKeyError, signer } from "../../js/signer.ts";
import type { Register } from "./runtime.ts";

type Jwk = Record<string, unknown>;

const RSA = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
const GENERATE: Record<string, RsaHashedKeyGenParams | EcKeyGenParams | { name: string }> = {
  RS256: { name: "RSASSA-PKCS1-v1_5", ...RSA },
  PS256: { name: "RSA-PSS", ...RSA },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  EdDSA: { name: "Ed25519" },
};
const VERIFY: Record<string, RsaPssParams | EcdsaParams | { name: string }> = {
  RS256: { name: "RSASSA-PKCS1-v1_5" },
  PS256: { name: "RSA-PSS", saltLength: 32 },
  ES256: { name: "ECDSA", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
};
const SIGNATURE_BYTES: Record<string, number> = { RS256: 256, PS256: 256, ES256: 64, EdDSA: 64 };

async function generate(alg: string): Promise<{ jwk: Jwk; publicKey: CryptoKey }> {
  const parameters = GENERATE[alg] as EcKeyGenParams;
  const pair = (await crypto.subtle.generateKey(parameters, true, ["sign", "verify"])) as CryptoKeyPair;
  const exported = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const { alg: _alg, key_ops: _operations, ext: _extractable, ...jwk } = exported;
  return { jwk, publicKey: pair.publicKey };
}

const register: Register = (QUnit) => {
  QUnit.module("signer", () => {
    for (const alg of Object.keys(GENERATE)) {
      QUnit.test(`${alg}: signs, verifies, and keeps the key`, async (assert) => {
        const { jwk, publicKey } = await generate(alg);
        const text = JSON.stringify({ ...jwk, alg, use: "sig", kid: "k1", key_ops: ["sign"] });
        const key = await importSigningKey(text, alg);
        assert.deepEqual([key.privateKey.extractable, key.privateKey.usages], [false, ["sign"]]);
        await assert.rejects(crypto.subtle.exportKey("jwk", key.privateKey), /extract/i);

        const { kty, crv, x, y, n, e } = jwk;
        const half = { kty, crv, x, y, n, e, kid: "k1", alg, use: "sig" };
        assert.deepEqual(JSON.parse(key.publicJwk), JSON.parse(JSON.stringify(half)));

        const inputs = ["one", "two", ""].map((input) => new TextEncoder().encode(input));
        const signatures = await signer(new Map([["KEY", key]]))(
          inputs.map((input) => ({ key: "KEY", alg, input })),
        );
        for (const [index, input] of inputs.entries()) {
          const signature = new Uint8Array(signatures[index] ?? []);
          assert.strictEqual(signature.byteLength, SIGNATURE_BYTES[alg]);
          const parameters = VERIFY[alg] as EcdsaParams;
          assert.true(await crypto.subtle.verify(parameters, publicKey, signature, input), `input ${index}`);
        }
      });

      QUnit.test(`${alg}: a key with a part of another is refused`, async (assert) => {
        const [one, other] = await Promise.all([generate(alg), generate(alg)]);
        const { x, y, n } = other.jwk;
        const mixed = { ...one.jwk, ...JSON.parse(JSON.stringify({ x, y, n })) };
        await assert.rejects(importSigningKey(JSON.stringify(mixed), alg), /members/);
      });
    }

    QUnit.test("what is wrong is said, and nothing of the key", async (assert) => {
      const { jwk } = await generate("ES256");
      const { d: secret, ...half } = jwk;
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
        ["a public key", "ES256", half, /"d" is missing/],
        ["a number for d", "ES256", { ...jwk, d: 7 }, /"d" is missing/],
        ["another alg", "ES256", { ...jwk, alg: "ES384" }, /"alg": "ES256"/],
        ["another use", "ES256", { ...jwk, use: "enc" }, /"use": "sig"/],
        ["not on the curve", "ES256", { ...jwk, x: jwk.y }, /members/],
        ["a cut d", "ES256", { ...jwk, d: `${secret}`.slice(0, 20) }, /members/],
        ["an unknown algorithm", "HS256", jwk, /one of RS256, PS256, ES256, EdDSA/],
        ["an inherited name", "constructor", jwk, /one of RS256, PS256, ES256, EdDSA/],
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
      const parameters = { ...GENERATE.RS256, modulusLength: 1024 } as RsaHashedKeyGenParams;
      const pair = await crypto.subtle.generateKey(parameters, true, ["sign", "verify"]);
      const text = JSON.stringify(await crypto.subtle.exportKey("jwk", pair.privateKey));
      await assert.rejects(importSigningKey(text, "RS256"), /2048 bits/);
    });

    QUnit.test("a job for no key, or for another algorithm than its key's, fails", async (assert) => {
      const { jwk } = await generate("RS256");
      const sign = signer(new Map([["KEY", await importSigningKey(JSON.stringify(jwk), "RS256")]]));
      const input = new Uint8Array(1);
      await assert.rejects(sign([{ key: "OTHER", alg: "RS256", input }]), /no RS256 key named OTHER/);
      await assert.rejects(sign([{ key: "KEY", alg: "PS256", input }]), /signs RS256, not PS256/);
      assert.deepEqual(await sign([]), []);
    });
  });
};

export default register;
