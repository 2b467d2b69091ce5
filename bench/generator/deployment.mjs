// What is measured: one deployment with a mount for each kind of generator key, and the requests to it.
import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";

/** The generator key of each mount. */
export const MOUNTS = {
  rs256: { alg: "RS256" },
  es256: { alg: "ES256" },
  es256_core: { alg: "ES256", signing: "core" },
  eddsa: { alg: "EdDSA" },
  hs256: { alg: "HS256" },
};

/** The binding of a mount's generator key. */
export const keyOf = (mount) => `KEY_${mount.toUpperCase()}`;

/** A call's subjects. */
export const COUNT = 10_000;

const AUDIENCE = "https://api.example.com/stock";
const CLIENT_CREDENTIALS = "client_credentials";
const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

const governed = {
  justification: "Measured.",
  approved_by: "The bench",
  approved_at: "2026-01-01T00:00:00Z",
  expires_at: "2036-01-01T00:00:00Z",
};

/** The deployment; its access tokens are signed ES256 by the host. */
const config = {
  origin: { env: "ORIGIN" },
  issuers: Object.entries(MOUNTS).map(([name, { alg, signing = "host" }]) => ({
    path: `/${name}`,
    keys: [{ alg: "ES256", private_key: { env: "KEY_ACCESS" } }],
    generator_keys: [{ alg, private_key: { env: keyOf(name) }, ...(alg !== "HS256" && { signing }) }],
    scope: "token-generator orders:read orders:write sports contacts phone",
    resources: [{ identifier: AUDIENCE, scope: "orders:read orders:write" }],
    policy: {
      version: "bench",
      scopes: {
        ...Object.fromEntries(["token-generator", "orders:read", "orders:write"].map((scope) => [scope, {}])),
        ...Object.fromEntries(
          ["sports", "contacts", "phone"].map((scope) => [scope, { auto_approved: ["redeems"] }]),
        ),
      },
      exchange: [
        {
          flow: "exchangeable_token",
          from: "generates",
          to: "redeems",
          scope: "sports contacts phone",
          quota: 1_000_000_000,
          ...governed,
        },
        {
          from: "generates",
          to: "generates",
          scope: "orders:read orders:write",
          audience: [AUDIENCE],
          modes: ["impersonation"],
          ...governed,
        },
      ],
    },
  })),
  clients: [
    {
      client_id: "generates",
      issuers: Object.keys(MOUNTS).map((name) => `/${name}`),
      client_secret: { env: "CLIENT_SECRET" },
      api_keys: [{ env: "API_KEY" }],
      grant_types: [CLIENT_CREDENTIALS, TOKEN_EXCHANGE],
      scope: "token-generator orders:read orders:write",
    },
    {
      client_id: "redeems",
      issuers: Object.keys(MOUNTS).map((name) => `/${name}`),
      client_secret: { env: "OTHER_CLIENT_SECRET" },
      grant_types: [TOKEN_EXCHANGE],
      scope: "sports contacts phone",
    },
  ],
};

/** The environment that it names, fresh, and with the configuration in it: some runtimes have no files. */
export function environment() {
  const secret = () => randomBytes(32).toString("base64url");
  const pairs = {
    RS256: ["rsa", { modulusLength: 2048 }],
    ES256: ["ec", { namedCurve: "P-256" }],
    EdDSA: ["ed25519", {}],
  };
  const makeKey = (alg) =>
    alg === "HS256"
      ? { kty: "oct", k: secret() }
      : generateKeyPairSync(...pairs[alg]).privateKey.export({ format: "jwk" });
  return {
    CONFIG: JSON.stringify(config),
    CLIENT_SECRET: secret(),
    OTHER_CLIENT_SECRET: secret(),
    API_KEY: randomUUID(),
    KEY_ACCESS: JSON.stringify(makeKey("ES256")),
    ...Object.fromEntries(
      Object.entries(MOUNTS).map(([name, { alg }]) => [keyOf(name), JSON.stringify(makeKey(alg))]),
    ),
  };
}

/** The request for a client's own token. */
export function ownToken(origin, mount, env, scope) {
  return form(`${origin}/${mount}/token`, env, { grant_type: CLIENT_CREDENTIALS, scope });
}

/** The request that exchanges it. */
export function exchange(origin, mount, env, subject_token) {
  return form(`${origin}/${mount}/token`, env, {
    grant_type: TOKEN_EXCHANGE,
    subject_token,
    subject_token_type: ACCESS_TOKEN,
    audience: AUDIENCE,
    scope: "orders:read",
  });
}

function form(url, { CLIENT_SECRET }, parameters) {
  return {
    url,
    method: "POST",
    headers: {
      authorization: `Basic ${btoa(`generates:${CLIENT_SECRET}`)}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams(parameters).toString(),
  };
}

/** The request that has tokens generated. */
export function generate(origin, mount, env, token, ids) {
  return {
    url: `${origin}/${mount}/token/generator?client_id=redeems&scopes=sports,contacts,phone`,
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "x-api-key": env.API_KEY,
    },
    body: JSON.stringify(ids),
  };
}
