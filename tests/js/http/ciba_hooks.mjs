// People who are known, and asked, by the hooks of the program that embeds a deployment, and what it tells of them.

import { randomUUID } from "node:crypto";
import { Backchannel, tally, times } from "./backchannel.mjs";
import { command } from "./governed.mjs";
import { NotificationListener, status } from "./notified.mjs";
import { basic, decode } from "./wire.mjs";

let people = 0;

/** Requests at a mount of the deployment with hooks. */
export class Hooked extends Backchannel {
  constructor(server, mount = "/hooked") {
    super(server, { mount, parameters: { scope: "openid profile" } });
  }

  basic(client = "poll") {
    return basic(client, this.server.env.CLIENT_SECRET);
  }

  /** Asks somebody new; `{auth_req_id, ticket, request}`, the request as the hook got it. */
  async begin(assert, change = {}, options = {}) {
    const login_hint = `person ${++people}`;
    const asked = await this.ask(assert, { login_hint, ...change }, options);
    const request = await this.asked(change.login_hint ?? login_hint);
    return { ...asked, request, ticket: request?.ticket };
  }

  /** What somebody was asked last. */
  async asked(sub) {
    const { text } = await this.server.send({ path: "/_test/asked" });
    return JSON.parse(text).findLast((request) => request.sub === sub);
  }

  /** Completes; an error is thrown. */
  complete(ticket, result) {
    return command(this.server, "/_test/complete", { ticket, result });
  }
}

const AUTHORIZED = { outcome: "authorized" };
const idToken = ({ id_token }) => decode(id_token);

/** Results that are none. */
const BAD = {
  "no outcome": {},
  "another outcome": { outcome: "maybe" },
  "another subject": { ...AUTHORIZED, sub: "somebody else" },
  "a scope that was not asked for": { ...AUTHORIZED, scope: "openid profile admin" },
  "a scope without openid": { ...AUTHORIZED, scope: "profile" },
  "a claim of the issuer": { ...AUTHORIZED, claims: { sub: "somebody else" } },
  "a claim of CIBA": { ...AUTHORIZED, claims: { "urn:openid:params:jwt:claim:auth_req_id": "x" } },
  "claims that are no object": { ...AUTHORIZED, claims: [] },
  "a header parameter of the issuer": { ...AUTHORIZED, id_token_header: { alg: "none" } },
  "a property of the response": { ...AUTHORIZED, properties: [{ key: "access_token", value: "x" }] },
  "a property twice": { ...AUTHORIZED, properties: Array(2).fill({ key: "a", value: "b" }) },
  "an auth_time that is a text": { ...AUTHORIZED, auth_time: "now" },
};

