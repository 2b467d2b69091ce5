/** Bearer tokens in requests, and the answers to those that are refused: RFC 6750. */

import { scopeTokens } from "./scope.ts";
import type { RefusalCode, Refused } from "./types.ts";

/** RFC 6750 §2.1. */
const CREDENTIALS = /^bearer +([\w.~+/-]+=*)$/i;
const BEARER = /^bearer(?=[\s,]|$)/i;
/** Two fields of one name arrive as one, joined by a comma, which no bearer token holds. */
const SECOND_BEARER = /, *bearer(?=[\s,]|$)/i;

/**
 * The token of the request's `Authorization` field, RFC 6750 §2.1: the only place where it is accepted.
 * Neither a query parameter (RFC 9700 §4.3.2) nor a body is one.
 */
export function bearer_token(request: Request): { ok: true; token: string } | Refused {
  const field = request.headers.get("authorization") ?? "";
  if (!BEARER.test(field) && !SECOND_BEARER.test(field)) {
    return refusal("token_missing", "expected the header field Authorization: Bearer <token>");
  }
  const token = CREDENTIALS.exec(field)?.[1];
  if (token === undefined)
    return refusal("request_invalid", "expected Authorization: Bearer and exactly one token");
  if (new URL(request.url).searchParams.has("access_token")) {
    // RFC 6750 §2: clients use one method a request.
    return refusal("request_invalid", "the token came in two ways; expected no query parameter access_token");
  }
  return { ok: true, token };
}

function refusal(code: RefusalCode, message: string): Refused {
  return { ok: false, code, message };
}

/** What a challenge says beside the error. */
export interface ChallengeOptions {
  /** RFC 9110 §11.5. */
  realm?: string;
  /** The scope that the resource demands; of `scope_insufficient`, the one demanded then is the default. */
  scope?: string | string[];
  /** In place of the status that RFC 6750 §3.1 gives. */
  status?: number;
  /** Where the resource's metadata is, RFC 9728 §5.1. */
  resource_metadata?: string;
}

/** The answer's status, its `error` (RFC 6750 §3.1), and whether it challenges. */
type Kind = readonly [status: number, error: string | undefined, challenges: boolean];
const KINDS: Partial<Record<RefusalCode, Kind>> = {
  // RFC 6750 §3.1: to a request without a token nothing is said about one.
  token_missing: [401, undefined, true],
  request_invalid: [400, "invalid_request", true],
  scope_insufficient: [403, "insufficient_scope", true],
  // The token may be good: no client should throw it away for this.
  jwks_unavailable: [503, "temporarily_unavailable", false],
};
const INVALID_TOKEN: Kind = [401, "invalid_token", true];

/** When to ask again where the key set is unavailable, seconds. */
const RETRY_AFTER = "5";
/** Longest `error_description`, characters. */
const LONGEST = 300;

/**
 * The answer to a request with a refused token: RFC 6750 §3. Its body is
 * `{"error": …, "error_description": …}`, and empty where the request had no token.
 *
 * @throws TypeError an option that has no place in a header field: an unquotable realm, no scope, no URL
 */
export function challenge(refused: Refused, options: ChallengeOptions = {}): Response {
  const [status, error, challenges] = KINDS[refused.code] ?? INVALID_TOKEN;
  const description = error && describe(refused.message);
  const headers = new Headers({ "cache-control": "no-store" });
  if (challenges) {
    const parameters = {
      realm: options.realm,
      error,
      error_description: description,
      scope: demanded(refused, options),
      resource_metadata: options.resource_metadata && new URL(options.resource_metadata).href,
    };
    headers.set("www-authenticate", `Bearer ${quote(parameters)}`.trimEnd());
  } else {
    headers.set("retry-after", RETRY_AFTER);
  }
  if (error !== undefined) headers.set("content-type", "application/json");
  const body = error === undefined ? null : JSON.stringify({ error, error_description: description });
  return new Response(body, { status: options.status ?? status, headers });
}

function demanded({ code, expected }: Refused, { scope }: ChallengeOptions): string | undefined {
  if (scope !== undefined) return scopeTokens(scope).join(" ");
  const isScope = code === "scope_insufficient" && Array.isArray(expected);
  return isScope ? scopeTokens(expected).join(" ") : undefined;
}

/** RFC 6750 §3: the characters of `error_description`. None of them needs quoting within a quoted string. */
const PLAIN = /^[\x20\x21\x23-\x5B\x5D-\x7E]*$/;
const NOT_PLAIN = /[^\x20\x21\x23-\x5B\x5D-\x7E]/g;

function describe(message: string): string {
  return message.slice(0, LONGEST).replaceAll('"', "'").replace(NOT_PLAIN, "?");
}

function quote(parameters: Record<string, string | undefined>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return given
    .map(([name, value = ""]) => {
      if (!PLAIN.test(value)) throw new TypeError(`${name} cannot be quoted: ${JSON.stringify(value)}`);
      return `${name}="${value}"`;
    })
    .join(", ");
}
