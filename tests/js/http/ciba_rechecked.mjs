// What was approved is decided again when it is fetched: by the subject, the client and the store of that moment.

import { randomUUID } from "node:crypto";
import { Backchannel } from "./backchannel.mjs";
import { command } from "./governed.mjs";
import { NotificationListener, status } from "./notified.mjs";

let people = 0;

export function cibaRechecked({ test }, server) {
  const back = new Backchannel(server);
  const operate = (method, ...args) =>
    command(server, "/_test/operator", { method, args: [back.issuer, ...args] });
  const configure = (changes) => command(server, "/_test/clients", changes);

  /** Somebody new who is asked and has agreed. */
  const approved = async (assert, change) => {
    const sub = `approver ${++people}`;
    await operate("putSubject", sub, { active: true });
    return { sub, ...(await back.decided(assert, "allow", { login_hint: sub, ...change })) };
  };

  test("the subject is disabled after approval", async (assert) => {
    const { sub, auth_req_id } = await approved(assert);
    await operate("putSubject", sub, { active: false });
    await back.refuse(assert, auth_req_id, "invalid_grant");
    await operate("putSubject", sub, { active: true });
    await back.issue(assert, auth_req_id);
  });

  test("the subject is disabled after redemption: nothing is refreshed", async (assert) => {
    const { sub, auth_req_id } = await approved(assert);
    const { refresh_token } = await back.issue(assert, auth_req_id);
    await operate("putSubject", sub, { active: false });
    const change = { grant_type: "refresh_token", refresh_token };
    await back.refuse(assert, undefined, "invalid_grant", { change });
  });

  test("the client is suspended after approval, and is known again", async (assert) => {
    const { auth_req_id } = await approved(assert);
    await configure({ demo: { status: "pending" } });
    const { status, text } = await server.send(back.polling(auth_req_id));
    assert.true([400, 401].includes(status), text);
    assert.false(text.includes("access_token"), text);
    const { status: asked } = await server.send(back.asking());
    assert.true([400, 401].includes(asked));
    await configure({});
    await back.issue(assert, auth_req_id);
  });

  test("where the store fails nothing is issued, and nothing is used up", async (assert) => {
    const { auth_req_id } = await approved(assert);
    const waiting = await back.ask(assert);
    await server.store("throw");
    for (const request of [
      back.asking(),
      back.polling(auth_req_id),
      back.deciding(waiting.auth_req_id, "allow"),
    ]) {
      const { headers } = await server.refuse(assert, request, 503, "temporarily_unavailable");
      assert.strictEqual(headers["retry-after"], "5");
    }
    await server.store("ok");
    await back.issue(assert, auth_req_id);
    await back.decide(assert, waiting.auth_req_id, "allow");
    await back.issue(assert, waiting.auth_req_id);
  });

  test("what is stored outlives the server", async (assert) => {
    if (server.runtime === "node") return assert.true(true, "it keeps nothing");
    const { auth_req_id } = await approved(assert);
    const waiting = await back.ask(assert);
    await server.restart();
    await back.issue(assert, auth_req_id);
    await back.decide(assert, waiting.auth_req_id, "allow");
    await back.issue(assert, waiting.auth_req_id);
    await back.refuse(assert, auth_req_id, "invalid_grant");
  });

  test("a notification that nobody heard outlives the server", async (assert) => {
    if (server.runtime === "node") return assert.true(true, "it keeps nothing");
    const client_notification_token = randomUUID();
    const ping = { client: "PING_CLIENT" };
    const { auth_req_id } = await back.decided(assert, "allow", { client_notification_token }, ping);
    await server.restart();
    const listener = new NotificationListener();
    listener.answer(client_notification_token, status(204));
    await listener.open(server.env.PING_LISTEN);
    try {
      // Somebody must come for an isolate to start.
      await back.ask(assert);
      const [{ text }] = await listener.wait(client_notification_token);
      assert.deepEqual(JSON.parse(text), { auth_req_id });
      await back.issue(assert, auth_req_id, ping);
    } finally {
      await listener.close();
    }
  });
}
