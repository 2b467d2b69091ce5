//! The issuer's public keys, RFC 7517 §5.

use serde_json::json;

use crate::http::HttpResponse;
use crate::issuer::Issuer;

pub(super) const PATH: &str = "/.well-known/jwks.json";

/// How long a cache may keep the set, in seconds. A key must be published as `next` for at least so
/// long before it signs.
const MAX_AGE: u64 = 300;

pub(super) fn serve(issuer: &Issuer) -> HttpResponse {
    let keys: Vec<_> = issuer
        .keys()
        .filter_map(|key| {
            let mut jwk = key.public.as_ref()?.to_value();
            if let Some(members) = jwk.as_object_mut() {
                members.insert("kid".into(), json!(key.kid));
                members.insert("alg".into(), json!(key.alg.name()));
                members.insert("use".into(), json!("sig"));
                members.shift_remove("key_ops");
            }
            Some(jwk)
        })
        .collect();
    HttpResponse::document(json!({ "keys": keys }).to_string(), MAX_AGE)
}
