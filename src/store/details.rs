//! What a token is for, beside its scope.

use serde::Serialize;
use serde_json::Value;

use super::approval::{Approval, Property};
use super::record::{Key, Record};
use crate::host::{Commit, Failure, Host, Role};
use crate::time::Timestamp;

/// What a token is for, beside its scope, and what is tied to it.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Details {
    /// What the data is for.
    pub purpose: Option<String>,
    /// RFC 9396 §2
    pub authorization_details: Option<Value>,
    /// More members of the token response.
    pub properties: Vec<Property>,
}

impl Details {
    /// What was stored; where nothing was, there are none.
    pub(super) fn parse(stored: Option<&Value>) -> Option<Self> {
        let Some(stored) = stored else { return Some(Self::default()) };
        Some(Self {
            purpose: match stored.get("purpose")? {
                Value::Null => None,
                purpose => Some(purpose.as_str()?.to_owned()),
            },
            authorization_details: stored.get("authorization_details").filter(|it| !it.is_null()).cloned(),
            properties: Approval::parse(stored).ok()?.properties,
        })
    }
}

/// The properties of an access token.
#[derive(Debug, Serialize)]
pub(super) struct Properties {
    properties: Vec<Property>,
    #[serde(skip)]
    ends_at: Timestamp,
}

impl Record for Properties {
    const KIND: &'static str = "properties";
    const VERSION: u32 = 1;
    const ROLE: Role = Role::State;

    fn parse(fields: &Value) -> Option<Self> {
        let properties = Approval::parse(fields).ok()?.properties;
        Some(Self { properties, ends_at: Timestamp::from_seconds(0) })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.ends_at)
    }
}

/// What ties `properties` to the access token of this `jti`, until it ends.
pub fn keep_properties(issuer: &str, jti: &str, properties: &[Property], ends_at: Timestamp) -> Commit {
    key(issuer, jti).replace(None, &Properties { properties: properties.to_vec(), ends_at })
}

/// What is tied to the access token of this `jti`.
pub async fn properties_of(host: &Host, issuer: &str, jti: &str) -> Result<Vec<Property>, Failure> {
    Ok(key(issuer, jti).read(host).await?.map(|found| found.record.properties).unwrap_or_default())
}

fn key(issuer: &str, jti: &str) -> Key<Properties> {
    Key::of(&[issuer, jti])
}
