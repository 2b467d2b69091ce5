//! Resource indicators, RFC 8707 §2: absolute URIs without a fragment.

use std::str::FromStr;

use crate::error::{ErrorCode, ProtocolError};
use crate::mistake::from_string;
use crate::scope::Scope;

/// A resource indicator, kept as it was written: audiences are compared octet by octet.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Resource(String);

/// Text that is no resource indicator.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an absolute URI without a fragment, such as https://api.example.com/orders")]
pub struct ResourceError;

impl FromStr for Resource {
    type Err = ResourceError;

    fn from_str(text: &str) -> Result<Self, ResourceError> {
        match fluent_uri::Uri::parse(text) {
            Ok(uri) if !uri.has_fragment() => Ok(Self(text.to_owned())),
            _ => Err(ResourceError),
        }
    }
}

from_string!(Resource);

impl Resource {
    /// The indicator.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// RFC 8707 §2: what a request names as `resource`.
///
/// # Errors
/// `invalid_target` where one is no absolute URI without a fragment.
pub fn expect_resources<'a>(mut asked: impl Iterator<Item = &'a str>) -> Result<(), ProtocolError> {
    let malformed = asked.find(|text| text.parse::<Resource>().is_err());
    malformed.map_or(Ok(()), |malformed| {
        let message = format!("{malformed} is not an absolute URI without a fragment");
        Err(ProtocolError::new(ErrorCode::InvalidTarget, message))
    })
}

/// A resource server: an audience of access tokens.
#[derive(Clone, Debug)]
pub struct ResourceServer {
    /// Its identifier.
    pub identifier: Resource,
    /// The scope that means something there.
    pub scope: Scope,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_and_without_fragment() {
        for good in ["https://api.example.com", "https://api.example.com/a?b=c", "urn:example:orders"] {
            assert_eq!(good.parse::<Resource>().unwrap().as_str(), good);
        }
        for bad in
            ["", "api", "/api", "//api.example.com", "https://api.example.com/#", "https://a b/", "ü:x"]
        {
            assert_eq!(bad.parse::<Resource>(), Err(ResourceError), "{bad}");
        }
    }
}
