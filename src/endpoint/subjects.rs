//! The body of the generator: a JSON array of subjects, checked whole before anything is made of it.

use std::borrow::Cow;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::error::ProtocolError;
use crate::jose::base64url;
use crate::jose::batch::MAX_COUNT;

/// Longest subject, in bytes of UTF-8.
const LONGEST: usize = 255;

/// Subjects as they came, each the text of a JSON string, so that they go back as they came.
#[derive(Debug)]
pub(super) struct Subjects<'a> {
    raw: Vec<&'a RawValue>,
    /// What they say.
    subjects: Vec<Cow<'a, str>>,
}

impl<'a> Subjects<'a> {
    /// Parses a body.
    ///
    /// # Errors
    /// `invalid_request`, naming the first subject that is wrong, by its index from 0.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, ProtocolError> {
        let wrong = |message: String| Err(ProtocolError::invalid_request(message));
        let text = match std::str::from_utf8(body) {
            Ok(text) => text,
            Err(error) => return wrong(format!("the body is not UTF-8 at octet {}", error.valid_up_to())),
        };
        let raw: Vec<&RawValue> = match serde_json::from_str(text) {
            Ok(raw) => raw,
            Err(error) => {
                return wrong(format!("the body must be a JSON array of member ids: {error}"));
            }
        };
        if raw.is_empty() || raw.len() > MAX_COUNT {
            return wrong(format!("expected 1 to {MAX_COUNT} member ids, found {}", raw.len()));
        }
        let mut subjects = Vec::with_capacity(raw.len());
        for (index, raw) in raw.iter().enumerate() {
            let Some(subject) = decode(raw) else {
                return wrong(format!("the member id at index {index} is not a string"));
            };
            if subject.is_empty() || subject.len() > LONGEST {
                let length = subject.len();
                return wrong(format!(
                    "the member id at index {index} has {length} bytes: expected 1 to {LONGEST}"
                ));
            }
            subjects.push(subject);
        }
        match repeated(&subjects) {
            Some(index) => {
                wrong(format!("the member id at index {index} stands there before: send each once"))
            }
            None => Ok(Self { raw, subjects }),
        }
    }

    /// Each as the text of a JSON string.
    pub(super) fn raw(&self) -> &[&'a RawValue] {
        &self.raw
    }

    /// SHA-256 of all of them in order, each with its length in eight octets before it; base64url.
    pub(super) fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for subject in &self.subjects {
            digest.update((subject.len() as u64).to_be_bytes());
            digest.update(subject.as_bytes());
        }
        base64url::encode(&digest.finalize())
    }
}

/// The first that stands there before, by its index. Sorting takes half of what a set does.
fn repeated(subjects: &[Cow<'_, str>]) -> Option<usize> {
    // Most differ in their first octets, which as a number are compared at once.
    let begin =
        |subject: &str| subject.as_bytes().first_chunk().map_or(0, |begin| u64::from_be_bytes(*begin));
    let mut sorted: Vec<_> =
        subjects.iter().enumerate().map(|(index, subject)| (begin(subject), &**subject, index)).collect();
    sorted.sort_unstable();
    sorted
        .windows(2)
        .filter_map(|pair| match pair {
            [(_, one, _), (_, other, index)] if one == other => Some(*index),
            _ => None,
        })
        .min()
}

/// What a JSON string says; most have no escapes.
fn decode(raw: &RawValue) -> Option<Cow<'_, str>> {
    let text = raw.get();
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(text).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_named() {
        let many = |count: usize| {
            let ids: Vec<String> = (0..count).map(|n| format!("{n:0255}")).collect();
            serde_json::to_string(&ids).unwrap().into_bytes()
        };
        assert_eq!(Subjects::parse(&many(10_000)).unwrap().raw().len(), 10_000);
        assert!(many(10_000).len() < 4 << 20);
        for (body, says) in [
            (&b"[]"[..], "expected 1 to 10000 member ids, found 0"),
            (&many(10_001), "found 10001"),
            (b"", "must be a JSON array"),
            (b"{}", "must be a JSON array"),
            (b"\"a\"", "must be a JSON array"),
            (b"[\"a\"", "must be a JSON array"),
            (b"[\"a\"] x", "must be a JSON array"),
            (b"[\"a\",]", "must be a JSON array"),
            (b"[\"a\n\"]", "must be a JSON array"),
            (b"[\"a\",1]", "index 1 is not a string"),
            (b"[\"a\",null]", "index 1 is not a string"),
            (b"[\"a\",[\"b\"]]", "index 1 is not a string"),
            (b"[\"a\",\"\\ud800\"]", "index 1 is not a string"),
            (b"[\"\"]", "index 0 has 0 bytes"),
            (b"[\"a\",\"\xff\"]", "not UTF-8 at octet 6"),
            (b"[\"a\",\"b\",\"a\"]", "index 2 stands there before"),
            (b"[\"a\",\"\\u0061\"]", "index 1 stands there before"),
            (format!("[\"{}\"]", "a".repeat(256)).as_bytes(), "index 0 has 256 bytes"),
            (format!("[\"{}\"]", "é".repeat(128)).as_bytes(), "index 0 has 256 bytes"),
            (&b"[".repeat(1 << 20), "must be a JSON array"),
        ] {
            let found = Subjects::parse(body).unwrap_err().description;
            assert!(found.contains(says), "{found}: expected {says}");
        }
    }

    #[test]
    fn what_they_say_comes_back_and_their_digest_is_of_that() {
        let body = r#"[ "a\"}", "\u0000\n", "日本" ]"#;
        let subjects = Subjects::parse(body.as_bytes()).unwrap();
        let back: Vec<&str> = subjects.raw().iter().map(|raw| raw.get()).collect();
        assert_eq!(back, [r#""a\"}""#, r#""\u0000\n""#, r#""日本""#]);
        let again = r#"["\u0061\u0022}","\u0000\u000a","\u65e5\u672c"]"#;
        assert_eq!(subjects.digest(), Subjects::parse(again.as_bytes()).unwrap().digest());
        assert_ne!(subjects.digest(), Subjects::parse(br#"["a"]"#).unwrap().digest());
    }
}
