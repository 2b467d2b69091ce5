/** The presets' rules, and the client ids of Hii Retail. */

import {
  authlete,
  decathlon,
  decodeClientId,
  hii_retail,
  open_gateway,
  yaas,
} from "../../js/verify/presets.ts";
import type { Register } from "./runtime.ts";

const issuer = "https://issuer.example/a";
const audience = "https://api.example";
const algorithms = ["ES256"];
const jwks_uri = `${issuer}/.well-known/jwks.json`;
const RFC_9068 = { issuer, audience, algorithms, jwks_uri, typ: "at+jwt" };
const REQUIRED = ["sub", "client_id", "iat", "jti"];

/** As an issuer makes it. */
function encode(yaml: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(yaml));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const ENDS = "sfw: abc@1.3\ntid: t\n";
const SAMPLE =
  "YnVzaW5lc3NfdW5pdF9pZDogZGVtb19idWlkCmlzb19jYzogZGVtby1jb3VudHJ5CnNmdzogYWJjQDEuM0BDSVI3blF3dFMwckE2dDBTNmVq" +
  "ZAp0aWQ6IENJUjduUXd0UzByQTZ0MFM2ZWpkCndvcmtzdGF0aW9uX2lkOiA0MjQyNDI0Mgo";

const register: Register = (QUnit) => {
  QUnit.module("verify presets", () => {
    const rules: [name: string, actual: object, expected: object][] = [
      [
        "decathlon",
        decathlon({ issuer }),
        {
          issuer,
          jwks_uri,
          audience: null,
          algorithms: ["RS256"],
          typ: "JWT",
          required_claims: ["client_id", "iat", "jti", "scope"],
        },
      ],
      ["authlete", authlete({ issuer, audience, algorithms }), { ...RFC_9068, required_claims: REQUIRED }],
      ["yaas", yaas({ issuer, audience, algorithms }), { ...RFC_9068, required_claims: REQUIRED }],
      [
        "yaas, one tenant",
        yaas({ issuer, audience, algorithms, tenant: "T" }),
        { ...RFC_9068, required_claims: REQUIRED, scope: ["hybris.tenant=T"] },
      ],
      [
        "open_gateway",
        open_gateway({ issuer, audience, algorithms }),
        { ...RFC_9068, required_claims: [...REQUIRED, "purpose", "scope"] },
      ],
      [
        "open_gateway, one purpose",
        open_gateway({ issuer, audience, algorithms, purpose: "dpv:FraudPreventionAndDetection" }),
        {
          ...RFC_9068,
          required_claims: [...REQUIRED, "purpose", "scope"],
          claims: { purpose: "dpv:FraudPreventionAndDetection" },
        },
      ],
    ];
    for (const [name, actual, expected] of rules) {
      QUnit.test(name, (assert) => assert.deepEqual(actual, expected));
    }

    QUnit.test("hii_retail", (assert) => {
      const { details, ...actual } = hii_retail({ issuer: `${issuer}/` });
      assert.deepEqual<object>(actual, {
        issuer: `${issuer}/`,
        jwks_uri,
        audience: "https://hiiretail.com",
        algorithms: ["RS256"],
        typ: "JWT",
        required_claims: ["client_id", "iat", "jti", "nbf", "scp", "sub"],
      });
      assert.deepEqual(details({ client_id: SAMPLE }), decodeClientId(SAMPLE));
      assert.throws(() => details({ client_id: 7 }), /client_id is not a string/);
      assert.strictEqual(hii_retail({ issuer, audience }).audience, audience);
    });

    QUnit.test("keys that the caller gives", (assert) => {
      const elsewhere = "https://keys.example/jwks";
      const jwks = { keys: [] };
      for (const preset of [decathlon, hii_retail]) {
        assert.deepEqual<unknown>(Object(preset({ issuer, jwks_uri: elsewhere })).jwks_uri, elsewhere);
        const given = Object(preset({ issuer, jwks }));
        assert.deepEqual([given.jwks, "jwks_uri" in given], [jwks, false]);
      }
      for (const preset of [authlete, yaas, open_gateway]) {
        const given = Object(preset({ issuer, audience, algorithms, jwks }));
        assert.deepEqual([given.jwks, "jwks_uri" in given], [jwks, false]);
      }
    });

    for (const purpose of ["FraudPreventionAndDetection", "dpv:", "dpv:A#sim-swap", ""]) {
      QUnit.test(`purpose ${JSON.stringify(purpose)} is a mistake`, (assert) => {
        assert.throws(() => open_gateway({ issuer, audience, algorithms, purpose }), /TypeError/);
      });
    }
  });

  QUnit.module("verify presets: client ids of Hii Retail", () => {
    QUnit.test("the sample", (assert) => {
      assert.deepEqual(decodeClientId(SAMPLE), {
        software_id: "abc",
        software_version: "1.3",
        software_tenant: "CIR7nQwtS0rA6t0S6ejd",
        tenant_id: "CIR7nQwtS0rA6t0S6ejd",
        claims: { business_unit_id: "demo_buid", iso_cc: "demo-country", workstation_id: 42424242 },
      });
    });

    QUnit.test("types are restored, of a global template", (assert) => {
      const yaml = [
        "a: true",
        "b: 'true'",
        "c: 1.5",
        'd: "42"',
        "e: null",
        "f: no",
        "g: 2020-01-01",
        "h:",
        "- 1",
        "- x",
        "i: ü€",
        "j: -9007199254740991",
        "k: <<",
        "l: {m: [[[[{n: 1}]]]]}",
        "sfw: abc@1.3",
        "tid: '007'",
        "",
      ];
      assert.deepEqual(decodeClientId(encode(yaml.join("\n"))), {
        software_id: "abc",
        software_version: "1.3",
        tenant_id: "007",
        claims: {
          a: true,
          b: "true",
          c: 1.5,
          d: "42",
          e: null,
          f: "no",
          g: "2020-01-01",
          h: [1, "x"],
          i: "ü€",
          j: -9007199254740991,
          k: "<<",
          l: { m: [[[[{ n: 1 }]]]] },
        },
      });
    });

    QUnit.test("no name of a claim reaches a prototype", (assert) => {
      const { claims } = decodeClientId(encode(`__proto__: {polluted: 1}\n${ENDS}`));
      assert.deepEqual([Object(claims).polluted, Object({}).polluted], [undefined, undefined]);
    });

    QUnit.test("as deep as allowed", (assert) => {
      const { claims } = decodeClientId(encode(`a: ${"[".repeat(64)}${"]".repeat(64)}\n${ENDS}`));
      assert.strictEqual(JSON.stringify(claims["a"]), "[".repeat(64) + "]".repeat(64));
      assert.deepEqual(decodeClientId(encode(`a:\n${"- ".repeat(32)}\n${ENDS}`)).software_id, "abc");
    });

    QUnit.test("as long as allowed", (assert) => {
      const text = `a: ${"x".repeat(4_096 - ENDS.length - 4)}\n${ENDS}`;
      assert.strictEqual(text.length, 4_096);
      assert.strictEqual(String(decodeClientId(encode(text)).claims["a"]).length, 4_096 - ENDS.length - 4);
      assert.throws(() => decodeClientId(encode(`x${text}`)), /longer than 4096 bytes/);
    });

    const refused: [name: string, client_id: string, expected: RegExp][] = [
      ["empty", "", /base64url/],
      ["padded", `${encode(`a: b1\n${ENDS}`)}=`, /base64url/],
      [
        "of another alphabet",
        encode(`a: "???>>>"\n${ENDS}`).replaceAll("_", "/").replaceAll("-", "+"),
        /base64url/,
      ],
      ["with white space", `${SAMPLE.slice(0, 4)} ${SAMPLE.slice(4)}`, /base64url/],
      ["with bits left over", SAMPLE.replace(/o$/, "p"), /base64url/],
      ["of an impossible length", `${encode("a: bc")}a`.slice(0, 5), /base64url/],
      ["not UTF-8", btoa("a: \xff\xff\xff").replaceAll("=", "").replaceAll("/", "_"), /base64url/],
      ["a name", "demo", /base64url|YAML/],
    ];
    const yaml: [name: string, yaml: string, expected: RegExp][] = [
      ["a text", "abc", /not a YAML mapping/],
      ["a list", "- sfw: abc@1.3\n- tid: t\n", /not a YAML mapping/],
      ["nothing", "# nothing\n", /not a YAML mapping/],
      ["broken", `a: [1\n${ENDS}`, /not YAML/],
      ["two documents", `${ENDS}---\n${ENDS}`, /not YAML/],
      ["a name twice", `a: 1\na: 2\n${ENDS}`, /not YAML.*unique/],
      ["sfw twice", `sfw: other@1\n${ENDS}`, /not YAML.*unique/],
      ["a name that is no text", `{a: 1}: 2\n${ENDS}`, /not YAML/],
      ["a directive", `%YAML 1.1\n---\n${ENDS}`, /directives/],
      ["an anchor", `a: &x 1\n${ENDS}`, /anchors/],
      ["an alias", `a: &x [1]\nb: *x\n${ENDS}`, /anchors|aliases/],
      ["an alias of nothing", `b: *x\n${ENDS}`, /not YAML|aliases/],
      ["a tag", `a: !!str 1\n${ENDS}`, /tags/],
      ["a tag of a list", `a: !!seq [1]\n${ENDS}`, /tags/],
      ["an unknown tag", `a: !x 1\n${ENDS}`, /not YAML|tags/],
      ["a merge", `<<: {a: 1}\n${ENDS}`, /merges/],
      ["a number too long", `a: 9007199254740993\n${ENDS}`, /exactly/],
      ["a number too large", `a: 1e400\n${ENDS}`, /exactly/],
      ["no number", `a: .nan\n${ENDS}`, /exactly/],
      ["no tid", "sfw: abc@1.3\n", /tid/],
      ["an empty tid", "sfw: abc@1.3\ntid: ''\n", /tid/],
      ["a tid that is a number", "sfw: abc@1.3\ntid: 7\n", /tid/],
      ["no sfw", "tid: t\n", /sfw/],
      ["sfw without version", "sfw: abc\ntid: t\n", /sfw/],
      ["sfw without name", "sfw: '@1'\ntid: t\n", /sfw/],
      ["sfw with an empty tenant", "sfw: abc@1@\ntid: t\n", /sfw/],
      ["sfw of four parts", "sfw: a@b@c@d\ntid: t\n", /sfw/],
      ["sfw that is a number", "sfw: 7\ntid: t\n", /sfw/],
      ["deep in brackets", `a: ${"[".repeat(65)}${"]".repeat(65)}\n${ENDS}`, /nested too deeply/],
      ["deep in braces", `a: ${"{b: ".repeat(65)}${"}".repeat(65)}\n${ENDS}`, /nested too deeply/],
      ["deep in dashes", `a:\n${"- ".repeat(33)}1\n${ENDS}`, /nested too deeply/],
      [
        "deep in lines",
        `${Array.from({ length: 66 }, (_, i) => `${" ".repeat(i)}a:\n`).join("")}${ENDS}`,
        /deeply/,
      ],
    ];
    for (const [name, text, expected] of yaml)
      refused.push([`of YAML that is ${name}`, encode(text), expected]);
    for (const [name, client_id, expected] of refused) {
      QUnit.test(`refused: ${name}`, (assert) => assert.throws(() => decodeClientId(client_id), expected));
    }
  });
};

export default register;
