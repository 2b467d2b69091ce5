/** Every code that the verifier refuses with, and what it names. */

import type { VerifierOptions } from "../../js/verify/options.ts";
import type { RefusalCode } from "../../js/verify/types.ts";
import { bind } from "../../js/verify/verifier.ts";
import type { Register } from "./runtime.ts";
import { type Alg, CLAIMS, jwkSet, key, NOW, RULES, sign, signText } from "./tokens.ts";

/** What a refusal is expected to say. */
interface Case {
  what: string;
  token: string | Promise<string>;
  code: RefusalCode;
  claim?: string;
  expected?: unknown;
  actual?: unknown;
  options?: Partial<VerifierOptions>;
}

const refusals: Register = (QUnit, runtime) => {
  const createVerifier = bind(async () => runtime.verifierCore());
  const verifier = async (alg: Alg, options: Partial<VerifierOptions> = {}) =>
    createVerifier({ ...RULES, algorithms: [alg], jwks: jwkSet(await key(alg)), ...options });

  QUnit.module("verify: refusals", () => {
    QUnit.test("each says which rule and why", async (assert) => {
      const own = await key("ES256");
      const token = (claims: object, header: object = {}) => sign(own, { ...CLAIMS, ...claims }, header);
      const raw = (header: string, payload: string) => signText(own, header, payload);
      const head = JSON.stringify({ alg: "ES256", kid: "ES256", typ: "at+jwt" });
      const body = JSON.stringify(CLAIMS);
      const [h = "", p = "", s = ""] = (await token({})).split(".");
      const cases: Case[] = [
        { what: "too long", token: "a".repeat(16 * 1024 + 1), code: "token_too_long" },
        ...["", ".", "a.b", "a.b.c.d", `${h}.${p}.${s}.`, "..", "Bearer x"].map((text) => ({
          what: `not three segments: ${text.slice(0, 9)}`,
          token: text,
          code: "token_malformed" as const,
        })),
        ...[`${h}=.${p}.${s}`, `${h}.${p}\n.${s}`, `${h}.${p}+.${s}`, `${h}. ${p}.${s}`].map((text) => ({
          what: "not base64url",
          token: text,
          code: "token_malformed" as const,
        })),
        { what: "header is no object", token: raw("[]", body), code: "token_malformed" },
        {
          what: "header name twice",
          token: raw(`{"alg":"ES256",${head.slice(1)}`, body),
          code: "token_malformed",
        },
        { what: "claims are no object", token: raw(head, "[]"), code: "token_malformed" },
        { what: "claim twice", token: raw(head, `{"sub":"a",${body.slice(1)}`), code: "token_malformed" },
        { what: "nested", token: token({}, { cty: "JWT" }), code: "token_malformed" },
        { what: "b64", token: token({}, { b64: false, crit: ["b64"] }), code: "token_malformed" },
        {
          what: "crit",
          token: token({}, { crit: ["exp"], exp: 1 }),
          code: "header_critical",
          claim: "crit",
          actual: ["exp"],
        },
        { what: "crit empty", token: token({}, { crit: [] }), code: "header_critical", claim: "crit" },
        ...["none", "None", "nOnE", "HS256", "RS256", "es256", ""].map((alg) => ({
          what: `alg ${alg}`,
          token: token({}, { alg }),
          code: "algorithm_not_allowed" as const,
          claim: "alg",
          expected: ["ES256"],
          actual: alg,
        })),
        {
          what: "typ",
          token: token({}, { typ: "JWT" }),
          code: "typ_mismatch",
          claim: "typ",
          expected: "at+jwt",
          actual: "JWT",
        },
        { what: "no typ", token: token({}, { typ: undefined }), code: "typ_mismatch", claim: "typ" },
        {
          what: "kid",
          token: token({}, { kid: "../x" }),
          code: "key_not_found",
          claim: "kid",
          actual: "../x",
        },
        {
          what: "iss",
          token: token({ iss: "https://as.example/" }),
          code: "issuer_mismatch",
          claim: "iss",
          expected: RULES.issuer,
          actual: "https://as.example/",
        },
        { what: "no iss", token: token({ iss: undefined }), code: "claim_missing", claim: "iss" },
        { what: "iss array", token: token({ iss: [RULES.issuer] }), code: "claim_malformed", claim: "iss" },
        {
          what: "aud",
          token: token({ aud: ["a", "b"] }),
          code: "audience_mismatch",
          claim: "aud",
          expected: RULES.audience,
          actual: ["a", "b"],
        },
        { what: "no aud", token: token({ aud: undefined }), code: "claim_missing", claim: "aud" },
        {
          what: "aud null",
          token: token({ aud: null }),
          code: "claim_malformed",
          claim: "aud",
          actual: null,
        },
        { what: "sub", token: token({ sub: 1 }), code: "claim_malformed", claim: "sub", actual: 1 },
        { what: "no exp", token: token({ exp: undefined }), code: "claim_missing", claim: "exp" },
        {
          what: "exp text",
          token: token({ exp: `${NOW + 9}` }),
          code: "claim_malformed",
          claim: "exp",
          actual: `${NOW + 9}`,
        },
        { what: "exp null", token: token({ exp: null }), code: "claim_malformed", claim: "exp" },
        {
          what: "exp now",
          token: token({ exp: NOW }),
          code: "expired",
          claim: "exp",
          expected: { after: NOW },
          actual: NOW,
        },
        {
          what: "exp, tolerated",
          token: token({ exp: NOW - 60 }),
          code: "expired",
          claim: "exp",
          options: { clock_tolerance: 60 },
        },
        {
          what: "nbf",
          token: token({ nbf: NOW + 1 }),
          code: "not_yet_valid",
          claim: "nbf",
          expected: { until: NOW },
          actual: NOW + 1,
        },
        {
          what: "iat",
          token: token({ iat: NOW + 61 }),
          code: "issued_in_the_future",
          claim: "iat",
          options: { clock_tolerance: 60 },
        },
        {
          what: "too old",
          token: token({ iat: NOW - 101 }),
          code: "too_old",
          claim: "iat",
          options: { max_age: 100 },
        },
        {
          what: "no age",
          token: token({ iat: undefined }),
          code: "claim_missing",
          claim: "iat",
          options: { max_age: 100 },
        },
        {
          what: "required",
          token: token({}),
          code: "claim_missing",
          claim: "act",
          options: { required_claims: ["sub", "act"] },
        },
        {
          what: "value",
          token: token({}),
          code: "claim_mismatch",
          claim: "client_id",
          expected: "other",
          actual: "client",
          options: { claims: { client_id: "other" } },
        },
        {
          what: "value absent",
          token: token({}),
          code: "claim_missing",
          claim: "azp",
          options: { claims: { azp: "a" } },
        },
        {
          what: "scope",
          token: token({}),
          code: "scope_insufficient",
          claim: "scope",
          expected: ["read", "admin"],
          actual: ["read", "write"],
          options: { scope: "read admin" },
        },
        {
          what: "details",
          token: token({}),
          code: "claim_malformed",
          options: { details: detailsThatThrow },
        },
      ];
      for (const { what, token, code, options, ...more } of cases) {
        const subject = await verifier("ES256", options);
        const result = await subject.verify(await token);
        assert.false(result.ok, what);
        if (result.ok) continue;
        assert.strictEqual(result.code, code, `${what}: ${result.message}`);
        for (const [name, value] of Object.entries(more)) {
          assert.deepEqual(result[name as "claim"], value as string, `${what}: ${name}`);
        }
        assert.true(result.message.length > 10, what);
      }
    });

    QUnit.test("what is not signed is said before what else is wrong", async (assert) => {
      for (const alg of ["ES256", "HS256"] as const) {
        const stranger = await key(alg, "stranger");
        const token = await sign(stranger, { ...CLAIMS, exp: 1, iss: "x" }, { kid: alg });
        const result = await (await verifier(alg)).verify(token);
        assert.strictEqual(result.ok ? "ok" : result.code, "signature_invalid", alg);
      }
    });

    QUnit.test("a token that is no text is refused too", async (assert) => {
      const subject = await verifier("ES256");
      for (const nothing of [undefined, null, 1, {}, ["a"]]) {
        const result = await subject.verify(nothing as unknown as string);
        assert.strictEqual(result.ok ? "ok" : result.code, "token_malformed");
      }
    });
  });
};

export default refusals;

function detailsThatThrow(): undefined {
  throw new Error("client_id does not decode");
}
