//! What personal data is asked for: a purpose and a scope, which travel together.
//!
//! | way | purpose | scope |
//! | --- | --- | --- |
//! | `purpose=dpv:P#s` | `dpv:P` | `s` |
//! | `scope=dpv:P#s` | `dpv:P` | `s` |
//! | `scope=openid dpv:P s1 s2` | `dpv:P` | `s1 s2` |
//!
//! A request uses one of them.

pub mod dpv;

use crate::error::{ErrorCode, ProtocolError};
use crate::scope::{Scope, ScopeError, is_token};

/// The scope token of an OpenID request, OpenID Connect Core §3.1.2.1.
const OPENID: &str = "openid";

/// What a request asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asked {
    /// What the data is for, as in `dpv:FraudPreventionAndDetection`: a term of the vocabulary.
    pub purpose: String,
    /// What is asked for: at least one token, and neither `openid` nor the purpose.
    pub scope: Scope,
    /// Whether it is an OpenID request: implied where the purpose names its scope, else said by `openid`.
    pub openid: bool,
}

impl Asked {
    /// All of the scope that is asked for, `openid` as well.
    pub fn wanted(&self) -> Scope {
        let openid = self.openid.then(|| OPENID.to_owned());
        self.scope.union(&openid.into_iter().collect())
    }
}

/// Why a request says not what is asked for.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PurposeError {
    /// Nothing names a purpose; all others are faults of what does.
    #[error("no purpose is named: send dpv:FraudPreventionAndDetection#sim-swap or the like as scope")]
    Missing,
    /// The scope is none.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The parameter purpose is not of its form.
    #[error("expected a purpose dpv:<term>#<scope token>, found {0}")]
    Form(String),
    /// The vocabulary has no such purpose.
    #[error("{0} is no purpose of the Data Privacy Vocabulary, https://w3id.org/dpv")]
    Unknown(String),
    /// There is more than one purpose.
    #[error("expected one purpose, found {}", .0.join(" and "))]
    Several(Vec<String>),
    /// It is not said what is asked for.
    #[error("expected a scope beside {0}: send {0}#<scope token>")]
    NoScope(String),
    /// There is a scope beside a purpose that names its own.
    #[error("expected openid and nothing else beside {beside}, which names its scope; found {found}")]
    MoreScope {
        /// The purpose, as it was sent.
        beside: String,
        /// What is too much.
        found: Scope,
    },
}

/// RFC 6749 §5.2: what names no purpose is incomplete; what names a wrong one has a wrong scope.
impl From<PurposeError> for ProtocolError {
    fn from(error: PurposeError) -> Self {
        let code = match error {
            PurposeError::Missing => ErrorCode::InvalidRequest,
            _ => ErrorCode::InvalidScope,
        };
        Self::new(code, error.to_string())
    }
}

/// Reads what a request asks for out of its parameters `purpose` and `scope`.
///
/// # Errors
/// [`PurposeError::Missing`] where nothing names a purpose, any other where something does and is wrong.
pub fn asked(purpose: Option<&str>, scope: Option<&str>) -> Result<Asked, PurposeError> {
    let scope = scope.map(str::parse::<Scope>).transpose()?.unwrap_or_default();
    let rest = scope.filtered(|token| token != OPENID && !token.starts_with(dpv::PREFIX));
    let in_scope = scope.tokens().filter(|token| token.starts_with(dpv::PREFIX));
    let named: Vec<&str> = purpose.into_iter().chain(in_scope).collect();
    let named = match *named {
        [] => return Err(PurposeError::Missing),
        [one] => one,
        _ => return Err(PurposeError::Several(named.into_iter().map(str::to_owned).collect())),
    };
    match named.split_once('#') {
        Some((name, token)) => {
            let reserved = token == OPENID || token.starts_with(dpv::PREFIX);
            if !is_token(token) || reserved || !name.starts_with(dpv::PREFIX) {
                return Err(PurposeError::Form(named.into()));
            }
            expect_term(name)?;
            if !rest.is_empty() {
                return Err(PurposeError::MoreScope { beside: named.into(), found: rest });
            }
            Ok(Asked { purpose: name.into(), scope: [token.to_owned()].into_iter().collect(), openid: true })
        }
        None if purpose.is_some() => Err(PurposeError::Form(named.into())),
        None => {
            expect_term(named)?;
            if rest.is_empty() {
                return Err(PurposeError::NoScope(named.into()));
            }
            Ok(Asked { purpose: named.into(), scope: rest, openid: scope.contains(OPENID) })
        }
    }
}

