// Ping and push: what a client is told, by an endpoint that behaves and by ones that do not. CIBA Core §10.2, §10.3, §12.

import { createHash, randomUUID } from "node:crypto";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { Backchannel, tally, times } from "./backchannel.mjs";
import { NotificationListener, status } from "./notified.mjs";

const PING = { client: "PING_CLIENT" };
const PUSH = { client: "PUSH_CLIENT" };
const AUTH_REQ_ID = "urn:openid:params:jwt:claim:auth_req_id";
const RT_HASH = "urn:openid:params:jwt:claim:rt_hash";

/** OpenID Connect Core §3.1.3.6, for an algorithm with SHA-256. */
const half = (text) => createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");

const chunk = "x".repeat(65_536);
/** Writes on for as long as anybody reads. */
function endless(response) {
  response.writeHead(200);
  const more = () => !response.destroyed && response.write(chunk) && setImmediate(more);
  response.on("drain", more);
  more();
}

/** How an endpoint answers, and whether that ends it at once. */
const ENDPOINTS = [
  ["200 and a page", (response) => response.writeHead(200).end("<html>"), true],
  ["10 MB", (response) => response.writeHead(200).end("x".repeat(10_000_000)), true],
  ["an endless body", endless, true],
  ["401", status(401), true],
  ["404", status(404), true],
  ...[301, 302, 303, 307, 308].map((code) => [
    `redirecting, ${code}`,
    (response) => response.writeHead(code, { location: "/target" }).end(),
    true,
  ]),
  ["a broken connection", (response) => response.destroy(), false],
  ["500", status(500), false],
  ["503", status(503), false],
];

