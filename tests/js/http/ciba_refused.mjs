// Authentication requests that are refused: the codes of CIBA Core §13, each with its status.

import { Backchannel } from "./backchannel.mjs";
import { form } from "./channel.mjs";
import { basic, FORM } from "./wire.mjs";

const MIB = 1024 * 1024;
const INVALID = [400, "invalid_request"];
const SCOPE = [400, "invalid_scope"];
const TARGET = [400, "invalid_target"];
const DETAILS = [400, "invalid_authorization_details"];
const NOTIFIED = { client: "PING_CLIENT" };
const token = (client_notification_token) => [{ client_notification_token }, NOTIFIED];

/** Parameters that differ, and who sends them, by what is answered. */
const REFUSED = [
  ["no scope", [{ scope: undefined }], INVALID],
  ["an empty scope", [{ scope: "" }], INVALID],
  ["scope without openid", [{ scope: "profile" }], SCOPE],
  ["scope in upper case", [{ scope: "OPENID" }], SCOPE],
  ["an unknown scope", [{ scope: "openid nonsense" }], SCOPE],
  ["a scope of two spaces", [{ scope: "openid  profile" }], SCOPE],
  ["a scope with a quote", [{ scope: 'openid "' }], SCOPE],
  ["scope twice", [{ scope: ["openid", "openid"] }], INVALID],
  ["no hint", [{ login_hint: undefined }], INVALID],
  ["an empty hint", [{ login_hint: "" }], INVALID],
  ["login_hint and id_token_hint", [{ id_token_hint: "x" }], INVALID],
  ["login_hint and login_hint_token", [{ login_hint_token: "x" }], INVALID],
  ["three hints", [{ login_hint_token: "x", id_token_hint: "x" }], INVALID],
  ["login_hint twice", [{ login_hint: ["alice", "bob"] }], INVALID],
  ["a login_hint_token that is none", [{ login_hint: undefined, login_hint_token: "x.y.z" }], INVALID],
  ["a stranger", [{ login_hint: "nobody" }], [400, "unknown_user_id"]],
  ["somebody who is disabled", [{ login_hint: "bob" }], [400, "unknown_user_id"]],
  ["a name of every object", [{ login_hint: "__proto__" }], [400, "unknown_user_id"]],
  ["a hint of 100 000 characters", [{ login_hint: "x".repeat(100_000) }], [400, "unknown_user_id"]],
  ["no user_code", [{ login_hint: "carol" }], [400, "missing_user_code"]],
  ["another user_code", [{ login_hint: "carol", user_code: "wrong" }], [400, "invalid_user_code"]],
  ["a long binding_message", [{ binding_message: "x".repeat(129) }], [400, "invalid_binding_message"]],
  ["a binding_message of two lines", [{ binding_message: "a\nb" }], [400, "invalid_binding_message"]],
  ["a binding_message that turns", [{ binding_message: "a\u202eb" }], [400, "invalid_binding_message"]],
  ...["0", "-1", "1.5", "1e3", "x", " 1", "+1", "0x1"].map((requested_expiry) => [
    `requested_expiry=${requested_expiry}`,
    [{ requested_expiry }],
    INVALID,
  ]),
  ["a resource that is relative", [{ resource: "/orders" }], TARGET],
  ["a resource with a fragment", [{ resource: "https://api.example.com/orders#x" }], TARGET],
  ["an unknown resource", [{ resource: "https://other.example.com" }], TARGET],
  ["authorization_details that are no JSON", [{ authorization_details: "{" }], INVALID],
  ["authorization_details that are no array", [{ authorization_details: "{}" }], DETAILS],
  ["no authorization_details", [{ authorization_details: "[]" }], DETAILS],
  ["authorization_details without a type", [{ authorization_details: "[{}]" }], DETAILS],
  ["authorization_details of another type", [{ authorization_details: '[{"type":"x"}]' }], DETAILS],
  ["authorization_details too deep", [{ authorization_details: "[".repeat(20_000) }], INVALID],
  ["a request_context that is no object", [{ request_context: "[]" }], INVALID],
  ["a ping client without its token", [{}, NOTIFIED], INVALID],
  ["a push client without its token", [{}, { client: "PUSH_CLIENT" }], INVALID],
  ["an empty client_notification_token", token(""), INVALID],
  ["a client_notification_token too long", token("x".repeat(1025)), INVALID],
  ["a client_notification_token with a space", token("a b"), INVALID],
  ["a client_notification_token with a line break", token("a\r\nb"), INVALID],
  ["a client_notification_token of pads", token("=="), INVALID],
  ["a client_notification_token padded inside", token("a=b"), INVALID],
  ["the wrong secret", [{}, { auth: basic("demo", "wrong") }], [401, "invalid_client"]],
  ["no client", [{}, { auth: null }], [401, "invalid_client"]],
  ["a public client", [{ client_id: "public" }, { auth: null }], [401, "invalid_client"]],
  ["two ways to authenticate", [{ client_secret: "x" }], INVALID],
  ["a client without the grant", [{}, { client: "NOGRANT_CLIENT" }], [400, "unauthorized_client"]],
  ["a request that is no JWT", [{ scope: undefined, login_hint: undefined, request: "x" }], INVALID],
  ["a request and more", [{ request: "x" }], INVALID],
  ["JSON", [{}, { type: "application/json", form: "{}" }], [415, "invalid_request"]],
  ["no content type", [{}, { type: null }], [415, "invalid_request"]],
  ["another charset", [{}, { type: `${FORM}; charset=utf-16` }], [415, "invalid_request"]],
  ["bytes that are no UTF-8", [{}, { form: Buffer.from("scope=\xff", "latin1") }], INVALID],
  ["no body", [{}, { form: "" }], INVALID],
  ["more than 1 MiB", [{ pad: "x".repeat(MIB) }], [413, "invalid_request"]],
  ["more than 1 MiB, chunked", [{ pad: "x".repeat(MIB) }, { chunked: true }], [413, "invalid_request"]],
];

