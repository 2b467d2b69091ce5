//! The rules, and what each says of itself. Their ids are stable: they stand in audit events and in
//! error descriptions. `docs/policy-rules.md` is made from this table.

use serde::{Serialize, Serializer};

macro_rules! rules {
    ($($rule:ident = $id:literal, when $when:literal, resolve $resolve:literal;)*) => {
        /// A rule of the policy.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub enum Rule {
            $(#[doc = $when] $rule,)*
        }

        impl Rule {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$rule),*];

            /// The rule's id.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$rule => $id,)* }
            }

            /// When it refuses.
            pub const fn when(self) -> &'static str {
                match self { $(Self::$rule => $when,)* }
            }

            /// What to do about it.
            pub const fn resolve(self) -> &'static str {
                match self { $(Self::$rule => $resolve,)* }
            }
        }
    };
}

rules! {
    ClientInactive = "client.inactive",
        when "The client is not authorized, or its tenant is disabled.",
        resolve "Approve the client again, or enable its tenant.";
    AudienceRequired = "audience.required",
        when "The request names no audience where one must be named.",
        resolve "Send `audience` or `resource`.";
    AudienceUnknown = "audience.unknown",
        when "The issuer knows no resource server of this identifier.",
        resolve "Ask for one of the issuer's `resources`, or add it there.";
    AudienceNotAllowed = "audience.not-allowed",
        when "The client may not have tokens for this audience.",
        resolve "Ask for another; or add it to the client's `resources` and, where the policy lists `audiences`, to the client's there.";
    AudienceBeyondGrant = "audience.beyond-grant",
        when "The subject token is not for this audience (one that names none is for the default audience), and the exchange grant does not add it.",
        resolve "Ask for an audience of the subject token, or add this one to the grant's `audience`.";
    ScopeUnknown = "scope.unknown",
        when "The issuer knows no such scope.",
        resolve "Ask for a part of the issuer's `scope`, or add it there.";
    ScopeNotAllowed = "scope.not-allowed",
        when "The client is not registered for this scope.",
        resolve "Ask for less, or add it to the client's `scope`.";
    ScopeNotInPolicy = "scope.not-in-policy",
        when "The policy does not list this scope, or lists other clients for it.",
        resolve "Add it to the policy's `scopes`, or the client to the scope's `clients`.";
    ScopeNotOfResource = "scope.not-of-resource",
        when "The scope means nothing at an audience asked for.",
        resolve "Ask for the scope of each audience apart.";
    ScopeNotAutoApproved = "scope.not-auto-approved",
        when "Nobody is there to consent, and the scope is not approved in advance for this client.",
        resolve "Ask for less, or add the client to the scope's `auto_approved`.";
    ScopeBeyondSubject = "scope.beyond-subject",
        when "The subject token does not have this scope, and an exchange cannot add to it.",
        resolve "Ask for a part of the subject token's scope.";
    ScopeBeyondGrant = "scope.beyond-grant",
        when "The exchange grant does not cover this scope.",
        resolve "Ask for less, or have the grant's `scope` widened and approved anew.";
    ExchangeNoGrant = "exchange.no-grant",
        when "The policy has no exchange grant of this flow from the one client to the other.",
        resolve "Have a grant approved: see `exchange` in the policy.";
    ExchangeNoJustification = "exchange.no-justification",
        when "The exchange grant lacks `justification`, `approved_by` or `expires_at`, so it does not count.",
        resolve "Write down why, who approved it, and until when.";
    ExchangeNotYetApproved = "exchange.not-yet-approved",
        when "The grant's `approved_at` lies ahead.",
        resolve "Wait until then, or correct the date.";
    ExchangeExpired = "exchange.expired",
        when "The grant's `expires_at` has passed.",
        resolve "Have the grant approved anew.";
    ExchangeSubjectTokenType = "exchange.subject-token-type",
        when "The grant does not take subject tokens of this type.",
        resolve "Exchange a token of a type among the grant's `subject_token_types`, or add this one.";
    ExchangeRequestedTokenType = "exchange.requested-token-type",
        when "The grant does not give tokens of the type asked for.",
        resolve "Ask for a type among the grant's `requested_token_types`, or add this one.";
    ExchangeActorNotAllowed = "exchange.actor-not-allowed",
        when "The subject token's `may_act` names somebody else; or it names nobody, and the actor token is not the client's own.",
        resolve "Act as the party that `may_act` names (RFC 8693 §4.4), or with an actor token of the client that asks.";
    ExchangeDelegationNotAllowed = "exchange.delegation-not-allowed",
        when "The request has an actor token, and the grant is for impersonation alone.",
        resolve "Leave the actor token out, or add `delegation` to the grant's `modes`.";
    ExchangeActTooDeep = "exchange.act-too-deep",
        when "The new token would name more actors than the grant's `max_act_depth`.",
        resolve "Exchange a token of a shorter chain, or have the bound raised.";
    ExchangeConfirmation = "exchange.confirmation",
        when "The subject token is bound to a key in a way that cannot be kept.",
        resolve "Exchange a token whose `cnf` is a `jkt` (RFC 9449) or an `x5t#S256` (RFC 8705).";
    ExchangeNothingLeft = "exchange.nothing-left",
        when "The new token may not outlive the subject token, and that one ends now.",
        resolve "Exchange a fresh token.";
    ExchangeQuotaExhausted = "exchange.quota-exhausted",
        when "The grant's tokens of this day (UTC) are used up.",
        resolve "Wait for `Retry-After`, ask for fewer, or have the grant's `quota` raised.";
    IssuerNotTrusted = "issuer.not-trusted",
        when "The policy does not name the subject token's issuer.",
        resolve "Add it to the policy's `issuers`, with its keys.";
    SubjectUnknown = "subject.unknown",
        when "The subject is not known here, or no longer.",
        resolve "Nothing can be issued for somebody who is not there: add the subject to the directory if that is a mistake.";
    SubjectDisabled = "subject.disabled",
        when "The subject is known and not active.",
        resolve "Activate the subject again.";
    SubjectTokenMalformed = "subject-token.malformed",
        when "The token is not of the form that its type says, or lacks a claim.",
        resolve "Send the token as it was issued, and its type with it.";
    SubjectTokenSignature = "subject-token.signature",
        when "The token is not signed by a key for this kind of token.",
        resolve "Send a token that was issued for exchange here; others do not pass for one.";
    SubjectTokenIssuer = "subject-token.issuer",
        when "The token is of another issuer than its type says.",
        resolve "Send a token of this issuer; for a foreign JWT the type ends in `:jwt`.";
    SubjectTokenAudience = "subject-token.audience",
        when "The token is meant for somebody else.",
        resolve "Send the token to where its `aud` says.";
    SubjectTokenExpired = "subject-token.expired",
        when "The token has expired, or is not yet valid.",
        resolve "Get a fresh one.";
    SubjectTokenClient = "subject-token.client",
        when "The token was made for another client.",
        resolve "Let the client that it was made for exchange it.";
    SubjectTokenUsed = "subject-token.used",
        when "The token was exchanged before, and the grant lets that happen once.",
        resolve "Get a fresh one, or set the grant's `single_use` to false.";
    PurposeUnknown = "purpose.unknown",
        when "The policy does not list this purpose for this scope.",
        resolve "Ask for a purpose and scope that the policy's `purposes` lists.";
    PurposeConsentRequired = "purpose.consent-required",
        when "The legal basis is consent, and none is on record.",
        resolve "Gather consent, then ask again.";
    PurposeConsentRefused = "purpose.consent-refused",
        when "The legal basis is consent, and it was refused or withdrawn.",
        resolve "Respect it.";
    LifetimeCapped = "lifetime.capped",
        when "Never refuses: it says that the policy shortened the lifetime.",
        resolve "Raise `max` in the policy's `lifetimes` if that is not meant.";
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}
