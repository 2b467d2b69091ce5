/** What `edgegrant/policy` takes and gives; `src/policy/` makes it. */

import type { Outcome } from "../types.ts";

/**
 * The exports of `src/wasm/policy.rs`. `policy`: `undefined` is that of the call before, which must have answered
 * `ok`. A mistake's pointer begins with `/policy`, `/facts` or `/cases`.
 */
export interface PolicyCore {
  explain_policy(policy: string | undefined, facts: string): Outcome<Decision>;
  /** `now`: seconds since 1970. */
  check_policy(policy: string | undefined, now: number): Outcome<Finding[]>;
  test_policy(policy: string | undefined, cases: string): Outcome<CaseResult[]>;
}

/** What to do with a policy before it is approved. A document is an object, or its JSON text. */
export interface PolicyTools {
  /** What the policy makes of the facts, and by which rules. Throws {@link PolicyError}. */
  explainPolicy(policy: object | string, facts: Facts | string): Decision;
  /**
   * What people should look at. `now`: seconds since 1970; default: the runtime's clock.
   * Throws {@link PolicyError}.
   */
  checkPolicy(policy: object | string, now?: number): Finding[];
  /** Runs tests of the policy, in their order. Throws {@link PolicyError}. */
  testPolicy(policy: object | string, cases: readonly Case[] | string): CaseResult[];
}

/** A decision and how it came about. */
export interface Decision {
  outcome: "granted" | "refused";
  /** Only where nothing refuses. */
  granted?: Granted;
  /** Every rule that had a say, in order. */
  rules: Ruling[];
  /** What would have to be there, for each rule that refuses, in order. */
  missing: string[];
  policy_version: string | null;
}

/** What is granted. */
export interface Granted {
  /** Scope tokens, separated by spaces. */
  scope: string;
  audience: string[];
  /** Seconds. */
  lifetime: number;
  /** Whether the new token names who acts (RFC 8693 §4.1). */
  delegation: boolean;
  /** Whether the exchangeable token is good for one exchange. */
  single_use: boolean;
  /** Tokens a day; without it, as many as are asked for. */
  quota?: number;
  /** The exchange grant: its flow and its parties. */
  grant?: string;
  legal_basis?: LegalBasis;
}

/** Regulation (EU) 2016/679, article 6. */
export type LegalBasis =
  | "consent"
  | "contract"
  | "legal_obligation"
  | "vital_interests"
  | "public_task"
  | "legitimate_interest";

/** What one rule said. */
export interface Ruling {
  rule: RuleId;
  /** Whether it holds; one that does not refuses. */
  holds: boolean;
  /** Why it does not, or what it did. */
  message?: string;
}

/** The rules; docs/policy-rules.md says of each when it refuses and what to do. */
export type RuleId =
  | "client.inactive"
  | "audience.required"
  | "audience.unknown"
  | "audience.not-allowed"
  | "audience.beyond-grant"
  | "scope.unknown"
  | "scope.not-allowed"
  | "scope.not-in-policy"
  | "scope.not-of-resource"
  | "scope.not-auto-approved"
  | "scope.beyond-subject"
  | "scope.beyond-grant"
  | "exchange.no-grant"
  | "exchange.no-justification"
  | "exchange.not-yet-approved"
  | "exchange.expired"
  | "exchange.subject-token-type"
  | "exchange.requested-token-type"
  | "exchange.actor-not-allowed"
  | "exchange.delegation-not-allowed"
  | "exchange.act-too-deep"
  | "exchange.confirmation"
  | "exchange.nothing-left"
  | "exchange.quota-exhausted"
  | "issuer.not-trusted"
  | "subject.unknown"
  | "subject.disabled"
  | "subject-token.malformed"
  | "subject-token.signature"
  | "subject-token.issuer"
  | "subject-token.audience"
  | "subject-token.expired"
  | "subject-token.client"
  | "subject-token.used"
  | "purpose.unknown"
  | "purpose.consent-required"
  | "purpose.consent-refused"
  | "lifetime.capped";

