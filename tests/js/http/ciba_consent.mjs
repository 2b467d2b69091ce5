// Consent to a purpose: missing, given, refused and withdrawn, while an authentication is under way and after it.

import { times } from "./backchannel.mjs";
import { FRAUD, Gateway } from "./gateway.mjs";
import { tokenRequest } from "./wire.mjs";

const OFFLINE = { purpose: undefined, scope: `openid offline_access ${FRAUD} sim-swap` };

export function cibaConsent({ test }, server) {
  const gateway = new Gateway(server);

  /** A request of a subscriber who said nothing yet. */
  const pending = async (assert, change) => {
    const { sub, login_hint } = await gateway.subscriber();
    const { auth_req_id, consent_url } = await gateway.ask(assert, { login_hint, ...change });
    const [id] = auth_req_id.split(".");
    assert.strictEqual(consent_url, `${server.origin}/_dev/consent?request=${id}`);
    await gateway.refuse(assert, auth_req_id, "authorization_pending");
    return { sub, login_hint, auth_req_id, consent_url };
  };

  test("missing, then given on the page: the token, and nothing is missing again", async (assert) => {
    const { login_hint, auth_req_id, consent_url } = await pending(assert);
    const page = await server.send({ path: consent_url.slice(server.origin.length) });
    const { client_id, purpose, scope } = JSON.parse(page.text);
    assert.deepEqual([client_id, purpose, scope], [server.env.OGW_CLIENT_ID, FRAUD, "openid sim-swap"]);
    assert.false(page.text.includes(auth_req_id), "what is fetched with");
    await gateway.decide(assert, auth_req_id, "allow");
    const { payload } = await gateway.issue(assert, auth_req_id);
    assert.strictEqual(payload.purpose, FRAUD);
    await gateway.refuse(assert, auth_req_id, "invalid_grant");
    const next = await gateway.ask(assert, { login_hint });
    assert.strictEqual(next.consent_url, undefined);
    await gateway.issue(assert, next.auth_req_id);
    // It was given to one client.
    const other = await gateway.ask(assert, { login_hint }, { client: "OGW_OTHER_CLIENT" });
    assert.strictEqual(typeof other.consent_url, "string");
  });

  test("refused: access_denied here and from now on", async (assert) => {
    const { login_hint, auth_req_id } = await pending(assert);
    await gateway.decide(assert, auth_req_id, "deny");
    await gateway.refuse(assert, auth_req_id, "access_denied");
    await server.refuse(assert, gateway.asking({ login_hint }), 403, "access_denied");
  });

  test("given by the consent API: the request under way is answered", async (assert) => {
    const { sub, auth_req_id } = await pending(assert);
    await gateway.consent(assert, sub, "given");
    await gateway.issue(assert, auth_req_id);
    const authorization = await gateway.consentBearer(assert);
    const path = `${gateway.mount}/consents?sub=${encodeURIComponent(sub)}`;
    const { text } = await server.send({ path, headers: { authorization } });
    const [{ at, ...entry }, ...others] = JSON.parse(text).consents;
    const by = server.env.OGW_CONSENT_CLIENT_ID;
    const client_id = server.env.OGW_CLIENT_ID;
    assert.deepEqual(entry, { client_id, purpose: FRAUD, scope: "sim-swap", state: "given", by });
    assert.deepEqual([typeof at, others], ["number", []]);
  });

  for (const state of ["refused", "withdrawn"]) {
    test(`${state} by the consent API while it is pending`, async (assert) => {
      const { sub, auth_req_id } = await pending(assert);
      await gateway.consent(assert, sub, state);
      await gateway.refuse(assert, auth_req_id, "access_denied");
    });

    test(`given, then ${state}: neither fetched nor refreshed nor asked again`, async (assert) => {
      const { sub, login_hint } = await gateway.subscriber();
      await gateway.consent(assert, sub, "given");
      const first = await gateway.token(assert, { login_hint, ...OFFLINE });
      const { auth_req_id } = await gateway.ask(assert, { login_hint });
      await gateway.consent(assert, sub, state);
      await gateway.refuse(assert, auth_req_id, "invalid_grant");
      const change = { grant_type: "refresh_token", refresh_token: first.refresh_token };
      const refreshing = tokenRequest(server.env, gateway.poll(undefined, { change }));
      await server.refuse(assert, refreshing, 400, "invalid_grant");
      await server.refuse(assert, gateway.asking({ login_hint }), 403, "access_denied");
      // Given again, it is good for what is asked from then on.
      await gateway.consent(assert, sub, "given");
      await gateway.token(assert, { login_hint });
    });
  }

  test("given to another client, purpose or scope: it is missing all the same", async (assert) => {
    const { sub, auth_req_id } = await pending(assert);
    for (const change of [
      { client_id: server.env.OGW_OTHER_CLIENT_ID },
      { purpose: "dpv:ServiceProvision" },
      { scope: "number-verification" },
    ]) {
      await gateway.consent(assert, sub, "given", change);
    }
    // Too soon after the last: nothing is decided, as far as anybody polls.
    await gateway.refuse(assert, auth_req_id, "slow_down");
  });

  test("several scopes: consent to each is needed", async (assert) => {
    const scope = `openid ${FRAUD} sim-swap number-verification`;
    const { sub, auth_req_id } = await pending(assert, { purpose: undefined, scope });
    await gateway.consent(assert, sub, "given");
    assert.strictEqual(
      (await gateway.issue(assert, auth_req_id)).scope,
      "number-verification openid sim-swap",
    );
  });

  test("who may not record consents", async (assert) => {
    const { access_token } = await gateway.token(assert);
    const path = `${gateway.mount}/consents`;
    const ask = (authorization) => ({ path: `${path}?sub=x`, headers: { authorization } });
    await server.refuse(assert, { path: `${path}?sub=x` }, 401, "invalid_token", "Bearer");
    await server.refuse(assert, ask("Bearer x"), 401, "invalid_token", "Bearer");
    const told = await server.send(ask(`Bearer ${access_token}`));
    assert.true([401, 403].includes(told.status), told.text);
    const form = "grant_type=client_credentials&scope=consents";
    const refused = tokenRequest(server.env, { auth: gateway.basic(), path: "/ogw/token", form });
    await server.refuse(assert, refused, 400, "unauthorized_client");
  });

  test("a subscriber who is disabled meanwhile gets nobody a token", async (assert) => {
    const { sub, login_hint } = await gateway.subscriber();
    await gateway.consent(assert, sub, "given");
    const { auth_req_id } = await gateway.ask(assert, { login_hint });
    await gateway.operate("putSubject", sub, { active: false });
    await gateway.refuse(assert, auth_req_id, "invalid_grant");
    await server.refuse(assert, gateway.asking({ login_hint }), 400, "unknown_user_id");
  });

  test("eight consents at the same time: none is lost", async (assert) => {
    const { sub } = await gateway.subscriber();
    const { OGW_CLIENT_ID, OGW_OTHER_CLIENT_ID } = server.env;
    const said = [OGW_CLIENT_ID, OGW_OTHER_CLIENT_ID].flatMap((client_id) =>
      [FRAUD, "dpv:ServiceProvision"].flatMap((purpose) =>
        ["sim-swap", "number-verification"].map((scope) => ({ client_id, purpose, scope })),
      ),
    );
    await times(said.length, (n) => gateway.consent(assert, sub, "given", said[n]));
    const kept = await gateway.operate("consents", sub);
    const names = (entries) =>
      entries.map(({ client_id, purpose, scope }) => `${client_id} ${purpose} ${scope}`).sort();
    assert.deepEqual(names(kept), names(said));
  });
}
