/** Whether a token has a scope. */

import type { Claims, Refused, Verified } from "./types.ts";

/** RFC 6749 §3.3: scope-token. */
const TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

/**
 * Refuses a verified token that lacks any of the scope tokens in `scope`; a refusal is handed on as it is.
 *
 * @throws TypeError `scope` is empty, or no scope of RFC 6749 §3.3
 */
export function require_scope<Result extends Verified<unknown> | Refused>(
  result: Result,
  scope: string | string[],
): Result | Refused {
  const required = scopeTokens(scope);
  return result.ok ? (lacking(result.claims, required) ?? result) : result;
}

/**
 * The tokens of a scope that somebody wrote into a program: space-separated, or an array.
 *
 * @throws TypeError there are none, or one is no scope-token of RFC 6749 §3.3
 */
export function scopeTokens(scope: string | string[]): string[] {
  const tokens = read(scope);
  if (tokens === undefined || tokens.length === 0)
    throw new TypeError(`not a scope: ${JSON.stringify(scope)}`);
  return tokens;
}

/** Why claims do not have all of `required`; `undefined`: they have. */
export function lacking(claims: Claims, required: string[]): Refused | undefined {
  // RFC 8693 §4.2, and what some issuers have in its place.
  const claim = claims["scope"] === undefined && claims["scp"] !== undefined ? "scp" : "scope";
  const tokens = read(claims[claim] ?? (claim in claims ? null : []));
  if (tokens === undefined) {
    const message = `${claim} is neither a space-separated scope nor an array of scope tokens`;
    return { ok: false, code: "claim_malformed", message, claim, actual: claims[claim] };
  }
  const missing = required.filter((token) => !tokens.includes(token));
  if (missing.length === 0) return undefined;
  const message = `the token lacks the scope ${missing.join(" ")}`;
  return { ok: false, code: "scope_insufficient", message, claim, expected: required, actual: tokens };
}

/** Of a string or an array; the empty string has none. `undefined`: malformed. */
function read(scope: unknown): string[] | undefined {
  const tokens: unknown = typeof scope === "string" ? (scope === "" ? [] : scope.split(" ")) : scope;
  const isToken = (token: unknown): token is string => typeof token === "string" && TOKEN.test(token);
  return Array.isArray(tokens) && tokens.every(isToken) ? tokens : undefined;
}
