// The back-end API over HTTP: a front end that owns the wire to clients and people asks what to do.

import { randomUUID } from "node:crypto";
import { tally as answersBy, CIBA, times } from "./backchannel.mjs";
import { form } from "./channel.mjs";
import { NotificationListener } from "./notified.mjs";
import { basic, decode, tokenRequest } from "./wire.mjs";

const AUTHENTICATION = "backchannel/authentication";
const [ISSUE, FAIL, COMPLETE] = ["issue", "fail", "complete"].map((name) => `${AUTHENTICATION}/${name}`);
const TOKEN = "auth/token";
const DEEP = 20_000;
const MIB = 1024 * 1024;

/** What libraries of a front end send of what is not set. */
const UNSET = {
  subject: null,
  sub: "",
  authTime: 0,
  acr: null,
  claims: null,
  properties: [],
  scopes: null,
  idtHeaderParams: "",
  errorDescription: null,
  errorUri: "",
  accessTokenDuration: 0,
  refreshTokenDuration: 0,
  consentedClaims: [],
  clientCertificatePath: null,
};

/** Completions that are no good, and leave the ticket as it was. */
const BAD = {
  "no subject": { subject: null },
  "claims that are no JSON": { claims: "{" },
  "claims that are an array": { claims: "[]" },
  "claims too deep": { claims: "[".repeat(DEEP) },
  "a claim of the issuer": { claims: '{"iss":"x"}' },
  "a header parameter of the issuer": { idtHeaderParams: '{"alg":"none"}' },
  "header parameters that are a text": { idtHeaderParams: '"x"' },
  "scopes without openid": { scopes: ["profile"] },
  "a property of the response": { properties: [{ key: "id_token", value: "x" }] },
  "properties of 65 536 bytes": { properties: [{ key: "a", value: "x".repeat(65_536) }] },
};

/** Bodies that are no calls, with the status. */
const NO_CALLS = [
  ["no JSON", { body: "x" }, 400],
  ["nothing", { body: "" }, 400],
  ["an array", { body: "[]" }, 400],
  ["null", { body: "null" }, 400],
  ["arrays too deep", { body: `{"parameters":${"[".repeat(DEEP)}` }, 400],
  ["objects too deep", { body: '{"a":'.repeat(DEEP) }, 400],
  ["a member twice", { body: '{"ticket":"a","ticket":"b"}' }, 400],
  ["a number for a text", { body: '{"ticket":1,"parameters":1}' }, 400],
  ["a lone surrogate", { body: '{"ticket":"\\ud800","parameters":"\\ud800"}' }, 400],
  ["what is no UTF-8", { body: Buffer.from('{"ticket":"\xff"}', "latin1") }, 400],
  ["a form", { headers: { "content-type": "application/x-www-form-urlencoded" } }, 415],
  ["no content type", { headers: { "content-type": "" } }, 415],
  ["more than 1 MiB", { body: `{"ticket":"${"x".repeat(MIB)}"}` }, 413],
];

