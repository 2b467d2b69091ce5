//! What kind of token it is: one row a kind, one row a sign of it.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Form;
use super::source::link;
use crate::jose::jws::same_media_type;

/// What a token seems to be. Only its signature and its issuer can tell for certain.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Kind {
    /// Its name for programs.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The section that defines it.
    pub source: &'static str,
    /// The URL of that section.
    pub link: String,
    /// The members that decided.
    pub why: Vec<String>,
}

/// A kind, and what its specification asks of it.
#[derive(Clone, Copy)]
pub(super) struct Row {
    code: &'static str,
    name: &'static str,
    pub(super) source: &'static str,
    /// Header members that it must have besides those of any token.
    pub(super) header: &'static [&'static str],
    /// Claims that it must have.
    pub(super) claims: &'static [&'static str],
    /// `iss` is an issuer, not a client.
    pub(super) by_issuer: bool,
    /// It is an access token.
    pub(super) is_access: bool,
    /// No specification says what it must have.
    pub(super) is_general: bool,
}

const fn row(
    code: &'static str,
    name: &'static str,
    source: &'static str,
    claims: &'static [&'static str],
) -> Row {
    Row { code, name, source, header: &[], claims, by_issuer: true, is_access: false, is_general: false }
}

const ACCESS_TOKEN: Row = Row {
    is_access: true,
    ..row(
        "access_token",
        "JWT access token",
        "RFC 9068 §2.2",
        &["iss", "exp", "aud", "sub", "client_id", "iat", "jti"],
    )
};
const GENERAL_ACCESS_TOKEN: Row = Row {
    is_access: true,
    is_general: true,
    ..row("jwt_access_token", "access token as a JWT, in no standard's form", "RFC 6749 §1.4", &[])
};
const EXCHANGEABLE_TOKEN: Row = Row {
    is_general: true,
    ..row("exchangeable_token", "token to be exchanged for an access token", "RFC 8693 §2.1", &[])
};
const ID_TOKEN: Row = row("id_token", "ID Token", "OIDC Core §2", &["iss", "sub", "aud", "exp", "iat"]);
const CIBA_ID_TOKEN: Row = row(
    "ciba_id_token",
    "ID Token of a CIBA push",
    "CIBA Core §10.3.1",
    &["iss", "sub", "aud", "exp", "iat", "at_hash"],
);
const LOGOUT_TOKEN: Row = row(
    "logout_token",
    "Logout Token",
    "OIDC Back-Channel Logout §2.4",
    &["iss", "aud", "iat", "exp", "jti", "events"],
);
const SECURITY_EVENT: Row =
    row("security_event_token", "Security Event Token", "RFC 8417 §2.2", &["iss", "iat", "jti", "events"]);
const DPOP_PROOF: Row = Row {
    header: &["jwk"],
    ..row("dpop_proof", "DPoP proof", "RFC 9449 §4.2", &["jti", "htm", "htu", "iat"])
};
const CLIENT_ASSERTION: Row = Row {
    by_issuer: false,
    ..row(
        "client_assertion",
        "assertion by which a client authenticates",
        "RFC 7523 §3",
        &["iss", "sub", "aud", "exp"],
    )
};
const REQUEST_OBJECT: Row = Row {
    by_issuer: false,
    ..row("request_object", "Request Object", "RFC 9101 §4", &["client_id", "response_type"])
};
const INTROSPECTION: Row = row(
    "introspection_response",
    "introspection response",
    "RFC 9701 §5",
    &["iss", "aud", "iat", "token_introspection"],
);
const SD_JWT: Row = row("sd_jwt", "SD-JWT", "RFC 9901 §4.1", &[]);
const KEY_BINDING: Row =
    row("key_binding_jwt", "Key Binding JWT", "RFC 9901 §4.3", &["iat", "aud", "nonce", "sd_hash"]);
const JWT: Row = Row { is_general: true, ..row("jwt", "JWT", "RFC 7519 §3", &[]) };
const JWS: Row = row("jws", "signed content that is no claims", "RFC 7515 §3", &[]);
const JWE: Row = row("jwe", "encrypted content", "RFC 7516 §3", &[]);
const OPAQUE: Row = row("opaque", "opaque token", "RFC 6749 §1.4", &[]);

