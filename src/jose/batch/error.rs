//! What goes wrong with a batch.

use crate::jose::SignError;
use crate::jose::jws::MAX_TOKEN_OCTETS;
use crate::json::JsonError;

use super::MAX_COUNT;

/// Why there are no tokens. An `index` counts from 0.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BatchError {
    /// The header is not a JSON object with a text for `alg`.
    #[error("the header must be a JSON object with \"alg\"")]
    Header,
    /// A header member that nothing here honours (RFC 7515 §4.1.11, RFC 7797 §7).
    #[error("the header must not have {member:?}")]
    HeaderMember {
        /// Its name.
        member: &'static str,
    },
    /// The claims are not JSON.
    #[error("the claims: {0}")]
    Claims(JsonError),
    /// The claims are not a JSON object, RFC 7519 §4.
    #[error("the claims must be a JSON object")]
    NotAnObject,
    /// No member of the claims has the column's name.
    #[error("the column {column:?} has no place: give the claims a member of this name")]
    UnknownColumn {
        /// Its name.
        column: String,
    },
    /// Two columns have one name.
    #[error("there are two columns {column:?}")]
    DuplicateColumn {
        /// The shared name.
        column: String,
    },
    /// There are other values than tokens.
    #[error("the column {column:?} has {values} values for {count} tokens")]
    ColumnLength {
        /// Its name.
        column: String,
        /// How many it has.
        values: usize,
        /// How many it should have.
        count: usize,
    },
    /// No tokens are asked for, or more than [`MAX_COUNT`].
    #[error("1 to {MAX_COUNT} tokens can be made at once, not {count}")]
    Count {
        /// How many were asked for.
        count: usize,
    },
    /// A value is not JSON that every reader takes for the same.
    #[error("the column {column:?}: {error}")]
    Value {
        /// The column.
        column: String,
        /// Its place.
        index: usize,
        /// What is wrong with it.
        error: JsonError,
    },
    /// `exp`, `nbf` or `iat` is not a number, RFC 7519 §2 "NumericDate".
    #[error("{claim:?} must be a number of seconds since 1970")]
    NotADate {
        /// Which of them.
        claim: &'static str,
        /// Of a column: the place of the value.
        index: Option<usize>,
    },
    /// A token is longer than [`MAX_TOKEN_OCTETS`].
    #[error("a token would have {octets} octets, more than {MAX_TOKEN_OCTETS}")]
    TooLong {
        /// Its place.
        index: usize,
        /// Its length, perhaps without its signature.
        octets: usize,
    },
    /// Not one signature for each input, all of one length.
    #[error("{octets} octets are not the signatures of {count} tokens")]
    Signatures {
        /// Octets given.
        octets: usize,
        /// Inputs to sign.
        count: usize,
    },
    /// Nothing was signed.
    #[error(transparent)]
    Sign(#[from] SignError),
}
