// The same request to two mounts that differ in their profile alone, and the answers side by side.

import { BACKCHANNEL, form, jwt, now, SEAMLESS, TOKEN_EXCHANGE, type } from "./channel.mjs";
import { Governed, member } from "./governed.mjs";
import { basic, decode, FORM, GRANT } from "./wire.mjs";

const PROFILES = ["standard", "decathlon"];
const ACCESS_TOKEN = type("access_token");

/** What differs in every token, by what it is; the rest is compared as it stands. */
function shown(claims, channel, sub) {
  const { iat, exp, jti, nbf, ...rest } = claims;
  const named = JSON.stringify(rest)
    .replaceAll(channel.issuer, "ISSUER")
    .replaceAll(`"${sub}"`, '"MEMBER"')
    .replaceAll(`"${channel.id("B")}"`, '"B"')
    .replaceAll(`"${channel.id("A")}"`, '"A"');
  return { ...JSON.parse(named), lives: exp - iat, jti: typeof jti };
}

/** An answer: its status, and its members with the token read. */
function read({ status, text, headers }, channel, sub) {
  const { error_description, refresh_token, ...body } = JSON.parse(text);
  const challenge = headers["www-authenticate"]?.split(" ")[0];
  if (body.error !== undefined) {
    const [, rule] = /\(([a-z-]+\.[a-z-]+)\)$/.exec(error_description) ?? [];
    return { status, error: body.error, ...(rule && { rule }), ...(challenge && { challenge }) };
  }
  const { access_token, jti, ...members } = body;
  const { header, payload } = decode(access_token);
  return {
    status,
    ...members,
    ...(jti && { jti: jti === payload.jti }),
    ...(refresh_token && { refresh_token: typeof refresh_token }),
    typ: header.typ,
    claims: shown(payload, channel, sub),
  };
}

const refusal = (error, rule, status = 400, challenge = undefined) => ({
  status,
  error,
  ...(rule && { rule }),
  ...(challenge && { challenge }),
});

