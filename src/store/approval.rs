//! What is given to a client when somebody agreed.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::jose::base64url;
use crate::scope::Scope;
use crate::time::Seconds;

/// The most that properties may take: octets of their JSON as base64url.
const MOST_PROPERTIES: usize = 65_535;

/// Claims of an id token that are the issuer's to say (OpenID Connect Core §2, CIBA Core §10.3.1).
const OWN_CLAIMS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
];
const OWN_CLAIMS_BEGIN: &str = "urn:openid:params:jwt:claim:";

/// Header parameters that are the issuer's to say (RFC 7515 §4.1, RFC 7516 §4.1, RFC 7797 §3).
const OWN_HEADER: &[&str] =
    &["alg", "typ", "kid", "cty", "crit", "b64", "jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "enc", "zip"];

/// Members of a token response, of an introspection and of a notification that are the issuer's to say.
const OWN_MEMBERS: &[&str] = &[
    "access_token",
    "token_type",
    "expires_in",
    "refresh_token",
    "scope",
    "id_token",
    "issued_token_type",
    "authorization_details",
    "auth_req_id",
    "error",
    "error_description",
    "error_uri",
    "active",
    "client_id",
    "username",
    "exp",
    "iat",
    "nbf",
    "sub",
    "aud",
    "iss",
    "jti",
    "act",
    "cnf",
    "purpose",
];

/// What is given to a client when somebody agreed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Approval {
    /// Who agreed; `None`: who was asked.
    pub sub: Option<String>,
    /// What the id token calls them instead.
    pub id_token_sub: Option<String>,
    /// When they were authenticated, in seconds since 1970.
    pub auth_time: Option<u64>,
    /// How well.
    pub acr: Option<String>,
    /// More claims of the id token.
    pub claims: Map<String, Value>,
    /// More header parameters of the id token.
    pub id_token_header: Map<String, Value>,
    /// More members of the token response.
    pub properties: Vec<Property>,
    /// What was agreed to in place of what was asked for, space separated.
    pub scope: Option<String>,
    /// How long the access token is good for.
    pub access_token_lifetime: Option<Seconds>,
    /// How long refreshing is.
    pub refresh_token_lifetime: Option<Seconds>,
}

/// A member of the token response that is tied to the access token.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Property {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Whether the client is not shown it.
    pub hidden: bool,
}

/// What is wrong with an approval.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ApprovalError {
    /// A member is of another type than it should be.
    #[error("{member} must be {expected}")]
    Type {
        /// Its name.
        member: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A claim, header parameter or property has the name of one that the issuer sets.
    #[error("{member} must not set {name}, which is set by the issuer")]
    Reserved {
        /// `claims`, `id_token_header` or `properties`.
        member: &'static str,
        /// The name.
        name: String,
    },
    /// Two properties of one name.
    #[error("properties must not set {0} twice")]
    Repeated(String),
    /// More properties than can be kept.
    #[error("properties must take at most {MOST_PROPERTIES} bytes once encoded, not {0}")]
    TooMany(usize),
}

impl Approval {
    /// Reads what whoever decides has sent, or what was stored of it. Members that are `null` are left out.
    pub fn parse(value: &Value) -> Result<Self, ApprovalError> {
        let approval = Self {
            sub: text(value, "sub")?,
            id_token_sub: text(value, "id_token_sub")?,
            auth_time: number(value, "auth_time")?,
            acr: text(value, "acr")?,
            claims: object(value, "claims")?,
            id_token_header: object(value, "id_token_header")?,
            properties: properties(value)?,
            scope: text(value, "scope")?,
            access_token_lifetime: number(value, "access_token_lifetime")?.map(Seconds),
            refresh_token_lifetime: number(value, "refresh_token_lifetime")?.map(Seconds),
        };
        let own = |name: &String| OWN_CLAIMS.contains(&name.as_str()) || name.starts_with(OWN_CLAIMS_BEGIN);
        reserved("claims", approval.claims.keys().find(|name| own(name)))?;
        let own = |name: &&String| OWN_HEADER.contains(&name.as_str());
        reserved("id_token_header", approval.id_token_header.keys().find(own))?;
        if approval.scope.as_ref().is_some_and(|scope| scope.parse::<Scope>().is_err()) {
            return Err(ApprovalError::Type {
                member: "scope",
                expected: "scope tokens separated by spaces",
            });
        }
        Ok(approval)
    }
}

fn reserved(member: &'static str, name: Option<&String>) -> Result<(), ApprovalError> {
    name.map_or(Ok(()), |name| Err(ApprovalError::Reserved { member, name: name.clone() }))
}

