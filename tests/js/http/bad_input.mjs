// Requests that no client should send.

import { basic, encodeAll, FORM, GRANT, tokenRequest } from "./wire.mjs";

const TOKEN_PATHS = [
  "/token",
  "/bc-authorize",
  "/introspect",
  "/revoke",
  "/ogw/bc-authorize",
  "/hii/oauth2/token",
  "/dkt/connect/oauth/token",
  "/dkt/connect/token/exchange",
  "/dkt/connect/token/generator/seamless-backchannel",
];
const DOCUMENT_PATHS = [
  "/.well-known/jwks.json",
  "/.well-known/openid-configuration",
  "/health",
  "/_dev/env",
];
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"];

const MIB = 1024 * 1024;
const sized = (length) => `${GRANT}&pad=`.padEnd(length, "x");
const DEEP = 20_000;
const deepArray = "[".repeat(DEEP) + "]".repeat(DEEP);
const deepObject = `${'{"a":'.repeat(DEEP)}1${"}".repeat(DEEP)}`;
const bytes = (text) => Buffer.from(text, "latin1");

/** Options of `tokenRequest`, and what is answered. */
const REFUSED = {
  "content type": [
    ["none", { type: null }, 415, "invalid_request"],
    ["empty", { type: "" }, 415, "invalid_request"],
    [
      "JSON",
      { type: "application/json", form: '{"grant_type":"client_credentials"}' },
      415,
      "invalid_request",
    ],
    ["text", { type: "text/plain" }, 415, "invalid_request"],
    ["multipart", { type: "multipart/form-data; boundary=x" }, 415, "invalid_request"],
    ["another charset", { type: `${FORM}; charset=iso-8859-1` }, 415, "invalid_request"],
    ["twice", { headers: { "content-type": [FORM, "application/json"] } }, 415, "invalid_request"],
    ["nearly", { type: `${FORM}x` }, 415, "invalid_request"],
  ],
  parameters: [
    ["none", { form: "" }, 400, "invalid_request"],
    ["separators alone", { form: "&&&" }, 400, "invalid_request"],
    ["without grant_type", { form: "scope=orders:read" }, 400, "invalid_request"],
    ["empty grant_type", { form: "grant_type=" }, 400, "invalid_request"],
    ["grant_type without a value", { form: "grant_type" }, 400, "invalid_request"],
    ["grant_type twice", { form: `${GRANT}&${GRANT}` }, 400, "invalid_request"],
    ["grant_type twice, once encoded", { form: `${GRANT}&grant%5Ftype=password` }, 400, "invalid_request"],
    ["scope twice", { form: `${GRANT}&scope=orders:read&scope=orders:read` }, 400, "invalid_request"],
    ["client_id twice", { form: `${GRANT}&client_id=demo&client_id=demo` }, 400, "invalid_request"],
    ["an unknown one twice", { form: `${GRANT}&x=1&x=2` }, 400, "invalid_request"],
    ["in the query alone", { form: "", path: `/token?${GRANT}` }, 400, "invalid_request"],
  ],
  body: [
    ["longer than 1 MiB", { form: sized(MIB + 1) }, 413, "invalid_request"],
    ["longer than 1 MiB, chunked", { form: sized(MIB + 1), chunked: true }, 413, "invalid_request"],
    ["longer than 1 MiB, another type", { form: sized(MIB + 1), type: "text/plain" }, 413, "invalid_request"],
    [
      "declared as 1 GiB",
      { headers: { "content-length": String(1024 * MIB) }, unsent: true },
      ...[413, "invalid_request"],
    ],
    [
      "declared as more than a number holds",
      { headers: { "content-length": "1".padEnd(15, "0") }, unsent: true },
      ...[413, "invalid_request"],
    ],
  ],
  "deep JSON": [
    ["arrays", { type: "application/json", form: deepArray }, 415, "invalid_request"],
    ["objects", { type: "application/json", form: deepObject }, 415, "invalid_request"],
    ["as a form", { form: deepObject }, 400, "invalid_request"],
    ["as a parameter", { form: `${GRANT}&scope=${deepArray}` }, 400, "invalid_scope"],
  ],
  UTF8: [
    ["not, in a value", { form: bytes(`${GRANT}&scope=\xff`) }, 400, "invalid_request"],
    ["not, in a name", { form: bytes(`${GRANT}&\xff=1`) }, 400, "invalid_request"],
    ["broken off", { form: bytes(`${GRANT}&scope=\xc3`) }, 400, "invalid_request"],
    ["a surrogate", { form: bytes(`${GRANT}&scope=\xed\xa0\x80`) }, 400, "invalid_request"],
    ["overlong", { form: bytes(`${GRANT}&scope=\xc0\xaf`) }, 400, "invalid_request"],
    ["UTF-16", { form: Buffer.from(`\ufeff${GRANT}`, "utf16le") }, 400, "invalid_request"],
    ["not, encoded", { form: `${GRANT}&scope=%ff` }, 400, "invalid_request"],
    ["not, encoded in a name", { form: `${GRANT}&%ff=1` }, 400, "invalid_request"],
    ["a surrogate, encoded", { form: `${GRANT}&scope=%ed%a0%80` }, 400, "invalid_request"],
    ["overlong, encoded", { form: `${GRANT}&scope=%c0%af` }, 400, "invalid_request"],
  ],
  grant: [
    ["password", { form: "grant_type=password&username=a&password=b" }, 400, "unsupported_grant_type"],
    ["in upper case", { form: "grant_type=CLIENT_CREDENTIALS" }, 400, "unsupported_grant_type"],
    ["with a space", { form: `${GRANT}+` }, 400, "unsupported_grant_type"],
    ["with a NUL", { form: `${GRANT}%00` }, 400, "unsupported_grant_type"],
    ["two in one", { form: `${GRANT}+password` }, 400, "unsupported_grant_type"],
    [
      "with odd characters",
      { form: "grant_type=%22%5C%0A%C3%BC%F0%9F%94%91" },
      400,
      "unsupported_grant_type",
    ],
    ["very long", { form: `grant_type=${"x".repeat(100_000)}` }, 400, "unsupported_grant_type"],
  ],
  scope: [
    ["unknown", { form: `${GRANT}&scope=nonsense` }, 400, "invalid_scope"],
    ["one unknown", { form: `${GRANT}&scope=orders:read+nonsense` }, 400, "invalid_scope"],
    ["in upper case", { form: `${GRANT}&scope=ORDERS:READ` }, 400, "invalid_scope"],
    ["two spaces", { form: `${GRANT}&scope=orders:read++orders:write` }, 400, "invalid_scope"],
    ["a space around", { form: `${GRANT}&scope=+orders:read` }, 400, "invalid_scope"],
    ["a line break", { form: `${GRANT}&scope=orders:read%0Aorders:write` }, 400, "invalid_scope"],
    ["a quote", { form: `${GRANT}&scope=%22` }, 400, "invalid_scope"],
    ["a backslash", { form: `${GRANT}&scope=%5C` }, 400, "invalid_scope"],
    ["a NUL", { form: `${GRANT}&scope=orders:read%00` }, 400, "invalid_scope"],
    ["beyond ASCII", { form: `${GRANT}&scope=${encodeAll("ordérs")}` }, 400, "invalid_scope"],
    ["very long", { form: `${GRANT}&scope=${"x".repeat(100_000)}` }, 400, "invalid_scope"],
  ],
  resource: [
    ["unknown", { form: `${GRANT}&resource=https://other.example.com` }, 400, "invalid_target"],
    ["relative", { form: `${GRANT}&resource=/orders` }, 400, "invalid_target"],
    [
      "with a fragment",
      { form: `${GRANT}&resource=https://api.example.com/orders%23x` },
      400,
      "invalid_target",
    ],
    ["another issuer's", { form: `${GRANT}&resource=https://hiiretail.com` }, 400, "invalid_target"],
    ["unknown audience", { form: `${GRANT}&audience=nobody` }, 400, "invalid_target"],
  ],
};