/** The request, made of the channel and a member with a token; then what each profile answers. */
const ROWS = [
  {
    name: "a client's own token",
    form: () => `${GRANT}&scope=phone`,
    standard: {
      status: 200,
      token_type: "Bearer",
      expires_in: 3600,
      scope: "phone",
      typ: "at+jwt",
      claims: {
        iss: "ISSUER",
        sub: "B",
        aud: "ISSUER",
        client_id: "B",
        scope: "phone",
        lives: 3600,
        jti: "string",
      },
    },
    decathlon: {
      status: 200,
      token_type: "Bearer",
      expires_in: 899,
      scope: "phone",
      jti: true,
      typ: "JWT",
      claims: { iss: "ISSUER", client_id: "B", scope: ["phone"], lives: 900, jti: "string" },
    },
  },
  {
    name: "token exchange, RFC 8693, of B's own token",
    form: ({ own }) =>
      form({
        grant_type: TOKEN_EXCHANGE,
        subject_token: own,
        subject_token_type: ACCESS_TOKEN,
        scope: "phone",
      }),
    standard: {
      status: 200,
      issued_token_type: ACCESS_TOKEN,
      token_type: "Bearer",
      scope: "phone",
      typ: "at+jwt",
      claims: { iss: "ISSUER", sub: "B", aud: "ISSUER", client_id: "B", scope: "phone", jti: "string" },
      shorter: 3600,
    },
    decathlon: {
      status: 200,
      issued_token_type: ACCESS_TOKEN,
      token_type: "Bearer",
      scope: "phone",
      typ: "JWT",
      claims: { iss: "ISSUER", client_id: "B", scope: ["phone"], jti: "string" },
      shorter: 900,
    },
  },
  {
    name: "an exchangeable token at the token endpoint",
    form: ({ token }) =>
      form({ grant_type: TOKEN_EXCHANGE, subject_token: token, subject_token_type: type("jwt") }),
    standard: {
      status: 200,
      issued_token_type: ACCESS_TOKEN,
      token_type: "Bearer",
      expires_in: 3600,
      scope: "contacts phone sports",
      typ: "at+jwt",
      claims: {
        iss: "ISSUER",
        sub: "MEMBER",
        aud: "ISSUER",
        client_id: "B",
        scope: "contacts phone sports",
        lives: 3600,
        jti: "string",
      },
    },
    decathlon: refusal("invalid_request", "subject-token.issuer"),
  },
  {
    name: "an exchangeable token at the exchange endpoint",
    path: "/connect/token/exchange",
    form: ({ token }) =>
      form({
        grant_type: TOKEN_EXCHANGE,
        exchange_type: BACKCHANNEL,
        subject_token: token,
        subject_token_type: type("jwt"),
      }),
    standard: refusal("not_found", undefined, 404),
    decathlon: {
      status: 200,
      issued_token_type: ACCESS_TOKEN,
      token_type: "Bearer",
      expires_in: 899,
      scope: "contacts phone sports",
      typ: "JWT",
      claims: {
        iss: "ISSUER",
        sub: "MEMBER",
        client_id: "B",
        scope: ["contacts", "phone", "sports"],
        lives: 900,
        jti: "string",
      },
    },
  },
  {
    name: "an id token at the exchange endpoint",
    path: "/connect/token/exchange",
    form: ({ idToken }) =>
      form({
        grant_type: TOKEN_EXCHANGE,
        exchange_type: SEAMLESS,
        subject_token: idToken,
        subject_token_type: type("id_token"),
        scopes: "phone",
      }),
    standard: refusal("not_found", undefined, 404),
    decathlon: {
      status: 200,
      issued_token_type: ACCESS_TOKEN,
      token_type: "Bearer",
      expires_in: 899,
      scope: "phone",
      refresh_token: "string",
      typ: "JWT",
      claims: { iss: "ISSUER", sub: "MEMBER", client_id: "B", scope: ["phone"], lives: 900, jti: "string" },
    },
  },
  {
    name: "an id token at the token endpoint, which the grant does not take",
    form: ({ idToken }) =>
      form({ grant_type: TOKEN_EXCHANGE, subject_token: idToken, subject_token_type: type("id_token") }),
    standard: refusal("invalid_request", "exchange.no-grant"),
    decathlon: refusal("invalid_request", "exchange.no-grant"),
  },
  {
    name: "a jwt for nobody in particular",
    form: ({ own }) =>
      form({
        grant_type: TOKEN_EXCHANGE,
        subject_token: own,
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: type("jwt"),
      }),
    standard: refusal("invalid_request"),
    decathlon: refusal("invalid_request"),
  },
  {
    name: "a scope that nobody knows",
    form: () => `${GRANT}&scope=x`,
    standard: refusal("invalid_scope", "scope.unknown"),
    decathlon: refusal("invalid_scope", "scope.unknown"),
  },
  {
    name: "an audience that nobody knows",
    form: () => `${GRANT}&audience=x`,
    standard: refusal("invalid_target", "audience.unknown"),
    decathlon: refusal("invalid_target", "audience.unknown"),
  },
  {
    name: "a grant that is not served",
    form: () => "grant_type=password",
    standard: refusal("unsupported_grant_type"),
    decathlon: refusal("unsupported_grant_type"),
  },
  {
    name: "a wrong secret",
    form: () => GRANT,
    auth: () => basic("redeemer", "wrong"),
    standard: refusal("invalid_client", undefined, 401, "Basic"),
    decathlon: refusal("invalid_client", undefined, 401, "Basic"),
  },
  {
    name: "the client by a bearer token at the token endpoint",
    form: () => GRANT,
    auth: ({ own }) => `Bearer ${own}`,
    standard: refusal("invalid_client", undefined, 401, "Basic"),
    decathlon: refusal("invalid_client", undefined, 401, "Basic"),
  },
  {
    name: "the generator under the standard's name",
    path: "/token/generator",
    form: () => GRANT,
    standard: refusal("invalid_request", undefined, 415),
    decathlon: refusal("not_found", undefined, 404),
  },
  {
    name: "the generator under the dialect's name",
    path: "/connect/token/generator/seamless-backchannel",
    form: () => GRANT,
    standard: refusal("not_found", undefined, 404),
    decathlon: refusal("invalid_request", undefined, 415),
  },
  {
    name: "a token of the other mount as subject token",
    form: ({ foreign }) =>
      form({ grant_type: TOKEN_EXCHANGE, subject_token: foreign, subject_token_type: ACCESS_TOKEN }),
    standard: refusal("invalid_request", "subject-token.issuer"),
    decathlon: refusal("invalid_request", "subject-token.issuer"),
  },
];

