// What is measured: one client, whose people are asked elsewhere, and its requests.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { GRANT, INTERVAL, RESOURCE, SCOPE } from "./entry/shape.mjs";

/** How long a request is kept past its end, in seconds: src/store/ciba.rs. */
export const REMEMBERED = 300;

const config = {
  origin: { env: "ORIGIN" },
  issuers: [
    {
      path: "/",
      keys: [{ alg: "ES256", private_key: { env: "KEY_ES256" } }],
      scope: SCOPE,
      resources: [{ identifier: RESOURCE }],
      ciba: { interval: INTERVAL },
    },
  ],
  clients: [
    { client_id: "bench", client_secret: { env: "CLIENT_SECRET" }, scope: SCOPE, grant_types: [GRANT] },
  ],
};

/** The environment that it names, fresh, and with the configuration in it: some runtimes have no files. */
export function environment() {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = { ...privateKey.export({ format: "jwk" }), kid: "ES256", alg: "ES256", use: "sig" };
  return {
    CONFIG: JSON.stringify(config),
    CLIENT_SECRET: randomBytes(32).toString("base64url"),
    KEY_ES256: JSON.stringify(key),
  };
}

/** The requests of a cycle at `origin`. */
export function requests(origin, { CLIENT_SECRET }) {
  const headers = {
    authorization: `Basic ${btoa(`bench:${CLIENT_SECRET}`)}`,
    "content-type": "application/x-www-form-urlencoded",
  };
  const post = (path, parameters) => ({
    url: `${origin}${path}`,
    method: "POST",
    headers,
    body: new URLSearchParams(parameters).toString(),
  });
  return {
    /** `path`: of the backchannel authentication endpoint. */
    ask: (path, more = {}) => post(path, { scope: SCOPE, resource: RESOURCE, login_hint: "alice", ...more }),
    fetch: (auth_req_id) => post("/token", { grant_type: GRANT, auth_req_id }),
    /** Says in place of a person that they agree. */
    agree: (auth_req_id) => ({ url: `${origin}/_bench/agree/${auth_req_id}`, method: "POST" }),
    state: () => ({ url: `${origin}/_bench/state` }),
    health: () => ({ url: `${origin}/.well-known/openid-configuration` }),
  };
}
