/** What a verifier is made of. */

import type { Mistake } from "./core.ts";
import type { JwksOptions } from "./jwks.ts";
import { scopeTokens } from "./scope.ts";
import type { Claims, JwkSet, Rules } from "./types.ts";

/** What `createVerifier` takes: the rules, the keys, and what surrounds them. */
export interface VerifierOptions<Details = undefined> extends Rules {
  /** The issuer's keys. Either these or `jwks_uri`. */
  jwks?: JwkSet;
  /** Where the issuer publishes its keys: https, or http on loopback. */
  jwks_uri?: string;
  /** How the keys at `jwks_uri` are fetched and kept. */
  jwks_options?: Omit<JwksOptions, "jwks_uri" | "now">;
  /** How many verified tokens are remembered, by hash, until they end: default 0, none. */
  remember?: number;
  /** What to make of a good token's claims; if it throws, the token is refused as `claim_malformed`. */
  details?: (claims: Claims) => Details;
  /** Seconds since 1970; default: the runtime's clock. */
  now?: () => number;
}

/** Options that no verifier can be made of: all mistakes at once. */
export class VerifierOptionsError extends Error {
  override name = "VerifierOptionsError";
  readonly mistakes: Mistake[];

  constructor(mistakes: Mistake[]) {
    super(mistakes.map(({ pointer, message }) => `${pointer || "options"}: ${message}`).join("\n"));
    this.mistakes = mistakes;
  }
}

/** The options, each where it is used. */
export interface Parts<Details> {
  /** JSON, for the core. */
  rules: string;
  scope: string[];
  /** How long a token is good after its `exp`, and after its `iat`; seconds. */
  after_exp: number;
  after_iat: number;
  jwks: JwkSet | undefined;
  jwks_uri: string | undefined;
  jwks_options: Omit<JwksOptions, "jwks_uri" | "now">;
  remember: number;
  details: ((claims: Claims) => Details) | undefined;
  now: () => number;
}

const clock = () => Date.now() / 1000;

/** Takes the options apart; what is wrong with those that are not the core's goes to `mistakes`. */
export function takeApart<Details>(options: VerifierOptions<Details>, mistakes: Mistake[]): Parts<Details> {
  const wrong = (pointer: string, message: string) => mistakes.push({ pointer, message });
  const { jwks, jwks_uri, jwks_options = {}, remember = 0, details, now = clock, scope, ...rules } = options;
  if ((jwks === undefined) === (jwks_uri === undefined)) {
    wrong("/jwks", "expected the issuer's keys either here or, by their address, as jwks_uri");
  }
  if (jwks_uri !== undefined && [rules.algorithms].flat().some((alg) => /^HS/.test(alg))) {
    wrong("/algorithms", "a secret is not published: HMAC wants its keys in jwks");
  }
  if (!Number.isSafeInteger(remember) || remember < 0) wrong("/remember", "expected a whole number");
  if (details !== undefined && typeof details !== "function") wrong("/details", "expected a function");
  let required: string[] = [];
  try {
    if (scope !== undefined) required = scopeTokens(scope);
  } catch {
    wrong("/scope", "expected scope tokens (RFC 6749 §3.3), separated by spaces or in an array");
  }
  const { clock_tolerance = 0, max_age = Number.POSITIVE_INFINITY } = rules;
  return {
    rules: JSON.stringify(rules),
    scope: required,
    after_exp: clock_tolerance,
    after_iat: max_age + clock_tolerance,
    jwks,
    jwks_uri,
    jwks_options,
    remember,
    details,
    now,
  };
}