/// A sign of a kind.
#[derive(Clone, Copy)]
enum Sign {
    /// `typ` is this media type.
    Typ(&'static str),
    /// `typ` is of the media types with this suffix.
    Suffix(&'static str),
    /// The claim is there.
    Has(&'static str),
    /// The claim is not there.
    Lacks(&'static str),
    /// The claim is an array.
    Array(&'static str),
    /// Both claims are there and equal.
    Equal(&'static str, &'static str),
    /// `events` holds this.
    Event(&'static str),
}
use Sign::{Array, Equal, Event, Has, Lacks, Suffix, Typ};

/// The first whose signs are all there.
const RULES: &[(&Row, &[Sign])] = &[
    (&ACCESS_TOKEN, &[Typ("at+jwt")]),
    (&LOGOUT_TOKEN, &[Typ("logout+jwt")]),
    (&DPOP_PROOF, &[Typ("dpop+jwt")]),
    (&CLIENT_ASSERTION, &[Typ("client-authentication+jwt")]),
    (&REQUEST_OBJECT, &[Typ("oauth-authz-req+jwt")]),
    (&INTROSPECTION, &[Typ("token-introspection+jwt")]),
    (&SECURITY_EVENT, &[Typ("secevent+jwt")]),
    (&KEY_BINDING, &[Typ("kb+jwt")]),
    (&SD_JWT, &[Suffix("+sd-jwt")]),
    (&SD_JWT, &[Has("_sd_alg")]),
    (&SD_JWT, &[Has("_sd")]),
    (&LOGOUT_TOKEN, &[Event("http://schemas.openid.net/event/backchannel-logout")]),
    (&SECURITY_EVENT, &[Has("events")]),
    (&CIBA_ID_TOKEN, &[Has("urn:openid:params:jwt:claim:auth_req_id")]),
    (&INTROSPECTION, &[Has("token_introspection")]),
    (&REQUEST_OBJECT, &[Has("response_type"), Has("client_id")]),
    (&EXCHANGEABLE_TOKEN, &[Array("scope"), Has("client_id"), Has("sub"), Has("jti")]),
    (&ID_TOKEN, &[Has("nonce"), Lacks("scope"), Lacks("scp")]),
    (&ID_TOKEN, &[Has("at_hash")]),
    (&ID_TOKEN, &[Has("c_hash")]),
    (&ID_TOKEN, &[Has("auth_time"), Lacks("scope"), Lacks("scp"), Lacks("client_id")]),
    (&GENERAL_ACCESS_TOKEN, &[Has("scope")]),
    (&GENERAL_ACCESS_TOKEN, &[Has("scp")]),
    (&GENERAL_ACCESS_TOKEN, &[Has("client_id")]),
    (&CLIENT_ASSERTION, &[Equal("iss", "sub"), Has("aud")]),
];

/// Guesses.
pub(super) fn of(
    form: Form,
    header: Option<&Value>,
    claims: Option<&Map<String, Value>>,
) -> (&'static Row, Kind) {
    let typ = header.and_then(|header| header.get("typ")).and_then(Value::as_str);
    let claim = |name: &str| claims.and_then(|claims| claims.get(name));
    let shows = |sign: &Sign| match *sign {
        Typ(wanted) => typ.is_some_and(|typ| same_media_type(typ, wanted)),
        Suffix(suffix) => typ.is_some_and(|typ| typ.ends_with(suffix)),
        Has(name) => claim(name).is_some(),
        Lacks(name) => claim(name).is_none(),
        Array(name) => claim(name).is_some_and(Value::is_array),
        Equal(one, other) => claim(one).is_some() && claim(one) == claim(other),
        Event(name) => claim("events").is_some_and(|events| events.get(name).is_some()),
    };
    let fallback = match form {
        Form::Opaque => &OPAQUE,
        form if form.is_encrypted() => &JWE,
        _ if claims.is_some() => &JWT,
        _ => &JWS,
    };
    let rule = RULES.iter().find(|(_, signs)| signs.iter().all(shows));
    let (row, signs) = rule.map_or((fallback, &[] as &[Sign]), |(row, signs)| (*row, *signs));
    let why = signs.iter().map(|sign| sign.words()).collect();
    (row, Kind { code: row.code, name: row.name, source: row.source, link: link(row.source), why })
}

impl Sign {
    fn words(self) -> String {
        match self {
            Typ(typ) => ["typ is ", typ].concat(),
            Suffix(suffix) => ["typ ends with ", suffix].concat(),
            Has(name) => ["it has ", name].concat(),
            Lacks(name) => ["it has no ", name].concat(),
            Array(name) => [name, " is an array"].concat(),
            Equal(one, other) => [one, " equals ", other].concat(),
            Event(name) => ["events has ", name].concat(),
        }
    }
}
