/** What `edgegrant/verify` takes and gives. Members of tokens and of RFCs keep their spelling. */

/** A JWK Set, RFC 7517 §5. */
export interface JwkSet {
  keys: Record<string, unknown>[];
}

/** The claims of a JWT, RFC 7519 §4. */
export type Claims = Record<string, unknown>;

/** A JOSE header, RFC 7515 §4. */
export interface Header extends Record<string, unknown> {
  alg: string;
  typ?: string;
  kid?: string;
}

/** What a token must be. Times and lengths of time are in seconds. */
export interface Rules {
  /** The exact `iss`; of several, any. */
  issuer: string | string[];
  /** What `aud` must hold; of several, any. `null`: tokens of this kind have none that matters. */
  audience: string | string[] | null;
  /** The `alg`s that are accepted, RFC 8725 §3.1. */
  algorithms: string[];
  /** The `typ`s that are accepted, RFC 8725 §3.11; without `application/`. `null`: any, or none. Default `at+jwt`. */
  typ?: string | string[] | null;
  /** How far clocks may differ: 0 to 60, default 0. */
  clock_tolerance?: number;
  /** Claims that must be there. `exp` is always among them. */
  required_claims?: string[];
  /** Claims that must have exactly these values. */
  claims?: Record<string, string | number | boolean>;
  /** Oldest accepted age by `iat`; then `iat` is required. */
  max_age?: number;
  /** Scope tokens that every token must have: a space-separated list, or an array. */
  scope?: string | string[];
}

/** Why a token is refused. Stable; documented in docs/verifier.md. */
export type RefusalCode =
  | "token_missing"
  | "request_invalid"
  | "token_too_long"
  | "token_malformed"
  | "header_critical"
  | "algorithm_not_allowed"
  | "typ_mismatch"
  | "jwks_unavailable"
  | "key_not_found"
  | "signature_invalid"
  | "claim_missing"
  | "claim_malformed"
  | "claim_mismatch"
  | "issuer_mismatch"
  | "audience_mismatch"
  | "expired"
  | "not_yet_valid"
  | "issued_in_the_future"
  | "too_old"
  | "scope_insufficient";

/** A refused token: a value, not an exception. `message` says what was expected, and holds no part of a token's signature. */
export interface Refused {
  ok: false;
  code: RefusalCode;
  message: string;
  /** The claim that decided, or the header member. */
  claim?: string;
  expected?: unknown;
  actual?: unknown;
}

/** A token that is good. `details`: what the option of that name made of the claims. */
export interface Verified<Details = undefined> {
  ok: true;
  claims: Claims;
  header: Header;
  key: VerifiedKey;
  details: Details;
}

/** Which key a token was signed with. */
export interface VerifiedKey {
  kid?: string;
  kty: string;
  /** RFC 7638, base64url. */
  thumbprint: string;
}
