// Long polling, CIBA Core §10.1: a poll waits for up to 30 seconds, and answers as soon as there is something to say.

import { tally, until } from "./backchannel.mjs";
import { Hooked } from "./ciba_hooks.mjs";

export function cibaPatient({ test }, server) {
  const back = new Hooked(server, "/patient");

  /** A poll that waits: `answered` says whether it has an answer yet. */
  const waiting = async (auth_req_id) => {
    const before = await records();
    const poll = { answered: false };
    poll.answer = server.send(back.polling(auth_req_id)).then((answer) => {
      poll.answered = true;
      return answer;
    });
    // That it came is written down.
    await until(async () => ((await records()) === before ? undefined : true));
    return poll;
  };
  const records = async () => (await server.send({ path: "/_test/records" })).text;

  for (const [result, expected] of [
    [{ outcome: "authorized" }, { 200: 1 }],
    [{ outcome: "access_denied" }, { "400 access_denied": 1 }],
  ]) {
    test(`a poll waits, until ${result.outcome}`, async (assert) => {
      const { auth_req_id, ticket } = await back.begin(assert);
      const poll = await waiting(auth_req_id);
      // Others are served meanwhile.
      const other = await back.begin(assert);
      await back.complete(other.ticket, { outcome: "authorized" });
      await back.issue(assert, other.auth_req_id);
      assert.false(poll.answered);
      await back.complete(ticket, result);
      assert.deepEqual(tally([await poll.answer]), expected);
    });
  }

  test("a poll waits, until the request has expired", async (assert) => {
    const { auth_req_id } = await back.begin(assert, { requested_expiry: "2" });
    assert.deepEqual(tally([await server.send(back.polling(auth_req_id))]), { "400 expired_token": 1 });
  });

  test("a second poll beside the first comes too early; the first is answered all the same", async (assert) => {
    const { auth_req_id, ticket } = await back.begin(assert);
    const poll = await waiting(auth_req_id);
    await back.refuse(assert, auth_req_id, "slow_down");
    assert.false(poll.answered);
    await back.complete(ticket, { outcome: "authorized" });
    assert.deepEqual(tally([await poll.answer]), { 200: 1 });
    await back.refuse(assert, auth_req_id, "invalid_grant");
  });

  test("10 polls wait for one decision each", async (assert) => {
    const asked = [];
    for (let n = 0; n < 10; n++) asked.push(await back.begin(assert));
    const polls = asked.map(({ auth_req_id }) => server.send(back.polling(auth_req_id)));
    await Promise.all(asked.map(({ ticket }) => back.complete(ticket, { outcome: "authorized" })));
    assert.deepEqual(tally(await Promise.all(polls)), { 200: 10 });
  });

  test("what nobody decides is pending after the wait", async (assert) => {
    const { auth_req_id } = await back.begin(assert);
    const poll = back.polling(auth_req_id, { deadline: 60_000 });
    assert.deepEqual(tally([await server.send(poll)]), { "400 authorization_pending": 1 });
  });
}
