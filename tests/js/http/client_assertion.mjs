// Client authentication by a signed assertion, whose jti is good once: whatever the store does meanwhile.

import { assertion, assertionForm, claims, signed } from "./assertion.mjs";
import { GRANT, tokenRequest } from "./wire.mjs";

const DEEP = 20_000;
const open = "[".repeat(DEEP);
const closed = open + "]".repeat(DEEP);
const ES256 = { alg: "ES256" };

/** From the environment: an assertion that is refused. */
const BAD = {
  "not a JWT": () => "abc",
  "four parts": (env) => `${assertion(env)}.`,
  "a signature that is cut": (env) => assertion(env).slice(0, -1),
  "another signature": (env) => `${assertion(env).slice(0, -86)}${"A".repeat(86)}`,
  "alg none": (env) => signed(env, { alg: "none" }, claims(env)),
  "an open 20,000-deep payload": (env) => signed(env, ES256, open),
  "a 20,000-deep payload": (env) => signed(env, ES256, closed),
  "a 20,000-deep claim": (env) =>
    signed(env, ES256, JSON.stringify(claims(env)).replace("{", `{"x":${closed},`)),
  "an open 20,000-deep header": (env) => signed(env, open, claims(env)),
  "a 20,000-deep header": (env) => signed(env, closed, claims(env)),
  "a 20,000-deep header parameter": (env) => signed(env, `{"alg":"ES256","x":${closed}}`, claims(env)),
  "a claim twice": (env) => signed(env, ES256, JSON.stringify(claims(env)).replace("{", '{"sub":"demo",')),
  "a claim twice, escaped": (env) =>
    signed(env, ES256, JSON.stringify(claims(env)).replace("{", '{"s\\u0075b":"demo",')),
  "a member twice inside a claim": (env) =>
    signed(env, ES256, JSON.stringify(claims(env)).replace("{", '{"x":[{"a":1,"a":1}],')),
  "a header parameter twice": (env) => signed(env, '{"alg":"none","alg":"ES256"}', claims(env)),
  "a payload that is not UTF-8": (env) =>
    signed(env, ES256, Buffer.from(JSON.stringify(claims(env, { x: "\xff" })), "latin1")),
  "an array": (env) => signed(env, ES256, "[]"),
  "more after the payload": (env) => signed(env, ES256, `${JSON.stringify(claims(env))}{}`),
  "a critical header parameter": (env) => signed(env, { ...ES256, crit: ["x"], x: 1 }, claims(env)),
  "for another issuer": (env) => assertion(env, { aud: `${env.HII_BASE}/` }),
  "for two servers": (env) => assertion(env, { aud: [env.ISSUER, "https://other.example.com"] }),
  "of another client": (env) => assertion(env, { iss: "demo", sub: "demo" }),
  "of nobody": (env) => assertion(env, { iss: "nobody", sub: "nobody" }),
  expired: (env) => assertion(env, { exp: 1 }),
  "good for too long": (env) => assertion(env, { exp: 1e12 }),
  "without an end": (env) => assertion(env, { exp: undefined }),
  "without jti": (env) => assertion(env, { jti: undefined }),
};

export function clientAssertion({ test }, server, { persistent }) {
  /** A token request by `text`, and options of one. */
  const by = (text) => ({ auth: null, form: assertionForm(text) });
  const request = (text) => tokenRequest(server.env, by(text));
  const used = async (assert, text) => {
    const { description } = await server.refuse(assert, request(text), 401, "invalid_client");
    assert.true(description.includes("jti"), description);
  };

  for (const [name, make] of Object.entries(BAD)) {
    test(`bad client_assertion: ${name}`, (assert) =>
      server.refuse(assert, request(make(server.env)), 401, "invalid_client"));
  }

  test("good once", async (assert) => {
    const text = assertion(server.env);
    assert.strictEqual((await server.issue(assert, by(text))).payload.sub, server.env.JWT_CLIENT_ID);
    await used(assert, text);
    await server.issue(assert, by(assertion(server.env, { aud: [server.env.ISSUER] })));
  });

  test("of 50 at once exactly one wins", async (assert) => {
    for (let round = 0; round < 3; round++) {
      const posted = request(assertion(server.env));
      const answers = await Promise.all(Array.from({ length: 50 }, () => server.send(posted)));
      const count = (wanted) => answers.filter(({ status }) => status === wanted).length;
      assert.deepEqual([count(200), count(401)], [1, 49]);
    }
  });

  for (const mode of ["throw", "hang"]) {
    test(`a store that ${mode}s: 503, nothing issued, nothing used up`, async (assert) => {
      const texts = [assertion(server.env), assertion(server.env)];
      await server.store(mode);
      try {
        for (const text of texts) {
          const answer = await server.refuse(assert, request(text), 503, "temporarily_unavailable");
          assert.true(/^[1-9]\d*$/.test(answer.headers["retry-after"]), answer.headers["retry-after"]);
        }
        // What is refused without the store still is, and is not excused by it.
        const wrong = request(assertion(server.env, { aud: "https://other.example.com" }));
        await server.refuse(assert, wrong, 401, "invalid_client");
        assert.strictEqual((await server.send({ path: "/.well-known/jwks.json" })).status, 200);
      } finally {
        await server.store("ok");
      }
      for (const text of texts) {
        await server.issue(assert, by(text));
        await used(assert, text);
      }
    });
  }

  test("a store that comes back while 20 wait on it", async (assert) => {
    const texts = Array.from({ length: 20 }, () => assertion(server.env));
    await server.store("hang");
    const waiting = texts.map((text) => server.send(request(text)));
    const statuses = (await Promise.all(waiting)).map(({ status }) => status);
    await server.store("ok");
    assert.deepEqual(statuses, Array(20).fill(503));
    for (const text of texts) await server.issue(assert, by(text));
  });

  if (persistent) {
    test("still used after the server was started anew", async (assert) => {
      const [text, other] = [assertion(server.env), assertion(server.env)];
      const { header } = await server.issue(assert, by(text));
      const { CLIENT_SECRET } = server.env;
      await server.restart();
      assert.strictEqual(server.env.CLIENT_SECRET, CLIENT_SECRET, "the secrets are the same");
      await used(assert, text);
      assert.deepEqual((await server.issue(assert, by(other))).header, header, "the key is the same");
    });
  }

  test("an empty assertion is none", async (assert) => {
    const form = `${GRANT}&client_assertion=&client_assertion_type=`;
    await server.refuse(assert, tokenRequest(server.env, { auth: null, form }), 401, "invalid_client");
  });
}
