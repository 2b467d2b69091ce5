//! What can be wrong with a token: one row a code.

use serde::Serialize;

use super::source::link;

/// How much a problem matters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Who verifies a JWT refuses it for this, or should.
    Error,
    /// It may be accepted; somebody will be sorry.
    Warning,
    /// Good to know.
    Note,
}

/// One kind of problem.
#[derive(Debug)]
pub struct Code {
    /// Its name, which stays.
    pub name: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The section that says so; see [`link`].
    pub source: &'static str,
    /// What it means, in one sentence without its full stop.
    pub summary: &'static str,
}

/// One problem of one token. The message carries no octet of a signature and no key.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Problem {
    /// The name of its [`Code`].
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The summary of the code and, after a colon, what was found.
    pub message: String,
    /// RFC 6901 JSON pointer under `/header`, `/claims` or `/keys`; or `token`, `header`, `payload`,
    /// `signature`, `keys` for the whole of one.
    pub at: String,
    /// The section that says so.
    pub source: &'static str,
    /// The URL of that section.
    pub link: String,
}

/// The problems found so far.
#[derive(Default)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, code: &Code, at: &str, found: &str) {
        self.add_by(code, code.source, at, found);
    }

    /// With the section that asks for it where that depends on the kind of token.
    pub(super) fn add_by(&mut self, code: &Code, source: &'static str, at: &str, found: &str) {
        let colon = if found.is_empty() { "" } else { ": " };
        self.0.push(Problem {
            code: code.name,
            severity: code.severity,
            message: [code.summary, colon, found].concat(),
            at: at.into(),
            source,
            link: link(source),
        });
    }
}

macro_rules! codes {
    ($($constant:ident $name:literal $severity:ident $source:literal $summary:literal;)*) => {
        $(pub(super) const $constant: &Code =
            &Code { name: $name, severity: Severity::$severity, source: $source, summary: $summary };)*
        /// Every code, in the order of the documentation.
        pub const CODES: &[&Code] = &[$($constant),*];
    };
}

