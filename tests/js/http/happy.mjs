// What a client that behaves gets from the demo.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { root } from "../../../scripts/demo.mjs";
import { assertion, assertionForm } from "./assertion.mjs";
import { basic, GRANT } from "./wire.mjs";

/** What `/_dev/env` tells. */
const ENV = Object.keys(JSON.parse(readFileSync(join(root, "demo/edgegrant.json"), "utf8")).dev_env);

/** By issuer: where its metadata stands. */
const METADATA = {
  "": ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"],
  "/hii": [
    "/.well-known/oauth-authorization-server/hii",
    "/.well-known/openid-configuration/hii",
    "/hii/.well-known/oauth-authorization-server",
    "/hii/.well-known/openid-configuration",
  ],
  "/dkt": [
    "/.well-known/oauth-authorization-server/dkt",
    "/.well-known/openid-configuration/dkt",
    "/dkt/.well-known/oauth-authorization-server",
    "/dkt/.well-known/openid-configuration",
  ],
};

/** By issuer: a client that it knows, the rest of its token request, and what ends its identifier. */
const ISSUERS = {
  "": ["CLIENT", "", ""],
  "/hii": ["HII_CLIENT", "&audience=https://hiiretail.com", "/"],
  "/dkt": ["DKT_SERVICE_CLIENT", "", ""],
};

const KEY_SETS = Object.keys(METADATA).map((path) => `${path}/.well-known/jwks.json`);
const DOCUMENTS = [...Object.values(METADATA).flat(), ...KEY_SETS];

const PUBLIC_MEMBERS = ["kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"];