const ISSUED = [
  ["charset=UTF-8, quoted", { type: `${FORM.toUpperCase()} ; charset="UTF-8"` }],
  ["an empty scope is none", { form: `${GRANT}&scope=` }],
  ["an empty parameter is not the first of two", { form: `grant_type=&${GRANT}` }],
  ["an unknown parameter", { form: `${GRANT}&unknown=1` }],
  ["1 MiB", { form: sized(MIB) }],
  ["1 MiB, chunked", { form: sized(MIB), chunked: true }],
  ["chunked", { chunked: true }],
];

export function badInput({ test }, server) {
  for (const [paths, allowed] of [
    [TOKEN_PATHS, ["POST"]],
    [DOCUMENT_PATHS, ["GET", "HEAD"]],
  ]) {
    for (const path of paths) {
      test(`${path} takes ${allowed.join(" and ")} alone`, async (assert) => {
        for (const method of METHODS.filter((method) => !allowed.includes(method))) {
          const { headers } = await server.refuse(assert, { method, path }, 405, "invalid_request");
          assert.strictEqual(headers.allow, allowed.join(", "), method);
        }
      });
    }
  }

  for (const [kind, rows] of Object.entries(REFUSED)) {
    for (const [name, options, status, error] of rows) {
      test(`${kind}: ${name}`, (assert) =>
        server.refuse(assert, tokenRequest(server.env, options), status, error));
    }
  }

  test("scope: known, but not allowed to this client", async (assert) => {
    const auth = basic("narrow", server.env.CLIENT_SECRET);
    for (const scope of ["orders:write", "orders:read orders:write"]) {
      const request = tokenRequest(server.env, { auth, form: `${GRANT}&scope=${encodeURIComponent(scope)}` });
      const { description } = await server.refuse(assert, request, 400, "invalid_scope");
      assert.true(description.endsWith("(scope.not-allowed)"), description);
    }
    assert.strictEqual((await server.issue(assert, { auth })).scope, "orders:read");
  });

  for (const [name, options] of ISSUED) test(`good: ${name}`, (assert) => server.issue(assert, options));
}
