// What was decided when a token was generated is decided again when it is redeemed, and when its family is refreshed.

import { expectSays } from "./channel.mjs";
import { Governed, member } from "./governed.mjs";
import { tokenRequest } from "./wire.mjs";

const PAST = "2001-01-01T00:00:00Z";
const AHEAD = "2035-01-01T00:00:00Z";
const only = (flow) => ({ grants: (pair) => [pair(flow)] });
const INVALID = [400, "invalid_request"];

/** What happens between generation and redemption, and the rule that then refuses. */
const CHANGES = [
  [
    "the member is disabled",
    (channel, sub) => channel.operate("putSubject", sub, { active: false }),
    "subject.disabled",
  ],
  [
    "the scope of the grant is narrowed",
    (channel) => channel.publish({ grant: { scope: "sports phone" } }),
    "scope.beyond-grant",
  ],
  ["the grant is withdrawn", (channel) => channel.publish(only("token_exchange")), "exchange.no-grant"],
  ["the grant expires", (channel) => channel.publish({ grant: { expires_at: PAST } }), "exchange.expired"],
  [
    "the grant is no longer approved",
    (channel) => channel.publish({ grant: { approved_at: AHEAD } }),
    "exchange.not-yet-approved",
  ],
  [
    "the justification is gone",
    (channel) => channel.publish({ grant: { justification: " " } }),
    "exchange.no-justification",
  ],
  [
    "A is no longer authorized",
    (channel) => channel.configure({ service: { status: "pending" } }),
    "client.inactive",
  ],
];

/** The same for exchangeable tokens alone: scope that nobody is there to consent to. */
const APPROVAL = [
  "a scope is no longer auto-approved",
  (channel) => channel.publish({ scopes: { phone: {} } }),
  "scope.not-auto-approved",
];

/** As at the generator, each from a good state. */
const REFUSED_GENERATIONS = [
  ["no grant", only("id_token"), {}, 403, "access_denied", "exchange.no-grant"],
  [
    "a grant of the other way round",
    { grants: (pair) => [pair("exchangeable_token", "redeemer", "service")] },
    {},
    403,
    "access_denied",
    "exchange.no-grant",
  ],
  ["a grant that has expired", { grant: { expires_at: PAST } }, {}, 403, "access_denied", "exchange.expired"],
  [
    "a grant that is not yet approved",
    { grant: { approved_at: AHEAD } },
    {},
    403,
    "access_denied",
    "exchange.not-yet-approved",
  ],
  [
    "a grant without justification",
    { grant: { justification: undefined } },
    {},
    403,
    "access_denied",
    "exchange.no-justification",
  ],
  [
    "a grant with an empty justification",
    { grant: { justification: "" } },
    {},
    403,
    "access_denied",
    "exchange.no-justification",
  ],
  [
    "a grant that nobody approved",
    { grant: { approved_by: undefined } },
    {},
    403,
    "access_denied",
    "exchange.no-justification",
  ],
  [
    "a grant without an end",
    { grant: { expires_at: undefined } },
    {},
    403,
    "access_denied",
    "exchange.no-justification",
  ],
  [
    "a scope beyond the grant",
    { grant: { scope: "sports" } },
    { query: { scopes: "sports,phone" } },
    400,
    "invalid_scope",
    "scope.beyond-grant",
  ],
  [
    "a scope that is not auto-approved",
    { scopes: { phone: {} } },
    { query: { scopes: "phone" } },
    400,
    "invalid_scope",
    "scope.not-auto-approved",
  ],
  [
    "a scope that the policy does not list for B",
    { scopes: { phone: { clients: ["outsider"], auto_approved: ["redeemer"] } } },
    { query: { scopes: "phone" } },
    400,
    "invalid_scope",
    "scope.not-auto-approved",
  ],
  [
    "a quota that is too small",
    { grant: { quota: 1 } },
    { body: ["a", "b"] },
    429,
    "access_denied",
    "exchange.quota-exhausted",
  ],
];

