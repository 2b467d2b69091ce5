/** Open Gateway and CAMARA. */

import type { Rules } from "../types.ts";
import { type JwtAccessTokens, jwtAccessTokens, type Keys } from "./preset.ts";

/** Open Gateway: what its access tokens are good for. */
export interface OpenGatewayOptions extends JwtAccessTokens {
  /** The one purpose that is served, a term of the Data Privacy Vocabulary: `dpv:FraudPreventionAndDetection`. */
  purpose?: string;
}

const PURPOSE = /^dpv:[A-Za-z]+$/;

/**
 * Access tokens of Open Gateway, also in its CAMARA form: those of RFC 9068, which carry the purpose in the
 * claim `purpose` and the scope, so that a resource can check both. Without the option `purpose`, some
 * purpose must be there. `sub` is a pairwise name, never the phone number.
 *
 * @throws TypeError a purpose that is not written `dpv:Term`
 *
 * Dialect: "Samples" (the token), "CAMARA differences" (`sub`).
 */
export function open_gateway({ purpose, ...options }: OpenGatewayOptions): Rules & Keys {
  const { required_claims = [], ...rules } = jwtAccessTokens(options);
  if (purpose !== undefined && !PURPOSE.test(purpose)) {
    throw new TypeError(`expected a purpose such as dpv:FraudPreventionAndDetection: ${purpose}`);
  }
  return {
    ...rules,
    required_claims: [...required_claims, "purpose", "scope"],
    ...(purpose !== undefined && { claims: { purpose } }),
  };
}
