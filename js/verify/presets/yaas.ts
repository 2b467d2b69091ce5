/** SAP Hybris as a Service. */

import type { Rules } from "../types.ts";
import { type JwtAccessTokens, jwtAccessTokens, type Keys } from "./preset.ts";

/** YaaS: what its access tokens are good for. */
export interface YaasOptions extends JwtAccessTokens {
  /** Demands the scope token `hybris.tenant=<tenant>`, by which a request names its tenant. */
  tenant?: string;
}

/**
 * Access tokens of YaaS, which says nothing about their inside: they are those of RFC 9068. An id_token, which
 * is an `id_token_hint` there and no access token, has another `typ`, and is refused.
 *
 * Dialect: "id_token", and "Single sign-on" for the scope that names the tenant.
 */
export function yaas({ tenant, ...options }: YaasOptions): Rules & Keys {
  const rules = jwtAccessTokens(options);
  return tenant === undefined ? rules : { ...rules, scope: [`hybris.tenant=${tenant}`] };
}
