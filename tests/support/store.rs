//! A store in memory, with the adapters' semantics: versions, checks, expiry, order.

use std::collections::BTreeMap;

use edgegrant::host::{Commit, Entry, Page, Versioned};

#[derive(Clone, Debug, PartialEq)]
struct Record {
    value: String,
    version: u64,
    expires_at: Option<u64>,
}

/// Records by key. `now` is in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Store {
    records: BTreeMap<String, Record>,
    next_version: u64,
}

impl Store {
    pub fn get(&self, key: &str, now: u64) -> Option<Versioned> {
        let record = self.records.get(key)?;
        let alive = record.expires_at.is_none_or(|end| end > now);
        alive.then(|| Versioned { value: record.value.clone(), version: record.version.to_string() })
    }

    pub fn commit(&mut self, commit: &Commit, now: u64) -> bool {
        let keys = commit.check.iter().map(|check| &check.key);
        let keys = keys.chain(commit.set.iter().map(|put| &put.key)).chain(&commit.delete);
        let partitions: std::collections::BTreeSet<_> =
            keys.map(|key| key.splitn(3, '/').take(2).collect::<Vec<_>>()).collect();
        assert!(partitions.len() <= 1, "a commit must stay in one partition: {partitions:?}");
        let holds = |key: &str, version: Option<&str>| {
            self.get(key, now).map(|found| found.version).as_deref() == version
        };
        if !commit.check.iter().all(|check| holds(&check.key, check.version.as_deref())) {
            return false;
        }
        for key in &commit.delete {
            self.records.remove(key);
        }
        for put in &commit.set {
            self.next_version += 1;
            let record =
                Record { value: put.value.clone(), version: self.next_version, expires_at: put.expires_at };
            self.records.insert(put.key.clone(), record);
        }
        true
    }

    pub fn list(&self, prefix: &str, after: Option<&str>, limit: u32, now: u64) -> Page {
        let mut entries: Vec<Entry> = self
            .records
            .keys()
            .filter(|key| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after))
            .filter_map(|key| {
                let Versioned { value, version } = self.get(key, now)?;
                Some(Entry { key: key.clone(), value, version })
            })
            .collect();
        let more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        Page { entries, more }
    }

    /// The keys of all records, expired or not.
    pub fn keys(&self) -> Vec<&str> {
        self.records.keys().map(String::as_str).collect()
    }

    /// Puts another value in the place of one, as nobody but the store itself can.
    pub fn overwrite(&mut self, key: &str, value: &str) {
        self.records.get_mut(key).expect("a record is there").value = value.into();
    }

    pub fn value(&self, key: &str) -> Option<&str> {
        self.records.get(key).map(|record| record.value.as_str())
    }
}