fn typed<'v, T>(
    value: &'v Value,
    member: &'static str,
    expected: &'static str,
    convert: impl Fn(&'v Value) -> Option<T>,
) -> Result<Option<T>, ApprovalError> {
    let found = value.get(member).filter(|found| !found.is_null());
    found.map(|found| convert(found).ok_or(ApprovalError::Type { member, expected })).transpose()
}

/// A text that is not empty.
fn text(value: &Value, member: &'static str) -> Result<Option<String>, ApprovalError> {
    typed(value, member, "a text that is not empty", |found| {
        found.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
    })
}

fn number(value: &Value, member: &'static str) -> Result<Option<u64>, ApprovalError> {
    typed(value, member, "a whole number of seconds", Value::as_u64)
}

fn object(value: &Value, member: &'static str) -> Result<Map<String, Value>, ApprovalError> {
    Ok(typed(value, member, "a JSON object", Value::as_object)?.cloned().unwrap_or_default())
}

fn properties(value: &Value) -> Result<Vec<Property>, ApprovalError> {
    let expected = "an array of objects with key, value and hidden";
    let read = |item: &Value| {
        let text = |name| item.get(name).and_then(Value::as_str).map(str::to_owned);
        let hidden = match item.get("hidden") {
            None | Some(Value::Null) => false,
            Some(hidden) => hidden.as_bool()?,
        };
        let key = text("key").filter(|key| !key.is_empty())?;
        Some(Property { key, value: text("value").unwrap_or_default(), hidden })
    };
    let all: Vec<Property> =
        typed(value, "properties", expected, |found| found.as_array()?.iter().map(read).collect())?
            .unwrap_or_default();
    for (p, property) in all.iter().enumerate() {
        if all.iter().take(p).any(|before| before.key == property.key) {
            return Err(ApprovalError::Repeated(property.key.clone()));
        }
    }
    let own = |name: &&String| OWN_MEMBERS.contains(&name.as_str());
    reserved("properties", all.iter().map(|property| &property.key).find(own))?;
    let size = base64url::encoded_length(serde_json::to_string(&all).unwrap_or_default().len());
    if !all.is_empty() && size > MOST_PROPERTIES {
        return Err(ApprovalError::TooMany(size));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_stored_reads_back() {
        let value = json!({
            "sub": "alice", "id_token_sub": "pseudonym", "auth_time": 5, "acr": "urn:x", "claims": {"name": "A"},
            "id_token_header": {"x": 1}, "properties": [{"key": "a", "value": "b", "hidden": true}],
            "scope": "openid a", "access_token_lifetime": 60, "refresh_token_lifetime": 600,
        });
        let approval = Approval::parse(&value).unwrap();
        assert_eq!(serde_json::to_value(&approval).unwrap(), value);
        assert_eq!(
            Approval::parse(&serde_json::to_value(Approval::default()).unwrap()),
            Ok(Approval::default())
        );
    }

    #[test]
    fn faults_are_named() {
        let many = json!([{"key": "k", "value": "v".repeat(49_000)}, {"key": "l", "value": "v".repeat(500)}]);
        for (bad, expected) in [
            (json!({"sub": ""}), "sub must be a text that is not empty"),
            (json!({"auth_time": -1}), "auth_time must be a whole number of seconds"),
            (json!({"claims": "{}"}), "claims must be a JSON object"),
            (json!({"claims": {"iss": 1}}), "claims must not set iss, which is set by the issuer"),
            (
                json!({"claims": {"urn:openid:params:jwt:claim:rt_hash": 1}}),
                "claims must not set urn:openid:params:jwt:claim:rt_hash, which is set by the issuer",
            ),
            (
                json!({"id_token_header": {"alg": "none"}}),
                "id_token_header must not set alg, which is set by the issuer",
            ),
            (
                json!({"properties": [{"key": "access_token", "value": "x"}]}),
                "properties must not set access_token, which is set by the issuer",
            ),
            (json!({"properties": [{"key": "a"}, {"key": "a"}]}), "properties must not set a twice"),
            (
                json!({"properties": [{}]}),
                "properties must be an array of objects with key, value and hidden",
            ),
            (json!({"properties": many}), "properties must take at most 65535 bytes once encoded, not 66103"),
            (json!({"scope": "a  b"}), "scope must be scope tokens separated by spaces"),
        ] {
            assert_eq!(Approval::parse(&bad).unwrap_err().to_string(), expected);
        }
    }
}
