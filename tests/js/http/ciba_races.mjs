// Many at the same time: an authentication is decided once and fetched once.

import { randomUUID } from "node:crypto";
import { Backchannel, tally, times } from "./backchannel.mjs";
import { form, jwt, now } from "./channel.mjs";

const ROUNDS = 20;

/** How often `name` is counted. */
const count = (counts, name) => counts[name] ?? 0;

export function cibaRaces({ test }, server) {
  const back = new Backchannel(server);
  const send = (requests) => Promise.all(requests.map((request) => server.send(request)));

  test("of 100 redemptions at the same time one succeeds", async (assert) => {
    const { auth_req_id } = await back.decided(assert, "allow");
    const answers = await times(100, () => server.send(back.polling(auth_req_id)));
    assert.deepEqual(tally(answers), { 200: 1, "400 invalid_grant": 99 });
    await back.refuse(assert, auth_req_id, "invalid_grant");
    const { refresh_token } = JSON.parse(answers.find(({ status }) => status === 200).text);
    // The others took nothing away from it.
    const change = { grant_type: "refresh_token", refresh_token };
    await server.issue(assert, back.poll(undefined, { change }));
  });

  test("100 authentications fetched at the same time, each twice: each gives tokens once", async (assert) => {
    const asked = await times(100, () => back.decided(assert, "allow"));
    const ids = asked.map(({ auth_req_id }) => auth_req_id);
    assert.strictEqual(new Set(ids).size, 100);
    const answers = await send([...ids, ...ids].map((id) => back.polling(id)));
    assert.deepEqual(tally(answers), { 200: 100, "400 invalid_grant": 100 });
  });

  test("of 100 polls at the same time one comes in time", async (assert) => {
    const { auth_req_id } = await back.ask(assert);
    const answers = await times(100, () => server.send(back.polling(auth_req_id)));
    assert.deepEqual(tally(answers), { "400 authorization_pending": 1, "400 slow_down": 99 });
    await back.decide(assert, auth_req_id, "allow");
    await back.issue(assert, auth_req_id);
  });

  test(`allowed and denied at the same time, ${ROUNDS} times: the first word stands`, async (assert) => {
    const stood = await times(ROUNDS, async () => {
      const { auth_req_id } = await back.ask(assert);
      const actions = ["allow", "deny", "allow", "deny"];
      const decided = await send(actions.map((action) => back.deciding(auth_req_id, action)));
      assert.deepEqual(tally(decided), { 200: 1, "400 invalid_request": 3 });
      const won = actions[decided.findIndex(({ status }) => status === 200)];
      if (won === "allow") await back.issue(assert, auth_req_id);
      else await back.refuse(assert, auth_req_id, "access_denied");
      return won;
    });
    assert.strictEqual(stood.length, ROUNDS);
  });

  for (const action of ["allow", "deny"]) {
    test(`polled while it is decided (${action}), ${ROUNDS} times: no answer is lost`, async (assert) => {
      for (let round = 0; round < ROUNDS; round++) {
        const { auth_req_id } = await back.ask(assert);
        const polls = Array(5).fill(back.polling(auth_req_id));
        const [decided, ...polled] = await send([back.deciding(auth_req_id, action), ...polls]);
        assert.strictEqual(decided.status, 200, decided.text);
        const counts = tally(polled);
        const early = count(counts, "400 authorization_pending") + count(counts, "400 slow_down");
        const [good, refused] = [count(counts, "200"), count(counts, "400 invalid_grant")];
        if (action === "deny") {
          assert.strictEqual(early + count(counts, "400 access_denied"), 5, JSON.stringify(counts));
          await back.refuse(assert, auth_req_id, "access_denied");
        } else {
          assert.strictEqual(early + good + refused, 5, JSON.stringify(counts));
          assert.true(good <= 1, JSON.stringify(counts));
          if (good === 0) await back.issue(assert, auth_req_id);
          else await back.refuse(assert, auth_req_id, "invalid_grant");
        }
      }
    });
  }

  test("of 20 copies of a signed request at the same time one is acknowledged", async (assert) => {
    const { SIGN_CLIENT_ID, SIGN_CLIENT_JWK } = server.env;
    const signed = (aud, claims) => {
      const [iat, jti] = [now(), randomUUID()];
      return jwt(
        SIGN_CLIENT_JWK,
        { alg: "ES256" },
        { iss: SIGN_CLIENT_ID, aud, iat, exp: iat + 60, jti, ...claims },
      );
    };
    const asked = { nbf: now(), scope: "openid", login_hint: "alice" };
    const request = signed(back.issuer, asked);
    const answers = await times(20, () => {
      // The client's assertion is good once as well: each copy has another.
      const parameters = {
        request,
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: signed(back.issuer, { sub: SIGN_CLIENT_ID }),
      };
      return server.send(back.asking({}, { auth: null, form: form(parameters) }));
    });
    assert.deepEqual(tally(answers), { 200: 1, "400 invalid_request": 19 });
  });

  test("of 50 guesses of a user_code at the same time ten count, and then none is right", async (assert) => {
    const { CIBA_USER_CODE_HINT: login_hint, CIBA_USER_CODE: user_code } = server.env;
    const other = { client: "OTHER_CLIENT" };
    const guess = (n) => server.send(back.asking({ login_hint, user_code: `guess ${n}` }, other));
    assert.deepEqual(tally(await times(50, guess)), { "400 invalid_user_code": 50 });
    await server.refuse(assert, back.asking({ login_hint, user_code }, other), 400, "invalid_user_code");
    await back.ask(assert, { login_hint, user_code });
  });
}
