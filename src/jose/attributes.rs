//! What a JWK says of itself beside the key: RFC 7517 §4.2 to §4.5.

use std::collections::BTreeSet;

use super::members::Members;
use super::{Algorithm, JwkError, KeyError};

/// `kid`, `alg`, `use` and `key_ops`, as they stand in the JWK.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes {
    pub(super) kid: Option<String>,
    pub(super) alg: Option<String>,
    pub(super) use_: Option<String>,
    pub(super) key_ops: Option<Vec<String>>,
}

/// What a key is to do, as `key_ops` names it (RFC 7517 §4.3).
#[derive(Clone, Copy)]
pub(super) enum Operation {
    Sign,
    Verify,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Verify => "verify",
        }
    }
}

impl Attributes {
    pub(super) fn parse(members: Members<'_>) -> Result<Self, JwkError> {
        let own = |member| Ok::<_, JwkError>(members.optional_text(member)?.map(String::from));
        let key_ops = members.optional_texts("key_ops")?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = key_ops.iter().flatten().find(|operation| !seen.insert(**operation)) {
            return Err(JwkError::DuplicateOperation { operation: (*twice).into() });
        }
        Ok(Self {
            kid: own("kid")?,
            alg: own("alg")?,
            use_: own("use")?,
            key_ops: key_ops.map(|operations| operations.into_iter().map(String::from).collect()),
        })
    }

    /// Whether `alg`, `use` and `key_ops` allow the operation.
    pub(super) fn permit(&self, algorithm: Algorithm, operation: Operation) -> Result<(), KeyError> {
        let same = |alg: &str| alg.parse().is_ok_and(|alg: Algorithm| alg.same_signature(algorithm));
        if let Some(declared) = self.alg.as_ref().filter(|alg| !same(alg)) {
            return Err(KeyError::Algorithm { algorithm, declared: declared.clone() });
        }
        if let Some(declared) = self.use_.as_ref().filter(|use_| *use_ != "sig") {
            return Err(KeyError::Use { declared: declared.clone() });
        }
        let operation = operation.name();
        if self.key_ops.as_ref().is_some_and(|allowed| !allowed.iter().any(|o| o == operation)) {
            return Err(KeyError::Operation { operation });
        }
        Ok(())
    }
}