export function cibaHooks({ test }, server) {
  const back = new Hooked(server);

  test("the hook is told what there is to ask", async (assert) => {
    const authorization_details = [{ type: "payment", amount: 5 }];
    const { auth_req_id, ticket, request, expires_in } = await back.begin(assert, {
      binding_message: "W4SCT",
      acr_values: "gold silver",
      authorization_details: JSON.stringify(authorization_details),
    });
    const { sub, expires_at, ticket: _, ...others } = request;
    assert.deepEqual(others, {
      issuer: back.issuer,
      client_id: "poll",
      client_name: "Client poll",
      scope: "openid profile",
      audience: [],
      binding_message: "W4SCT",
      acr_values: ["silver"],
      authorization_details,
      purpose: null,
    });
    assert.true(sub.startsWith("person "));
    assert.true(expires_at > Date.now() / 1000 && expires_in === 120);
    // Whoever has the one has not the other.
    assert.notStrictEqual(ticket.split(".")[1], auth_req_id.split(".")[1]);
    await back.refuse(assert, ticket, "invalid_grant");
    await assert.rejects(back.complete(auth_req_id, AUTHORIZED), /unknown/);
    await back.complete(ticket, AUTHORIZED);
    assert.deepEqual((await back.issue(assert, auth_req_id)).authorization_details, authorization_details);
  });

  test("authorized, with all that can be said", async (assert) => {
    const { auth_req_id, ticket, request } = await back.begin(assert);
    const told = await back.complete(ticket, {
      outcome: "authorized",
      sub: request.sub,
      auth_time: 1_700_000_000,
      acr: "gold",
      claims: { given_name: "Ä", nested: { a: [1, null] } },
      scope: "openid",
      id_token_header: { "x-key": "y" },
      properties: [
        { key: "shown", value: "1" },
        { key: "kept", value: "2", hidden: true },
      ],
    });
    assert.deepEqual(told, { outcome: "completed" });
    const tokens = await back.issue(assert, auth_req_id);
    assert.deepEqual([tokens.scope, tokens.shown, tokens.kept], ["openid", "1", undefined]);
    const { header, payload } = idToken(tokens);
    assert.deepEqual(
      [payload.sub, payload.auth_time, payload.acr, payload.given_name, payload.nested, header["x-key"]],
      [request.sub, 1_700_000_000, "gold", "Ä", { a: [1, null] }, "y"],
    );
    assert.strictEqual(tokens.payload.sub, request.sub);
  });

  for (const [result, error] of [
    [{ outcome: "access_denied", error_description: "Not today" }, "access_denied"],
    [{ outcome: "transaction_failed", error_description: "No device" }, undefined],
  ]) {
    test(`${result.outcome}, with a description`, async (assert) => {
      const { auth_req_id, ticket } = await back.begin(assert);
      await back.complete(ticket, result);
      const { status, text } = await server.send(back.polling(auth_req_id));
      const told = JSON.parse(text);
      assert.deepEqual([status, told.error_description], [400, result.error_description]);
      // CIBA Core §11 has no transaction_failed.
      if (error !== undefined) assert.strictEqual(told.error, error);
      else assert.true(["access_denied", "expired_token"].includes(told.error), told.error);
    });
  }

  for (const [outcome, description] of [
    ["transaction_failed", "No device"],
    ["access_denied", "Not today"],
  ]) {
    test(`push and ping: ${outcome}`, async (assert) => {
      const listener = new NotificationListener();
      await listener.open(server.env.PING_LISTEN);
      try {
        for (const mode of ["push", "ping"]) {
          const token = randomUUID();
          listener.answer(token, status(204));
          const options = { auth: back.basic(mode) };
          const asked = await back.begin(assert, { client_notification_token: token }, options);
          const { ticket, auth_req_id } = asked;
          await back.complete(ticket, { outcome, error_description: description });
          const [{ text }] = await listener.wait(token);
          const told = { error: outcome, error_description: description, auth_req_id };
          assert.deepEqual(JSON.parse(text), mode === "push" ? told : { auth_req_id });
        }
      } finally {
        await listener.close();
      }
    });
  }

  for (const [name, result] of Object.entries(BAD)) {
    test(`a result with ${name} is refused, and decides nothing`, async (assert) => {
      const { auth_req_id, ticket } = await back.begin(assert);
      await assert.rejects(back.complete(ticket, result), /OperatorError/);
      await back.refuse(assert, auth_req_id, "authorization_pending");
      await back.complete(ticket, AUTHORIZED);
      await back.issue(assert, auth_req_id);
    });
  }

  test("a ticket is good once, and says why it is not", async (assert) => {
    const { auth_req_id, ticket } = await back.begin(assert);
    for (const unknown of ["", "x", "x.y", `${ticket}x`, ticket.split(".")[0], "../../x"]) {
      await assert.rejects(back.complete(unknown, AUTHORIZED), /unknown/, unknown);
    }
    await back.complete(ticket, AUTHORIZED);
    await assert.rejects(back.complete(ticket, { outcome: "access_denied" }), /completed already/);
    await back.issue(assert, auth_req_id);
    await assert.rejects(back.complete(ticket, AUTHORIZED), /completed already/);
  });

  test("20 completions at the same time: the first stands", async (assert) => {
    const { auth_req_id, ticket } = await back.begin(assert);
    const told = await times(20, (n) =>
      back
        .complete(ticket, n % 2 === 0 ? AUTHORIZED : { outcome: "access_denied" })
        .then(() => (n % 2 === 0 ? "allow" : "deny"))
        .catch((error) => {
          assert.true(/completed already/.test(error.message), error.message);
        }),
    );
    const [won, ...others] = told.filter((one) => one !== undefined);
    assert.deepEqual(others, []);
    if (won === "allow") await back.issue(assert, auth_req_id);
    else await back.refuse(assert, auth_req_id, "access_denied");
  });

  for (const hook of ["identify", "notifyUser"]) {
    for (const fault of ["throws", "hangs"]) {
      test(`${hook} ${fault}: 503, and nothing that could be fetched`, async (assert) => {
        const request = back.asking({ login_hint: `${hook} ${fault}` });
        const { status, headers, text } = await server.sendQuietly(request);
        assert.deepEqual([status, JSON.parse(text).error], [503, "temporarily_unavailable"]);
        assert.strictEqual(headers["retry-after"], "5");
        assert.false(text.includes("on demand"), "what the hook said");
        const asked = await back.asked(`${hook} ${fault}`);
        assert.strictEqual(asked === undefined, hook === "identify");
      });
    }
  }

  test("completed inside of the hook", async (assert) => {
    const agreed = await back.ask(assert, { login_hint: "agrees at once" });
    assert.strictEqual((await back.issue(assert, agreed.auth_req_id)).payload.sub, "agrees at once");
    const refused = await back.ask(assert, { login_hint: "refuses at once" });
    await back.refuse(assert, refused.auth_req_id, "access_denied");
  });

  test("identify: nobody, and the user code", async (assert) => {
    const refuse = (change, error) => server.refuse(assert, back.asking(change), 400, error);
    await refuse({ login_hint: "nobody" }, "unknown_user_id");
    const login_hint = "coded person";
    await refuse({ login_hint }, "missing_user_code");
    await refuse({ login_hint, user_code: "1" }, "invalid_user_code");
    await back.ask(assert, { login_hint, user_code: "123456" });
  });

  test("disabled between approval and redemption: no tokens", async (assert) => {
    const { auth_req_id, ticket, request } = await back.begin(assert);
    await back.complete(ticket, AUTHORIZED);
    await server.send({ method: "POST", path: "/_test/disable", body: request.sub });
    await back.refuse(assert, auth_req_id, "invalid_grant");
  });

  test("100 people asked and answered at the same time", async (assert) => {
    const asked = await times(100, () => back.begin(assert));
    await Promise.all(asked.map(({ ticket }) => back.complete(ticket, AUTHORIZED)));
    const answers = await Promise.all(asked.map(({ auth_req_id }) => server.send(back.polling(auth_req_id))));
    assert.deepEqual(tally(answers), { 200: 100 });
    for (const [n, { text }] of answers.entries()) {
      const { sub } = decode(JSON.parse(text).access_token).payload;
      if (sub !== asked[n].request.sub) assert.strictEqual(sub, asked[n].request.sub);
    }
  });
}
