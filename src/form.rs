//! `application/x-www-form-urlencoded` parameters, RFC 6749 §3.2 and appendix B.

use percent_encoding::percent_decode_str;

use crate::error::ProtocolError;

/// Parameters that RFC 8707 §2 and RFC 8693 §2.1 let a client repeat.
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// A request's parameters: each at most once, none empty.
#[derive(Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Parses a form body.
    ///
    /// # Errors
    /// `invalid_request` where the text is not UTF-8, decoded or not, or a parameter is repeated.
    pub fn parse(body: &[u8]) -> Result<Self, ProtocolError> {
        let text = std::str::from_utf8(body)
            .map_err(|_| ProtocolError::invalid_request("the body must be UTF-8 text"))?;
        let mut parameters: Vec<(String, String)> = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                return Err(ProtocolError::invalid_request("a parameter is not percent-encoded UTF-8"));
            };
            // RFC 6749 §3.2: a parameter without a value is treated as if it were omitted.
            if value.is_empty() {
                continue;
            }
            // RFC 6749 §3.2: parameters must not be included more than once.
            if !REPEATABLE.contains(&name.as_str()) && parameters.iter().any(|(known, _)| *known == name) {
                return Err(ProtocolError::invalid_request(format!("send parameter {name} only once")));
            }
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// A parameter's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a parameter that may be repeated, in order.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All parameters, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A parameter's value, or `invalid_request`.
    pub fn require(&self, name: &str) -> Result<&str, ProtocolError> {
        self.get(name).ok_or_else(|| ProtocolError::invalid_request(format!("parameter {name} is missing")))
    }
}

/// The names of a query's parameters, whatever else is wrong with it; what does not decode is left out.
pub fn names(query: &str) -> impl Iterator<Item = String> {
    query.split('&').filter_map(|pair| decode(pair.split('=').next().unwrap_or_default()))
}

/// Decodes one form-encoded name or value; `None` where it does not decode to UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_decode_and_empty_ones_are_omitted() {
        let form = Form::parse(b"a=1+2%2B&b=&&c&resource=x&resource=y&%C3%BC=%F0%9F%94%91").unwrap();
        assert_eq!(form.get("a"), Some("1 2+"));
        assert_eq!((form.get("b"), form.get("c")), (None, None));
        assert_eq!(form.all("resource").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(form.get("ü"), Some("🔑"));
    }

    #[test]
    fn faults_are_named() {
        for (body, expected) in [
            (&b"a=1&a=2"[..], "send parameter a only once"),
            (b"scope=a&scope=a", "send parameter scope only once"),
            (b"a=\xff", "the body must be UTF-8 text"),
            (b"a=%ff", "a parameter is not percent-encoded UTF-8"),
        ] {
            assert_eq!(Form::parse(body).unwrap_err().description, expected);
        }
        // An empty value is no value, so it does not count as the first of two.
        assert_eq!(Form::parse(b"a=&a=2").unwrap().get("a"), Some("2"));
    }
}
