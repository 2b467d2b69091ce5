// Paths that resemble an endpoint's, Host headers that lie, and clients at the wrong issuer.

import { basic, decode, GRANT, tokenRequest } from "./wire.mjs";

/** A URL parser, which workerd puts before us, takes the target for another. */
const PARSED = { node: "none", deno: "none" };
const NO_PATH = { workerd: "unheard" };

/**
 * Request targets, and whose token they give the root issuer's client. `stranger`: they are the other issuer's, which
 * does not know it. `none`: nobody's. Where a runtime differs it is named; `unheard`: it fails before any code of
 * ours runs.
 */
const TARGETS = [
  ["/token", "root"],
  ["/token?", "root"],
  ["/token?x=/hii/oauth2/token", "root"],
  ["/./token", "root", PARSED],
  ["/%2e/token", "root", PARSED],
  ["/hii/../token", "root", PARSED],
  ["/hii/%2e%2e/token", "root", PARSED],
  ["/hii/%2E./token", "root", PARSED],
  ["/hii/oauth2/../../token", "root", PARSED],
  ["/hii\\..\\token", "root", PARSED],
  ["/../../../token", "root", PARSED],
  ["//token", "none"],
  ["///token", "none"],
  ["/.//token", "none"],
  ["//127.0.0.1/token", "none"],
  ["/token/", "none"],
  ["/token/.", "none"],
  ["/token/..", "none"],
  ["/token;x", "none"],
  ["/token%00", "none"],
  ["/token%20", "none"],
  ["/token%3fx", "none"],
  ["/token%2f", "none"],
  ["/tok%65n", "none"],
  ["/TOKEN", "none"],
  ["/token.json", "none"],
  ["/oauth2/token", "none"],
  ["/hii/token", "none"],
  ["/hii/oauth2/token", "stranger"],
  ["/x/../hii/oauth2/token", "stranger", PARSED],
  ["/hii//oauth2/token", "none"],
  ["/hii%2foauth2/token", "none"],
  ["/hii%2Foauth2%2Ftoken", "none"],
  ["/HII/oauth2/token", "none"],
  ["/h%69i/oauth2/token", "none"],
  ["/hii/%2e%2e%2ftoken", "none"],
  ["/hii/..%2ftoken", "none"],
  ["/hii/..;/token", "none"],
  ["/%", "none"],
  ["/%zz/token", "none"],
  ["/\xff/token", "none"],
  ["/", "none"],
  [`/${"a".repeat(5000)}`, "none"],
  ["*", "none", NO_PATH],
  ["token", "none", NO_PATH],
  ["http:///token", "none", NO_PATH],
  ["http://other.example.com/token", "root", NO_PATH],
  ["http://other.example.com/hii/oauth2/token", "stranger", NO_PATH],
];

const UNKNOWN = [
  "/",
  "/nowhere",
  "/.well-known",
  "/.well-known/",
  "/.well-known/nowhere",
  "/health/",
  "/_dev",
  "/_dev/env/",
  "/hii",
  "/hii/",
  "/hii/health",
  "/hii/_dev/env",
  "/.well-known/openid-configuration/",
  "/.well-known/openid-configuration/other",
  "/other/.well-known/openid-configuration",
  "/.well-known/jwks.json/hii",
  "/favicon.ico",
  "/edgegrant.json",
];

const METADATA = {
  "/.well-known/openid-configuration": "ISSUER",
  "/.well-known/oauth-authorization-server": "ISSUER",
  "/hii/.well-known/openid-configuration": "HII_BASE",
  "/.well-known/oauth-authorization-server/hii": "HII_BASE",
};

const HOSTS = [
  "other.example.com",
  "other.example.com:8443",
  "localhost",
  "[::1]",
  "",
  "127.0.0.1.example.com",
];

/** Headers by which proxies tell of themselves. */
const FORWARDED = {
  forwarded: "host=other.example.com;proto=https",
  "x-forwarded-host": "other.example.com",
  "x-forwarded-proto": "https",
  "x-forwarded-prefix": "/hii",
  "x-original-url": "/hii/.well-known/openid-configuration",
  "x-rewrite-url": "/hii/.well-known/openid-configuration",
  "x-http-method-override": "POST",
};

