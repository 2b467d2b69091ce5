//! What people said of their data: the last word counts, and those before it are kept as far as there is room.

use serde::Serialize;
use serde_json::Value;

use super::record::{Key, Record, text};
use crate::consent::{ConfiguredConsent, ConsentState};
use crate::host::{Failure, Host, Role};
use crate::issuer::Issuer;
use crate::policy::Consent;
use crate::scope::Scope;
use crate::time::Timestamp;

/// Most entries that are kept of a person.
const MOST: usize = 512;
/// Most octets that they take before others make room. The smallest value that a store holds has 64 KiB: enough for each
/// of them to be replaced by a longer word.
const MOST_OCTETS: usize = 40_000;
/// How often an entry is tried while others are recorded too.
const TRIES: u32 = 32;

/// Who said what stands in the configuration.
const CONFIGURATION: &str = "configuration";

/// What data of a person may be processed for, if they agree.
#[derive(Clone, Copy, Debug)]
pub struct Processing<'a> {
    /// The person.
    pub sub: &'a str,
    /// The client that wants the data.
    pub client_id: &'a str,
    /// What for, as in `dpv:FraudPreventionAndDetection`.
    pub purpose: &'a str,
    /// Which data, token by token.
    pub scope: &'a Scope,
}

/// What a person said of one client, one purpose and one scope token.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ConsentEntry {
    /// The client that it is for.
    pub client_id: String,
    /// What for.
    pub purpose: String,
    /// The scope token.
    pub scope: String,
    /// What was said.
    pub state: ConsentState,
    /// When it was recorded, in seconds since 1970; 0 where it stands in the configuration.
    pub at: u64,
    /// Who recorded it: `operator`, a `client_id`, or `configuration`.
    pub by: String,
}

impl ConsentEntry {
    fn is_of(&self, client_id: &str, purpose: &str, scope: &str) -> bool {
        self.client_id == client_id && self.purpose == purpose && self.scope == scope
    }

    fn replaces(&self, other: &Self) -> bool {
        self.is_of(&other.client_id, &other.purpose, &other.scope)
    }

    fn parse(fields: &Value) -> Option<Self> {
        Some(Self {
            client_id: text(fields, "client_id")?,
            purpose: text(fields, "purpose")?,
            scope: text(fields, "scope")?,
            state: fields.get("state")?.as_str().and_then(ConsentState::named)?,
            at: fields.get("at")?.as_u64()?,
            by: text(fields, "by")?,
        })
    }
}

/// All that one person said, the oldest first.
#[derive(Debug, Serialize)]
pub(super) struct Consents {
    entries: Vec<ConsentEntry>,
}

/// Not in the registry, which may be read stale: what is withdrawn is to be refused at once.
impl Record for Consents {
    const KIND: &'static str = "consent";
    const VERSION: u32 = 1;
    const ROLE: Role = Role::State;