/** Something in a policy to look at. docs/policy.md lists the codes, which stay. */
export interface Finding {
  /** RFC 6901 JSON pointer into the policy. */
  pointer: string;
  /** `error`: the part never does what it says. `warning`: it allows more than is likely meant. */
  severity: "error" | "warning" | "note";
  code: string;
  message: string;
}

/** A test of a policy. */
export interface Case {
  /** Each name stands once. */
  name: string;
  facts: Facts;
  expect: Expect;
}

/** What a decision must be: at least one member. What is left out may be anything. */
export interface Expect {
  outcome?: "granted" | "refused";
  /** The first rule that refuses. */
  rule?: RuleId;
  /** Exactly. */
  scope?: string;
  /** Exactly, in any order. */
  audience?: readonly string[];
  /** Seconds. */
  lifetime?: number;
}

/** What came of a test. */
export interface CaseResult {
  name: string;
  passed: boolean;
  /** What is not as expected. */
  message?: string;
  decision: Decision;
}

/** The facts of a decision. Scope is tokens separated by spaces. */
export type Facts =
  | ClientCredentialsFacts
  | GenerateFacts
  | RedeemFacts
  | ExchangeFacts
  | IdTokenFacts
  | BackchannelFacts
  | RefreshFacts
  | PurposeFacts;

/** Seconds since 1970, or RFC 3339 such as `2026-11-25T00:00:00Z`. */
export type Moment = number | string;

export type SubjectState = "active" | "disabled" | "unknown";

/** RFC 8693 §3, by the last part of their URNs. */
export type TokenType = "access_token" | "refresh_token" | "id_token" | "jwt";

/** What an issuer knows and gives. */
export interface IssuerFacts {
  /** Default: all scopes of the policy. */
  scope?: string;
  /** `scope`: what means something there; default: the issuer's. */
  resources?: readonly { identifier: string; scope?: string }[];
  /** Of a token whose request names none. Default: `issuer`. */
  default_audience?: string;
  /** Default: false. */
  audience_required?: boolean;
  /** Seconds, where the policy says nothing. Default: 3600. */
  access_token_lifetime?: number;
}

/** A client as it is registered. A `client_id` alone stands for one with all the defaults. */
export interface ClientFacts {
  client_id: string;
  /** Default: the issuer's. */
  scope?: string;
  /** What it gets when it asks for none. Default: its scope. */
  default_scope?: string;
  /** Default: all of the issuer's. */
  resources?: readonly string[];
  /** Default: true. */
  active?: boolean;
}

/** The client whose tokens are exchanged. A `client_id` alone stands for one that is active. */
export interface PartyFacts {
  client_id: string;
  /** Default: true. */
  active?: boolean;
}

/** A client asks for a token of its own. */
export interface ClientCredentialsFacts {
  kind: "client_credentials";
  issuer?: IssuerFacts;
  client: string | ClientFacts;
  /** What is asked for. */
  scope?: string;
  /** What is asked for. */
  audience?: readonly string[];
}

/** A client has exchangeable tokens generated for another one. */
export interface GenerateFacts {
  kind: "generate";
  issuer?: IssuerFacts;
  from: string | PartyFacts;
  to: string | ClientFacts;
  /** What is asked for. Default: all that can be had. */
  scope?: string;
  /** Default: 1. */
  count?: number;
  /** Tokens of the grant on this day. Default: 0. */
  used?: number;
  now: Moment;
}

/** A client redeems an exchangeable token. */
export interface RedeemFacts {
  kind: "redeem";
  issuer?: IssuerFacts;
  from: string | PartyFacts;
  to: string | ClientFacts;
  /** The exchangeable token. Default: of somebody who is active. */
  subject: { sub?: string; state?: SubjectState; scope: string };
  /** What is asked for. Default: the token's. */
  scope?: string;
  /** What is asked for. Default: the default audience. */
  audience?: readonly string[];
  now: Moment;
}