fn expect_term(purpose: &str) -> Result<(), PurposeError> {
    if dpv::is_purpose(purpose) { Ok(()) } else { Err(PurposeError::Unknown(purpose.into())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAUD: &str = "dpv:FraudPreventionAndDetection";

    #[test]
    fn purpose_and_scope_travel_in_three_ways() {
        for (purpose, scope, expected, openid) in [
            (Some("dpv:FraudPreventionAndDetection#sim-swap"), None, "sim-swap", true),
            (Some("dpv:FraudPreventionAndDetection#sim-swap"), Some("openid"), "sim-swap", true),
            (None, Some("dpv:FraudPreventionAndDetection#sim-swap"), "sim-swap", true),
            (None, Some("openid dpv:FraudPreventionAndDetection#sim-swap"), "sim-swap", true),
            (None, Some("dpv:FraudPreventionAndDetection#sim-swap openid"), "sim-swap", true),
            (None, Some("dpv:FraudPreventionAndDetection#kyc-match:match"), "kyc-match:match", true),
            (None, Some("openid dpv:FraudPreventionAndDetection a:b c"), "a:b c", true),
            (None, Some("c dpv:FraudPreventionAndDetection a:b"), "a:b c", false),
        ] {
            let expected = Asked { purpose: FRAUD.into(), scope: expected.parse().unwrap(), openid };
            assert_eq!(asked(purpose, scope), Ok(expected), "{purpose:?} {scope:?}");
        }
    }

    #[test]
    fn what_names_no_purpose_is_told_from_what_does_so_badly() {
        use PurposeError::*;
        let several = |all: &[&str]| Several(all.iter().map(|&one| one.into()).collect());
        let more =
            |beside: &str, found: &str| MoreScope { beside: beside.into(), found: found.parse().unwrap() };
        for (purpose, scope, expected) in [
            (None, None, Missing),
            (None, Some("openid sim-swap"), Missing),
            (None, Some("FraudPreventionAndDetection#sim-swap"), Missing),
            (None, Some(""), Scope(ScopeError)),
            (None, Some("dpv:Marketing  sim-swap"), Scope(ScopeError)),
            (None, Some("dpv:Marketing#sim\"swap"), Scope(ScopeError)),
            (Some("dpv:Marketing#a"), Some("openid\n"), Scope(ScopeError)),
            (Some(""), None, Form(String::new())),
            (Some("dpv:Marketing"), None, Form("dpv:Marketing".into())),
            (Some("dpv:Marketing"), Some("sim-swap"), Form("dpv:Marketing".into())),
            (Some("Marketing#a"), None, Form("Marketing#a".into())),
            (Some("#a"), None, Form("#a".into())),
            (Some("dpv:Marketing#"), None, Form("dpv:Marketing#".into())),
            (Some("dpv:Marketing#a b"), None, Form("dpv:Marketing#a b".into())),
            (Some("dpv:Marketing#a\u{e9}"), None, Form("dpv:Marketing#a\u{e9}".into())),
            (None, Some("dpv:Marketing#"), Form("dpv:Marketing#".into())),
            (None, Some("dpv:Marketing#openid"), Form("dpv:Marketing#openid".into())),
            (None, Some("dpv:Marketing#dpv:Marketing"), Form("dpv:Marketing#dpv:Marketing".into())),
            (Some("dpv:#a"), None, Unknown("dpv:".into())),
            (Some("dpv:Spying#a"), None, Unknown("dpv:Spying".into())),
            (Some("dpv: Marketing#a"), None, Unknown("dpv: Marketing".into())),
            (None, Some("dpv:#a"), Unknown("dpv:".into())),
            (None, Some("openid dpv:Spying a"), Unknown("dpv:Spying".into())),
            (None, Some("dpv:Purpose#a"), Unknown("dpv:Purpose".into())),
            (None, Some("dpv:A dpv:B a"), several(&["dpv:A", "dpv:B"])),
            (None, Some("dpv:Marketing#a dpv:Marketing#b"), several(&["dpv:Marketing#a", "dpv:Marketing#b"])),
            (None, Some("dpv:Marketing#a dpv:Marketing"), several(&["dpv:Marketing", "dpv:Marketing#a"])),
            (Some("dpv:A#a"), Some("dpv:A#a"), several(&["dpv:A#a", "dpv:A#a"])),
            (Some("dpv:A#a"), Some("openid dpv:B b"), several(&["dpv:A#a", "dpv:B"])),
            (None, Some("dpv:Marketing"), NoScope("dpv:Marketing".into())),
            (None, Some("openid dpv:Marketing"), NoScope("dpv:Marketing".into())),
            (Some("dpv:Marketing#a"), Some("openid b"), more("dpv:Marketing#a", "b")),
            (Some("dpv:Marketing#a"), Some("a"), more("dpv:Marketing#a", "a")),
            (None, Some("openid dpv:Marketing#a b c"), more("dpv:Marketing#a", "b c")),
        ] {
            assert_eq!(asked(purpose, scope), Err(expected), "{purpose:?} {scope:?}");
        }
    }
}
