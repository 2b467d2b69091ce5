//! Edgegrant's core: an OAuth 2 / OpenID Connect authorization server as a pure function.
//!
//! ```text
//! wasm → suspend → endpoint → grant → {policy, store, client_authentication} → host → nouns → error
//! ```
//!
//! A file imports only from what stands to its right; `tests/architecture.rs` holds it. The core has
//! no clock, no entropy, no storage and no network: it asks for them as [`host::Effect`]s, and
//! [`suspend::Request`] hands those out and takes the replies.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`jose`] | JWK, JWS, JWT; knows no OAuth |
//! | [`inspect`] | every part of a token explained, none believed |
//! | [`scope`], [`purpose`], [`resource`], [`subscriber`], [`client`], [`consent`], [`claims`], [`form`], [`http`], [`issuer`] | the nouns, parsed once |
//! | [`profile`] | how an issuer speaks on the wire: plain data |
//! | [`config`] | one JSON document, every mistake named |
//! | [`host`] | what the core asks of the outside |
//! | [`policy`] | pure decisions |
//! | [`store`] | what happens once |
//! | [`token`] | tokens that come in, verified |
//! | [`client_authentication`], [`backchannel`], [`grant`], [`endpoint`] | the protocol |
//! | [`suspend`] | a request as data |
//! | [`verifier`] | is this token good: for those who issue none |

pub mod backchannel;
pub mod claims;
pub mod client;
pub mod client_authentication;
pub mod config;
pub mod consent;
pub mod endpoint;
pub mod error;
pub mod form;
pub mod grant;
pub mod host;
pub mod http;
pub mod inspect;
pub mod issuer;
pub mod jose;
pub mod json;
pub mod keys;
pub mod mistake;
mod named;
pub mod pairwise;
pub mod policy;
pub mod profile;
pub mod purpose;
pub mod resource;
pub mod scope;
pub mod secret;
pub mod store;
pub mod subscriber;
pub mod suspend;
pub mod time;
pub mod token;
pub mod verifier;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub mod wasm;
