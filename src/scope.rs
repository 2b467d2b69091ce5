//! Scope, RFC 6749 §3.3: a set of tokens, whatever order they came in.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::mistake::from_string;

/// A set of scope tokens.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scope(BTreeSet<String>);

/// A scope that is not of RFC 6749 §3.3's form.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("scope tokens are printable ASCII without space, quote or backslash, separated by one space each")]
pub struct ScopeError;

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::split(text, ' ')
    }
}

from_string!(Scope);

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

impl Scope {
    /// No scope at all.
    pub const EMPTY: &'static Self = &Self(BTreeSet::new());

    /// A scope as some dialects write it, with a comma where RFC 6749 §3.3 has a space.
    ///
    /// # Errors
    /// Where a token is none, or one is not separated by a single comma from the next.
    pub fn from_commas(text: &str) -> Result<Self, ScopeError> {
        Self::split(text, ',')
    }

    fn split(text: &str, separator: char) -> Result<Self, ScopeError> {
        text.split(separator)
            .map(|token| is_token(token).then(|| token.to_owned()).ok_or(ScopeError))
            .collect()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its tokens, sorted.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// What it holds that `other` does not.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.0.difference(&other.0).cloned().collect()
    }

    /// What one of them holds.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.0.union(&other.0).cloned().collect()
    }

    /// What of it `keep` keeps.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|token| keep(token)).cloned().collect())
    }

    /// Whether it holds this token.
    pub fn contains(&self, token: &str) -> bool {
        self.0.contains(token)
    }

    /// What both hold.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.0.intersection(&other.0).cloned().collect()
    }
}

impl FromIterator<String> for Scope {
    fn from_iter<I: IntoIterator<Item = String>>(tokens: I) -> Self {
        Self(tokens.into_iter().collect())
    }
}

impl serde::Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, token) in self.tokens().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_repetition_do_not_matter() {
        let scope: Scope = "b a b".parse().unwrap();
        assert_eq!(scope, "a b".parse().unwrap());
        assert_eq!(scope.to_string(), "a b");
    }

    #[test]
    fn a_list_has_single_commas() {
        assert_eq!(Scope::from_commas("b,a,b"), Ok("a b".parse().unwrap()));
        for bad in ["", ",", "a,,b", ",a", "a,", "a b", "a, b", "a\"b", "ü"] {
            assert_eq!(Scope::from_commas(bad), Err(ScopeError), "{bad:?}");
        }
    }

    #[test]
    fn only_nqchars_in_single_spaces() {
        for bad in ["", " ", "a  b", " a", "a ", "a\"b", "a\\b", "ü", "a\tb", "a\u{7f}"] {
            assert_eq!(bad.parse::<Scope>(), Err(ScopeError), "{bad:?}");
        }
    }
}
