// Other people's clients: openid-client and oauth4webapi ask, poll until it is decided, and verify what they get.

import { randomUUID } from "node:crypto";
import { createRemoteJWKSet, importJWK, jwtVerify, SignJWT } from "jose";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { Backchannel } from "./backchannel.mjs";

/** The demo is on plain HTTP. */
const insecure = { [oauth.allowInsecureRequests]: true };

export function cibaForeign({ test }, server) {
  const back = new Backchannel(server);
  const clientKey = async () => {
    const jwk = JSON.parse(server.env.SIGN_CLIENT_JWK);
    return { key: await importJWK(jwk, "ES256"), kid: jwk.kid };
  };

  /** The mounts: their clients, how these authenticate, what the id tokens are signed with. */
  const DEPLOYMENTS = {
    client_secret_basic: {
      base: "ISSUER",
      client: "CLIENT",
      auth: (library) => library.ClientSecretBasic(server.env.CLIENT_SECRET),
      alg: "ES256",
    },
    "private_key_jwt and a signed request": {
      base: "ISSUER",
      client: "SIGN_CLIENT",
      auth: async (library) => library.PrivateKeyJwt(await clientKey()),
      alg: "ES256",
      signed: {},
    },
    "FAPI-CIBA": {
      base: "FAPI_BASE",
      client: "FAPI_CLIENT",
      auth: async (library) => library.PrivateKeyJwt(await clientKey()),
      alg: "PS256",
      signed: { binding_message: "W4SCT" },
    },
  };

  /** What is asked for, as such or signed, §7.1.1. */
  const parameters = async ({ base, client, signed }) => {
    const { CIBA_SCOPE: scope, CIBA_LOGIN_HINT: login_hint } = server.env;
    if (signed === undefined) return { scope, login_hint };
    const { key, kid } = await clientKey();
    const request = await new SignJWT({ scope, login_hint, ...signed })
      .setProtectedHeader({ alg: "ES256", kid })
      .setIssuer(server.env[`${client}_ID`])
      .setAudience(server.env[base])
      .setIssuedAt()
      .setNotBefore("0s")
      .setExpirationTime("5m")
      .setJti(randomUUID())
      .sign(key);
    return { request };
  };

  const verify = async (metadata, id_token, client, alg) => {
    const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
    const rules = { issuer: metadata.issuer, audience: server.env[`${client}_ID`], algorithms: [alg] };
    return (await jwtVerify(id_token, keys, rules)).payload;
  };

  for (const [name, deployment] of Object.entries(DEPLOYMENTS)) {
    const { base, client, auth, alg } = deployment;

    const byOpenid = async () => {
      const execute = [openid.allowInsecureRequests];
      const [issuer, id] = [new URL(server.env[base]), server.env[`${client}_ID`]];
      const metadata = { id_token_signed_response_alg: alg };
      return openid.discovery(issuer, id, metadata, await auth(openid), { execute });
    };

    test(`openid-client, ${name}: polls until it is allowed`, async (assert) => {
      const config = await byOpenid();
      const found = config.serverMetadata();
      assert.strictEqual(found.issuer, server.env[base]);
      const asked = await openid.initiateBackchannelAuthentication(config, await parameters(deployment));
      // It is told to wait once, and nobody has decided by then.
      const polled = openid.pollBackchannelAuthenticationGrant(config, asked);
      await back.decide(assert, asked.auth_req_id, "allow");
      const tokens = await polled;
      assert.deepEqual([tokens.claims().sub, tokens.claims().aud], ["alice", server.env[`${client}_ID`]]);
      const claims = await verify(found, tokens.id_token, client, alg);
      assert.deepEqual(claims, tokens.claims());
      await assert.rejects(
        openid.pollBackchannelAuthenticationGrant(config, { ...asked, interval: 0.01 }),
        ({ error }) => error === "invalid_grant",
      );
    });

    test(`openid-client, ${name}: refused`, async (assert) => {
      const config = await byOpenid();
      const asked = await openid.initiateBackchannelAuthentication(config, await parameters(deployment));
      await back.decide(assert, asked.auth_req_id, "deny");
      await assert.rejects(
        openid.pollBackchannelAuthenticationGrant(config, { ...asked, interval: 0.01 }),
        ({ status, error }) => status === 400 && error === "access_denied",
      );
    });

    test(`oauth4webapi, ${name}`, async (assert) => {
      const issuer = new URL(server.env[base]);
      const found = await oauth.discoveryRequest(issuer, insecure);
      const as = await oauth.processDiscoveryResponse(issuer, found);
      const registered = { client_id: server.env[`${client}_ID`], id_token_signed_response_alg: alg };
      const way = await auth(oauth);
      const given = new URLSearchParams(await parameters(deployment));
      const answer = await oauth.backchannelAuthenticationRequest(as, registered, way, given, insecure);
      const asked = await oauth.processBackchannelAuthenticationResponse(as, registered, answer);
      const poll = async () => {
        const id = asked.auth_req_id;
        const polled = await oauth.backchannelAuthenticationGrantRequest(as, registered, way, id, insecure);
        return [polled, await oauth.processBackchannelAuthenticationGrantResponse(as, registered, polled)];
      };
      const refused = (code) => (thrown) => thrown.status === 400 && thrown.error === code;
      await assert.rejects(poll(), refused("authorization_pending"));
      await assert.rejects(poll(), refused("slow_down"));
      await back.decide(assert, asked.auth_req_id, "allow");
      const [polled, tokens] = await poll();
      await oauth.validateApplicationLevelSignature(as, polled, insecure);
      const claims = oauth.getValidatedIdTokenClaims(tokens);
      assert.deepEqual([claims.iss, claims.sub], [server.env[base], "alice"]);
      await assert.rejects(poll(), refused("invalid_grant"));
    });
  }

  test("openid-client, ping: polls once it is told", async (assert) => {
    const { PING_CLIENT_ID, PING_CLIENT_SECRET } = server.env;
    const way = openid.ClientSecretBasic(PING_CLIENT_SECRET);
    const execute = [openid.allowInsecureRequests];
    const issuer = new URL(server.env.ISSUER);
    const metadata = { id_token_signed_response_alg: "ES256" };
    const config = await openid.discovery(issuer, PING_CLIENT_ID, metadata, way, { execute });
    const given = { ...(await parameters({})), client_notification_token: randomUUID() };
    const asked = await openid.initiateBackchannelAuthentication(config, given);
    await back.decide(assert, asked.auth_req_id, "allow");
    const polled = openid.pollBackchannelAuthenticationGrant(config, { ...asked, interval: 0.01 });
    assert.strictEqual((await polled).claims().sub, "alice");
  });

  test("openid-client, what is wrong is said", async (assert) => {
    const { CLIENT_ID, CLIENT_SECRET, ISSUER } = server.env;
    const execute = [openid.allowInsecureRequests];
    const way = openid.ClientSecretBasic(CLIENT_SECRET);
    const config = await openid.discovery(new URL(ISSUER), CLIENT_ID, undefined, way, { execute });
    for (const [change, code] of [
      [{ login_hint: "nobody" }, "unknown_user_id"],
      [{ scope: "profile" }, "invalid_scope"],
      [{ login_hint: "carol" }, "missing_user_code"],
      [{ binding_message: "x".repeat(129) }, "invalid_binding_message"],
    ]) {
      const given = { ...(await parameters({})), ...change };
      await assert.rejects(
        openid.initiateBackchannelAuthentication(config, given),
        ({ status, error }) => status === 400 && error === code,
        code,
      );
    }
  });
}
