//! Every part of a token explained, and none of it believed.
//!
//! [`inspect`] takes any text. What a strict reader refuses is shown all the same where it can be, and
//! is a [`Problem`] with a code that stays ([`CODES`], docs/inspection.md). A text that
//! [`Unverified::parse`](crate::jose::jws::Unverified::parse) or
//! [`Claims::parse`](crate::jose::jwt::Claims::parse) refuses has a problem of [`Severity::Error`].
//!
//! | file | what |
//! | --- | --- |
//! | `parts.rs` | the text taken apart |
//! | `problem.rs` | the codes |
//! | `kind.rs`, `algorithm.rs`, `member.rs`, `source.rs` | tables: kinds of tokens, algorithms, members, links |
//! | `header.rs`, `claims.rs`, `key.rs` | what can be wrong |
//! | `when.rs` | times in words |

mod algorithm;
mod claims;
mod header;
mod key;
mod kind;
mod member;
mod parts;
mod problem;
mod source;
mod when;

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};

pub use algorithm::Algorithm;
pub use key::{Signature, Status};
pub use kind::Kind;
pub use member::Member;
pub use parts::Form;
use parts::Parts;
use problem as code;
use problem::Problems;
pub use problem::{CODES, Code, Problem, Severity};
pub use source::link;
pub use when::Time;

/// All that a token says, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    /// What the text is, by its shape.
    pub form: Form,
    /// What the token seems to be.
    pub kind: Kind,
    /// What stands between the dots.
    pub segments: Vec<Segment>,
    /// The header; of a JWS in JSON, both halves of it. Where a member stands twice, the last.
    pub header: Option<Value>,
    /// The payload, where it is JSON. Where a member stands twice, the last.
    pub claims: Option<Value>,
    /// The payload, where it is not JSON.
    pub payload: Option<Payload>,
    /// What `alg` says.
    pub algorithm: Option<Algorithm>,
    /// The claims that are times.
    pub times: Vec<Time>,
    /// From `iat` to `exp`, in words.
    pub lifetime: Option<String>,
    /// What the known members mean.
    pub members: Vec<Member>,
    /// The signature.
    pub signature: Signature,
    /// What is wrong, in the order of the token.
    pub problems: Vec<Problem>,
}

/// A part of the token's text.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Segment {
    /// `header`, `payload`, `signature`, or one of JWE's.
    pub name: &'static str,
    /// Octets of its text.
    pub text_octets: usize,
    /// Octets that the text stands for.
    pub octets: usize,
}

/// A payload that is not JSON.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// UTF-8.
    Text(String),
    /// Anything else, in hexadecimal digits.
    Hex(String),
}

