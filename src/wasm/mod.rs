//! The exports of the WebAssembly modules, a feature each.
//!
//! An export answers with data, errors included; one that throws has trapped, and the instance is
//! abandoned.

#[cfg(feature = "inspector")]
mod inspector;
#[cfg(feature = "server")]
mod outcome;
#[cfg(feature = "server")]
mod policy;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
mod sign;
#[cfg(feature = "verifier")]
mod verifier;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn error(message: &str);
}

/// Where a panic happened reaches the operator's log; its message, which may hold a secret, does not.
#[wasm_bindgen(start)]
fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| match info.location() {
        Some(at) => error(&format!("edgegrant: panic at {at}")),
        None => error("edgegrant: panic"),
    }));
}

/// A time or a length of time that JavaScript said.
#[cfg(any(feature = "inspector", feature = "server", feature = "verifier"))]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; no clock is negative")]
fn seconds(number: f64) -> u64 {
    number as u64
}