export function frontEnd({ test }, server) {
  const credentials = () => basic(server.env.AUTHLETE_API_KEY, server.env.AUTHLETE_API_SECRET);

  const calling = (operation, message, { base = "/api", auth = credentials(), headers, ...rest } = {}) => {
    const usual = { authorization: auth, "content-type": "application/json" };
    const given = Object.entries({ ...usual, ...headers }).filter(([, value]) => value !== null);
    const path = `/authlete${base}/${operation}`;
    return {
      method: "POST",
      path,
      headers: Object.fromEntries(given),
      body: JSON.stringify(message),
      ...rest,
    };
  };
  /** Calls, and gives the answer, which is 200. */
  const ask = async (assert, operation, message, options) => {
    const { status, text } = await server.send(calling(operation, message, options));
    assert.strictEqual(status, 200, text);
    const answer = JSON.parse(text);
    assert.true(answer.resultMessage.startsWith(`[${answer.resultCode}] `), text);
    return answer;
  };
  /** What a client sent, as the front end passes it on. */
  const sent = (client, parameters) => ({
    parameters: form(parameters),
    clientId: server.env[`${client}_ID`],
    clientSecret: server.env[`${client}_SECRET`],
  });
  const begin = async (assert, client = "CLIENT", change = {}) => {
    const message = sent(client, { scope: "openid profile", login_hint: "whoever", ...change });
    const answer = await ask(assert, AUTHENTICATION, message);
    assert.strictEqual(answer.action, "USER_IDENTIFICATION", answer.resultMessage);
    return answer;
  };
  const issued = async (assert, client, change) => {
    const { ticket } = await begin(assert, client, change);
    const { action, responseContent, authReqId } = await ask(assert, ISSUE, { ticket });
    assert.deepEqual([action, JSON.parse(responseContent).auth_req_id], ["OK", authReqId]);
    return { ticket, authReqId };
  };
  const complete = (assert, ticket, change) =>
    ask(assert, COMPLETE, { ...UNSET, ticket, result: "AUTHORIZED", subject: "somebody", ...change });
  const fetching = (authReqId, client = "CLIENT") =>
    sent(client, { grant_type: CIBA, auth_req_id: authReqId });
  const byAction = (answers) => {
    const counts = {};
    for (const { action } of answers) counts[action] = (counts[action] ?? 0) + 1;
    return counts;
  };

  test("poll, at each base and by each credential", async (assert) => {
    const { AUTHLETE_SERVICE_ID, AUTHLETE_API_KEY, AUTHLETE_ACCESS_TOKEN } = server.env;
    for (const base of ["/api", `/api/${AUTHLETE_SERVICE_ID}`, `/api/${AUTHLETE_API_KEY}`]) {
      for (const auth of [credentials(), `Bearer ${AUTHLETE_ACCESS_TOKEN}`]) {
        const call = (operation, message) => ask(assert, operation, message, { base, auth });
        const { ticket } = await call(
          AUTHENTICATION,
          sent("CLIENT", { scope: "openid", login_hint: "whoever" }),
        );
        const { authReqId } = await call(ISSUE, { ticket });
        const pending = await call(TOKEN, fetching(authReqId));
        assert.strictEqual(JSON.parse(pending.responseContent).error, "authorization_pending");
        const said = { ticket, result: "AUTHORIZED", subject: "somebody" };
        assert.strictEqual((await call(COMPLETE, said)).action, "NO_ACTION");
        const { action, subject, responseContent } = await call(TOKEN, fetching(authReqId));
        assert.deepEqual([action, subject], ["OK", "somebody"]);
        const { id_token } = JSON.parse(responseContent);
        assert.strictEqual(decode(id_token).payload.iss, server.env.AUTHLETE_BASE);
      }
    }
  });

  test("who is not the front end", async (assert) => {
    const { AUTHLETE_API_KEY: key, AUTHLETE_ACCESS_TOKEN: token, CLIENT_SECRET } = server.env;
    for (const auth of [
      null,
      basic(key, "wrong"),
      basic(key, CLIENT_SECRET),
      basic("demo", CLIENT_SECRET),
      `Bearer ${token}x`,
      "Bearer ",
      `Basic ${token}`,
    ]) {
      for (const operation of [AUTHENTICATION, COMPLETE, TOKEN, "auth/introspection"]) {
        const { status, headers } = await server.send(calling(operation, {}, { auth }));
        assert.deepEqual([status, "www-authenticate" in headers], [401, true], `${auth}: ${operation}`);
      }
    }
    for (const base of ["/api/1", "/api/", "/api//", "/api/%31000001", ""]) {
      const { status } = await server.send(calling(TOKEN, {}, { base }));
      assert.strictEqual(status, 404, base);
    }
  });

  test("what is not set comes as null, 0, false or nothing", async (assert) => {
    const { ticket, authReqId } = await issued(assert);
    assert.strictEqual((await complete(assert, ticket)).action, "NO_ACTION");
    const { scopes } = await ask(assert, TOKEN, {
      ...fetching(authReqId),
      properties: null,
      dpop: "",
      htm: null,
    });
    assert.deepEqual([...scopes].sort(), ["openid", "profile"]);
  });

  test("the client may fetch at the token endpoint as well", async (assert) => {
    const { ticket, authReqId } = await issued(assert);
    const scopes = ["openid", "orders:read"];
    await complete(assert, ticket, { sub: "pseudonym", acr: "x", claims: '{"a":{"b":"é"}}', scopes });
    const { clientId, clientSecret, parameters } = fetching(authReqId);
    const asked = { path: "/authlete/token", auth: basic(clientId, clientSecret), form: parameters };
    const { payload, id_token, scope } = await server.issue(assert, asked);
    const told = decode(id_token).payload;
    assert.deepEqual([payload.sub, scope], ["somebody", "openid orders:read"]);
    assert.deepEqual([told.sub, told.acr, told.a], ["pseudonym", "x", { b: "é" }]);
    const again = await ask(assert, TOKEN, fetching(authReqId));
    assert.deepEqual(
      [again.action, JSON.parse(again.responseContent).error],
      ["BAD_REQUEST", "invalid_grant"],
    );
  });

  test("ping and push: the front end tells the client, this server does not", async (assert) => {
    const listener = new NotificationListener();
    await listener.open(server.env.PING_LISTEN);
    try {
      for (const [client, members] of [
        ["PING_CLIENT", ["auth_req_id"]],
        [
          "PUSH_CLIENT",
          ["access_token", "auth_req_id", "expires_in", "id_token", "refresh_token", "scope", "token_type"],
        ],
      ]) {
        const token = randomUUID();
        const { ticket, authReqId } = await issued(assert, client, { client_notification_token: token });
        const answer = await complete(assert, ticket);
        assert.deepEqual([answer.action, answer.clientNotificationToken], ["NOTIFICATION", token]);
        const content = JSON.parse(answer.responseContent);
        assert.deepEqual(
          [Object.keys(content).sort(), content.auth_req_id],
          [members, authReqId],
          "what is sent on",
        );
      }
      assert.deepEqual(listener.strays, []);
    } finally {
      await listener.close();
    }
  });

  for (const [name, change] of Object.entries(BAD)) {
    test(`a completion with ${name}: SERVER_ERROR, and it can be completed rightly`, async (assert) => {
      const { ticket, authReqId } = await issued(assert);
      assert.strictEqual((await complete(assert, ticket, change)).action, "SERVER_ERROR");
      assert.strictEqual((await complete(assert, ticket)).action, "NO_ACTION");
      assert.strictEqual((await ask(assert, TOKEN, fetching(authReqId))).action, "OK");
    });
  }

  for (const [name, options, status] of NO_CALLS) {
    test(`a call that is ${name}`, async (assert) => {
      for (const operation of [AUTHENTICATION, COMPLETE, TOKEN]) {
        const answer = await server.send(calling(operation, {}, options));
        assert.strictEqual(answer.status, status, answer.text.slice(0, 300));
        assert.strictEqual(JSON.parse(answer.text).resultCode, "A400001");
      }
    });
  }

  test("tickets that nobody was given", async (assert) => {
    for (const ticket of ["", "x", "x.y", "../x", "\u0000", "x".repeat(100_000)]) {
      for (const operation of [ISSUE, FAIL, COMPLETE]) {
        const message = { ticket, result: "ACCESS_DENIED", reason: "ACCESS_DENIED" };
        const { action } = await ask(assert, operation, message).catch(() => ({}));
        assert.notStrictEqual(action, "OK", `${operation} ${ticket.slice(0, 20)}`);
      }
    }
  });

  test("of 20 completions, 20 issues, or an issue and a failure, at the same time one counts", async (assert) => {
    const { ticket, authReqId } = await issued(assert);
    const results = await times(20, (n) =>
      complete(assert, ticket, { result: n % 2 ? "AUTHORIZED" : "ACCESS_DENIED" }),
    );
    assert.deepEqual(byAction(results), { NO_ACTION: 1, SERVER_ERROR: 19 });
    const first = results.findIndex(({ action }) => action === "NO_ACTION");
    const { action } = await ask(assert, TOKEN, fetching(authReqId));
    assert.strictEqual(action, first % 2 ? "OK" : "BAD_REQUEST");

    const begun = await begin(assert);
    const issues = await times(20, () => ask(assert, ISSUE, { ticket: begun.ticket }));
    assert.deepEqual(byAction(issues), { OK: 1, INVALID_TICKET: 19 });

    for (let round = 0; round < 10; round++) {
      const { ticket } = await begin(assert);
      const [one, other] = await Promise.all([
        ask(assert, ISSUE, { ticket }),
        ask(assert, FAIL, { ticket, reason: "UNKNOWN_USER_ID" }),
      ]);
      const won = [one.action === "OK", other.action === "BAD_REQUEST"].filter(Boolean).length;
      assert.strictEqual(won, 1, `${one.action} ${other.action}`);
    }
  });

  test("of 100 redemptions at the same time, here and at the token endpoint, one succeeds", async (assert) => {
    const { ticket, authReqId } = await issued(assert);
    await complete(assert, ticket);
    const message = fetching(authReqId);
    const auth = basic(message.clientId, message.clientSecret);
    const there = { path: "/authlete/token", auth, form: message.parameters };
    const [here, direct] = await Promise.all([
      times(50, () => ask(assert, TOKEN, message)),
      times(50, () => server.send(tokenRequest(server.env, there))),
    ]);
    const { OK = 0, BAD_REQUEST } = byAction(here);
    const { 200: good = 0, "400 invalid_grant": refused } = answersBy(direct);
    assert.deepEqual([OK + good, BAD_REQUEST + refused], [1, 99]);
  });
}