export function sideBySide({ test }, server) {
  const channels = Object.fromEntries(PROFILES.map((profile) => [profile, new Governed(server, profile)]));

  const material = async (assert, channel) => {
    await channel.configure({});
    await channel.publish();
    const sub = await member(channel);
    const own = (await channel.bearer(assert, "B")).slice("Bearer ".length);
    const { payload, header } = decode(own);
    // Both mounts sign with one key: what tells their tokens apart is what they say.
    const iss = `${server.origin}/elsewhere`;
    return {
      sub,
      own,
      token: await channel.exchangeable(assert, sub),
      idToken: channel.idToken({ sub }),
      foreign: jwt(server.secret("KEY"), header, { ...payload, iss, exp: now() + 60 }),
    };
  };

  for (const { name, path, form, auth = () => undefined, ...expected } of ROWS) {
    test(name, async (assert) => {
      for (const profile of PROFILES) {
        const channel = channels[profile];
        const given = await material(assert, channel);
        const answer = await server.send({
          method: "POST",
          path: path === undefined ? channel.paths.token : channel.place.mount + path,
          headers: { "content-type": FORM, authorization: auth(given) ?? channel.basic() },
          body: form(given),
        });
        const found = read(answer, channel, given.sub);
        const { shorter, ...wanted } = expected[profile];
        // What is left of the subject token is the most that its successor gets.
        if (shorter !== undefined) {
          const { lives } = found.claims;
          assert.true(lives > shorter - 60 && lives <= shorter, `${profile}: ${lives}`);
          assert.strictEqual(found.expires_in, profile === "decathlon" ? lives - 1 : lives, profile);
          delete found.expires_in;
          delete found.claims.lives;
        }
        assert.deepEqual(found, wanted, profile);
        assert.deepEqual(Object.keys(found).sort(), Object.keys(wanted).sort(), profile);
      }
    });
  }

  test("the exchangeable token: the same claims; its typ and where it is redeemed differ", async (assert) => {
    for (const [profile, typ, path] of [
      ["standard", "exchangeable+jwt", "/token"],
      ["decathlon", "JWT", "/connect/token/exchange"],
    ]) {
      const channel = channels[profile];
      const { sub, token } = await material(assert, channel);
      const { header, payload } = decode(token);
      assert.deepEqual(header, { kid: "generator", typ, alg: "HS256" }, profile);
      assert.deepEqual(shown(payload, channel, sub), {
        sub: "MEMBER",
        aud: `ISSUER${path}`,
        scope: ["contacts", "phone", "sports"],
        iss: "ISSUER",
        client_id: "B",
        lives: 900,
        jti: "string",
      });
    }
  });

  test("an exchangeable token of the one mount is nothing at the other", async (assert) => {
    for (const [profile, other] of [PROFILES, [...PROFILES].reverse()]) {
      const { token } = await material(assert, channels[profile]);
      await material(assert, channels[other]);
      await channels[other].refuse(assert, token, {}, 400, "invalid_request");
      await server.issue(assert, channels[profile].redemption(token));
    }
  });
}
