//! A client's request, as the front end passes it on.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::form::Form;
use crate::http::{Body, Headers, HttpRequest};

/// The request that the client sent to the front end. `client_id`, `client_secret`: the credentials of its
/// Authorization header, as they stand there.
pub(super) fn client_request(
    parameters: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
) -> HttpRequest {
    let mut parameters = parameters.unwrap_or_default();
    let (client_id, client_secret) = (client_id.unwrap_or_default(), client_secret.unwrap_or_default());
    // Some front ends also take them from the body, where they stand anyway.
    let form = Form::parse(parameters.as_bytes()).unwrap_or_default();
    let same = |name, value: &str| form.get(name) == Some(value);
    let in_body = same("client_id", &client_id) && same("client_secret", &client_secret);
    let mut authorization = None;
    if !client_secret.is_empty() && !in_body {
        authorization = Some(format!("Basic {}", STANDARD.encode(format!("{client_id}:{client_secret}"))));
    } else if !client_id.is_empty() && form.get("client_id").is_none() {
        // Without a secret it only says who it is.
        parameters.push_str("&client_id=");
        parameters.extend(utf8_percent_encode(&client_id, NON_ALPHANUMERIC));
    }
    HttpRequest {
        method: "POST".into(),
        path: String::new(),
        query: String::new(),
        headers: Headers {
            authorization,
            content_type: Some("application/x-www-form-urlencoded".into()),
            x_api_key: None,
        },
        body: Body::Bytes(parameters.into_bytes().into()),
        operator: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_the_header_are_put_back_into_it_once() {
        let request = |parameters: &str, id: &str, secret: &str| {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let request = client_request(some(parameters), some(id), some(secret));
            (request.headers.authorization, String::from_utf8(request.body.bytes().to_vec()).unwrap())
        };
        let both = "client_id=a&client_secret=b";
        let basic = |text: &str| Some(format!("Basic {}", STANDARD.encode(text)));
        for (parameters, id, secret, header, body) in [
            ("a=b", "", "", None, "a=b"),
            ("a=b", "id", "secret", basic("id:secret"), "a=b"),
            // They stay encoded as the client encoded them (RFC 6749 §2.3.1).
            ("", "a%3Ab", "c", basic("a%3Ab:c"), ""),
            (both, "a", "b", None, both),
            (both, "a", "c", basic("a:c"), both),
            ("a=b", "x:y", "", None, "a=b&client_id=x%3Ay"),
            ("client_id=a", "a", "", None, "client_id=a"),
        ] {
            assert_eq!(
                request(parameters, id, secret),
                (header, body.to_owned()),
                "{parameters} {id} {secret}"
            );
        }
    }
}
