//! Typed records: a record of one kind can never be read as another, whatever a client sends.
//!
//! A key is `kind/partition`, and the partition is a hash, so nothing that a client sends becomes
//! part of a key. A value is an envelope that repeats kind and schema version.

use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand_core::Rng;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::host::{Check, Commit, Failure, Host, Put, Role, Versioned};
use crate::json;
use crate::time::Timestamp;

/// A kind of record.
pub trait Record: Serialize + Sized {
    /// Its name: the first segment of its keys.
    const KIND: &'static str;
    /// The version of its fields. A reader refuses what it does not know.
    const VERSION: u32;
    /// The store that holds it.
    const ROLE: Role;

    /// Reads its fields; `None` where one is missing or of another type. By hand: what serde derives for seven
    /// kinds would be 50 KB of the module.
    fn parse(fields: &Value) -> Option<Self>;

    /// When it ends. Stored in the envelope too, since a store may keep it for longer.
    fn expires_at(&self) -> Option<Timestamp>;
}

/// A field that is a text.
pub(super) fn text(fields: &Value, name: &str) -> Option<String> {
    fields.get(name)?.as_str().map(str::to_owned)
}

/// A field that is an array of texts.
pub(super) fn texts(fields: &Value, name: &str) -> Option<Vec<String>> {
    fields.get(name)?.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// So many octets of the request's entropy, as base64url.
pub(super) fn random(host: &Host, octets: usize) -> String {
    let mut random = vec![0; octets];
    host.rng().fill_bytes(&mut random);
    URL_SAFE_NO_PAD.encode(random)
}

/// A record that was read, and its version: what [`Key::replace`] needs.
#[derive(Clone, Debug)]
pub struct Found<R> {
    /// The record.
    pub record: R,
    version: String,
}

/// The key of one record of kind `R`.
#[derive(Clone, Debug)]
pub struct Key<R> {
    text: String,
    kind: PhantomData<R>,
}

impl<R: Record> Key<R> {
    /// The key of what `parts` name together. Each part is hashed with its length, so that no two
    /// lists of parts give one key.
    pub fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let text = format!("{}/{}", R::KIND, URL_SAFE_NO_PAD.encode(hash.finalize()));
        Self { text, kind: PhantomData }
    }

    /// Writes `record` under this key.
    pub fn put(&self, record: &R) -> Put {
        let expires_at = record.expires_at().map(Timestamp::seconds);
        let envelope = Envelope { kind: R::KIND, version: R::VERSION, expires_at, record };
        // A record is plain data, which always serializes; an empty value would read as corrupt.
        let value = serde_json::to_string(&envelope).unwrap_or_default();
        Put { key: self.text.clone(), value, expires_at }
    }

    /// What writes `record` where there was `before`, or nothing.
    pub fn replace(&self, before: Option<&Found<R>>, record: &R) -> Commit {
        Commit {
            role: R::ROLE,
            check: vec![Check { key: self.text.clone(), version: before.map(|found| found.version.clone()) }],
            set: vec![self.put(record)],
            delete: Vec::new(),
        }
    }

    /// Writes `record` whatever there was.
    pub async fn write(&self, host: &Host, record: &R) -> Result<(), Failure> {
        let commit =
            Commit { role: R::ROLE, check: Vec::new(), set: vec![self.put(record)], delete: Vec::new() };
        host.commit(commit).await.map(|_| ())
    }
}

impl<R: Record> Key<R> {
    /// Reads the record, where there is one that has not ended.
    ///
    /// # Errors
    /// [`Failure`] where the store failed, and where what it holds is not a record of this kind and version: to
    /// take that for none would be a weaker check.
    pub async fn read(&self, host: &Host) -> Result<Option<Found<R>>, Failure> {
        let records = host.get(R::ROLE, vec![self.text.clone()]).await?;
        self.parse(records.into_iter().next().flatten(), host.now())
    }

    fn parse(&self, found: Option<Versioned>, now: Timestamp) -> Result<Option<Found<R>>, Failure> {
        let Some(Versioned { value, version }) = found else { return Ok(None) };
        let unreadable = |why: String| Failure {
            effect: "get".into(),
            message: format!("the record {} is unreadable: {why}", self.text),
        };
        let envelope = json::parse(value.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
        let kind = envelope.get("kind").and_then(Value::as_str);
        let schema = envelope.get("version").and_then(Value::as_u64);
        if kind != Some(R::KIND) || schema != Some(R::VERSION.into()) {
            return Err(unreadable(format!("expected kind {}, version {}", R::KIND, R::VERSION)));
        }
        match envelope.get("expires_at").map(Value::as_u64) {
            Some(None) => return Err(unreadable("its end is no time".into())),
            Some(Some(end)) if now.seconds() >= end => return Ok(None),
            _ => {}
        }
        let record = envelope.get("record").and_then(R::parse);
        let record = record.ok_or_else(|| unreadable("a field is missing or of another type".into()))?;
        Ok(Some(Found { record, version }))
    }
}

#[derive(Serialize)]
struct Envelope<'a, R> {
    kind: &'static str,
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    record: &'a R,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize)]
    struct Sample {
        n: u8,
    }

    impl Record for Sample {
        const KIND: &'static str = "sample";
        const VERSION: u32 = 3;
        const ROLE: Role = Role::State;

        fn parse(fields: &Value) -> Option<Self> {
            Some(Self { n: fields.get("n")?.as_u64()?.try_into().ok()? })
        }

        fn expires_at(&self) -> Option<Timestamp> {
            Some(Timestamp::from_seconds(60))
        }
    }

    #[test]
    fn keys_differ_wherever_their_parts_do() {
        let lists: [&[&str]; 6] =
            [&["ab", "c"], &["a", "bc"], &["abc"], &["", "abc"], &["a/b", "c"], &["a", "b/c"]];
        let keys: std::collections::BTreeSet<_> =
            lists.iter().map(|parts| Key::<Sample>::of(parts).text).collect();
        assert_eq!(keys.len(), lists.len());
        assert!(keys.iter().all(|key| key.starts_with("sample/") && key.split('/').count() == 2));
    }

    #[test]
    fn a_value_names_its_kind_version_and_end() {
        let put = Key::<Sample>::of(&["x"]).put(&Sample { n: 1 });
        assert_eq!(put.value, r#"{"kind":"sample","version":3,"expires_at":60,"record":{"n":1}}"#);
        assert_eq!(put.expires_at, Some(60));
    }

    #[test]
    fn only_a_living_record_of_its_kind_and_version_is_read() {
        let key = Key::<Sample>::of(&["x"]);
        let parse = |value: &str, now| {
            let found = Versioned { value: value.into(), version: "1".into() };
            let found = key.parse(Some(found), Timestamp::from_seconds(now));
            found.map(|found| found.map(|found| found.record.n)).map_err(|failure| failure.message)
        };
        let good = r#"{"kind":"sample","version":3,"expires_at":60,"record":{"n":1}}"#;
        assert_eq!(parse(good, 59), Ok(Some(1)));
        assert_eq!(parse(good, 60), Ok(None));
        assert_eq!(parse(r#"{"kind":"sample","version":3,"record":{"n":1}}"#, 1 << 40), Ok(Some(1)));
        for bad in [
            good.replace("sample", "jti"),
            good.replace("\"version\":3", "\"version\":4"),
            good.replace("{\"n\":1}", "{}"),
            good.replace("60", "\"60\""),
            String::new(),
            "{}".into(),
        ] {
            assert!(parse(&bad, 0).is_err_and(|message| message.contains("unreadable")), "{bad}");
        }
    }
}
