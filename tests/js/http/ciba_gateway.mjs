// Open Gateway: subscribers, purposes, and the token that the first call gets.

import { FRAUD, Gateway } from "./gateway.mjs";
import { basic, tokenRequest } from "./wire.mjs";

/** Hints of one subscriber, as they are sent. */
const HINTS = [
  "tel:+34655555555",
  "tel: 34655555555",
  "phone_number:+34655555555",
  "phone_number: 34655555555",
  "ipport:80.90.34.2:16790",
  "ipport:80.90.34.2",
  "ipport:[2001:db8::1]:8080",
  "ipport:[2001:0DB8:0:0::1]:8080",
  "ipport:[::ffff:80.90.34.2]:16790",
  "operatortoken:demo",
];

const MALFORMED = [
  "+34655555555",
  "34655555555",
  "alice",
  ":",
  "tel:",
  "tel:34655555555",
  "tel:+",
  "tel:  34655555555",
  "tel:+34 655 555 555",
  "tel:+34-655555555",
  "tel:+34655555555 ",
  "tel:+34655555555;ext=1",
  "tel:+1234567890123456",
  "tel:+0034655555555",
  "TEL:+34655555555",
  "sip:+34655555555",
  "phone_number:34655555555",
  "ipport:",
  "ipport:80.90.34",
  "ipport:080.90.34.2",
  "ipport:80.90.34.2:",
  "ipport:80.90.34.2:0",
  "ipport:80.90.34.2:65536",
  "ipport:80.90.34.2:+80",
  "ipport:2001:db8::1",
  "ipport:[2001:db8::1",
  "ipport:[2001:db8::1]8080",
  "ipport:[fe80::1%25eth0]",
  "ipport:localhost:80",
  "operatortoken:",
  "operatortoken:a b",
  "tel:+34\u0000655555555",
  "tel:+34６55555555",
];

/** The ways in which purpose and scope travel; the scope that is granted, and whether there is an id token. */
const WAYS = [
  [{}, "openid sim-swap", true],
  [{ purpose: undefined, scope: `${FRAUD}#sim-swap` }, "openid sim-swap", true],
  [{ purpose: undefined, scope: `openid ${FRAUD} sim-swap` }, "openid sim-swap", true],
  [{ purpose: undefined, scope: `${FRAUD} sim-swap` }, "sim-swap", false],
  [
    { purpose: undefined, scope: `openid ${FRAUD} sim-swap number-verification` },
    "number-verification openid sim-swap",
    true,
  ],
  [{ scope: "openid" }, "openid sim-swap", true],
];

const SCOPE = [400, "invalid_scope"];
const REQUEST = [400, "invalid_request"];
const REFUSED = [
  ["no purpose", { purpose: undefined }, REQUEST],
  ["no purpose, a scope", { purpose: undefined, scope: "openid sim-swap" }, REQUEST],
  ["a purpose that the policy does not know", { purpose: "dpv:Marketing#sim-swap" }, SCOPE],
  ["a scope that it does not know", { purpose: `${FRAUD}#nonsense` }, SCOPE],
  ["a pair that it does not know", { purpose: "dpv:ServiceProvision#sim-swap" }, SCOPE],
  ["a scope that nobody consents to", { purpose: `${FRAUD}#consents` }, SCOPE],
  ["no term of the vocabulary", { purpose: "dpv:Nonsense#sim-swap" }, SCOPE],
  ["another vocabulary", { purpose: "x:FraudPreventionAndDetection#sim-swap" }, SCOPE],
  ["a purpose without a scope", { purpose: FRAUD }, SCOPE],
  ["a purpose with an empty scope", { purpose: `${FRAUD}#` }, SCOPE],
  ["two ways at once", { scope: `${FRAUD}#sim-swap` }, SCOPE],
  ["another scope beside", { scope: "openid number-verification" }, SCOPE],
  ["two purposes", { purpose: undefined, scope: `openid ${FRAUD} dpv:ServiceProvision sim-swap` }, SCOPE],
  ["a purpose twice", { purpose: [`${FRAUD}#sim-swap`, `${FRAUD}#sim-swap`] }, REQUEST],
  ["a stranger", { login_hint: "tel:+34677777777" }, [400, "unknown_user_id"]],
  ["another address", { login_hint: "ipport:80.90.34.2:16791" }, [400, "unknown_user_id"]],
  ["no hint", { login_hint: undefined }, REQUEST],
  ["two hints", { login_hint: ["tel:+34655555555", "tel:+34655555555"] }, REQUEST],
  ["an id_token_hint", { login_hint: undefined, id_token_hint: "x.y.z" }, REQUEST],
  ["a login_hint_token", { login_hint: undefined, login_hint_token: "x.y.z" }, REQUEST],
];

