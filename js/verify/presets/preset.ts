/** What a preset is: rules for one system's access tokens, to be spread into the verifier's options. */

import type { JwkSet, Rules } from "../types.ts";

/** Where the keys are: at the issuer, where the system says so, or where the caller says. */
export type Keys = { jwks_uri: string } | { jwks: JwkSet };

/** Keys that the caller may give in place of the issuer's published ones. */
export interface OtherKeys {
  /** In place of the issuer's own address for them. */
  jwks_uri?: string;
  /** In place of a `jwks_uri`. */
  jwks?: JwkSet;
}

/** The claims that RFC 9068 §2.2 demands, beside `iss`, `exp` and `aud`, which a verifier checks anyway. */
const RFC_9068_CLAIMS = ["sub", "client_id", "iat", "jti"];

/** What is the same in all systems whose access tokens are those of RFC 9068. */
export interface JwtAccessTokens extends OtherKeys {
  issuer: string;
  /** The resource; `null`: any. */
  audience: string | string[] | null;
  /** What the issuer signs with, RFC 8725 §3.1. */
  algorithms: string[];
}

/** Rules for the JWT access tokens of RFC 9068. */
export function jwtAccessTokens({ issuer, audience, algorithms, ...keys }: JwtAccessTokens): Rules & Keys {
  const required_claims = [...RFC_9068_CLAIMS];
  return { ...keysOf(issuer, keys), issuer, audience, algorithms, typ: "at+jwt", required_claims };
}

/** The keys that were given, or else those at `/.well-known/jwks.json` under the issuer. */
export function keysOf(issuer: string, { jwks, jwks_uri }: OtherKeys): Keys {
  if (jwks !== undefined) return { jwks };
  return { jwks_uri: jwks_uri ?? `${issuer.replace(/\/$/, "")}/.well-known/jwks.json` };
}