/// Explains a text that should be a token. Of a text that is longer than
/// [`MAX_TOKEN_OCTETS`](crate::jose::jws::MAX_TOKEN_OCTETS) nothing is read.
///
/// `keys` is the text of a JWK or a JWK Set, to check the signature with; at most 100 keys are read.
/// `now` is in seconds since 1970, not after the year 9999, and is compared without leeway.
pub fn inspect(token: &str, keys: Option<&str>, now: u64) -> Inspection {
    let now = i64::try_from(now).unwrap_or(when::LAST).min(when::LAST);
    let mut problems = Problems::default();
    let Parts { mut form, segments: texts, mut unprotected, claims: mut payload_json } =
        Parts::of(token, &mut problems);

    let (mut header, mut payload, mut signature) = (None, None, None);
    let mut segments = Vec::new();
    for (name, text) in &texts {
        let unencoded = |header: &Value| header.get("b64") == Some(&Value::Bool(false));
        let octets = if *name == "payload" && header.as_ref().is_some_and(unencoded) {
            text.as_bytes().to_vec()
        } else {
            parts::decode(name, text, &mut problems)
        };
        segments.push(Segment { name, text_octets: text.len(), octets: octets.len() });
        match *name {
            "header" => header = read_header(&octets, &mut unprotected, &mut problems),
            "payload" => (payload_json, payload) = read_payload(octets, form, &mut problems),
            "signature" => signature = Some(octets),
            _ => {}
        }
    }
    if header.is_none() && !unprotected.is_empty() {
        header = Some(Value::Object(unprotected));
    }
    let text = |member| Some(header.as_ref()?.get(member)?.as_str()?.to_owned());
    let (alg, kid) = (text("alg"), text("kid"));
    let is_unsecured = alg.as_ref().is_some_and(|alg| alg.trim().eq_ignore_ascii_case("none"));
    if is_unsecured && form == Form::CompactJws {
        form = Form::Unsecured;
    }

    let claims = payload_json.as_ref().and_then(Value::as_object);
    let (row, kind) = kind::of(form, header.as_ref(), claims);
    if let Some(members) = header.as_ref().and_then(Value::as_object) {
        header::check(members, form, row.header, &mut problems);
    }
    let (times, lifetime) =
        claims.map(|claims| claims::check(claims, row, now, &mut problems)).unwrap_or_default();
    for (at, value) in [("/header", &header), ("/claims", &payload_json)] {
        if let Some(value) = value {
            claims::walk(value, &mut at.into(), &mut problems);
        }
    }

    let algorithm = alg.as_deref().and_then(Algorithm::named);
    let mut state = Signature { status: Status::NotChecked, alg, kid, thumbprint: None };
    if let Some(octets) = signature.filter(|_| !is_unsecured) {
        measure(octets.len(), algorithm.as_ref(), &mut problems);
        if let Some(keys) = keys {
            let text = |name| texts.iter().find(|part| part.0 == name).map_or("", |part| &part.1);
            state.check(keys, &[text("header"), ".", text("payload")].concat(), &octets, &mut problems);
        }
    }
    Inspection {
        form,
        kind,
        segments,
        members: member::explain(header.as_ref(), payload_json.as_ref()),
        header,
        claims: payload_json,
        payload,
        algorithm,
        times,
        lifetime: lifetime.map(when::words),
        signature: state,
        problems: problems.0,
    }
}

fn read_header(
    octets: &[u8],
    unprotected: &mut Map<String, Value>,
    problems: &mut Problems,
) -> Option<Value> {
    let codes = (code::HEADER_NOT_UTF8, code::HEADER_NOT_JSON);
    let mut header = parts::read(octets, "header", codes, problems)?;
    match header.as_object_mut() {
        Some(members) => members.append(unprotected),
        None => problems.add(code::HEADER_NOT_OBJECT, "header", ""),
    }
    Some(header)
}

/// The payload as JSON or else as it is. Content that is no claims is a problem of a JWT only.
fn read_payload(octets: Vec<u8>, form: Form, problems: &mut Problems) -> (Option<Value>, Option<Payload>) {
    let mut found = Problems::default();
    let codes = (code::PAYLOAD_NOT_JSON, code::PAYLOAD_NOT_JSON);
    let value = parts::read(&octets, "payload", codes, &mut found);
    if value.as_ref().is_some_and(|value| !value.is_object()) {
        found.add(code::PAYLOAD_NOT_OBJECT, "payload", "");
    }
    if form == Form::CompactJws {
        problems.0.append(&mut found.0);
    }
    if value.is_some() {
        return (value, None);
    }
    let payload = match String::from_utf8(octets) {
        Ok(text) => Payload::Text(text),
        Err(error) => {
            let mut hex = String::new();
            for octet in error.as_bytes() {
                // Writing to a String does not fail.
                let _ = write!(hex, "{octet:02x}");
            }
            Payload::Hex(hex)
        }
    };
    (None, Some(payload))
}

fn measure(octets: usize, algorithm: Option<&Algorithm>, problems: &mut Problems) {
    if octets == 0 {
        return problems.add(code::SIGNATURE_MISSING, "signature", "");
    }
    if let Some((least, most)) = algorithm.map(|algorithm| algorithm.octets)
        && !(least..=most).contains(&octets)
    {
        let found = format!("{octets} octets, expected {least} to {most}");
        problems.add(code::SIGNATURE_LENGTH, "signature", &found);
    }
}
