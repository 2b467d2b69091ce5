//! The payload of an access token, in the profile's shape.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::profile::AccessTokenClaim;
use crate::scope::Scope;
use crate::time::Timestamp;

/// What an access token says.
#[derive(Debug)]
pub struct AccessToken<'a> {
    /// The profile's claims, in their order.
    pub shape: &'static [AccessTokenClaim],
    /// The issuer's identifier.
    pub iss: &'a str,
    /// Who the token is about; the client itself where nobody else is.
    pub sub: &'a str,
    /// Whom it is for.
    pub aud: &'a [String],
    /// Who got it.
    pub client_id: &'a str,
    /// When it was issued.
    pub iat: Timestamp,
    /// When it ends.
    pub exp: Timestamp,
    /// Its own id.
    pub jti: &'a str,
    /// What it allows.
    pub scope: &'a Scope,
    /// Who acts for the subject, RFC 8693 §4.1.
    pub act: Option<&'a Value>,
    /// The key that it is bound to, RFC 7800 §3.1.
    pub cnf: Option<&'a Value>,
    /// What the data is for.
    pub purpose: Option<&'a str>,
    /// What was granted in detail, RFC 9396 §9.1.
    pub authorization_details: Option<&'a Value>,
}

fn serialize_some<M: SerializeMap>(map: &mut M, name: &str, value: Option<&Value>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

impl Serialize for AccessToken<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use AccessTokenClaim as Claim;
        let mut map = serializer.serialize_map(None)?;
        for claim in self.shape {
            match claim {
                Claim::Iss => map.serialize_entry("iss", self.iss)?,
                Claim::SubOfAnother if self.sub == self.client_id => {}
                Claim::Sub | Claim::SubOfAnother => map.serialize_entry("sub", self.sub)?,
                Claim::Aud => match self.aud {
                    [one] => map.serialize_entry("aud", one)?,
                    many => map.serialize_entry("aud", many)?,
                },
                Claim::AudArray => map.serialize_entry("aud", self.aud)?,
                Claim::ClientId => map.serialize_entry("client_id", self.client_id)?,
                Claim::Exp => map.serialize_entry("exp", &self.exp.seconds())?,
                Claim::Nbf => map.serialize_entry("nbf", &self.iat.seconds())?,
                Claim::Iat => map.serialize_entry("iat", &self.iat.seconds())?,
                Claim::Jti => map.serialize_entry("jti", self.jti)?,
                Claim::Scope if self.scope.is_empty() => {}
                Claim::Scope => map.serialize_entry("scope", &self.scope.to_string())?,
                Claim::ScopeArray => {
                    map.serialize_entry("scope", &self.scope.tokens().collect::<Vec<_>>())?;
                }
                Claim::Act => serialize_some(&mut map, "act", self.act)?,
                Claim::Cnf => serialize_some(&mut map, "cnf", self.cnf)?,
                Claim::ScpArray => map.serialize_entry("scp", &self.scope.tokens().collect::<Vec<_>>())?,
                Claim::Purpose => {
                    if let Some(purpose) = self.purpose {
                        map.serialize_entry("purpose", purpose)?;
                    }
                }
                Claim::AuthorizationDetails => {
                    serialize_some(&mut map, "authorization_details", self.authorization_details)?;
                }
                Claim::Ext => map.serialize_entry("ext", &serde_json::Map::new())?,
            }
        }
        map.end()
    }
}
