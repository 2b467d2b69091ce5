//! The inspection; `js/inspect/types.ts` states what it answers.

use wasm_bindgen::prelude::*;

/// Explains a token, as JSON. `keys`: a JWK or a JWK Set; `now` in seconds since 1970.
#[wasm_bindgen]
#[allow(clippy::needless_pass_by_value, reason = "an optional text crosses the boundary only so")]
pub fn inspect(token: &str, keys: Option<String>, now: f64) -> String {
    let now = super::seconds(now);
    serde_json::to_string(&crate::inspect::inspect(token, keys.as_deref(), now)).unwrap_or_default()
}
