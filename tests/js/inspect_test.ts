/** The inspection through WebAssembly. What it finds is tested in `tests/inspect.rs`, code by code. */

import { bind } from "../../js/inspect/inspect.ts";
import type { InspectorCore } from "../../js/inspect/types.ts";
import type { Register } from "./runtime.ts";
import { ALGS, base64url, CLAIMS, jwkSet, key, NOW, sign } from "./tokens.ts";

const inspection: Register = (QUnit, runtime) => {
  const inspect = bind(async () => runtime.inspectorCore());

  QUnit.module("inspect", () => {
    QUnit.test("a good token has every part explained and no fault", async (assert) => {
      const own = await key("ES256");
      const result = await inspect(await sign(own, CLAIMS), { jwks: jwkSet(own), now: NOW });
      assert.strictEqual(result.form, "compact_jws");
      assert.strictEqual(result.kind.code, "access_token");
      assert.deepEqual(result.header, { alg: "ES256", kid: "ES256", typ: "at+jwt" });
      assert.deepEqual(result.claims, CLAIMS);
      assert.deepEqual(
        result.segments.map(({ name }) => name),
        ["header", "payload", "signature"],
      );
      const exp = result.times.find(({ claim }) => claim === "exp");
      assert.deepEqual(exp, {
        claim: "exp",
        value: CLAIMS.exp,
        utc: "2027-01-15T08:05:00Z",
        relative: "in 5 minutes",
        as_milliseconds: null,
      });
      assert.strictEqual(result.lifetime, "5 minutes 10 seconds");
      assert.strictEqual(result.signature.status, "verified");
      assert.strictEqual(result.algorithm?.link, "https://www.rfc-editor.org/rfc/rfc7518#section-3.4");
      assert.deepEqual(
        result.problems.filter(({ severity }) => severity === "error"),
        [],
      );
    });

    QUnit.test("checks the signature by every algorithm", async (assert) => {
      for (const alg of ALGS) {
        const own = await key(alg);
        const token = await sign(own, CLAIMS);
        const found = async (jwks: object) =>
          (await inspect(token, { jwks: { ...jwks }, now: NOW })).signature;
        assert.strictEqual((await found(own.jwk)).status, "verified", alg);
        const other = await key(alg, "other");
        assert.strictEqual((await found({ ...other.jwk, kid: alg })).status, "failed", alg);
      }
    });

    QUnit.test("without a clock it takes the runtime's", async (assert) => {
      const ended = await sign(await key("ES256"), { ...CLAIMS, exp: 1_000_000_000 });
      const codes = (await inspect(ended)).problems.map(({ code }) => code);
      assert.true(codes.includes("expired"), codes.join());
    });

    QUnit.test("any text has an answer", async (assert) => {
      const head = (header: object) => base64url(JSON.stringify(header));
      const cases: [string, string, string][] = [
        ["", "opaque", "not_a_token"],
        ["hello", "opaque", "not_a_token"],
        [`${head({ alg: "none" })}.e30.`, "unsecured", "alg_none"],
        [`${head({ alg: "ES256" })}.e30=.AA`, "compact_jws", "base64url_padding"],
        [`${base64url('{"alg":"ES256","alg":"none"}')}.e30.AA`, "unsecured", "duplicate_member"],
        [`${head({ alg: "RSA-OAEP", enc: "A256GCM" })}.a.b.c.d`, "compact_jwe", "encrypted"],
        ["a".repeat(20_000), "opaque", "token_too_long"],
        ["\ud800.\udc00.\0", "compact_jws", "base64url_alphabet"],
      ];
      for (const [text, form, code] of cases) {
        const result = await inspect(text, { now: NOW });
        const problem = result.problems.find((problem) => problem.code === code);
        assert.strictEqual(result.form, form, text.slice(0, 30));
        assert.true(
          `${problem?.link}`.startsWith("https://www.rfc-editor.org/rfc/rfc"),
          `${code}: ${JSON.stringify(result.problems)}`,
        );
      }
    });

    QUnit.test("a core that trapped is not used again", async (assert) => {
      let made = 0;
      const make = runtime.inspectorCore();
      const spoilt = bind(async () => () => {
        made += 1;
        const core: InspectorCore = make();
        if (made > 1) return core;
        return { inspect: () => JSON.parse("unreachable") };
      });
      await assert.rejects(spoilt("a.b.c"), /./);
      assert.strictEqual((await spoilt("a.b.c")).form.length > 0, true);
      assert.strictEqual(made, 2);
    });
  });
};

export default inspection;
