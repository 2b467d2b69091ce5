/** The configuration of the tests' own deployment: the demo's, and what the demo has no use for. */

import demo from "../../../demo/edgegrant.json" with { type: "json" };

/** What needs form-encoding in HTTP Basic, and what has two readings there. */
const ODD = { id: "odd: client+%2B", secret: ' a+b%20c:d&e=f"g\\ü🔑' };

/** Quick in every runtime: the core makes these. */
const GENERATOR_KEY = { kty: "oct", k: "dGhlIGtleSBvZiB0aGUgdGVzdHMsIHdoaWNoIG5vYm9keSBoYXMgdG8ga2VlcA" };

const secret = { env: "CLIENT_SECRET" };

/** Two mounts that differ in their profile alone. Their policies stand in the registry. */
const MOUNTS = { "/standard": "standard", "/dialect": "decathlon" };
const GENERATOR = "token-generator token-generator:seamless-backchannel";
const EXCHANGE = "token-exchange:seamless-backchannel";
const DATA = "sports contacts phone";
const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const EXCHANGERS = [
  { client_id: "service", scope: `${GENERATOR} ${EXCHANGE}` },
  { client_id: "other-service", scope: `${GENERATOR} ${EXCHANGE}` },
  { client_id: "redeemer", scope: `${DATA} ${EXCHANGE}` },
  { client_id: "other-redeemer", scope: `${DATA} ${EXCHANGE}` },
  { client_id: "outsider", scope: DATA },
];

const CLIENTS = [
  {
    client_id: "asker",
    client_secret: secret,
    issuers: Object.keys(MOUNTS),
    scope: "openid",
    grant_types: ["urn:openid:params:grant-type:ciba"],
  },
  { client_id: "narrow", client_secret: secret, scope: "orders:read" },
  { client_id: "post", client_secret: secret, token_endpoint_auth_method: "client_secret_post" },
  { client_id: "pending", client_secret: secret, status: "pending" },
  { client_id: ODD.id, client_secret: { env: "ODD_SECRET" } },
  ...EXCHANGERS.map((client) => ({
    ...client,
    issuers: Object.keys(MOUNTS),
    client_secret: secret,
    grant_types: ["client_credentials", TOKEN_EXCHANGE, "refresh_token"],
  })),
];

/** What it needs of its environment beside what the demo does. */
export const ENV = { ODD_SECRET: ODD.secret, GENERATOR_KEY: JSON.stringify(GENERATOR_KEY) };

/** By client id: members that differ from now on. */
export type Changes = Record<string, { status?: string }>;

/** The configuration. */
export function configuration(changes: Changes): object {
  const mounts = Object.entries(MOUNTS).map(([path, profile]) => ({
    path,
    profile,
    keys: [{ alg: "ES256", private_key: { env: "KEY" } }],
    generator_keys: [{ alg: "HS256", kid: "generator", private_key: { env: "GENERATOR_KEY" } }],
    scope: `openid ${DATA} ${GENERATOR} ${EXCHANGE}`,
    policy: "registry",
    ciba: {},
  }));
  return {
    ...demo,
    dev_env: { ...demo.dev_env, ODD_CLIENT_ID: ODD.id, ODD_CLIENT_SECRET: ODD.secret },
    issuers: [...demo.issuers, ...mounts],
    clients: [...demo.clients, ...CLIENTS].map((client) => ({ ...client, ...changes[client.client_id] })),
  };
}