function describe({ test }, server, profile) {
  const channel = new Governed(server, profile);
  const good = async () => {
    await channel.configure({});
    await channel.publish();
  };
  const refuseRedemption = async (assert, token, rule) =>
    expectSays(assert, await channel.refuse(assert, token, {}, ...INVALID), { rule });

  for (const [name, change, rule] of [...CHANGES, APPROVAL]) {
    test(`${profile}, redemption: ${name}`, async (assert) => {
      await good();
      const sub = await member(channel);
      const token = await channel.exchangeable(assert, sub);
      await change(channel, sub);
      await refuseRedemption(assert, token, rule);
      await good();
      await channel.operate("putSubject", sub, { active: true });
      // Refused is not used.
      const { payload } = await server.issue(assert, channel.redemption(token));
      assert.strictEqual(payload.sub, sub);
      await refuseRedemption(assert, token, "subject-token.used");
    });
  }

  test(`${profile}, redemption: a member who is not known yet`, async (assert) => {
    await good();
    const sub = `${profile} stranger`;
    const token = await channel.exchangeable(assert, sub);
    await refuseRedemption(assert, token, "subject.unknown");
    await channel.operate("putSubject", sub, { active: true });
    assert.strictEqual((await server.issue(assert, channel.redemption(token))).payload.sub, sub);
  });

  test(`${profile}, redemption: B is no longer authorized`, async (assert) => {
    await good();
    const token = await channel.exchangeable(assert, await member(channel));
    const bearer = await channel.bearer(assert, "B");
    await channel.configure({ redeemer: { status: "pending" } });
    await channel.refuse(assert, token, {}, 401, "invalid_client");
    if (profile === "decathlon") {
      await channel.refuse(assert, token, { auth: bearer }, 401, "invalid_token", "Bearer");
    }
    await good();
    await server.issue(assert, channel.redemption(token));
  });

  test(`${profile}, redemption: the policy changes nothing that matters`, async (assert) => {
    await good();
    const token = await channel.exchangeable(assert, await member(channel), { query: { scopes: "phone" } });
    await channel.publish({ grant: { scope: "phone" }, version: "narrower" });
    assert.strictEqual((await server.issue(assert, channel.redemption(token))).scope, "phone");
  });

  test(`${profile}, redemption: a grant that is not for single use`, async (assert) => {
    await good();
    await channel.publish({ grant: { single_use: false } });
    const token = await channel.exchangeable(assert, await member(channel));
    for (let times = 0; times < 3; times++) await server.issue(assert, channel.redemption(token));
    // The grant of now decides, and nobody counted until then.
    await channel.publish();
    await server.issue(assert, channel.redemption(token));
    await refuseRedemption(assert, token, "subject-token.used");
  });

  for (const [name, change, options, status, error, rule] of REFUSED_GENERATIONS) {
    test(`${profile}, generation: ${name}`, async (assert) => {
      await good();
      await channel.publish(change);
      const request = await channel.generation(assert, options);
      const answer = await server.refuse(assert, request, status, error);
      expectSays(assert, answer, { rule });
      if (status !== 429) return;
      const retry = Number(answer.headers["retry-after"]);
      assert.true(retry > 0 && retry <= 86_400, `Retry-After: ${retry}`);
    });
  }

  test(`${profile}, generation: the scopes that are left`, async (assert) => {
    await good();
    await channel.publish({ scopes: { phone: {} }, grant: { scope: "sports phone" } });
    const token = await channel.exchangeable(assert, await member(channel));
    assert.strictEqual((await server.issue(assert, channel.redemption(token))).scope, "sports");
  });

  test(`${profile}, generation: the policy takes the generator's scope away`, async (assert) => {
    await good();
    const request = await channel.generation(assert);
    await channel.publish({ scopes: { [channel.place.generator]: { clients: [] } } });
    await server.refuse(assert, request, 403, "insufficient_scope");
  });

  test(`${profile}, generation: a client that is not authorized, A or B`, async (assert) => {
    await good();
    const request = await channel.generation(assert);
    await channel.configure({ service: { status: "pending" } });
    await server.refuse(assert, request, 401, "invalid_token", "Bearer");
    await channel.configure({ redeemer: { status: "pending" } });
    const answer = await server.refuse(assert, request, 403, "access_denied");
    expectSays(assert, answer, { rule: "client.inactive" });
  });

  test(`${profile}, generation: an API key of another client, and one that is revoked`, async (assert) => {
    await good();
    const key = await channel.operate("createApiKey", "service");
    const others = await channel.operate("createApiKey", "other-service");
    const by = (key) => channel.generation(assert, { headers: { "x-api-key": key } });
    await server.refuse(assert, await by(others), 401, "invalid_client", "Bearer");
    assert.strictEqual((await server.send(await by(key))).status, 200);
    await channel.operate("revokeApiKey", "service", key);
    await server.refuse(assert, await by(key), 401, "invalid_client", "Bearer");
    assert.strictEqual((await server.send(await channel.generation(assert))).status, 200, "the other one");
  });
}

export function rechecked({ test }, server) {
  for (const profile of ["standard", "decathlon"]) describe({ test }, server, profile);

  const channel = new Governed(server, "decathlon");
  for (const [name, change, rule] of CHANGES) {
    test(`refreshing: ${name}`, async (assert) => {
      await channel.configure({});
      await channel.publish();
      const sub = await member(channel);
      const { refresh_token } = await server.issue(assert, channel.seamless(channel.idToken({ sub })));
      await change(channel, sub);
      const request = tokenRequest(server.env, channel.refreshing(refresh_token));
      expectSays(assert, await server.refuse(assert, request, 400, "invalid_grant"), { rule });
      await channel.configure({});
      await channel.publish();
      await channel.operate("putSubject", sub, { active: true });
      // Refused is not spent.
      assert.strictEqual((await server.issue(assert, channel.refreshing(refresh_token))).payload.sub, sub);
    });
  }

  test("the policy takes the scope to exchange away from B", async (assert) => {
    await channel.configure({});
    await channel.publish();
    const token = await channel.exchangeable(assert, await member(channel));
    const bearer = await channel.bearer(assert, "B");
    await channel.publish({ scopes: { "token-exchange:seamless-backchannel": { clients: ["service"] } } });
    await channel.refuse(assert, token, {}, 400, "unauthorized_client");
    await channel.refuse(assert, token, { auth: bearer }, 403, "insufficient_scope", "Bearer");
  });

  test("a client that is not registered for the scope to exchange", async (assert) => {
    await channel.configure({});
    await channel.publish();
    const token = await channel.exchangeable(assert, await member(channel));
    const auth = channel.basic("outsider");
    await channel.refuse(assert, token, { auth }, 400, "unauthorized_client");
    const bearer = await channel.bearer(assert, "outsider");
    await channel.refuse(assert, token, { auth: bearer }, 403, "insufficient_scope", "Bearer");
    await server.issue(assert, channel.redemption(token));
  });
}
