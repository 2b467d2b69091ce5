// Many at the same time: what is used once is used once, what is counted is counted.

import { expectSays } from "./channel.mjs";
import { Governed, member } from "./governed.mjs";
import { basic, tokenRequest } from "./wire.mjs";

/** By status: how many of the answers, and what they say. */
function tally(answers) {
  const by = {};
  for (const { status, text } of answers) {
    by[status] ??= [];
    by[status].push(JSON.parse(text));
  }
  return by;
}

const times = (count, make) => Promise.all(Array.from({ length: count }, (_, n) => make(n)));

async function ready(server, profile = "decathlon") {
  const channel = new Governed(server, profile);
  // So many at once take the store longer than the tests before had patience for.
  await channel.configure({});
  await channel.publish();
  return channel;
}

export function redemption({ test }, server) {
  for (const [profile, by] of [
    ["decathlon", "Basic"],
    ["decathlon", "Bearer"],
    ["standard", "Basic"],
  ]) {
    test(`${profile}, ${by}: of 100 redemptions at the same time one succeeds`, async (assert) => {
      const channel = await ready(server, profile);
      const token = await channel.exchangeable(assert, await member(channel));
      const auth = by === "Basic" ? channel.basic() : await channel.bearer(assert, "B");
      const request = tokenRequest(server.env, channel.redemption(token, { auth }));
      const {
        200: good = [],
        400: refused = [],
        ...others
      } = tally(await times(100, () => server.send(request)));
      assert.deepEqual([good.length, refused.length, Object.keys(others)], [1, 99, []]);
      for (const { error, error_description: description } of refused) {
        if (error !== "invalid_request") assert.strictEqual(error, "invalid_request", description);
        expectSays(assert, { description }, { rule: "subject-token.used" });
      }
    });
  }

  test("100 tokens redeemed at the same time, each twice: each gives one access token", async (assert) => {
    const channel = await ready(server);
    const members = await times(100, () => member(channel));
    const { tokens } = await channel.generate(assert, members);
    const requests = [...tokens.values(), ...tokens.values()].map((token) =>
      tokenRequest(server.env, channel.redemption(token)),
    );
    const answers = tally(await Promise.all(requests.map((request) => server.send(request))));
    assert.deepEqual([answers[200]?.length, answers[400]?.length], [100, 100]);
    assert.strictEqual(new Set(answers[200].map(({ access_token }) => access_token)).size, 100);
  });

  // Each with a pair of its own: the day's count of another would be in the way.
  for (const [size, quota, from, to, calls] of [
    [1, 7, "other-service", "redeemer", 7],
    [3, 10, "other-service", "other-redeemer", 3],
  ]) {
    test(`of 20 calls for ${size} at the same time those within a quota of ${quota} succeed`, async (assert) => {
      const channel = await ready(server);
      const grants = (pair) => [{ ...pair("exchangeable_token", from, to), quota }];
      await channel.publish({ grants });
      const call = async (size) =>
        channel.generation(assert, {
          auth: await channel.bearer(assert, from),
          headers: { "x-api-key": key },
          query: { client_id: to },
          body: Array.from({ length: size }, (_, n) => `member ${n}`),
        });
      const key = await channel.operate("createApiKey", from);

      // What is refused for another reason, or in part too much, does not count.
      const request = await call(size);
      const { path } = request;
      await server.refuse(assert, { ...request, path: `${path}&scopes=x` }, 400, "invalid_scope");
      await server.refuse(assert, { ...request, body: '["a","a"]' }, 400, "invalid_request");
      await server.refuse(assert, await call(quota + 1), 429, "access_denied");

      const { 200: good, 429: refused, ...others } = tally(await times(20, () => server.send(request)));
      assert.deepEqual([good.length, refused.length, Object.keys(others)], [calls, 20 - calls, []]);
      for (const { error, error_description: description } of refused) {
        expectSays(assert, { description }, { rule: "exchange.quota-exhausted" });
        if (error !== "access_denied") assert.strictEqual(error, "access_denied");
      }
      for (const tokens of good) assert.strictEqual(Object.keys(tokens).length, size);

      const left = quota - calls * size;
      if (left > 0) assert.strictEqual((await server.send(await call(left))).status, 200, "what is left");
      await server.refuse(assert, await call(1), 429, "access_denied");
      await channel.publish({
        grants: (pair) => grants(pair).map((grant) => ({ ...grant, quota: quota + 1 })),
      });
      assert.strictEqual((await server.send(await call(1))).status, 200, "a quota that was raised");
    });
  }

  test("of 20 refreshes at the same time one succeeds", async (assert) => {
    const channel = await ready(server);
    const sub = await member(channel);
    const { refresh_token } = await server.issue(assert, channel.seamless(channel.idToken({ sub })));
    const request = tokenRequest(server.env, channel.refreshing(refresh_token));
    const { 200: good, 400: refused, ...others } = tally(await times(20, () => server.send(request)));
    assert.deepEqual([good.length, refused.length, Object.keys(others)], [1, 19, []]);
    for (const { error } of refused)
      if (error !== "invalid_grant") assert.strictEqual(error, "invalid_grant");
    // That the spent one came back ended the family, if not before then now.
    await server.refuse(assert, request, 400, "invalid_grant");
    const next = tokenRequest(server.env, channel.refreshing(good[0].refresh_token));
    await server.refuse(assert, next, 400, "invalid_grant");
  });

  test("a refresh token is its client's alone, and what others try leaves it good", async (assert) => {
    const channel = await ready(server);
    const sub = await member(channel);
    const { refresh_token } = await server.issue(assert, channel.seamless(channel.idToken({ sub })));
    for (const options of [
      { auth: channel.basic("other-redeemer") },
      { change: { refresh_token: `${refresh_token}x` } },
      { change: { refresh_token: refresh_token.replace(/.$/, (end) => (end === "A" ? "B" : "A")) } },
      { change: { refresh_token: refresh_token.split(".")[0] } },
      { change: { refresh_token: refresh_token.replace(/^./, (start) => (start === "A" ? "B" : "A")) } },
    ]) {
      const request = tokenRequest(server.env, channel.refreshing(refresh_token, options));
      await server.refuse(assert, request, 400, "invalid_grant");
    }
    const beyond = channel.refreshing(refresh_token, { change: { scope: "sports token-exchange" } });
    await server.refuse(assert, tokenRequest(server.env, beyond), 400, "invalid_scope");
    const nobody = channel.refreshing(refresh_token, { auth: basic("redeemer", "wrong") });
    await server.refuse(assert, tokenRequest(server.env, nobody), 401, "invalid_client");
    await server.issue(assert, channel.refreshing(refresh_token));
  });

  test("where the store fails nothing is issued, and nothing is used up", async (assert) => {
    const channel = await ready(server);
    const sub = await member(channel);
    const token = await channel.exchangeable(assert, sub);
    const { refresh_token } = await server.issue(assert, channel.seamless(channel.idToken({ sub })));
    const requests = [
      await channel.generation(assert, { body: [sub] }),
      tokenRequest(server.env, channel.redemption(token)),
      tokenRequest(server.env, channel.redemption(token, { auth: await channel.bearer(assert, "B") })),
      tokenRequest(server.env, channel.seamless(channel.idToken({ sub }))),
      tokenRequest(server.env, channel.refreshing(refresh_token)),
    ];
    await server.store("throw");
    for (const request of requests) {
      const { headers } = await server.refuse(assert, request, 503, "temporarily_unavailable");
      assert.strictEqual(headers["retry-after"], "5");
    }
    await server.store("ok");
    await server.issue(assert, channel.redemption(token));
    await server.issue(assert, channel.refreshing(refresh_token));
  });
}
