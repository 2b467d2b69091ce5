//! Typed records: a record of one kind can never be read as another, whatever a client sends.
//!
//! A key is `kind/partition`, and the partition is a hash, so nothing that a client sends becomes
//! part of a key. A value is an envelope that repeats kind and schema version.

use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::host::{Put, Role};
use crate::time::Timestamp;

/// A kind of record.
pub trait Record: Serialize {
    /// Its name: the first segment of its keys.
    const KIND: &'static str;
    /// The version of its fields. A reader refuses what it does not know.
    const VERSION: u32;
    /// The store that holds it.
    const ROLE: Role;

    /// When it ends. Stored in the envelope too, since a store may keep it for longer.
    fn expires_at(&self) -> Option<Timestamp>;
}

/// The key of one record of kind `R`.
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

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Writes `record` under this key.
    pub fn put(&self, record: &R) -> Put {
        let expires_at = record.expires_at().map(Timestamp::seconds);
        let envelope = Envelope { kind: R::KIND, version: R::VERSION, expires_at, record };
        // A record is plain data, which always serializes; an empty value would read as corrupt.
        let value = serde_json::to_string(&envelope).unwrap_or_default();
        Put { key: self.text.clone(), value, expires_at }
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

    #[derive(Serialize)]
    struct Sample {
        n: u8,
    }

    impl Record for Sample {
        const KIND: &'static str = "sample";
        const VERSION: u32 = 3;
        const ROLE: Role = Role::State;

        fn expires_at(&self) -> Option<Timestamp> {
            Some(Timestamp::from_seconds(60))
        }
    }

    #[test]
    fn keys_differ_wherever_their_parts_do() {
        let lists: [&[&str]; 6] =
            [&["ab", "c"], &["a", "bc"], &["abc"], &["", "abc"], &["a/b", "c"], &["a", "b/c"]];
        let keys: std::collections::BTreeSet<_> =
            lists.iter().map(|parts| Key::<Sample>::of(parts).as_str().to_owned()).collect();
        assert_eq!(keys.len(), lists.len());
        assert!(keys.iter().all(|key| key.starts_with("sample/") && key.split('/').count() == 2));
    }

    #[test]
    fn a_value_names_its_kind_version_and_end() {
        let put = Key::<Sample>::of(&["x"]).put(&Sample { n: 1 });
        assert_eq!(put.value, r#"{"kind":"sample","version":3,"expires_at":60,"record":{"n":1}}"#);
        assert_eq!(put.expires_at, Some(60));
    }
}
