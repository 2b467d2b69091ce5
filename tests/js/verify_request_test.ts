/** Tokens in requests, the answers to refused ones, and scopes. */

import { bearer_token, type ChallengeOptions, challenge } from "../../js/verify/request.ts";
import { require_scope } from "../../js/verify/scope.ts";
import type { Claims, RefusalCode, Refused, Verified } from "../../js/verify/types.ts";
import type { Register } from "./runtime.ts";

const refused = (code: RefusalCode, message = "no", more: Partial<Refused> = {}): Refused => ({
  ok: false,
  code,
  message,
  ...more,
});

/** What a request with these Authorization fields gives: the token, or the code of the refusal. */
function found(fields: string[], query = ""): string {
  const headers = new Headers();
  for (const field of fields) headers.append("authorization", field);
  const request = new Request(`https://api.example/things${query}`);
  // A page's Request takes the field, but joins nothing: the list is made here.
  Object.defineProperty(request, "headers", { value: headers });
  const result = bearer_token(request);
  return result.ok ? result.token : result.code;
}

async function read(response: Response): Promise<{ status: number; challenge: string | null; body: string }> {
  return {
    status: response.status,
    challenge: response.headers.get("www-authenticate"),
    body: await response.text(),
  };
}

const verified = (claims: Claims): Verified => ({
  ok: true,
  claims,
  header: { alg: "ES256" },
  key: { kty: "EC", thumbprint: "" },
  details: undefined,
});