/** No Host that RFC 9110 §7.2 allows. */
const BAD_HOSTS = [
  "a b",
  "[bad",
  ":80",
  "x:99999",
  "ex%zzample",
  "other.example.com/hii",
  "user@other.example.com",
  "127.0.0.1/hii/..",
  "other.example.com?",
  "other.example.com#",
  "other.example.com\\hii",
  "\xff",
];

export function paths({ test }, server) {
  const whose = ({ status, text }) => {
    if (status === 400 || status === 404) return "none";
    if (status === 401) return "stranger";
    const { iss } = status === 200 ? decode(JSON.parse(text).access_token).payload : {};
    return iss === server.env.ISSUER ? "root" : `${status} ${text}`;
  };

  /** workerd's own server fails on what its URL parser does not take; no Worker ever hears of it. */
  const unheard = async (assert, request) => {
    const { status, text } = await server.sendQuietly(request);
    assert.deepEqual([status, text], [500, "Internal Server Error"]);
  };

  for (const [target, everywhere, apart = {}] of TARGETS) {
    test(`request target ${target.slice(0, 60)}`, async (assert) => {
      const expected = apart[server.runtime] ?? everywhere;
      const request = tokenRequest(server.env, { path: target });
      if (expected === "unheard") return unheard(assert, request);
      assert.strictEqual(whose(await server.send(request)), expected);
    });
  }

  test("a client of one issuer is unknown at the other", async (assert) => {
    const { HII_CLIENT_ID, HII_CLIENT_SECRET } = server.env;
    const form = `${GRANT}&audience=https://hiiretail.com`;
    const hii = { auth: basic(HII_CLIENT_ID, HII_CLIENT_SECRET), form };
    const { iss } = (await server.issue(assert, { ...hii, path: "/hii/oauth2/token" })).payload;
    assert.strictEqual(iss, `${server.env.HII_BASE}/`);
    for (const [path, options] of [
      ["/token", hii],
      ["/hii/oauth2/token", { form }],
    ]) {
      await server.refuse(assert, tokenRequest(server.env, { ...options, path }), 401, "invalid_client");
    }
  });

  test("unknown paths", async (assert) => {
    for (const path of UNKNOWN) {
      await server.refuse(assert, { path }, 404, "not_found");
      await server.refuse(assert, tokenRequest(server.env, { path }), 404, "not_found");
      await server.refuse(assert, { method: "HEAD", path }, 404, "not_found");
    }
  });

  test("a body to an unknown path is not read", async (assert) => {
    const headers = { "content-length": "1000000000" };
    const request = tokenRequest(server.env, { path: "/nowhere", headers, unsent: true });
    await server.refuse(assert, request, 404, "not_found");
  });

  for (const [path, base] of Object.entries(METADATA)) {
    test(`${path} does not go by what a request says of its host`, async (assert) => {
      const plain = (await server.send({ path })).text;
      assert.true(JSON.parse(plain).issuer.startsWith(server.env[base]), plain);
      for (const host of HOSTS) {
        const { status, text } = await server.send({ path, headers: { host } });
        assert.deepEqual([status, text], [200, plain], `Host: ${host}`);
      }
      assert.strictEqual((await server.send({ path, headers: FORWARDED })).text, plain);
      const { iss } = (await server.issue(assert, { headers: { ...FORWARDED, host: HOSTS[0] } })).payload;
      assert.strictEqual(iss, server.env.ISSUER);
    });
  }

  for (const host of BAD_HOSTS) {
    test(`Host: ${host}`, async (assert) => {
      const path = "/.well-known/openid-configuration";
      const request = { path, headers: { host } };
      if (server.runtime === "workerd") return unheard(assert, request);
      const { status, text } = await server.send(request);
      // Refused; or served as if the Host were good, but never as another path.
      const issuer = status === 200 ? JSON.parse(text).issuer : undefined;
      assert.true(status === 400 || issuer === server.env.ISSUER, `${status} ${text}`);
    });
  }
}