/** A client exchanges a token, RFC 8693. Either `from` or `from_issuer`. */
export interface ExchangeFacts {
  kind: "exchange";
  issuer?: IssuerFacts;
  /** The client that the subject token was issued to. */
  from?: string | PartyFacts;
  /** The foreign issuer of the subject token. */
  from_issuer?: string;
  to: string | ClientFacts;
  subject: SubjectTokenFacts;
  /** The actor token, or its `sub` alone. `own`: whether it was issued to `to`; default true. */
  actor?: string | { sub: string; own?: boolean };
  /** What is asked for. Default: all that can be had. */
  scope?: string;
  /** What is asked for. Default: the subject token's. */
  audience?: readonly string[];
  /** Default: `access_token`. */
  requested_token_type?: TokenType;
  /** Tokens of the grant on this day. Default: 0. */
  used?: number;
  now: Moment;
}

/** What a subject token says, and what is known of its subject. */
export interface SubjectTokenFacts {
  /** Default: `access_token`. */
  token_type?: TokenType;
  sub?: string;
  /** Default: `active`. */
  state?: SubjectState;
  /** Without it, the token says nothing that counts here. */
  scope?: string;
  /** Default: the default audience. */
  audience?: readonly string[];
  expires_at: Moment;
  /** How many actors it names. Default: 0. */
  act_depth?: number;
  /** The `sub` of its `may_act`. */
  may_act?: string;
}

/** A client exchanges an id token of another one. */
export interface IdTokenFacts {
  kind: "id_token";
  issuer?: IssuerFacts;
  from: string | PartyFacts;
  to: string | ClientFacts;
  /** Default: somebody who is active. */
  subject?: { sub?: string; state?: SubjectState };
  /** What is asked for. Default: what the client gets when it asks for none. */
  scope?: string;
  /** What is asked for. Default: the default audience. */
  audience?: readonly string[];
  /** Tokens of the grant on this day. Default: 0. */
  used?: number;
  now: Moment;
}

/** A client asks for somebody who is asked elsewhere, or comes for more (CIBA Core). */
export interface BackchannelFacts {
  kind: "backchannel";
  issuer?: IssuerFacts;
  client: string | ClientFacts;
  /** Who is asked. Default: somebody who is active. */
  subject?: { sub?: string; state?: SubjectState };
  /** What is asked for. */
  scope: string;
  /** What is asked for. Default: the default audience. */
  audience?: readonly string[];
  /** What the data is for. Default: nothing in particular. */
  purpose?: string;
  /** The person's, to `purpose`. Default: `unknown`. */
  consent?: "given" | "refused" | "unknown";
  /** What is left of the refresh token, in seconds. Default: it is no refresh. */
  left?: number;
}

/** A client refreshes what it had by an exchange. Either `from` or `from_issuer`. */
export interface RefreshFacts {
  kind: "refresh";
  issuer?: IssuerFacts;
  /** How it was had. */
  flow: "token_exchange" | "exchangeable_token" | "id_token";
  /** The client whose token it was had for. */
  from?: string | PartyFacts;
  /** The foreign issuer of that token. */
  from_issuer?: string;
  to: string | ClientFacts;
  /** Default: somebody who is active. */
  subject?: { sub?: string; state?: SubjectState };
  /** What was granted originally, or a part of it. */
  scope: string;
  /** What was granted originally. Default: the default audience. */
  audience?: readonly string[];
  /** What the data is for. Default: nothing in particular. */
  purpose?: string;
  /** The person's, to `purpose`, for `from`. Default: `unknown`. */
  consent?: "given" | "refused" | "unknown";
  /** When the refresh token ends. */
  ends_at: Moment;
  now: Moment;
}

/** Data are to be processed for a purpose. */
export interface PurposeFacts {
  kind: "purpose";
  purpose: string;
  scope: string;
  /** Default: `unknown`. */
  consent?: "given" | "refused" | "unknown";
}
