// A mount of the tests' own deployment whose policy, subjects, clients and API keys change while it serves.

import { Channel } from "./channel.mjs";

const PLACES = {
  standard: { mount: "/standard", generator: "token-generator" },
  decathlon: { mount: "/dialect", generator: "token-generator:seamless-backchannel" },
};
const EXCHANGE = "token-exchange:seamless-backchannel";
const ROLES = { A: "service", B: "redeemer" };

/** The scopes and the grants of a good policy. */
export function policy({ scopes = {}, grant = {}, grants, ...more } = {}) {
  const data = { auto_approved: ["redeemer", "other-redeemer"] };
  const governed = {
    justification: "A test.",
    approved_by: "Its author",
    approved_at: "2026-01-01T00:00:00Z",
    expires_at: "2036-01-01T00:00:00Z",
  };
  const pair = (flow, from = "service", to = "redeemer") => ({
    flow,
    from,
    to,
    scope: "sports contacts phone",
    ...governed,
    ...grant,
  });
  const defaults = [pair("exchangeable_token"), pair("id_token"), pair("token_exchange", "redeemer")];
  return {
    version: "tests",
    scopes: {
      sports: data,
      contacts: data,
      phone: data,
      "token-generator": {},
      "token-generator:seamless-backchannel": {},
      [EXCHANGE]: {},
      ...scopes,
    },
    exchange: grants?.(pair) ?? defaults,
    ...more,
  };
}

/** What the tests' own deployment answers to a command of the tests. */
export async function command(server, path, body) {
  const { status, text } = await server.send({ method: "POST", path, body: JSON.stringify(body) });
  const told = JSON.parse(text);
  if (status !== 200 || told.error !== undefined) throw new Error(`${path}: ${text}`);
  return told.result;
}

/** As {@link Channel}, between `service` and `redeemer`, or other clients by their id. */
export class Governed extends Channel {
  #apiKey;

  constructor(server, profile) {
    super(server, {
      profile,
      ...PLACES[profile],
      client: (env, role) => [ROLES[role] ?? role, env.CLIENT_SECRET],
      key: "KEY",
      header: { alg: "ES256" },
    });
  }

  /** A command of the operator at this mount. */
  operate(method, ...args) {
    return command(this.server, "/_test/operator", { method, args: [this.issuer, ...args] });
  }

  /** Publishes a good policy with `change`. */
  publish(change) {
    return this.operate("publishPolicy", policy(change));
  }

  /** Configures the deployment anew, with other members of some clients. */
  configure(changes) {
    return command(this.server, "/_test/clients", changes);
  }

  async records() {
    return JSON.parse((await this.server.send({ path: "/_test/records" })).text);
  }

  async apiKey() {
    this.#apiKey ??= await this.operate("createApiKey", this.id("A"));
    return this.#apiKey;
  }
}

/** A member who is known, of a name that no other test has. */
let members = 0;
export async function member(channel) {
  const sub = `member-${++members}`;
  await channel.operate("putSubject", sub, { active: true });
  return sub;
}