const register: Register = (QUnit) => {
  QUnit.module("verify request", () => {
    const fields: [fields: string[], query: string, expected: string][] = [
      [["Bearer abc"], "", "abc"],
      [["bearer abc"], "", "abc"],
      [["BEARER   a.b-c_d~e+f/g=="], "", "a.b-c_d~e+f/g=="],
      [["Bearer abc"], "?access=1", "abc"],
      [[], "", "token_missing"],
      [[], "?access_token=abc", "token_missing"],
      [["Basic YTpi"], "", "token_missing"],
      [["DPoP abc"], "", "token_missing"],
      [["Bearers abc"], "", "token_missing"],
      [["abc"], "", "token_missing"],
      [['Digest a="b", c="d"'], "", "token_missing"],
      [["Bearer"], "", "request_invalid"],
      [["Bearer a b"], "", "request_invalid"],
      [["Bearer a=b"], "", "request_invalid"],
      [["Bearer =="], "", "request_invalid"],
      [['Bearer "abc"'], "", "request_invalid"],
      [["Bearer\tabc"], "", "request_invalid"],
      [["Bearer ä"], "", "request_invalid"],
      [["Bearer abc,def"], "", "request_invalid"],
      [["Bearer abc", "Bearer def"], "", "request_invalid"],
      [["Bearer abc", "Basic YTpi"], "", "request_invalid"],
      [["Basic YTpi", "Bearer abc"], "", "request_invalid"],
      [["Bearer abc"], "?access_token=abc", "request_invalid"],
      [["Bearer abc"], "?a=b&access%5Ftoken=", "request_invalid"],
    ];
    for (const [given, query, expected] of fields) {
      QUnit.test(`Authorization ${JSON.stringify(given)} ${query}`, (assert) => {
        assert.strictEqual(found(given, query), expected);
      });
    }

    QUnit.test("a request as the runtime makes it", (assert) => {
      const request = new Request("https://api.example/", { headers: { Authorization: "Bearer abc" } });
      assert.deepEqual(bearer_token(request), { ok: true, token: "abc" });
    });

    const json = (error: string, error_description: string) => JSON.stringify({ error, error_description });
    const challenges: [name: string, Refused, ChallengeOptions, number, string | null, string][] = [
      ["no token", refused("token_missing"), {}, 401, "Bearer", ""],
      [
        "no token, with a realm",
        refused("token_missing"),
        { realm: "the api" },
        401,
        'Bearer realm="the api"',
        "",
      ],
      [
        "request",
        refused("request_invalid", "twice"),
        {},
        400,
        'Bearer error="invalid_request", error_description="twice"',
        json("invalid_request", "twice"),
      ],
      [
        "expired",
        refused("expired", "over"),
        { realm: "r", resource_metadata: "https://api.example/.well-known/oauth-protected-resource" },
        401,
        'Bearer realm="r", error="invalid_token", error_description="over", ' +
          'resource_metadata="https://api.example/.well-known/oauth-protected-resource"',
        json("invalid_token", "over"),
      ],
      [
        "scope",
        refused("scope_insufficient", "less", { expected: ["a", "b:c"] }),
        {},
        403,
        'Bearer error="insufficient_scope", error_description="less", scope="a b:c"',
        json("insufficient_scope", "less"),
      ],
      [
        "scope that the caller names",
        refused("scope_insufficient", "less", { expected: ["a"] }),
        { scope: "x y" },
        403,
        'Bearer error="insufficient_scope", error_description="less", scope="x y"',
        json("insufficient_scope", "less"),
      ],
      [
        "what was expected is a scope only of a scope",
        refused("audience_mismatch", "no", { expected: ["https://api.example"] }),
        {},
        401,
        'Bearer error="invalid_token", error_description="no"',
        json("invalid_token", "no"),
      ],
      [
        "keys",
        refused("jwks_unavailable", "down"),
        { realm: "r" },
        503,
        null,
        json("temporarily_unavailable", "down"),
      ],
      [
        "another status",
        refused("expired", "over"),
        { status: 404 },
        404,
        'Bearer error="invalid_token", error_description="over"',
        json("invalid_token", "over"),
      ],
      [
        "a message with what no header holds",
        refused("claim_mismatch", 'got "x"\\\r\nSet-Cookie: ü=1\u0000\u2028'),
        {},
        401,
        'Bearer error="invalid_token", error_description="got \'x\'???Set-Cookie: ?=1??"',
        json("invalid_token", "got 'x'???Set-Cookie: ?=1??"),
      ],
    ];
    for (const [name, refusal, options, status, header, body] of challenges) {
      QUnit.test(`challenge: ${name}`, async (assert) => {
        const response = challenge(refusal, options);
        assert.strictEqual(response.headers.get("cache-control"), "no-store");
        assert.strictEqual(response.headers.has("retry-after"), status === 503);
        assert.strictEqual(response.headers.get("content-type"), body === "" ? null : "application/json");
        assert.deepEqual(await read(response), { status, challenge: header, body });
      });
    }

    QUnit.test("a long message is cut", async (assert) => {
      const { body } = await read(challenge(refused("expired", "x".repeat(100_000))));
      assert.strictEqual(body, json("invalid_token", "x".repeat(300)));
    });

    const mistakes: ChallengeOptions[] = [
      { realm: 'a", error="x' },
      { realm: "a\\" },
      { realm: "a\r\nSet-Cookie: a=b" },
      { realm: "ü" },
      { scope: 'a"' },
      { scope: "" },
      { scope: ["a b"] },
      { scope: "a\r\nb" },
      { resource_metadata: "no URL" },
      { resource_metadata: "https://api.example/?a=\\" },
    ];
    for (const options of mistakes) {
      QUnit.test(`challenge refuses ${JSON.stringify(options)}`, (assert) => {
        assert.throws(() => challenge(refused("expired"), options), /TypeError/);
      });
    }
  });

  QUnit.module("verify scope", () => {
    const good: [Claims, string | string[]][] = [
      [{ scope: "a b:c d" }, "b:c"],
      [{ scope: "a b:c d" }, "d a"],
      [{ scope: "a b:c d" }, ["a", "b:c"]],
      [{ scope: ["a", "b"] }, "a b"],
      [{ scp: ["a", "b"] }, "b"],
      [{ scp: "a b" }, "b"],
      [{ scope: "a", scp: 7 }, "a"],
    ];
    for (const [claims, scope] of good) {
      QUnit.test(`${JSON.stringify(claims)} has ${JSON.stringify(scope)}`, (assert) => {
        const result = verified(claims);
        assert.strictEqual<unknown>(require_scope(result, scope), result);
      });
    }

    const lacking: [Claims, string | string[], string, string[]][] = [
      [{}, "a", "scope", []],
      [{ scope: "" }, "a", "scope", []],
      [{ scope: [] }, "a", "scope", []],
      [{ scp: [] }, "a", "scp", []],
      [{ scope: "a:b" }, "a", "scope", ["a:b"]],
      [{ scope: "ab A" }, "a", "scope", ["ab", "A"]],
      [{ scope: "a b" }, "b c", "scope", ["a", "b"]],
      [{ scope: "b", scp: ["a"] }, "a", "scope", ["b"]],
    ];
    for (const [claims, scope, claim, actual] of lacking) {
      QUnit.test(`${JSON.stringify(claims)} lacks ${JSON.stringify(scope)}`, (assert) => {
        const expected = String(scope).split(" ");
        const missing = expected.filter((token) => !actual.includes(token));
        const message = `the token lacks the scope ${missing.join(" ")}`;
        assert.deepEqual<unknown>(
          require_scope(verified(claims), scope),
          refused("scope_insufficient", message, { claim, expected, actual }),
        );
      });
    }

    const malformed: [Claims, string][] = [
      [{ scope: 7 }, "scope"],
      [{ scope: null }, "scope"],
      [{ scope: { a: true } }, "scope"],
      [{ scope: "a  b" }, "scope"],
      [{ scope: " a" }, "scope"],
      [{ scope: "a\tb" }, "scope"],
      [{ scope: 'a"' }, "scope"],
      [{ scope: ["a", 7] }, "scope"],
      [{ scope: ["a b"] }, "scope"],
      [{ scope: [["a"]] }, "scope"],
      [{ scope: [""] }, "scope"],
      [{ scp: 7 }, "scp"],
      [{ scope: null, scp: "a" }, "scope"],
    ];
    for (const [claims, claim] of malformed) {
      QUnit.test(`${JSON.stringify(claims)} is malformed`, (assert) => {
        const result = require_scope(verified(claims), "a");
        assert.deepEqual<unknown>(
          [result.ok, !result.ok && result.code, !result.ok && result.claim],
          [false, "claim_malformed", claim],
        );
      });
    }

    QUnit.test("a refusal is handed on", (assert) => {
      const refusal = refused("expired");
      assert.strictEqual<unknown>(require_scope(refusal, "a"), refusal);
    });

    for (const scope of ["", " ", "a  b", 'a"', "ü", [], [""], ["a b"]]) {
      QUnit.test(`${JSON.stringify(scope)} is no scope to require, even of a refusal`, (assert) => {
        assert.throws(() => require_scope(verified({ scope: "a" }), scope), /TypeError: not a scope/);
        assert.throws(() => require_scope(refused("expired"), scope), /TypeError: not a scope/);
      });
    }
  });
};

export default register;
