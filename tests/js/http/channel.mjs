// The seamless back-channel of a mount: its requests, and what is asked for on the way to a test's subject.

import { createPrivateKey, sign } from "node:crypto";
import { basic, tokenRequest } from "./wire.mjs";

export const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
export const BACKCHANNEL = "urn:decathlon:params:oauth:exchange-type:seamless-backchannel-exchange";
export const SEAMLESS = "urn:decathlon:params:oauth:exchange-type:seamless-exchange";
export const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** RFC 8693 §3 */
export const type = (name) => `urn:ietf:params:oauth:token-type:${name}`;

/** The parameters of `change` over those of `form`; `undefined` takes one away. */
export function form(parameters, change = {}) {
  const given = Object.entries({ ...parameters, ...change }).filter(([, value]) => value !== undefined);
  return String(
    new URLSearchParams(given.flatMap(([name, value]) => [value].flat().map((one) => [name, one]))),
  );
}

/** A JWT signed by a private JWK, as this test wants it. */
export function jwt(jwk, header, payload) {
  const { alg = "RS256" } = header;
  const input = [{ alg, ...header }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const key = createPrivateKey({ key: JSON.parse(jwk), format: "jwk" });
  return `${input}.${sign("sha256", input, { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

/** Seconds since 1970. */
export const now = () => Math.floor(Date.now() / 1000);

/** Where the endpoints are, by profile. */
const PATHS = {
  standard: { token: "/token", generator: "/token/generator", exchange: "/token" },
  decathlon: {
    token: "/connect/oauth/token",
    generator: "/connect/token/generator/seamless-backchannel",
    exchange: "/connect/token/exchange",
  },
};

/** The demo's mount: its profile, its clients, the key that it signs with. */
const DEMO = {
  mount: "/dkt",
  profile: "decathlon",
  client: (env, role) => {
    const name = { A: "DKT_SERVICE_CLIENT", B: "DKT_CLIENT" }[role];
    return [env[`${name}_ID`], env[`${name}_SECRET`]];
  },
  key: "DKT_KEY",
  header: { alg: "RS256", kid: "main" },
};

/** The way from A's token to a member's, at a mount of the deployment `server`. */
export class Channel {
  server;
  place;
  tokens = new Map();

  constructor(server, place = DEMO) {
    this.server = server;
    this.place = place;
  }

  get paths() {
    const { mount, profile } = this.place;
    const entries = Object.entries(PATHS[profile]);
    return Object.fromEntries(entries.map(([name, path]) => [name, mount + path]));
  }

  get issuer() {
    return this.server.origin + this.place.mount;
  }

  /** A key of A's API subscription. */
  async apiKey() {
    return this.server.env.DKT_API_KEY;
  }

  /** The id of A or B. */
  id(role) {
    return this.place.client(this.server.env, role)[0];
  }

  /** HTTP Basic of A or B. */
  basic(role = "B") {
    return basic(...this.place.client(this.server.env, role));
  }

  /** `Authorization` with a token that A or B got by client_credentials: the same one each time. */
  async bearer(assert, role = "A") {
    if (!this.tokens.has(role)) {
      const asked = { auth: this.basic(role), path: this.paths.token };
      this.tokens.set(role, (await this.server.issue(assert, asked)).access_token);
    }
    return `Bearer ${this.tokens.get(role)}`;
  }

  /** Step 1, as A sends it. `query`: what differs there; `body`: member ids, or what is sent in their place. */
  async generation(assert, { body = ["somebody"], query = {}, auth, headers, ...rest } = {}) {
    const path = `${this.paths.generator}?${form({ client_id: this.id("B") }, query)}`;
    return tokenRequest(this.server.env, {
      auth: auth === undefined ? await this.bearer(assert) : auth,
      path,
      type: "application/json",
      form: Array.isArray(body) ? JSON.stringify(body) : body,
      headers: { "x-api-key": await this.apiKey(), ...headers },
      ...rest,
    });
  }

  /** Step 1: the text of the answer, and the exchangeable tokens by member id. */
  async generate(assert, members, options) {
    const request = await this.generation(assert, { body: members, ...options });
    const { status, headers, text } = await this.server.send(request);
    assert.strictEqual(status, 200, text.slice(0, 300));
    assert.deepEqual([headers["content-type"], headers["cache-control"]], ["application/json", "no-store"]);
    return { text, tokens: new Map(Object.entries(JSON.parse(text))) };
  }

  /** The exchangeable token of one member. */
  async exchangeable(assert, member = this.server.env.DKT_MEMBERS.split(",")[0], options = {}) {
    return (await this.generate(assert, [member], options)).tokens.get(member);
  }

  /** Step 2, as B sends it. `change`: parameters that differ. */
  redemption(subject_token, { change, auth = this.basic(), ...rest } = {}) {
    const parameters = {
      grant_type: TOKEN_EXCHANGE,
      exchange_type: this.place.profile === "decathlon" ? BACKCHANNEL : undefined,
      subject_token_type: type("jwt"),
      subject_token,
      requested_token_type: type("access_token"),
    };
    return { auth, path: this.paths.exchange, form: form(parameters, change), ...rest };
  }

  /** Step 2, refused. */
  refuse(assert, subject_token, options, ...expected) {
    const request = tokenRequest(this.server.env, this.redemption(subject_token, options));
    return this.server.refuse(assert, request, ...expected);
  }

  /** An id token of A. */
  idToken(change = {}, header = {}) {
    const [sub] = this.server.env.DKT_MEMBERS.split(",");
    const claims = { iss: this.issuer, sub, aud: this.id("A"), iat: now(), exp: now() + 300 };
    const key = this.server.secret(this.place.key);
    return jwt(key, { ...this.place.header, ...header }, { ...claims, ...change });
  }

  /** The sibling, as B sends it. */
  seamless(subject_token, options = {}) {
    const given = {
      exchange_type: SEAMLESS,
      subject_token_type: type("id_token"),
      requested_token_type: undefined,
    };
    return this.redemption(subject_token, { ...options, change: { ...given, ...options.change } });
  }

  /** RFC 6749 §6, as B sends it. */
  refreshing(refresh_token, options = {}) {
    const { change, ...rest } = options;
    const parameters = { grant_type: "refresh_token", refresh_token };
    return { auth: this.basic(), path: this.paths.token, form: form(parameters, change), ...rest };
  }
}

/** Holds a refusal against what it says: the id of the rule at its end or none, and words of the description. */
export function expectSays(assert, { description }, { rule, says = "" }) {
  const [, ended] = /\(([a-z-]+\.[a-z-]+)\)$/.exec(description) ?? [];
  assert.strictEqual(ended, rule, description);
  assert.true(description.includes(says), description);
}
