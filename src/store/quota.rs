//! Tokens counted by the day.

use serde::Serialize;
use serde_json::Value;

use super::record::{Key, Record};
use crate::host::{Failure, Host, Role};
use crate::time::{Seconds, Timestamp};

const DAY: u64 = 86_400;
/// How often a count is tried while others count too.
const TRIES: u32 = 256;

/// The tokens of one exchange grant on one day.
#[derive(Serialize)]
pub(super) struct Used {
    day: u64,
    tokens: u64,
}

impl Record for Used {
    const KIND: &'static str = "quota";
    const VERSION: u32 = 1;
    const ROLE: Role = Role::State;

    fn parse(fields: &Value) -> Option<Self> {
        Some(Self { day: fields.get("day")?.as_u64()?, tokens: fields.get("tokens")?.as_u64()? })
    }

    /// A day longer than it counts, for clocks that differ.
    fn expires_at(&self) -> Option<Timestamp> {
        Some(Timestamp::from_seconds((self.day + 2) * DAY))
    }
}

/// The tokens of one exchange grant on the day of a request (UTC).
pub struct Quota<'a> {
    host: &'a Host,
    key: Key<Used>,
    day: u64,
}

impl<'a> Quota<'a> {
    /// `grant`: its name.
    pub fn of(host: &'a Host, issuer: &str, grant: &str) -> Self {
        let day = host.now().seconds() / DAY;
        Self { host, key: Key::of(&[issuer, grant, &day.to_string()]), day }
    }

    /// How long until the next day begins.
    pub fn renews_in(&self) -> Seconds {
        Seconds(((self.day + 1) * DAY).saturating_sub(self.host.now().seconds()).max(1))
    }

    /// How many tokens are used, as far as is known: [`Self::take`] has the last word.
    pub async fn used(&self) -> Result<u64, Failure> {
        Ok(self.key.read(self.host).await?.map_or(0, |found| found.record.tokens))
    }

    /// Counts `count` tokens; `false` where they would exceed `quota`, and then none is counted.
    pub async fn take(&self, count: u64, quota: u64) -> Result<bool, Failure> {
        self.change(|used| used.checked_add(count).filter(|sum| *sum <= quota)).await
    }

    /// Gives back what was taken for tokens that were not issued.
    pub async fn give_back(&self, count: u64) -> Result<(), Failure> {
        self.change(|used| Some(used.saturating_sub(count))).await.map(|_| ())
    }

    async fn change(&self, change: impl Fn(u64) -> Option<u64>) -> Result<bool, Failure> {
        for _ in 0..TRIES {
            let before = self.key.read(self.host).await?;
            let Some(tokens) = change(before.as_ref().map_or(0, |found| found.record.tokens)) else {
                return Ok(false);
            };
            let commit = self.key.replace(before.as_ref(), &Used { day: self.day, tokens });
            if self.host.commit(commit).await? {
                return Ok(true);
            }
        }
        Err(Failure { effect: "commit".into(), message: format!("others counted too, {TRIES} times") })
    }
}
