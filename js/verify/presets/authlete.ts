/** Authlete's back-end API for CIBA. */

import type { Rules } from "../types.ts";
import { type JwtAccessTokens, jwtAccessTokens, type Keys } from "./preset.ts";

/**
 * Access tokens of a service that is driven by Authlete's API: what its answers hold as `jwtAccessToken`.
 * The API puts nothing of its own into them, so they are those of RFC 9068. `subject` is their `sub`,
 * `resources` their `aud`.
 *
 * The API's `/service/jwks/get` wants the service's credentials: give the front end's public `jwks_uri`
 * where it is not the issuer's `/.well-known/jwks.json`.
 *
 * Dialect: `POST /backchannel/authentication/complete`, `POST /auth/token`.
 */
export function authlete(options: JwtAccessTokens): Rules & Keys {
  return jwtAccessTokens(options);
}
