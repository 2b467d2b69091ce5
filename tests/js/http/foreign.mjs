// Other people's clients: openid-client and oauth4webapi find the server, get a token and verify it.

import { createRemoteJWKSet, importJWK, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { BACKCHANNEL, Channel, TOKEN_EXCHANGE, type } from "./channel.mjs";

const HII_AUDIENCE = "https://hiiretail.com";
/** The demo is on plain HTTP. */
const insecure = { [oauth.allowInsecureRequests]: true };

export function foreign({ test }, server) {
  const root = () => new URL(server.env.ISSUER);
  const hii = () => new URL(`${server.env.HII_BASE}/`);
  const jwtClientKey = async () => {
    const jwk = JSON.parse(server.env.JWT_CLIENT_JWK);
    return { key: await importJWK(jwk, "ES256"), kid: jwk.kid };
  };

  /** Verifies a token by what the server's metadata says. */
  const verify = async (metadata, token, audience) => {
    const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
    return (await jwtVerify(token, keys, { issuer: metadata.issuer, audience })).payload;
  };

  const discover = (issuer, id, auth, algorithm) =>
    openid.discovery(issuer, id, undefined, auth, { execute: [openid.allowInsecureRequests], algorithm });

  for (const algorithm of ["oauth2", "oidc"]) {
    test(`openid-client, ${algorithm} discovery, client_secret_basic`, async (assert) => {
      const { CLIENT_ID, CLIENT_SECRET, CC_SCOPE, CC_RESOURCE, ISSUER } = server.env;
      const config = await discover(root(), CLIENT_ID, openid.ClientSecretBasic(CLIENT_SECRET), algorithm);
      assert.strictEqual(config.serverMetadata().issuer, ISSUER);
      const asked = { scope: CC_SCOPE, resource: CC_RESOURCE };
      const { access_token, expires_in, scope } = await openid.clientCredentialsGrant(config, asked);
      assert.deepEqual([expires_in, scope], [3600, CC_SCOPE]);
      assert.strictEqual((await verify(config.serverMetadata(), access_token, CC_RESOURCE)).sub, CLIENT_ID);
    });

    test(`openid-client, ${algorithm} discovery, Hii Retail`, async (assert) => {
      const { HII_CLIENT_ID, HII_CLIENT_SECRET } = server.env;
      const auth = openid.ClientSecretBasic(HII_CLIENT_SECRET);
      const config = await discover(hii(), HII_CLIENT_ID, auth, algorithm);
      const { access_token, token_type } = await openid.clientCredentialsGrant(config, {
        audience: HII_AUDIENCE,
      });
      assert.strictEqual(token_type, "bearer");
      assert.strictEqual(
        (await verify(config.serverMetadata(), access_token, HII_AUDIENCE)).sub,
        HII_CLIENT_ID,
      );
      await assert.rejects(
        openid.clientCredentialsGrant(config),
        ({ status, error, error_description }) =>
          status === 400 && error === "invalid_request" && error_description.includes(HII_AUDIENCE),
      );
    });

    test(`oauth4webapi, ${algorithm} discovery`, async (assert) => {
      const { CLIENT_ID, CLIENT_SECRET, CC_RESOURCE } = server.env;
      const found = await oauth.discoveryRequest(root(), { algorithm, ...insecure });
      const as = await oauth.processDiscoveryResponse(root(), found);
      const client = { client_id: CLIENT_ID };
      const auth = oauth.ClientSecretBasic(CLIENT_SECRET);
      const asked = { scope: "orders:read", resource: CC_RESOURCE };
      const answer = await oauth.clientCredentialsGrantRequest(as, client, auth, asked, insecure);
      const token = await oauth.processClientCredentialsResponse(as, client, answer);
      assert.deepEqual([token.token_type, token.scope], ["bearer", "orders:read"]);

      const present = (access_token) =>
        new Request("https://api.example.com/orders", {
          headers: { authorization: `Bearer ${access_token}` },
        });
      const claims = await oauth.validateJwtAccessToken(
        as,
        present(token.access_token),
        CC_RESOURCE,
        insecure,
      );
      assert.deepEqual([claims.client_id, claims.scope], [CLIENT_ID, "orders:read"]);
      const forged = `${token.access_token.slice(0, -86)}${"A".repeat(86)}`;
      await assert.rejects(oauth.validateJwtAccessToken(as, present(forged), CC_RESOURCE, insecure));
    });

    test(`oauth4webapi, ${algorithm} discovery, Hii Retail`, async (assert) => {
      const { HII_CLIENT_ID, HII_CLIENT_SECRET } = server.env;
      const found = await oauth.discoveryRequest(hii(), { algorithm, ...insecure });
      const as = await oauth.processDiscoveryResponse(hii(), found);
      const client = { client_id: HII_CLIENT_ID };
      const auth = oauth.ClientSecretBasic(HII_CLIENT_SECRET);
      const asked = { audience: HII_AUDIENCE };
      const answer = await oauth.clientCredentialsGrantRequest(as, client, auth, asked, insecure);
      const { access_token, scope } = await oauth.processClientCredentialsResponse(as, client, answer);
      assert.strictEqual(scope, "");
      assert.strictEqual((await verify(as, access_token, HII_AUDIENCE)).sub, HII_CLIENT_ID);
    });
  }

  test("openid-client, private_key_jwt", async (assert) => {
    const { JWT_CLIENT_ID, ISSUER } = server.env;
    const auth = openid.PrivateKeyJwt(await jwtClientKey());
    const config = await discover(root(), JWT_CLIENT_ID, auth);
    for (let times = 0; times < 2; times++) {
      const { access_token } = await openid.clientCredentialsGrant(config);
      assert.strictEqual((await verify(config.serverMetadata(), access_token, ISSUER)).sub, JWT_CLIENT_ID);
    }
  });

  test("oauth4webapi, private_key_jwt", async (assert) => {
    const found = await oauth.discoveryRequest(root(), insecure);
    const as = await oauth.processDiscoveryResponse(root(), found);
    const client = { client_id: server.env.JWT_CLIENT_ID };
    const auth = oauth.PrivateKeyJwt(await jwtClientKey());
    const answer = await oauth.clientCredentialsGrantRequest(as, client, auth, {}, insecure);
    const { access_token } = await oauth.processClientCredentialsResponse(as, client, answer);
    assert.strictEqual((await verify(as, access_token, server.env.ISSUER)).sub, client.client_id);
  });

  /** A client of the other library: the server's metadata and the client's way to authenticate. */
  const other = async (issuer, client_id, secret) => {
    const found = await oauth.discoveryRequest(issuer, insecure);
    const as = await oauth.processDiscoveryResponse(issuer, found);
    return { as, client: { client_id }, auth: oauth.ClientSecretBasic(secret) };
  };
  const byOther = async ({ as, client, auth }, grant, parameters) => {
    const answer = await oauth.genericTokenEndpointRequest(as, client, auth, grant, parameters, insecure);
    return oauth.processGenericTokenEndpointResponse(as, client, answer);
  };
  const bearing = (token) =>
    new Request("https://api.example.com/stock", { headers: { authorization: `Bearer ${token}` } });

  test("oauth4webapi, token exchange", async (assert) => {
    const { CLIENT_ID, CLIENT_SECRET, TE_AUDIENCE } = server.env;
    const given = await other(root(), CLIENT_ID, CLIENT_SECRET);
    const { access_token: subject_token } = await byOther(given, "client_credentials", {});
    const asked = { subject_token, subject_token_type: type("access_token"), audience: TE_AUDIENCE };
    const { access_token, token_type, issued_token_type, expires_in } = await byOther(
      given,
      TOKEN_EXCHANGE,
      asked,
    );
    assert.deepEqual([token_type, issued_token_type], ["bearer", type("access_token")]);
    const present = bearing(access_token);
    const claims = await oauth.validateJwtAccessToken(given.as, present, TE_AUDIENCE, insecure);
    assert.deepEqual([claims.sub, claims.exp - claims.iat], [CLIENT_ID, expires_in]);
    await assert.rejects(
      oauth.validateJwtAccessToken(given.as, bearing(subject_token), TE_AUDIENCE, insecure),
    );
    await assert.rejects(
      byOther(given, TOKEN_EXCHANGE, { ...asked, audience: "https://other.example.com" }),
      ({ status, error }) => status === 400 && error === "invalid_target",
    );
  });

  test("openid-client, token exchange, with an actor", async (assert) => {
    const { CLIENT_ID, CLIENT_SECRET, TE_AUDIENCE } = server.env;
    const config = await discover(root(), CLIENT_ID, openid.ClientSecretBasic(CLIENT_SECRET));
    const { access_token: token } = await openid.clientCredentialsGrant(config);
    const exchanged = await openid.genericGrantRequest(config, TOKEN_EXCHANGE, {
      subject_token: token,
      subject_token_type: type("access_token"),
      actor_token: token,
      actor_token_type: type("access_token"),
      resource: TE_AUDIENCE,
    });
    assert.strictEqual(exchanged.issued_token_type, type("access_token"));
    const { sub, act } = await verify(config.serverMetadata(), exchanged.access_token, TE_AUDIENCE);
    assert.deepEqual([sub, act], [CLIENT_ID, { sub: CLIENT_ID }]);
  });

  const dkt = () => new URL(server.env.DKT_BASE);
  const redemption = async (assert) => {
    const [member] = server.env.DKT_MEMBERS.split(",");
    return {
      member,
      asked: {
        exchange_type: BACKCHANNEL,
        subject_token: await new Channel(server).exchangeable(assert, member),
        subject_token_type: type("jwt"),
        requested_token_type: type("access_token"),
      },
    };
  };
  /** These libraries know one endpoint for tokens; the exchange is another. */
  const exchangeEndpoint = () => `${server.env.DKT_BASE}/connect/token/exchange`;

  test("oauth4webapi, the exchange endpoint of Decathlon", async (assert) => {
    const { DKT_BASE, DKT_CLIENT_ID, DKT_CLIENT_SECRET } = server.env;
    const { member, asked } = await redemption(assert);
    const given = await other(dkt(), DKT_CLIENT_ID, DKT_CLIENT_SECRET);
    const there = { ...given, as: { ...given.as, token_endpoint: exchangeEndpoint() } };
    const { access_token, expires_in, scope } = await byOther(there, TOKEN_EXCHANGE, asked);
    assert.deepEqual([expires_in, scope], [899, "contacts phone sports"]);
    assert.strictEqual((await verify(given.as, access_token)).sub, member);
    // It is no token of RFC 9068, and does not pass for one.
    await assert.rejects(oauth.validateJwtAccessToken(given.as, bearing(access_token), DKT_BASE, insecure));
    await assert.rejects(
      byOther(there, TOKEN_EXCHANGE, asked),
      ({ status, error, error_description }) =>
        status === 400 && error === "invalid_request" && error_description.endsWith("(subject-token.used)"),
    );
  });

  test("openid-client, the exchange endpoint of Decathlon, and the sibling's refresh", async (assert) => {
    const { DKT_CLIENT_ID, DKT_CLIENT_SECRET } = server.env;
    const auth = openid.ClientSecretBasic(DKT_CLIENT_SECRET);
    const found = await discover(dkt(), DKT_CLIENT_ID, auth);
    const metadata = { ...found.serverMetadata(), token_endpoint: exchangeEndpoint() };
    const there = new openid.Configuration(metadata, DKT_CLIENT_ID, undefined, auth);
    openid.allowInsecureRequests(there);
    const { member, asked } = await redemption(assert);
    const exchanged = await openid.genericGrantRequest(there, TOKEN_EXCHANGE, asked);
    assert.strictEqual((await verify(found.serverMetadata(), exchanged.access_token)).sub, member);

    const channel = new Channel(server);
    const { refresh_token } = await server.issue(assert, channel.seamless(channel.idToken()));
    const refreshed = await openid.refreshTokenGrant(found, refresh_token);
    assert.strictEqual((await verify(found.serverMetadata(), refreshed.access_token)).sub, member);
    assert.notStrictEqual(refreshed.refresh_token, refresh_token);
  });

  test("openid-client, refused", async (assert) => {
    const { CLIENT_ID, CLIENT_SECRET, JWT_CLIENT_ID } = server.env;
    for (const [id, auth] of [
      [CLIENT_ID, openid.ClientSecretPost(CLIENT_SECRET)],
      [CLIENT_ID, openid.ClientSecretJwt(CLIENT_SECRET)],
      [CLIENT_ID, openid.PrivateKeyJwt(await jwtClientKey())],
      [CLIENT_ID, openid.ClientSecretBasic("wrong")],
      [CLIENT_ID, openid.None()],
      [JWT_CLIENT_ID, openid.ClientSecretBasic(CLIENT_SECRET)],
    ]) {
      const config = await discover(root(), id, auth);
      await assert.rejects(
        openid.clientCredentialsGrant(config),
        ({ status, cause }) => status === 401 && cause[0].scheme === "basic",
      );
    }
  });
}
