//! The payloads of tokens: what they say.

mod access_token;
mod id_token;

pub use access_token::AccessToken;
pub use id_token::{IdToken, token_hash};
