// A small API on the edge as a user of the package writes it; verify_package.mjs runs it in each runtime.

import { bearer_token, challenge, createVerifier, require_scope } from "edgegrant/verify";
import { hii_retail } from "edgegrant/verify/presets";

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
  return async (request) => {
    const result = await routes[new URL(request.url).pathname](request);
    return result.ok ? Response.json({ claims: result.claims, details: result.details }) : result.response;
  };
}