/** Parameters that are good. */
const TAKEN = [
  ["unknown parameters", { nonce: "x", response_type: "code" }],
  ["a hint of the directory", { login_hint: "alice@example.com" }],
  ["a binding_message of 128 characters", { binding_message: "ü".repeat(128) }],
  ["a resource", { scope: "openid orders:read", resource: "https://api.example.com/orders" }],
  ["authorization_details", { authorization_details: '[{"type":"payment_initiation"}]' }],
  ["a request_context", { request_context: '{"ip":"192.0.2.1"}' }],
  ["an empty requested_expiry", { requested_expiry: "" }],
];

export function cibaRefused({ test }, server) {
  const back = new Backchannel(server);

  for (const [name, given, expected] of REFUSED) {
    test(name, async (assert) => {
      const answer = await server.refuse(assert, back.asking(...given), ...expected);
      assert.false(answer.text.includes("auth_req_id"), answer.text);
    });
  }

  for (const method of ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"]) {
    test(`${method} is not taken`, async (assert) => {
      const request = { ...back.asking(), method, body: undefined };
      const { headers } = await server.refuse(assert, request, 405, "invalid_request");
      assert.strictEqual(headers.allow, "POST");
    });
  }

  test("parameters in the query do not count", async (assert) => {
    const path = `/bc-authorize?${form({ scope: "openid", login_hint: "alice" })}`;
    await server.refuse(assert, back.asking({}, { path, form: "" }), ...INVALID);
  });

  test("who is disabled and who is unknown are told apart by nobody", async (assert) => {
    const answers = ["bob", "nobody"].map((login_hint) => server.send(back.asking({ login_hint })));
    const [disabled, unknown] = await Promise.all(answers);
    assert.strictEqual(disabled.text, unknown.text);
  });

  test("a user_code is right, or ignored by a client that registered none", async (assert) => {
    const { CIBA_USER_CODE_HINT: login_hint, CIBA_USER_CODE: user_code } = server.env;
    await back.ask(assert, { login_hint, user_code });
    const registered = { client_notification_token: "token", login_hint, user_code };
    await server.refuse(assert, back.asking(registered, NOTIFIED), 400, "missing_user_code");
  });

  for (const [name, change] of TAKEN) test(`good: ${name}`, (assert) => back.ask(assert, change));

  test("good: a client_notification_token of 1024 characters", (assert) =>
    back.ask(assert, { client_notification_token: `${"-._~+/Aa0".padEnd(1022, "x")}==` }, NOTIFIED));

  test("good: no interval for a push client", async (assert) => {
    const options = { client: "PUSH_CLIENT" };
    const asked = await back.ask(assert, { client_notification_token: "token" }, options);
    assert.deepEqual(Object.keys(asked), ["auth_req_id", "expires_in"]);
  });
}
