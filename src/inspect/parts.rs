//! A text taken apart, as far as it goes.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value};

use super::problem::{self as code, Code, Problems};
use crate::jose::base64url;
use crate::jose::jws::{self, MAX_TOKEN_OCTETS};
use crate::json::{self, JsonError};

/// What the text is, by its shape.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// RFC 7515 §7.1.
    CompactJws,
    /// RFC 7515 §7.2.
    JsonJws,
    /// RFC 7516 §7.1. Only the header is shown.
    CompactJwe,
    /// RFC 7516 §7.2. Only the header is shown.
    JsonJwe,
    /// A compact JWS whose `alg` is `none`, RFC 7519 §6.
    Unsecured,
    /// Other JSON. An object is shown as claims.
    Json,
    /// Anything else.
    Opaque,
}

impl Form {
    pub(super) fn is_encrypted(self) -> bool {
        matches!(self, Self::CompactJwe | Self::JsonJwe)
    }
}

/// What stands where in the text.
pub(super) struct Parts {
    pub(super) form: Form,
    /// Name and text; the header, where there is one, is first.
    pub(super) segments: Vec<(&'static str, String)>,
    /// The header that is not signed, of a JWS in JSON.
    pub(super) unprotected: Map<String, Value>,
    /// JSON that is no token.
    pub(super) claims: Option<Value>,
}

const JWS: &[&str] = &["header", "payload", "signature"];
const JWE: &[&str] = &["header", "encrypted_key", "iv", "ciphertext", "tag"];

impl Parts {
    pub(super) fn of(token: &str, problems: &mut Problems) -> Self {
        let mut text = token.trim();
        if text.len() < token.len() {
            problems.add(code::WHITESPACE_AROUND, "token", "");
        }
        if let Some((word, rest)) = text.split_once(char::is_whitespace)
            && word.eq_ignore_ascii_case("bearer")
        {
            problems.add(code::BEARER_PREFIX, "token", "");
            text = rest.trim_start();
        }
        if text.len() > MAX_TOKEN_OCTETS {
            let found = format!("{} octets, the limit is {MAX_TOKEN_OCTETS}", text.len());
            problems.add(code::TOKEN_TOO_LONG, "token", &found);
            Self::new(Form::Opaque)
        } else if text.starts_with('{') {
            Self::of_json(text, problems)
        } else {
            Self::of_compact(text, problems)
        }
    }

    fn new(form: Form) -> Self {
        Self { form, segments: Vec::new(), unprotected: Map::new(), claims: None }
    }

    fn of_compact(mut text: &str, problems: &mut Problems) -> Self {
        let first = text.split('.').next().unwrap_or_default();
        let is_header = decode("header", first, &mut Problems::default()).trim_ascii().starts_with(b"{");
        if is_header && let Some((jwt, disclosures)) = text.split_once('~') {
            let count = disclosures.split('~').filter(|part| !part.is_empty() && !part.contains('.')).count();
            problems.add(code::SELECTIVE_DISCLOSURE, "token", &format!("{count} of them"));
            text = jwt;
        }
        let found = text.split('.').count();
        if !is_header && found != 3 {
            problems.add(code::NOT_A_TOKEN, "token", "");
            return Self::new(Form::Opaque);
        }
        let (form, names) = if found == 5 { (Form::CompactJwe, JWE) } else { (Form::CompactJws, JWS) };
        if found == 5 {
            problems.add(code::ENCRYPTED, "token", "");
        } else if found != 3 {
            problems.add(code::SEGMENTS_COUNT, "token", &format!("this one {found}"));
        }
        let texts = text.split('.').map(String::from);
        Self { segments: names.iter().copied().zip(texts).collect(), ..Self::new(form) }
    }

    fn of_json(text: &str, problems: &mut Problems) -> Self {
        let Some(mut value) =
            read(text.as_bytes(), "token", (code::NOT_A_TOKEN, code::NOT_A_TOKEN), problems)
        else {
            return Self::new(Form::Opaque);
        };
        let has = |member| value.get(member).is_some();
        let form = if has("ciphertext") {
            problems.add(code::ENCRYPTED, "token", "");
            Form::JsonJwe
        } else if has("payload") || has("signatures") {
            problems.add(code::JSON_SERIALIZATION, "token", "");
            let refusal = match jws::parse_json(text, None) {
                Ok(all) => all.into_iter().find_map(Result::err),
                Err(error) => Some(error),
            };
            if let Some(error) = refusal {
                problems.add(code::JSON_JWS_REFUSED, "token", &error.to_string());
            }
            Form::JsonJws
        } else {
            problems.add(code::NOT_A_TOKEN, "token", "it is JSON, shown as claims");
            return Self { claims: Some(value), ..Self::new(Form::Json) };
        };
        let payload = value.get("payload").and_then(Value::as_str).map(String::from);
        let list = value.get_mut("signatures").and_then(Value::as_array_mut).map(std::mem::take);
        if let Some(count) = list.as_ref().map(Vec::len).filter(|count| *count > 1) {
            problems.add(code::MORE_SIGNATURES, "token", &format!("{count} in all"));
        }
        let mut signature = list.map_or(value, |list| list.into_iter().next().unwrap_or_default());
        let text = |member| signature.get(member).and_then(Value::as_str).map(String::from);
        let texts = [text("protected"), payload, text("signature")];
        let segments = JWS.iter().zip(texts).filter_map(|(name, text)| Some((*name, text?))).collect();
        let unprotected = signature.get_mut("header").and_then(Value::as_object_mut).map(std::mem::take);
        Self { segments, unprotected: unprotected.unwrap_or_default(), ..Self::new(form) }
    }
}

/// The octets of a segment. What is wrong with its text is noted and passed over.
pub(super) fn decode(segment: &'static str, text: &str, problems: &mut Problems) -> Vec<u8> {
    /// Takes the spellings that are not canonical, too.
    const LENIENT: GeneralPurpose =
        GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));

    if let Ok(octets) = base64url::decode(text) {
        return octets;
    }
    let body = text.trim_end_matches('=');
    if body.len() < text.len() {
        problems.add(code::BASE64URL_PADDING, segment, "");
    }
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut clean: String = body
        .chars()
        .map(|c| match c {
            '+' => '-',
            '/' => '_',
            c => c,
        })
        .filter(|c| known(*c))
        .collect();
    let left_over = clean.len() % 4 == 1;
    if let Some((at, wrong)) = body.char_indices().find(|(_, c)| !known(*c)) {
        problems.add(code::BASE64URL_ALPHABET, segment, &format!("{wrong:?} after {at} octets"));
    } else if left_over {
        problems.add(code::BASE64URL_LENGTH, segment, "");
    } else if base64url::decode(&clean).is_err() {
        problems.add(code::BASE64URL_NOT_CANONICAL, segment, "");
    }
    if left_over {
        clean.pop();
    }
    LENIENT.decode(clean).unwrap_or_default()
}

/// The JSON of a segment. What the strict parser refuses is noted, and shown where it can be.
/// `codes`: where it is not UTF-8, where it is not JSON.
pub(super) fn read(octets: &[u8], at: &str, codes: (&Code, &Code), problems: &mut Problems) -> Option<Value> {
    let error = match json::parse(octets) {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    let code = match error {
        JsonError::Utf8 { .. } => codes.0,
        JsonError::Syntax(_) => codes.1,
        JsonError::DuplicateMember { .. } => code::DUPLICATE_MEMBER,
        JsonError::TooDeep { .. } => code::TOO_DEEP,
    };
    problems.add(code, at, &error.to_string());
    json::parse_last_wins(&String::from_utf8_lossy(octets))
}
