// examples/front_end/: a front end that asks the back-end API what to do, in all modes.

import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { root } from "../../../scripts/demo.mjs";
import { CIBA } from "./backchannel.mjs";
import { form } from "./channel.mjs";
import { startGroup } from "./group.mjs";
import { NotificationListener, status } from "./notified.mjs";
import { freePort } from "./serving.mjs";
import { basic, FORM, send } from "./wire.mjs";

const README = readFileSync(join(root, "examples/front_end/README.md"), "utf8");
/** What it has its reader type: in one terminal, and in another. */
const SCRIPTS = [...README.matchAll(/```sh\n(.*?)```/gs)].map(([, script]) => script);
const AUTH_REQ_ID = "urn:openid:params:jwt:claim:auth_req_id";

/** The example while it runs, and the clients that ask it. */
class FrontEnd {
  #server;
  #group;
  #origin;
  listener = new NotificationListener();

  constructor(server) {
    this.#server = server;
  }

  async start() {
    const PORT = String(await freePort());
    this.#group = startGroup("bash", ["-euc", SCRIPTS[0]], {
      cwd: root,
      env: { ...process.env, ORIGIN: this.#server.origin, PORT },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = await Promise.race([
      new Promise((resolve) => this.#group.stdout.once("data", (data) => resolve([String(data)]))),
      this.#group.ended,
    ]);
    this.#origin = `http://127.0.0.1:${PORT}`;
    if (String(said).trim() !== this.#origin) throw new Error(`the front end did not start: ${said}`);
    await this.listener.open(this.#server.env.PING_LISTEN);
  }

  async stop() {
    await this.#group?.end("SIGTERM");
    await this.listener.close();
  }

  /** What the README's client is told. */
  async documented() {
    const env = { ...process.env, ORIGIN: this.#server.origin, FRONT: this.#origin };
    return promisify(execFile)("bash", ["-euc", SCRIPTS[1]], { env });
  }

  /** Sends a client's request. `client`: by its name in `/_dev/env`. */
  async send(path, parameters, { client = "CLIENT", auth } = {}) {
    const { [`${client}_ID`]: id, [`${client}_SECRET`]: secret } = this.#server.env;
    const authorization = auth === undefined ? basic(id, secret) : auth;
    const headers = { "content-type": FORM, ...(authorization !== null && { authorization }) };
    const answer = await send(this.#origin, { method: "POST", path, headers, body: form(parameters) });
    return { ...answer, body: JSON.parse(answer.text) };
  }

  ask(change, options) {
    const usual = {
      scope: "openid profile",
      login_hint: "alice",
      binding_message: randomUUID().slice(0, 20),
    };
    return this.send("/bc-authorize", { ...usual, ...change }, options);
  }

  poll(auth_req_id, options) {
    return this.send("/token", { grant_type: CIBA, auth_req_id }, options);
  }

  async device(path, method = "GET") {
    const { status, text } = await send(this.#origin, { method, path: `/device/${path}` });
    return { status, body: JSON.parse(text) };
  }

  /** Asks, and has the person decide: the request's `auth_req_id`. */
  async decided(assert, decision, change = {}, options) {
    const binding_message = randomUUID().slice(0, 20);
    const { status, body, text } = await this.ask({ binding_message, ...change }, options);
    assert.strictEqual(status, 200, text);
    const { body: questions } = await this.device("alice");
    const { id, scope } = questions.find((one) => one.bindingMessage === binding_message);
    assert.deepEqual(scope.toSorted(), ["openid", "profile"]);
    assert.strictEqual((await this.device(`alice/${id}/${decision}`, "POST")).status, 200);
    return body.auth_req_id;
  }

  /** What an id token says. */
  async verify(id_token, client = "CLIENT") {
    const { AUTHLETE_BASE: issuer, [`${client}_ID`]: audience } = this.#server.env;
    const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
    return (await jwtVerify(id_token, keys, { issuer, audience, algorithms: ["ES256"] })).payload;
  }
}

export function exampleFrontEnd({ test }, server, _runtime, hooks) {
  const front = new FrontEnd(server);
  hooks.before(() => front.start());
  hooks.after(() => front.stop());

  /** A client_notification_token that is answered well. */
  const expected = () => {
    const client_notification_token = randomUUID();
    front.listener.answer(client_notification_token, status(204));
    return client_notification_token;
  };

  test("what its README has one type", async (assert) => {
    const { stdout, stderr } = await front.documented();
    assert.strictEqual(stderr, "");
    const [decided, tokens] = stdout.split(/(?<=\})(?=\{)/).map((text) => JSON.parse(text));
    assert.deepEqual(decided, { result: "AUTHORIZED" });
    assert.strictEqual((await front.verify(tokens.id_token)).sub, "alice");
  });

  test("poll: pending, allowed, fetched once", async (assert) => {
    const binding_message = "poll";
    const { status, body, headers } = await front.ask({ binding_message });
    assert.deepEqual([status, headers["cache-control"]], [200, "no-store"]);
    const { auth_req_id, expires_in, interval } = body;
    assert.deepEqual([expires_in > 0, interval > 0], [true, true]);
    const pending = await front.poll(auth_req_id);
    assert.deepEqual([pending.status, pending.body.error], [400, "authorization_pending"]);

    const { body: questions } = await front.device("alice");
    const { id, client } = questions.find((one) => one.bindingMessage === binding_message);
    assert.strictEqual(client, "Demo");
    assert.strictEqual((await front.device(`carol/${id}/allow`, "POST")).status, 404, "another person's");
    assert.strictEqual((await front.device(`alice/${id}/allow`, "POST")).status, 200);
    assert.strictEqual((await front.device(`alice/${id}/deny`, "POST")).status, 404, "decided");

    const tokens = await front.poll(auth_req_id);
    assert.strictEqual(tokens.status, 200, tokens.text);
    const { sub, auth_time } = await front.verify(tokens.body.id_token);
    assert.deepEqual([sub, typeof auth_time], ["alice", "number"]);
    const again = await front.poll(auth_req_id);
    assert.deepEqual([again.status, again.body.error], [400, "invalid_grant"]);
  });

  test("poll: denied", async (assert) => {
    const { status, body } = await front.poll(await front.decided(assert, "deny"));
    assert.strictEqual(status, 400);
    assert.deepEqual(body, { error: "access_denied", error_description: "They said no." });
  });

  for (const decision of ["allow", "deny"]) {
    test(`ping: ${decision}`, async (assert) => {
      const client_notification_token = expected();
      const options = { client: "PING_CLIENT" };
      const auth_req_id = await front.decided(assert, decision, { client_notification_token }, options);
      const [{ path, text }] = await front.listener.wait(client_notification_token);
      assert.deepEqual([path, JSON.parse(text)], ["/ping", { auth_req_id }]);
      const { status, body } = await front.poll(auth_req_id, options);
      if (decision === "deny") assert.deepEqual([status, body.error], [400, "access_denied"]);
      else assert.strictEqual((await front.verify(body.id_token, "PING_CLIENT")).sub, "alice");
    });

    test(`push: ${decision}`, async (assert) => {
      const client_notification_token = expected();
      const options = { client: "PUSH_CLIENT" };
      const auth_req_id = await front.decided(assert, decision, { client_notification_token }, options);
      const [{ path, text }] = await front.listener.wait(client_notification_token);
      const pushed = JSON.parse(text);
      assert.deepEqual([path, pushed.auth_req_id], ["/push", auth_req_id]);
      if (decision === "deny")
        assert.deepEqual([pushed.error, pushed.id_token], ["access_denied", undefined]);
      else assert.strictEqual((await front.verify(pushed.id_token, "PUSH_CLIENT"))[AUTH_REQ_ID], auth_req_id);
      const { status, body } = await front.poll(auth_req_id, options);
      assert.deepEqual([status, body.error], [400, "unauthorized_client"]);
    });
  }

  for (const [name, change, options, code, error] of [
    ["an unknown person", { login_hint: "mallory" }, {}, 400, "unknown_user_id"],
    ["no user code", { login_hint: "carol" }, {}, 400, "missing_user_code"],
    ["a wrong user code", { login_hint: "carol", user_code: "4321" }, {}, 400, "invalid_user_code"],
    ["the right user code", { login_hint: "carol", user_code: "1234" }, {}, 200, undefined],
    ["no openid", { scope: "profile" }, {}, 400, "invalid_scope"],
    ["two hints", { login_hint_token: "x" }, {}, 400, "invalid_request"],
    ["a wrong secret", {}, { auth: basic("demo", "x") }, 401, "invalid_client"],
    ["no credentials", {}, { auth: null }, 401, "invalid_client"],
    ["a public client", { client_id: "public" }, { auth: null }, 401, "invalid_client"],
    ["a client without the grant", {}, { client: "NOGRANT_CLIENT" }, 400, "unauthorized_client"],
  ]) {
    test(`asking with ${name}: ${code}`, async (assert) => {
      const { status, body, headers } = await front.ask(change, options);
      assert.deepEqual([status, body.error], [code, error], JSON.stringify(body));
      assert.strictEqual("www-authenticate" in headers, code === 401);
    });
  }

  for (const [name, options, code, error] of [
    ["a wrong secret", { auth: basic("demo", "x") }, 401, "invalid_client"],
    ["no credentials", { auth: null }, 400, "invalid_client"],
    ["another client", { client: "OTHER_CLIENT" }, 400, "invalid_grant"],
  ]) {
    test(`fetching with ${name}: ${code}`, async (assert) => {
      const { status, body } = await front.poll(await front.decided(assert, "allow"), options);
      assert.deepEqual([status, body.error], [code, error]);
    });
  }
}