export function cibaNotify({ test }, server) {
  const back = new Backchannel(server);
  const listener = new NotificationListener();

  /** Runs with the listener open, and gives a token that it answers so. */
  const listening = async (run) => {
    await listener.open(server.env.PING_LISTEN);
    try {
      await run();
    } finally {
      await listener.close();
    }
  };
  const expect = (...answers) => {
    const client_notification_token = randomUUID();
    listener.answer(client_notification_token, ...answers);
    return client_notification_token;
  };
  const decided = (assert, action, client_notification_token, options = PING) =>
    back.decided(assert, action, { client_notification_token }, options);
  /** Whatever would be sent again is sent again before this has ended: it fails later, and comes again. */
  const retried = async (assert) => {
    const token = expect(status(500), status(204));
    await decided(assert, "allow", token);
    await listener.wait(token, 2);
  };

  for (const action of ["allow", "deny"]) {
    test(`ping, ${action}: exactly the auth_req_id`, (assert) =>
      listening(async () => {
        const token = expect(status(204));
        const { auth_req_id } = await decided(assert, action, token);
        const [{ method, path, headers, text }] = await listener.wait(token);
        assert.deepEqual([method, path, headers["content-type"]], ["POST", "/ping", "application/json"]);
        assert.deepEqual(JSON.parse(text), { auth_req_id });
        await retried(assert);
        assert.strictEqual(listener.heard(token).length, 1);
        if (action === "deny") await back.refuse(assert, auth_req_id, "access_denied", PING);
        else assert.strictEqual((await back.issue(assert, auth_req_id, PING)).payload.sub, "alice");
      }));
  }

  test("ping: nothing is told before anything is decided, and the client may poll", (assert) =>
    listening(async () => {
      const token = expect(status(204));
      const asked = await back.ask(assert, { client_notification_token: token }, PING);
      await back.refuse(assert, asked.auth_req_id, "authorization_pending", PING);
      await retried(assert);
      assert.strictEqual(listener.heard(token).length, 0);
    }));

  test("push: the tokens, and an id token that holds them together", (assert) =>
    listening(async () => {
      const token = expect(status(204));
      const { auth_req_id } = await decided(assert, "allow", token, PUSH);
      const [{ method, path, headers, text }] = await listener.wait(token);
      assert.deepEqual([method, path, headers["content-type"]], ["POST", "/push", "application/json"]);
      const { access_token, refresh_token, id_token, ...rest } = JSON.parse(text);
      const scope = "openid profile";
      assert.deepEqual(rest, { token_type: "Bearer", expires_in: 3600, scope, auth_req_id });

      const keys = createRemoteJWKSet(new URL(`${back.issuer}/.well-known/jwks.json`));
      const rules = { issuer: back.issuer, audience: server.env.PUSH_CLIENT_ID, algorithms: ["ES256"] };
      const { payload } = await jwtVerify(id_token, keys, rules);
      assert.deepEqual(
        [payload.sub, payload.at_hash, payload[RT_HASH], payload[AUTH_REQ_ID]],
        ["alice", half(access_token), half(refresh_token), auth_req_id],
      );
      const { payload: access } = await jwtVerify(access_token, keys, {
        issuer: back.issuer,
        typ: "at+jwt",
      });
      assert.deepEqual([access.sub, access.client_id], ["alice", server.env.PUSH_CLIENT_ID]);
      await back.refuse(assert, auth_req_id, "unauthorized_client", PUSH);
      const refreshing = { grant_type: "refresh_token", refresh_token };
      await server.issue(assert, back.poll(undefined, { ...PUSH, change: refreshing }));
    }));

  test("push, allowed and denied 20 times at the same moment: told once", (assert) =>
    listening(async () => {
      const token = expect(status(204));
      const asked = await back.ask(assert, { client_notification_token: token }, PUSH);
      const decisions = await times(20, (n) =>
        server.send(back.deciding(asked.auth_req_id, n % 2 ? "allow" : "deny")),
      );
      assert.deepEqual(tally(decisions), { 200: 1, "400 invalid_request": 19 });
      const allowed = decisions.findIndex(({ status }) => status === 200) % 2 === 1;
      const [{ text }] = await listener.wait(token);
      assert.strictEqual("access_token" in JSON.parse(text), allowed);
      await retried(assert);
      assert.strictEqual(listener.heard(token).length, 1);
    }));

  test("push: a refusal", (assert) =>
    listening(async () => {
      const token = expect(status(204));
      const { auth_req_id } = await decided(assert, "deny", token, PUSH);
      const [{ text }] = await listener.wait(token);
      const { error_description, ...rest } = JSON.parse(text);
      assert.deepEqual(rest, { error: "access_denied", auth_req_id });
      assert.strictEqual(typeof error_description, "string");
    }));

  test("push: nothing is ever fetched, whatever stands", (assert) =>
    listening(async () => {
      const token = expect(status(204));
      const asked = await back.ask(assert, { client_notification_token: token }, PUSH);
      await back.refuse(assert, asked.auth_req_id, "unauthorized_client", PUSH);
      await back.decide(assert, asked.auth_req_id, "deny");
      await back.refuse(assert, asked.auth_req_id, "unauthorized_client", PUSH);
    }));

  for (const [name, answer, ends] of ENDPOINTS) {
    test(`ping, an endpoint that answers ${name}: the tokens are fetched all the same`, (assert) =>
      listening(async () => {
        const token = expect(answer, ends ? answer : status(204));
        const { auth_req_id } = await decided(assert, "allow", token);
        await listener.wait(token);
        await back.issue(assert, auth_req_id, PING);
        const count = ends ? 1 : 2;
        await listener.wait(token, count);
        await retried(assert);
        assert.strictEqual(listener.heard(token).length, count, "attempts");
        assert.deepEqual(listener.strays, [], "where it was sent on to");
      }));
  }

  for (const [options, name] of [
    [PING, "ping"],
    [PUSH, "push"],
  ]) {
    test(`${name}: 500 twice, then 204: it is delivered, each time the same`, (assert) =>
      listening(async () => {
        const token = expect(status(500), status(500), status(204));
        await decided(assert, "allow", token, options);
        const heard = await listener.wait(token, 3);
        assert.strictEqual(new Set(heard.map(({ text }) => text)).size, 1);
        await retried(assert);
        assert.strictEqual(heard.length, 3);
      }));

    test(`${name}, nobody listens: others are served, and it is told once somebody does`, async (assert) => {
      const token = expect(status(204));
      const { auth_req_id } = await decided(assert, "allow", token, options);
      const other = await back.decided(assert, "allow");
      await back.issue(assert, other.auth_req_id);
      if (options === PING) await back.issue(assert, auth_req_id, options);
      await listening(() => listener.wait(token));
      assert.strictEqual(listener.heard(token).length, 1);
    });
  }

  test("endpoints that hang hold up nobody else", (assert) =>
    listening(async () => {
      const hang = () => {};
      const tokens = Array.from({ length: 12 }, () => expect(hang, status(204)));
      const asked = await Promise.all(tokens.map((token) => decided(assert, "allow", token)));
      await listener.wait(tokens[0]);
      await Promise.all(asked.map(({ auth_req_id }) => back.issue(assert, auth_req_id, PING)));
      const others = await times(10, () => back.decided(assert, "allow"));
      await Promise.all(others.map(({ auth_req_id }) => back.issue(assert, auth_req_id)));
      const [{ response }] = listener.heard(tokens[0]);
      assert.false(response.destroyed, "it hangs to this moment");
      // Another client's is told, and those that hung are told again.
      const token = expect(status(204));
      await decided(assert, "allow", token, PUSH);
      await listener.wait(token);
      await Promise.all(tokens.map((hung) => listener.wait(hung, 2)));
    }));
}