export function cibaGateway({ test }, server) {
  const gateway = new Gateway(server);

  test("the portal's own sample, whose plus sign is not encoded", async (assert) => {
    const body = "login_hint=tel:+34655555555&purpose=dpv:FraudPreventionAndDetection#sim-swap";
    const { status, text } = await server.send(gateway.asking({}, { form: body }));
    assert.strictEqual(status, 200, text);
    const { auth_req_id, expires_in, interval, ...others } = JSON.parse(text);
    assert.deepEqual([typeof expires_in, typeof interval, others], ["number", "number", {}]);
    const { access_token, token_type, payload } = await gateway.issue(assert, auth_req_id);
    assert.deepEqual([token_type, payload.purpose, payload.scope], ["Bearer", FRAUD, "openid sim-swap"]);
    assert.true(access_token.length > 0);
    await gateway.refuse(assert, auth_req_id, "invalid_grant");
  });

  for (const login_hint of HINTS) {
    test(`the hint ${login_hint}`, async (assert) => {
      const { payload } = await gateway.token(assert, { login_hint });
      const usual = await gateway.token(assert);
      assert.strictEqual(payload.sub, usual.payload.sub);
    });
  }

  for (const login_hint of MALFORMED) {
    test(`the hint ${JSON.stringify(login_hint)} is malformed`, async (assert) => {
      await server.refuse(assert, gateway.asking({ login_hint }), ...REQUEST);
    });
  }

  for (const [change, scope, hasIdToken] of WAYS) {
    test(`purpose and scope as ${JSON.stringify(change)}`, async (assert) => {
      const { payload, id_token, scope: told } = await gateway.token(assert, change);
      assert.deepEqual([payload.purpose, payload.scope, told], [FRAUD, scope, scope]);
      assert.strictEqual(id_token !== undefined, hasIdToken);
    });
  }

  for (const [name, change, expected] of REFUSED) {
    test(name, (assert) => server.refuse(assert, gateway.asking(change), ...expected));
  }

  test("clients that may not", async (assert) => {
    const auth = basic(server.env.OGW_CLIENT_ID, "wrong");
    await server.refuse(assert, gateway.asking({}, { auth }), 401, "invalid_client");
    const client = "OGW_CONSENT_CLIENT";
    await server.refuse(assert, gateway.asking({}, { client }), 400, "unauthorized_client");
    const stranger = gateway.asking({}, { client: "CLIENT" });
    await server.refuse(assert, stranger, 401, "invalid_client");
  });

  test("the subject is pairwise, and tells neither number nor name", async (assert) => {
    const here = await gateway.token(assert);
    const there = await gateway.token(assert, {}, { client: "OGW_OTHER_CLIENT" });
    assert.true(/^[\w-]{43}$/.test(here.payload.sub), here.payload.sub);
    assert.notStrictEqual(here.payload.sub, there.payload.sub);
    const idToken = JSON.parse(Buffer.from(here.id_token.split(".")[1], "base64url").toString());
    assert.strictEqual(idToken.sub, here.payload.sub);
    for (const { access_token, id_token } of [here, there]) {
      const said = [access_token, id_token].map((token) => Buffer.from(token.split(".")[1], "base64url"));
      for (const known of ["34655555555", "subscriber-1"]) assert.false(String(said).includes(known), known);
    }
  });

  test("introspection shows the purpose", async (assert) => {
    const { access_token, payload } = await gateway.token(assert);
    const { active, purpose, scope, sub, client_id } = await gateway.introspect(access_token);
    assert.deepEqual([active, purpose, scope], [true, FRAUD, "openid sim-swap"]);
    assert.deepEqual([sub, client_id], [payload.sub, server.env.OGW_CLIENT_ID]);
  });

  test("another client cannot fetch it", async (assert) => {
    const { auth_req_id } = await gateway.ask(assert);
    await gateway.refuse(assert, auth_req_id, "invalid_grant", { client: "OGW_OTHER_CLIENT" });
    await gateway.issue(assert, auth_req_id);
  });

  test("what other libraries send besides is not read", async (assert) => {
    const ignored = { acr_values: "2", requested_expiry: "x", binding_message: "\n", user_code: "x" };
    await gateway.token(assert, { ...ignored, client_notification_token: "a b" });
    const { auth_req_id } = await gateway.ask(assert);
    const json = { type: "application/json", form: JSON.stringify({ grant_type: "x", auth_req_id }) };
    const request = tokenRequest(server.env, { ...gateway.poll(auth_req_id), ...json });
    await server.refuse(assert, request, 415, "invalid_request");
    await gateway.issue(assert, auth_req_id);
  });

  test("what rests on something else than consent is given at once", async (assert) => {
    const { OGW_LOGIN_HINT_NO_CONSENT: login_hint } = server.env;
    for (const purpose of [FRAUD, "dpv:ServiceProvision"]) {
      const asked = await gateway.ask(assert, { login_hint, purpose: `${purpose}#number-verification` });
      assert.strictEqual(asked.consent_url, undefined);
      const { payload } = await gateway.issue(assert, asked.auth_req_id);
      assert.deepEqual([payload.purpose, payload.scope], [purpose, "number-verification openid"]);
    }
  });

  test("offline_access: a refresh token, of the same purpose", async (assert) => {
    assert.strictEqual((await gateway.token(assert)).refresh_token, undefined);
    const scope = `openid offline_access ${FRAUD} sim-swap`;
    const { refresh_token } = await gateway.token(assert, { purpose: undefined, scope });
    const change = { grant_type: "refresh_token", refresh_token };
    const { payload } = await server.issue(assert, gateway.poll(undefined, { change }));
    assert.strictEqual(payload.purpose, FRAUD);
  });
}
