/** The verifier: signatures, what it accepts, what it remembers, where its keys come from. */

import type { VerifierCore, VerifierCoreFactory } from "../../js/verify/core.ts";
import { type VerifierOptions, VerifierOptionsError } from "../../js/verify/options.ts";
import type { Claims, RefusalCode } from "../../js/verify/types.ts";
import { bind } from "../../js/verify/verifier.ts";
import type { Register } from "./runtime.ts";
import { ALGS, type Alg, base64url, CLAIMS, jwkSet, key, NOW, RULES, sign } from "./tokens.ts";

const verify: Register = (QUnit, runtime) => {
  const createVerifier = bind(async () => runtime.verifierCore());
  const verifier = async (alg: Alg, options: Partial<VerifierOptions> = {}) =>
    createVerifier({ ...RULES, algorithms: [alg], jwks: jwkSet(await key(alg)), ...options });

  QUnit.module("verify: signatures", () => {
    for (const alg of ALGS) {
      QUnit.test(alg, async (assert) => {
        const own = await key(alg);
        const [subject, token] = [await verifier(alg), await sign(own, CLAIMS)];
        const result = await subject.verify(token);
        assert.true(result.ok, JSON.stringify(result));
        if (!result.ok) return;
        assert.deepEqual(result.claims, CLAIMS);
        assert.deepEqual(result.header, { alg, kid: alg, typ: "at+jwt" });
        assert.strictEqual(result.key.kid, alg);
        assert.strictEqual(result.key.kty, own.jwk["kty"]);
        assert.strictEqual(result.key.thumbprint.length, 43);

        const [header = "", payload = "", signature = ""] = token.split(".");
        const other = alg === "HS256" ? await key("HS256", "other") : await key(alg, "other");
        const foreign = await sign(other, CLAIMS, { kid: alg });
        const spoilt = [
          foreign,
          `${header}.${base64url(JSON.stringify({ ...CLAIMS, sub: "root" }))}.${signature}`,
          `${header}.${payload}.`,
          `${header}.${payload}.${flipped(signature)}`,
          `${header}.${payload}.${signature.slice(0, 40)}`,
          `${header}.${payload}.${base64url(new Uint8Array(64))}`,
        ];
        for (const [index, text] of spoilt.entries()) {
          const refused = await subject.verify(text);
          assert.strictEqual(refused.ok ? "ok" : refused.code, "signature_invalid", `${index}`);
        }
      });
    }

    QUnit.test("no key passes for one of another kind", async (assert) => {
      const rsa = await key("RS256");
      const publicKeys = [JSON.stringify(rsa.jwk), String(rsa.jwk["n"]), ""];
      for (const text of publicKeys) {
        const octets = new TextEncoder().encode(text.padEnd(1, " "));
        const secret = await crypto.subtle.importKey(
          "raw",
          octets,
          { name: "HMAC", hash: "SHA-256" },
          false,
          ["sign"],
        );
        const token = await sign({ alg: "HS256", signingKey: secret, jwk: rsa.jwk }, CLAIMS);
        for (const algorithms of [["RS256"], ["RS256", "HS256"]]) {
          const subject = await verifier("RS256", { algorithms });
          const refused = await subject.verify(token);
          const code = algorithms.length === 1 ? "algorithm_not_allowed" : "key_not_found";
          assert.strictEqual(refused.ok ? "ok" : refused.code, code);
        }
      }
    });
  });

  QUnit.module("verify: within the rules", () => {
    QUnit.test("what is accepted", async (assert) => {
      const own = await key("ES256");
      const cases: [string, object, object, Partial<VerifierOptions>][] = [
        ["typ in full, any case", {}, { typ: "application/AT+JWT" }, {}],
        ["no typ where any will do", {}, { typ: undefined }, { typ: null }],
        ["one of several types", {}, { typ: "JWT" }, { typ: ["at+jwt", "jwt"] }],
        ["no kid, one key", {}, { kid: undefined }, {}],
        ["one of several audiences", { aud: ["x", RULES.audience] }, {}, { audience: ["y", RULES.audience] }],
        ["no audience where it does not matter", { aud: undefined }, {}, { audience: null }],
        ["one of several spellings of the issuer", {}, {}, { issuer: ["https://as.example/", RULES.issuer] }],
        ["the last second", { exp: NOW + 1, nbf: NOW, iat: NOW }, {}, {}],
        [
          "within the tolerance",
          { exp: NOW - 59, nbf: NOW + 60, iat: NOW + 60 },
          {},
          { clock_tolerance: 60 },
        ],
        ["a fraction", { exp: NOW + 0.5 }, {}, {}],
        ["just young enough", { iat: NOW - 100 }, {}, { max_age: 100 }],
        [
          "claims that are there",
          {},
          {},
          { required_claims: ["jti", "sub"], claims: { client_id: "client" } },
        ],
        ["scope", {}, {}, { scope: ["write", "read"] }],
        [
          "members that bring a key, not looked at",
          {},
          { jwk: {}, jku: "http://x", x5u: "http://x", x5c: ["AA"] },
          {},
        ],
      ];
      for (const [what, claims, header, options] of cases) {
        const subject = await verifier("ES256", options);
        const result = await subject.verify(await sign(own, { ...CLAIMS, ...claims }, header));
        assert.true(result.ok, `${what}: ${JSON.stringify(result)}`);
      }
    });

    QUnit.test("details are what was made of the claims", async (assert) => {
      const details = ({ sub }: Claims) => ({ user: sub });
      const own = await key("ES256");
      const options = { ...RULES, algorithms: ["ES256"], jwks: jwkSet(own), details };
      const result = await (await createVerifier(options)).verify(await sign(own, CLAIMS));
      assert.deepEqual(result.ok ? result.details.user : result, "user");
    });

    QUnit.test("of four keys without kid each is tried, of five none", async (assert) => {
      const keys = await Promise.all(["1", "2", "3", "4", "5"].map((kid) => key("ES256", kid)));
      const anonymous = keys.map(({ jwk: { kid: _, ...jwk }, ...rest }) => ({ ...rest, jwk }));
      const [, , , fourth] = anonymous;
      const token = fourth && (await sign(fourth, CLAIMS, { kid: undefined }));
      const few = await verifier("ES256", { jwks: jwkSet(...anonymous.slice(0, 4)) });
      const many = await verifier("ES256", { jwks: jwkSet(...anonymous) });
      assert.true((await few.verify(`${token}`)).ok);
      const refused = await many.verify(`${token}`);
      assert.strictEqual(refused.ok ? "ok" : refused.code, "key_not_found");
    });

    QUnit.test("a key serves what its attributes say, and a key the host refuses none", async (assert) => {
      const own = await key("ES256");
      const token = await sign(own, CLAIMS);
      const changes: [object, RefusalCode][] = [
        [{ use: "enc" }, "key_not_found"],
        [{ key_ops: ["sign"] }, "key_not_found"],
        [{ alg: "ES384" }, "key_not_found"],
        // No point of the curve. Deno sees it when it verifies, the others when they import it.
        [
          { y: base64url(new Uint8Array(32).fill(1)) },
          runtime.name === "deno" ? "signature_invalid" : "key_not_found",
        ],
      ];
      for (const [change, code] of changes) {
        const subject = await verifier("ES256", { jwks: { keys: [{ ...own.jwk, ...change }] } });
        const result = await subject.verify(token);
        assert.strictEqual(result.ok ? "ok" : result.code, code, JSON.stringify(change));
      }
    });
  });

  QUnit.module("verify: tokens that are remembered", () => {
    QUnit.test("are looked at once, until they end", async (assert) => {
      let now = NOW;
      const counted = counting(runtime.verifierCore());
      const own = await key("HS256");
      const subject = await bind(async () => counted.factory)({
        ...RULES,
        algorithms: ["HS256"],
        jwks: jwkSet(own),
        remember: 2,
        clock_tolerance: 5,
        max_age: 100,
        now: () => now,
      });
      const tokens = await Promise.all(["a", "b", "c"].map((jti) => sign(own, { ...CLAIMS, jti })));
      const looks = async (token = "") => {
        const before = counted.examined();
        const result = await subject.verify(token);
        return `${result.ok ? "ok" : result.code} ${counted.examined() - before}`;
      };
      assert.strictEqual(await looks(tokens[0]), "ok 1");
      assert.strictEqual(await looks(tokens[0]), "ok 0");
      assert.strictEqual(
        await looks(`${tokens[0]}a`),
        "signature_invalid 1",
        "another token is another token",
      );
      assert.strictEqual(await looks(`${tokens[0]}a`), "signature_invalid 1", "refusals are not remembered");
      assert.strictEqual(await looks(tokens[1]), "ok 1");
      assert.strictEqual(await looks(tokens[2]), "ok 1");
      assert.strictEqual(await looks(tokens[0]), "ok 1", "bounded: the first gave way");
      now = NOW + 96;
      assert.strictEqual(await looks(tokens[0]), "too_old 1", "max_age ends it as well");
      const kept = await subject.verify(tokens[0] ?? "");
      assert.false(kept.ok);
    });

    QUnit.test("cannot be changed by who was given them", async (assert) => {
      const own = await key("HS256");
      const subject = await verifier("HS256", { remember: 5 });
      const token = await sign(own, { ...CLAIMS, act: { sub: "a" } });
      for (let round = 0; round < 2; round++) {
        const result = await subject.verify(token);
        assert.true(result.ok && Object.isFrozen(result.claims) && Object.isFrozen(result.claims["act"]));
      }
    });
  });

  QUnit.module("verify: the core", () => {
    QUnit.test("a trap costs one token at most, and no verifier its keys", async (assert) => {
      const own = await key("HS256");
      const [good, poison] = [await sign(own, CLAIMS), await sign(own, { ...CLAIMS, sub: "poison" })];
      const elliptic = await key("ES256");
      const counted = counting(runtime.verifierCore(), poison);
      const create = bind(async () => counted.factory);
      const options = { ...RULES, algorithms: ["HS256"], jwks: jwkSet(own) };
      const [first, second] = [await create(options), await create({ ...options, audience: null })];
      const fetch = async () => Response.json(jwkSet(elliptic));
      const unused = await create({
        ...RULES,
        algorithms: ["ES256"],
        jwks_uri: "https://as.example/jwks",
        jwks_options: { fetch },
      });
      assert.true((await first.verify(good)).ok);
      const lost = await first.verify(poison);
      assert.strictEqual(lost.ok ? "ok" : lost.code, "token_malformed");
      assert.true((await first.verify(good)).ok);
      assert.true((await second.verify(good)).ok);
      assert.true((await unused.verify(await sign(elliptic, CLAIMS))).ok, "one that had no keys before");
      assert.strictEqual(counted.instances(), 3, "one, and one after each of two attempts");
    });
  });

  QUnit.module("verify: options", () => {
    QUnit.test("all mistakes at once, each with its place", async (assert) => {
      const own = await key("ES256");
      const good = { ...RULES, algorithms: ["ES256"], jwks: jwkSet(own) };
      const cases: [object, string[]][] = [
        [{ issuer: undefined, audience: undefined }, ["/issuer", "/audience"]],
        [{ algorithms: ["none"] }, ["/algorithms"]],
        [{ audiences: "x" }, ["/audiences"]],
        [{ jwks: undefined }, ["/jwks"]],
        [{ jwks_uri: "https://as.example/jwks" }, ["/jwks"]],
        [{ jwks: { keys: "x" } }, ["/jwks"]],
        [{ jwks: { keys: [own.jwk, own.jwk] } }, ["/jwks"]],
        [{ jwks: undefined, jwks_uri: "http://as.example/jwks" }, ["/jwks_uri"]],
        [{ jwks: undefined, jwks_uri: "https://as.example/jwks", algorithms: ["HS256"] }, ["/algorithms"]],
        [{ clock_tolerance: 61, remember: -1, scope: 'a"b' }, ["/remember", "/scope", "/clock_tolerance"]],
        [{ details: 1 }, ["/details"]],
      ];
      for (const [change, places] of cases) {
        let found: string[] = [];
        try {
          await createVerifier({ ...good, ...change } as VerifierOptions);
        } catch (error) {
          if (!(error instanceof VerifierOptionsError)) throw error;
          found = error.mistakes.map(({ pointer }) => pointer);
          assert.true(error.message.includes(places[0] ?? ""), error.message);
        }
        assert.deepEqual(found, places, JSON.stringify(change));
      }
    });
  });

  QUnit.module("verify: keys by their address", () => {
    QUnit.test("an unknown kid has them fetched again, once", async (assert) => {
      let now = NOW;
      const [old, next] = [await key("ES256", "old"), await key("ES256", "next")];
      let published = jwkSet(old);
      let fetched = 0;
      const fetch = async () => {
        fetched += 1;
        return Response.json(published);
      };
      const subject = await createVerifier({
        ...RULES,
        algorithms: ["ES256"],
        jwks_uri: "https://as.example/jwks",
        jwks_options: { fetch, cooldown: 30 },
        remember: 10,
        now: () => now,
      });
      assert.strictEqual(fetched, 0, "nothing is fetched before the first token");
      const [byOld, byNext] = [await sign(old, CLAIMS), await sign(next, CLAIMS)];
      assert.true((await subject.verify(byOld)).ok);
      const refused = await subject.verify(byNext);
      assert.strictEqual(refused.ok ? "ok" : refused.code, "key_not_found");
      assert.strictEqual(fetched, 1, "cooling down");
      published = jwkSet(next);
      now += 31;
      assert.true((await subject.verify(byNext)).ok);
      assert.strictEqual(fetched, 2);
      const gone = await subject.verify(byOld);
      assert.strictEqual(
        gone.ok ? "ok" : gone.code,
        "key_not_found",
        "remembered no longer: its key is gone",
      );
      assert.strictEqual(subject.export_jwks()?.jwks, JSON.stringify(published));
    });

    QUnit.test("without any, the token may be good", async (assert) => {
      const fetch = async () => new Response("no", { status: 500 });
      const subject = await createVerifier({
        ...RULES,
        algorithms: ["ES256"],
        jwks_uri: "https://as.example/jwks",
        jwks_options: { fetch },
      });
      const token = await sign(await key("ES256"), CLAIMS);
      const result = await subject.verify(token);
      assert.strictEqual(result.ok ? "ok" : result.code, "jwks_unavailable");
      const request = new Request("https://api.example/", { headers: { authorization: `Bearer ${token}` } });
      const answered = await subject.verify_request(request);
      assert.strictEqual(answered.ok ? 200 : answered.response.status, 503);
    });
  });

  QUnit.module("verify: requests", () => {
    QUnit.test("a good one, and the answers to the others", async (assert) => {
      const own = await key("ES256");
      const subject = await verifier("ES256");
      const [good, ended] = [await sign(own, CLAIMS), await sign(own, { ...CLAIMS, exp: 1 })];
      const ask = (authorization?: string, scope?: string) =>
        subject.verify_request(
          new Request("https://api.example/", authorization ? { headers: { authorization } } : {}),
          scope ? { scope } : {},
        );
      assert.true((await ask(`bearer ${good}`, "read")).ok);
      const cases: [string | undefined, string | undefined, number, RegExp][] = [
        [undefined, "read", 401, /^Bearer scope="read"$/],
        [`Bearer ${ended}`, undefined, 401, /^Bearer error="invalid_token", error_description="expired at 1/],
        [`Bearer ${good}`, "read admin", 403, /^Bearer error="insufficient_scope".*scope="read admin"/],
        [`Bearer ${good} ${good}`, undefined, 400, /^Bearer error="invalid_request"/],
      ];
      for (const [authorization, scope, status, challenge] of cases) {
        const result = await ask(authorization, scope);
        assert.false(result.ok);
        if (result.ok) continue;
        assert.strictEqual(result.response.status, status);
        const field = result.response.headers.get("www-authenticate") ?? "";
        assert.true(challenge.test(field), field);
      }
    });
  });
};

export default verify;

/** Another first character, so that the text stays canonical. */
function flipped(text: string): string {
  return (text.startsWith("A") ? "B" : "A") + text.slice(1);
}

/** Counts what is asked of a core; one that is shown `poison` traps. */
function counting(make: VerifierCoreFactory, poison?: string) {
  let [examined, instances] = [0, 0];
  const factory: VerifierCoreFactory = () => {
    instances += 1;
    const core = make();
    const examine: VerifierCore["examine"] = (id, token, now) => {
      examined += 1;
      if (token === poison) throw new WebAssembly.RuntimeError("unreachable");
      return core.examine(id, token, now);
    };
    const { open, set_keys, digest, close } = core;
    return { open, set_keys, digest, close, examine };
  };
  return { factory, examined: () => examined, instances: () => instances };
}
