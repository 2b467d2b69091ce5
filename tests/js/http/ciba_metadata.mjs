// What the mounts that people are asked at tell of themselves: CIBA Core §4, RFC 8414 §3.

/** By mount: its modes, the algorithms of signed requests, what its id tokens are signed with. */
const MOUNTS = {
  "": { modes: ["poll", "ping", "push"], alg: "ES256" },
  "/fapi": { modes: ["poll", "ping"], alg: "PS256", signed: ["ES256", "PS256"] },
  "/authlete": { modes: ["poll", "ping", "push"], alg: "ES256" },
  "/ogw": { modes: ["poll"], alg: "ES256" },
  "/camara": { modes: ["poll"], alg: "ES256" },
};

export function cibaMetadata({ test }, server) {
  for (const [mount, { modes, alg, signed }] of Object.entries(MOUNTS)) {
    test(`${mount || "/"}: one document in every place, and what it says of CIBA`, async (assert) => {
      const names = ["oauth-authorization-server", "openid-configuration"];
      const places = names.flatMap((name) => [
        `/.well-known/${name}${mount}`,
        `${mount}/.well-known/${name}`,
      ]);
      const texts = await Promise.all(places.map(async (path) => (await server.send({ path })).text));
      assert.strictEqual(new Set(texts).size, 1);
      const metadata = JSON.parse(texts[0]);
      const { issuer, grant_types_supported: grants } = metadata;
      assert.strictEqual(issuer, server.origin + mount);
      assert.strictEqual(metadata.backchannel_authentication_endpoint, `${issuer}/bc-authorize`);
      assert.true(grants.includes("urn:openid:params:grant-type:ciba"), grants.join());
      assert.deepEqual(metadata.backchannel_token_delivery_modes_supported, modes);
      const algorithms = metadata.backchannel_authentication_request_signing_alg_values_supported;
      assert.false(
        algorithms.some((one) => /^(HS|none)/i.test(one)),
        algorithms.join(),
      );
      if (signed !== undefined) assert.deepEqual([...algorithms].sort(), signed);
      assert.deepEqual(metadata.id_token_signing_alg_values_supported, [alg]);
      const { keys } = JSON.parse((await server.send({ path: `${mount}/.well-known/jwks.json` })).text);
      assert.deepEqual(
        keys.map((key) => [key.alg, key.use, "d" in key]),
        [[alg, "sig", false]],
      );
    });
  }

  test("mounts that ask nobody have no such endpoint, and say nothing of one", async (assert) => {
    for (const mount of ["/hii", "/dkt"]) {
      const path = `${mount}/.well-known/openid-configuration`;
      const { text } = await server.send({ path });
      assert.false(/"backchannel_|grant-type:ciba/.test(text), text);
      const request = { method: "POST", path: `${mount}/bc-authorize`, body: "" };
      await server.refuse(assert, request, 404, "not_found");
    }
  });
}