    fn parse(fields: &Value) -> Option<Self> {
        let entries =
            fields.get("entries")?.as_array()?.iter().map(ConsentEntry::parse).collect::<Option<_>>()?;
        Some(Self { entries })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// What is known of a person's consent to all of a scope: refused where any of it is, unknown where nothing is asked
/// for. What rests on a consent since some time ends when that is withdrawn, and a new consent does not revive it.
pub async fn consent(
    host: &Host,
    issuer: &Issuer,
    processing: Processing<'_>,
    since: Option<Timestamp>,
) -> Result<Consent, Failure> {
    if processing.scope.is_empty() {
        return Ok(Consent::Unknown);
    }
    Ok(known(&consents(host, issuer, processing.sub).await?, processing, since))
}

fn known(entries: &[ConsentEntry], processing: Processing<'_>, since: Option<Timestamp>) -> Consent {
    let Processing { client_id, purpose, scope, .. } = processing;
    let mut known = Consent::Given;
    for token in scope.tokens() {
        let mut said = entries.iter().filter(|entry| entry.is_of(client_id, purpose, token));
        let ended = said.clone().any(|entry| {
            entry.state != ConsentState::Given && since.is_some_and(|since| entry.at > since.seconds())
        });
        match said.next_back().map(|last| last.state) {
            Some(ConsentState::Given) if !ended => {}
            Some(_) => return Consent::Refused,
            None => known = Consent::Unknown,
        }
    }
    known
}

/// Records what a person said; `by`: who records it. `false` where there is no room for what nothing was said of
/// before, and then nothing is recorded: who said yes can always say no.
pub async fn record_consent(
    host: &Host,
    issuer: &Issuer,
    processing: Processing<'_>,
    state: ConsentState,
    by: &str,
) -> Result<bool, Failure> {
    let key = key(issuer, processing.sub);
    let said: Vec<ConsentEntry> = processing
        .scope
        .tokens()
        .map(|token| ConsentEntry {
            client_id: processing.client_id.into(),
            purpose: processing.purpose.into(),
            scope: token.into(),
            state,
            at: host.now().seconds(),
            by: by.into(),
        })
        .collect();
    for _ in 0..TRIES {
        let before = key.read(host).await?;
        let mut entries = before.as_ref().map(|found| found.record.entries.clone()).unwrap_or_default();
        // A host that commits twice is told the second time that others were sooner.
        let is_new =
            |one: &&ConsentEntry| entries.iter().rev().find(|entry| entry.replaces(one)) != Some(*one);
        let new: Vec<_> = said.iter().filter(is_new).cloned().collect();
        if new.is_empty() {
            return Ok(true);
        }
        let replace = new.iter().all(|one| entries.iter().any(|entry| one.replaces(entry)));
        entries.extend(new);
        if !fit(&mut entries) && !replace {
            return Ok(false);
        }
        if host.commit(key.replace(before.as_ref(), &Consents { entries })).await? {
            return Ok(true);
        }
    }
    Err(Failure { effect: "commit".into(), message: format!("others recorded too, {TRIES} times") })
}

/// What a person consented to or did not, the oldest first: what stands in the configuration, then what is recorded.
pub async fn consents(host: &Host, issuer: &Issuer, sub: &str) -> Result<Vec<ConsentEntry>, Failure> {
    let found = key(issuer, sub).read(host).await?;
    let mut entries: Vec<_> = configured(&issuer.consents, sub).collect();
    entries.extend(found.into_iter().flat_map(|found| found.record.entries));
    Ok(entries)
}

fn configured(all: &[ConfiguredConsent], sub: &str) -> impl Iterator<Item = ConsentEntry> {
    all.iter().filter(move |one| one.sub == sub).flat_map(|one| {
        one.scope.tokens().map(|token| ConsentEntry {
            client_id: one.client_id.clone(),
            purpose: one.purpose.clone(),
            scope: token.into(),
            state: one.state,
            at: 0,
            by: CONFIGURATION.into(),
        })
    })
}

/// Drops entries, the oldest first, until the rest has room: never a last word. `false` where nothing else is left to
/// drop.
fn fit(entries: &mut Vec<ConsentEntry>) -> bool {
    while entries.len() > MOST || octets(entries) > MOST_OCTETS {
        let replaced = |(at, entry): (usize, &ConsentEntry)| {
            entries.iter().skip(at + 1).any(|later| later.replaces(entry))
        };
        let Some(at) = entries.iter().enumerate().position(replaced) else { return false };
        entries.remove(at);
    }
    true
}

fn octets(entries: &[ConsentEntry]) -> usize {
    // Plain data, which always serializes.
    serde_json::to_string(entries).map_or(0, |text| text.len())
}

fn key(issuer: &Issuer, sub: &str) -> Key<Consents> {
    Key::of(&[&issuer.identifier, sub])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(client_id: &str, scope: &str, at: u64) -> ConsentEntry {
        ConsentEntry {
            client_id: client_id.into(),
            purpose: "dpv:Marketing".into(),
            scope: scope.into(),
            state: ConsentState::Given,
            at,
            by: "operator".into(),
        }
    }

    fn stands(sub: &str, scope: &str, state: ConsentState) -> ConfiguredConsent {
        ConfiguredConsent {
            sub: sub.into(),
            client_id: "portal".into(),
            purpose: "dpv:Marketing".into(),
            scope: scope.parse().unwrap(),
            state,
        }
    }

    #[test]
    fn the_last_word_counts_and_the_configuration_where_there_is_none() {
        use ConsentState::*;
        let said = |scope: &str, state| ConsentEntry { state, ..entry("portal", scope, 0) };
        let recorded = [
            said("young", Refused),
            said("old", Given),
            said("young", Given),
            said("old", Withdrawn),
            said("no", Refused),
        ];
        let stands = [
            stands("alice", "no old set off", Given),
            stands("alice", "off young", Withdrawn),
            stands("bob", "all", Given),
        ];
        for (sub, client_id, purpose, scope, expected) in [
            ("alice", "portal", "dpv:Marketing", "young", Consent::Given),
            ("alice", "portal", "dpv:Marketing", "set", Consent::Given),
            ("alice", "portal", "dpv:Marketing", "set young", Consent::Given),
            ("alice", "portal", "dpv:Marketing", "old", Consent::Refused),
            ("alice", "portal", "dpv:Marketing", "no", Consent::Refused),
            ("alice", "portal", "dpv:Marketing", "off", Consent::Refused),
            ("alice", "portal", "dpv:Marketing", "all", Consent::Unknown),
            ("alice", "portal", "dpv:Marketing", "all young", Consent::Unknown),
            ("alice", "portal", "dpv:Marketing", "all no", Consent::Refused),
            ("alice", "portal", "dpv:Marketing", "old young", Consent::Refused),
            ("alice", "portal", "dpv:Advertising", "young", Consent::Unknown),
            ("alice", "shop", "dpv:Marketing", "young", Consent::Unknown),
            ("alice", "shop", "dpv:Marketing", "set", Consent::Unknown),
            ("bob", "portal", "dpv:Marketing", "all", Consent::Given),
            ("bob", "portal", "dpv:Marketing", "set", Consent::Unknown),
        ] {
            let scope = scope.parse().unwrap();
            let processing = Processing { sub, client_id, purpose, scope: &scope };
            let recorded = recorded.iter().filter(|_| sub == "alice").cloned();
            let entries: Vec<_> = configured(&stands, sub).chain(recorded).collect();
            assert_eq!(known(&entries, processing, None), expected, "{processing:?}");
        }
    }

    #[test]
    fn what_rests_on_a_consent_ends_with_it_and_a_new_one_does_not_revive_it() {
        use ConsentState::*;
        let said = |state, at| ConsentEntry { state, ..entry("portal", "sim", at) };
        let entries = [said(Refused, 5), said(Given, 10), said(Withdrawn, 20), said(Given, 30)];
        let processing =
            |scope| Processing { sub: "alice", client_id: "portal", purpose: "dpv:Marketing", scope };
        let (sim, other) = ("sim".parse().unwrap(), "sim other".parse().unwrap());
        for (words, scope, since, expected) in [
            (4, &sim, None, Consent::Given),
            (4, &sim, Some(30), Consent::Given),
            // In the same second, what was said first counts as said before.
            (4, &sim, Some(20), Consent::Given),
            (4, &sim, Some(19), Consent::Refused),
            (4, &other, Some(19), Consent::Refused),
            (4, &other, Some(20), Consent::Unknown),
            (3, &sim, Some(20), Consent::Refused),
            (2, &sim, Some(5), Consent::Given),
            (2, &sim, Some(4), Consent::Refused),
            (0, &sim, Some(4), Consent::Unknown),
        ] {
            let since = since.map(Timestamp::from_seconds);
            let found = known(&entries[..words], processing(scope), since);
            assert_eq!(found, expected, "{words} {scope} {since:?}");
        }
    }

    fn times(entries: &[ConsentEntry]) -> Vec<u64> {
        entries.iter().map(|entry| entry.at).collect()
    }

    #[test]
    fn the_oldest_entries_make_room_and_last_words_never_do() {
        // `portal` spoke last at 600; `shop` once, before all others.
        let mut entries = vec![entry("shop", "sim", 0)];
        entries.extend((1..=600).map(|at| entry("portal", "sim", at)));
        assert!(fit(&mut entries));
        let expected: Vec<u64> = [0].into_iter().chain(600 - entries.len() as u64 + 2..=600).collect();
        assert_eq!(times(&entries), expected);
        assert!(entries.len() <= MOST && octets(&entries) <= MOST_OCTETS);
        assert!(octets(&entries) > MOST_OCTETS - 500 || entries.len() == MOST, "{}", entries.len());

        let mut current: Vec<_> = (0..513).map(|at| entry(&format!("c{at}"), "s", at)).collect();
        assert!(!fit(&mut current));
        let long = "x".repeat(10_000);
        let mut long: Vec<_> = (0..4).map(|at| entry(&format!("{at}{long}"), "s", at)).collect();
        assert!(!fit(&mut long));
        long.truncate(3);
        assert!(fit(&mut long) && long.len() == 3);
    }

    #[test]
    fn a_record_is_read_as_it_was_written_and_no_other() {
        let written = Consents { entries: vec![entry("portal", "sim", 7)] };
        let fields = serde_json::to_value(&written).unwrap();
        assert_eq!(Consents::parse(&fields).unwrap().entries, written.entries);
        for member in ["client_id", "purpose", "scope", "state", "at", "by"] {
            let mut fields = fields.clone();
            fields["entries"][0][member] = serde_json::json!([]);
            assert!(Consents::parse(&fields).is_none(), "{member}");
        }
        let unknown = fields.to_string().replace("\"given\"", "\"assumed\"");
        assert!(Consents::parse(&serde_json::from_str(&unknown).unwrap()).is_none());
    }
}