codes! {
    TOKEN_TOO_LONG "token_too_long" Error "RFC 8259 §9" "The token is longer than is read";
    NOT_A_TOKEN "not_a_token" Error "RFC 7519 §7.2" "This is no JWT; an opaque token means something to its issuer alone";
    JSON_SERIALIZATION "json_serialization" Warning "RFC 7519 §1" "A JWS in JSON is no JWT: those are always compact";
    JSON_JWS_REFUSED "json_jws_refused" Error "RFC 7515 §7.2" "The JWS in JSON is not accepted";
    MORE_SIGNATURES "more_signatures" Note "RFC 7515 §7.2.1" "There are more signatures; only the first is shown";
    SELECTIVE_DISCLOSURE "selective_disclosure" Error "RFC 9901 §4" "This is an SD-JWT: behind the token stand disclosures, which a verifier of JWTs does not read";
    WHITESPACE_AROUND "whitespace_around" Note "RFC 7515 §2" "There is whitespace around the token, which is no part of it";
    BEARER_PREFIX "bearer_prefix" Note "RFC 6750 §2.1" "The token stands behind the word Bearer, which is no part of it";
    SEGMENTS_COUNT "segments_count" Error "RFC 7515 §7.1" "A signed token has three segments";
    ENCRYPTED "encrypted" Error "RFC 7516 §3.1" "The token is encrypted: only its recipient can read it, and nothing is decrypted here";
    BASE64URL_PADDING "base64url_padding" Error "RFC 7515 §2" "base64url has no padding here";
    BASE64URL_ALPHABET "base64url_alphabet" Error "RFC 7515 §2" "A character is not in the alphabet of base64url";
    BASE64URL_LENGTH "base64url_length" Error "RFC 7515 §2" "One character is left over, as where a text was cut off";
    BASE64URL_NOT_CANONICAL "base64url_not_canonical" Error "RFC 4648 §3.5" "The unused bits of the last character are not zero: a second spelling of the same octets";
    HEADER_NOT_UTF8 "header_not_utf8" Error "RFC 8725 §3.7" "The header is not UTF-8";
    HEADER_NOT_JSON "header_not_json" Error "RFC 7515 §4" "The header is not JSON";
    HEADER_NOT_OBJECT "header_not_object" Error "RFC 7515 §4" "The header is not a JSON object";
    HEADER_WRONG_TYPE "header_wrong_type" Error "RFC 7515 §4.1" "A member of the header has the wrong JSON type";
    PAYLOAD_NOT_JSON "payload_not_json" Error "RFC 7519 §7.2" "The payload is not JSON, so these are no claims";
    PAYLOAD_NOT_OBJECT "payload_not_object" Error "RFC 7519 §7.2" "The payload is not a JSON object, so these are no claims";
    DUPLICATE_MEMBER "duplicate_member" Error "RFC 7519 §4" "A member stands twice in one object; shown is the last";
    TOO_DEEP "too_deep" Error "RFC 8259 §9" "Arrays and objects are nested deeper than is read";
    ALG_MISSING "alg_missing" Error "RFC 7515 §4.1.1" "The header has no alg";
    ALG_NONE "alg_none" Error "RFC 8725 §3.2" "The algorithm is none: anybody can have written this";
    ALG_UNKNOWN "alg_unknown" Error "RFC 7518 §3.1" "The algorithm is not one that is supported";
    ALG_DEPRECATED "alg_deprecated" Note "RFC 9864 §2.2" "The name EdDSA does not say the curve and is deprecated in favour of Ed25519";
    ALG_SYMMETRIC "alg_symmetric" Note "RFC 7515 §10.5" "Who can verify this token can also make one: the key is shared";
    TYP_MISSING "typ_missing" Note "RFC 8725 §3.11" "The header has no typ that would keep this token from passing for one of another kind";
    CRIT_EMPTY "crit_empty" Error "RFC 7515 §4.1.11" "crit is empty";
    CRIT_UNKNOWN "crit_unknown" Error "RFC 7515 §4.1.11" "crit names what is not understood";
    B64_IN_JWT "b64_in_jwt" Error "RFC 7797 §7" "A JWT has no b64";
    NESTED_TOKEN "nested_token" Error "RFC 7519 §5.2" "The payload is itself a token, by cty: inspect that on its own";
    KEY_IN_HEADER "key_in_header" Warning "RFC 8725 §3.10" "The token brings or points to a key; nobody may trust it for that";
    PRIVATE_KEY_IN_HEADER "private_key_in_header" Error "RFC 7515 §4.1.3" "The key in the header is not public alone: it is given away and must be replaced";
    KID_SUSPICIOUS "kid_suspicious" Note "RFC 8725 §3.10" "The kid looks like a path, a URL or a piece of a query; it is data to compare, nothing else";
    WEAK_KEY "weak_key" Error "RFC 8725 §3.5" "The key is weak";
    KEY_UNUSABLE "key_unusable" Warning "RFC 7517 §5" "A key is passed over";
    KEYS_UNREADABLE "keys_unreadable" Error "RFC 7517 §5" "The keys are neither a JWK nor a JWK Set";
    KID_DUPLICATE "kid_duplicate" Error "RFC 7517 §4.5" "Two keys have one kid";
    KEY_NOT_FOUND "key_not_found" Error "RFC 7515 §6" "None of the keys is the one of this token";
    SIGNATURE_MISSING "signature_missing" Error "RFC 7515 §5.2" "There is no signature";
    SIGNATURE_LENGTH "signature_length" Error "RFC 7515 §5.2" "The signature does not have a length of its algorithm";
    SIGNATURE_INVALID "signature_invalid" Error "RFC 7515 §5.2" "The signature does not verify: other key, or changed content";
    EXPIRED "expired" Error "RFC 7519 §4.1.4" "The token has expired";
    NOT_YET_VALID "not_yet_valid" Error "RFC 7519 §4.1.5" "The token is not valid yet";
    ISSUED_IN_THE_FUTURE "issued_in_the_future" Error "RFC 7519 §4.1.6" "The token says that it is from the future";
    EXP_MISSING "exp_missing" Warning "RFC 7519 §4.1.4" "The token has no exp: it never ends";
    TIME_WRONG_TYPE "time_wrong_type" Error "RFC 7519 §2" "A time is a JSON number of seconds since 1970";
    TIME_IN_MILLISECONDS "time_in_milliseconds" Warning "RFC 7519 §2" "A time seems to be in milliseconds; the unit is the second";
    TIME_OUT_OF_ORDER "time_out_of_order" Warning "RFC 7519 §4.1" "The times contradict each other: the token is never valid";
    LIFETIME_LONG "lifetime_long" Warning "RFC 6750 §5.3" "An access token should not live this long";
    ISS_MISSING "iss_missing" Warning "RFC 8725 §3.8" "The token has no iss, so nothing says whose key is right";
    ISS_NOT_HTTPS "iss_not_https" Note "RFC 8414 §2" "The iss is no https URL, so no metadata can be found by it";
    AUD_MISSING "aud_missing" Warning "RFC 8725 §3.9" "The token has no aud: it is good anywhere";
    AUD_WRONG_TYPE "aud_wrong_type" Error "RFC 7519 §4.1.3" "aud is a string or an array of strings";
    SUB_WRONG_TYPE "sub_wrong_type" Error "RFC 7519 §4.1.2" "sub is a string";
    SCOPE_WRONG_TYPE "scope_wrong_type" Warning "RFC 8693 §4.2" "scope is one string with spaces between its tokens";
    SCOPE_MALFORMED "scope_malformed" Warning "RFC 6749 §3.3" "scope is tokens of printable ASCII with one space between them";
    CLAIM_WRONG_TYPE "claim_wrong_type" Error "RFC 7519 §4" "A claim has the wrong JSON type";
    CLAIM_MISSING "claim_missing" Error "RFC 7519 §4" "A token of this kind must have this claim";
    CLAIM_SECRET "claim_secret" Warning "RFC 7519 §12" "A member is named like a secret; who holds the token can read it";
    NUMBER_PRECISION "number_precision" Warning "RFC 8259 §6" "A number beyond 2^53 is not the same to every reader";
}