export function happy({ test }, server) {
  const document = async (path) => JSON.parse((await server.send({ path })).text);
  const client = (name) => basic(server.env[`${name}_ID`], server.env[`${name}_SECRET`]);

  test("an RFC 9068 token", async (assert) => {
    const { ISSUER, CLIENT_ID, CC_SCOPE } = server.env;
    const { access_token, token_type, expires_in, scope } = await server.issue(assert);
    assert.deepEqual([token_type, expires_in, scope], ["Bearer", 3600, CC_SCOPE]);
    const { issuer, jwks_uri } = await document("/.well-known/oauth-authorization-server");
    const { payload, protectedHeader } = await jwtVerify(
      access_token,
      createRemoteJWKSet(new URL(jwks_uri)),
      {
        issuer,
        audience: ISSUER,
        typ: "at+jwt",
        algorithms: ["ES256"],
      },
    );
    const { exp, iat, jti, ...claims } = payload;
    assert.deepEqual(claims, { iss: issuer, sub: CLIENT_ID, aud: ISSUER, client_id: CLIENT_ID, scope });
    assert.strictEqual(exp - iat, expires_in);
    assert.true(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(jti), jti);
    assert.deepEqual(Object.keys(protectedHeader).sort(), ["alg", "kid", "typ"]);
    assert.notStrictEqual((await server.issue(assert)).payload.jti, jti);
  });

  const api = "https://api.example.com/orders";
  for (const [parameters, aud, scope] of [
    ["", undefined, "orders:read orders:write"],
    ["&scope=orders:read", undefined, "orders:read"],
    ["&scope=orders%3Awrite+orders%3Aread", undefined, "orders:read orders:write"],
    [`&resource=${api}`, api, "orders:read orders:write"],
    [`&resource=${encodeURIComponent(api)}&scope=orders:write`, api, "orders:write"],
    [`&audience=${api}`, api, "orders:read orders:write"],
    [`&audience=${api}&resource=${api}`, api, "orders:read orders:write"],
  ]) {
    test(`client_credentials${parameters}`, async (assert) => {
      const { scope: granted, payload } = await server.issue(assert, { form: GRANT + parameters });
      assert.deepEqual([granted, payload.scope], [scope, scope]);
      assert.strictEqual(payload.aud, aud ?? server.env.ISSUER);
    });
  }

  test("each of the demo's clients", async (assert) => {
    for (const name of ["CLIENT", "OTHER_CLIENT", "NOGRANT_CLIENT"]) {
      const { payload } = await server.issue(assert, { auth: client(name) });
      assert.strictEqual(payload.sub, server.env[`${name}_ID`]);
    }
    for (const name of ["DKT_SERVICE_CLIENT", "DKT_CLIENT"]) {
      const { payload } = await server.issue(assert, {
        auth: client(name),
        path: "/dkt/connect/oauth/token",
      });
      assert.strictEqual(payload.client_id, server.env[`${name}_ID`]);
    }
    const form = assertionForm(assertion(server.env));
    assert.strictEqual(
      (await server.issue(assert, { auth: null, form })).payload.sub,
      server.env.JWT_CLIENT_ID,
    );
  });

  test("/_dev/env is a flat object of texts", async (assert) => {
    const { status, headers, text } = await server.send({ path: "/_dev/env" });
    assert.deepEqual([status, headers["cache-control"]], [200, "no-store"]);
    const env = JSON.parse(text);
    assert.deepEqual(Object.keys(env).sort(), [...ENV].sort());
    for (const [name, value] of Object.entries(env)) assert.true(value.length > 0, name);
    assert.deepEqual(
      [env.ISSUER, env.HII_BASE, env.DKT_BASE],
      [server.origin, `${server.origin}/hii`, `${server.origin}/dkt`],
    );
    const uuid4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
    assert.true(uuid4.test(env.DKT_API_KEY), "DKT_API_KEY");
    assert.strictEqual(new Set(env.DKT_MEMBERS.split(",")).size, 2);
    assert.strictEqual(env.CC_SCOPE.split(" ").length, 2);
    const jwk = JSON.parse(env.JWT_CLIENT_JWK);
    assert.deepEqual([jwk.kty, jwk.crv, typeof jwk.d], ["EC", "P-256", "string"]);
  });

  for (const [path, places] of Object.entries(METADATA)) {
    test(`metadata of ${path || "/"}: one document in every place`, async (assert) => {
      const texts = await Promise.all(places.map(async (place) => (await server.send({ path: place })).text));
      for (const text of texts) assert.strictEqual(text, texts[0]);
      const metadata = JSON.parse(texts[0]);
      // RFC 8414 §3.3: octet by octet.
      const [name, more, end] = ISSUERS[path];
      const { pathname } = new URL(metadata.token_endpoint);
      const asked = { auth: client(name), form: GRANT + more, path: pathname };
      const { payload } = await server.issue(assert, asked);
      assert.strictEqual(metadata.issuer, payload.iss);
      assert.strictEqual(metadata.issuer, `${server.origin}${path}${end}`);
      assert.strictEqual(metadata.jwks_uri, `${server.origin}${path}/.well-known/jwks.json`);
      assert.true(metadata.grant_types_supported.includes("client_credentials"));
      assert.true(metadata.token_endpoint_auth_methods_supported.includes("client_secret_basic"));
    });
  }

  test("key sets hold public members and distinct kids", async (assert) => {
    const keys = (await Promise.all(KEY_SETS.map(document))).flatMap(({ keys }) => keys);
    // One a mount: the key of exchangeable tokens is not among them.
    assert.deepEqual(
      keys.map(({ alg, use }) => [alg, use]),
      [
        ["ES256", "sig"],
        ["RS256", "sig"],
        ["RS256", "sig"],
      ],
    );
    assert.strictEqual(keys[2].kid, "main");
    assert.strictEqual(new Set(keys.map(({ kid }) => kid)).size, keys.length);
    const members = new Set(keys.flatMap(Object.keys));
    assert.deepEqual(
      [...members].filter((member) => !PUBLIC_MEMBERS.includes(member)),
      [],
    );
  });

  test("documents may be cached, and read by any page", async (assert) => {
    for (const path of DOCUMENTS) {
      const { status, headers } = await server.send({
        path,
        headers: { origin: "https://page.example.com" },
      });
      const { "content-type": type, "cache-control": cache, "access-control-allow-origin": cors } = headers;
      assert.deepEqual([status, type, cors], [200, "application/json", "*"], path);
      assert.true(/^public, max-age=[1-9]\d*$/.test(cache), `${path}: ${cache}`);
    }
  });

  test("no page may read what is not a document", async (assert) => {
    for (const path of ["/health", "/_dev/env"]) {
      const { headers } = await server.send({ path, headers: { origin: "https://page.example.com" } });
      assert.strictEqual(headers["access-control-allow-origin"], undefined, path);
    }
  });

  test("HEAD answers as GET does, without the content", async (assert) => {
    for (const path of [...DOCUMENTS, "/health", "/_dev/env"]) {
      const [get, head] = [await server.send({ path }), await server.send({ method: "HEAD", path })];
      assert.deepEqual([head.status, head.text], [get.status, ""], path);
      for (const field of ["content-type", "cache-control", "access-control-allow-origin"]) {
        assert.strictEqual(head.headers[field], get.headers[field], `${path} ${field}`);
      }
      // RFC 9110 §8.6: the length that GET would give, or none.
      const { "content-length": length = String(Buffer.byteLength(get.text)) } = head.headers;
      assert.strictEqual(length, String(Buffer.byteLength(get.text)), `${path} content-length`);
    }
  });

  test("/health", async (assert) => {
    const { status, text, headers } = await server.send({ path: "/health" });
    assert.deepEqual([status, text, headers["cache-control"]], [200, '{"status":"ok"}', "no-store"]);
  });
}
