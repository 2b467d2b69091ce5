// A small API on the edge as a user of the package writes it; package.mjs runs it in each runtime.

import { inspect } from "edgegrant/inspect";
import { loadPolicyTools } from "edgegrant/policy";
import { createSigner } from "edgegrant/sign";
import { bearer_token, challenge, createVerifier, require_scope } from "edgegrant/verify";
import { hii_retail } from "edgegrant/verify/presets";

/** The secret that the API makes tokens of its own with. */
export const OWN = { kty: "oct", kid: "own", alg: "HS256", k: "b3duIHNlY3JldCBvZiB0aGlydHktdHdvIG9jdGV0cyE" };

const POLICY = { version: "1", scopes: { read: { clients: ["api"] }, write: { clients: [] } } };

/** `orders`, `partner`: the options of a verifier; `tills`: those of the Hii Retail preset. */
export async function edgeApi(options) {
  const [orders, partner, tills] = await Promise.all([
    createVerifier(options.orders),
    createVerifier(options.partner),
    createVerifier(hii_retail(options.tills)),
  ]);
  const routes = {
    "/orders": (request) => orders.verify_request(request, { scope: "orders:read", realm: "orders" }),
    "/orders/new": async (request) => {
      const bearer = bearer_token(request);
      const result = require_scope(bearer.ok ? await orders.verify(bearer.token) : bearer, "orders:write");
      return result.ok ? result : { ...result, response: challenge(result) };
    },
    "/partner": (request) => partner.verify_request(request),
    "/tills": (request) => tills.verify_request(request),
  };
  const signer = await createSigner({ jwk: OWN, alg: OWN.alg });
  return async (request) => {
    if (new URL(request.url).pathname === "/own") {
      const token = await signer.sign({ iss: "https://api.example.com", exp: 4_000_000_000 });
      return Response.json({ token, inspection: await inspect(token, { jwks: OWN }) });
    }
    if (new URL(request.url).pathname === "/policy") {
      const { explainPolicy } = await loadPolicyTools();
      return Response.json(explainPolicy(POLICY, { kind: "client_credentials", client: "api" }));
    }
    const result = await routes[new URL(request.url).pathname](request);
    return result.ok ? Response.json({ claims: result.claims, details: result.details }) : result.response;
  };
}
