//! What a token must be: the options of a verifier.

use serde_json::{Map, Value};

use crate::jose::Algorithm;
use crate::json;
use crate::mistake::Mistake;

/// Most that clocks may differ, in seconds.
const MAX_CLOCK_TOLERANCE: u64 = 60;
/// RFC 9068 §2.1
const ACCESS_TOKEN: &str = "at+jwt";

/// What a token must be. Times are in seconds.
#[derive(Debug)]
pub struct Rules {
    /// The exact `iss`; of several, any.
    pub issuer: Vec<String>,
    /// What `aud` must hold; of several, any. `None`: it does not matter.
    pub audience: Option<Vec<String>>,
    /// What `alg` may be, RFC 8725 §3.1.
    pub algorithms: Vec<Algorithm>,
    /// What `typ` may be, RFC 8725 §3.11. `None`: anything, or absent.
    pub typ: Option<Vec<String>>,
    /// How far clocks may differ.
    pub clock_tolerance: u64,
    /// Claims that must be there, beside `exp`.
    pub required_claims: Vec<String>,
    /// Claims that must have exactly these values.
    pub claims: Map<String, Value>,
    /// Oldest accepted age by `iat`.
    pub max_age: Option<u64>,
}

const MEMBERS: [&str; 8] =
    ["issuer", "audience", "algorithms", "typ", "clock_tolerance", "required_claims", "claims", "max_age"];

impl Rules {
    /// Parses the JSON text of the rules; all mistakes at once.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let whole = |message: String| vec![Mistake::new("", message)];
        let value = json::parse(text.as_bytes()).map_err(|error| whole(error.to_string()))?;
        let members = value.as_object().ok_or_else(|| whole("expected an object".into()))?;
        let mut reader = Reader { members, mistakes: Vec::new() };
        for unknown in members.keys().filter(|name| !MEMBERS.contains(&name.as_str())) {
            reader.wrong(unknown, format!("unknown option; there are {}", MEMBERS.join(", ")));
        }
        let rules = Self {
            issuer: reader.required_texts("issuer", "the exact \"iss\" of the tokens"),
            audience: reader.audience(),
            algorithms: reader.algorithms(),
            typ: match members.get("typ") {
                None => Some(vec![ACCESS_TOKEN.into()]),
                Some(Value::Null) => None,
                Some(_) => reader.texts("typ"),
            },
            clock_tolerance: reader.seconds("clock_tolerance", MAX_CLOCK_TOLERANCE).unwrap_or_default(),
            required_claims: reader.texts("required_claims").unwrap_or_default(),
            claims: reader.exact_claims(),
            max_age: reader.seconds("max_age", u64::from(u32::MAX)),
        };
        if reader.mistakes.is_empty() { Ok(rules) } else { Err(reader.mistakes) }
    }
}

struct Reader<'a> {
    members: &'a Map<String, Value>,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    fn wrong(&mut self, name: &str, message: impl Into<String>) {
        self.mistakes.push(Mistake::new(format!("/{name}"), message));
    }

    /// A string, or an array of strings that is not empty.
    fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let texts = match self.members.get(name)? {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(items) => items.iter().map(|item| item.as_str().map(String::from)).collect(),
            _ => None,
        };
        let sound = texts.filter(|texts| !texts.is_empty() && texts.iter().all(|text| !text.is_empty()));
        if sound.is_none() {
            self.wrong(name, "expected a string, or an array of strings, none of them empty");
        }
        sound
    }

    fn required_texts(&mut self, name: &str, what: &str) -> Vec<String> {
        if !self.members.contains_key(name) {
            self.wrong(name, format!("missing: {what}"));
        }
        self.texts(name).unwrap_or_default()
    }

    fn audience(&mut self) -> Option<Vec<String>> {
        if self.members.get("audience") == Some(&Value::Null) {
            return None;
        }
        Some(self.required_texts("audience", "whom the tokens are for, or null where they do not say"))
    }

    fn algorithms(&mut self) -> Vec<Algorithm> {
        let names = self.required_texts("algorithms", "the values of \"alg\" to accept");
        let known: Vec<_> = names.iter().map(|name| name.parse::<Algorithm>()).collect();
        if known.iter().any(Result::is_err) {
            let all: Vec<_> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
            self.wrong("algorithms", format!("expected some of {}", all.join(", ")));
        }
        known.into_iter().flatten().collect()
    }

    fn seconds(&mut self, name: &str, most: u64) -> Option<u64> {
        let value = self.members.get(name)?;
        let seconds = value.as_u64().filter(|seconds| *seconds <= most);
        if seconds.is_none() {
            self.wrong(name, format!("expected a whole number of seconds, 0 to {most}"));
        }
        seconds
    }

    fn exact_claims(&mut self) -> Map<String, Value> {
        match self.members.get("claims") {
            None => Map::new(),
            Some(Value::Object(claims)) => {
                for (name, _) in claims.iter().filter(|(_, value)| value.is_object() || value.is_array()) {
                    self.wrong(&format!("claims/{name}"), "expected a string, a number, true, false or null");
                }
                claims.clone()
            }
            Some(_) => {
                self.wrong("claims", "expected an object of claims and their values");
                Map::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointers(value: &Value) -> Vec<String> {
        let mistakes = Rules::parse(&value.to_string()).unwrap_err();
        mistakes.into_iter().map(|mistake| mistake.pointer).collect()
    }

    #[test]
    fn the_least_that_must_be_said() {
        let rules = json!({"issuer": "i", "audience": ["a", "b"], "algorithms": ["ES256"]});
        let rules = Rules::parse(&rules.to_string()).unwrap();
        assert_eq!(rules.issuer, ["i"]);
        assert_eq!(rules.audience.as_deref(), Some(&["a".to_owned(), "b".to_owned()][..]));
        assert_eq!(rules.algorithms, [Algorithm::Es256]);
        assert_eq!(rules.typ.as_deref(), Some(&["at+jwt".to_owned()][..]));
        assert_eq!((rules.clock_tolerance, rules.max_age), (0, None));
        assert_eq!(pointers(&json!({})), ["/issuer", "/audience", "/algorithms"]);
        assert_eq!(Rules::parse("[]").unwrap_err().len(), 1);
        assert_eq!(Rules::parse("{").unwrap_err().len(), 1);
    }

    #[test]
    fn null_is_anything_where_that_may_be_said() {
        let rules = json!({"issuer": "i", "audience": null, "algorithms": "ES256", "typ": null});
        let rules = Rules::parse(&rules.to_string()).unwrap();
        assert_eq!((rules.audience, rules.typ), (None, None));
    }

    #[test]
    fn each_mistake_has_its_place() {
        let cases = [
            ("issuer", json!(null)),
            ("issuer", json!("")),
            ("issuer", json!([])),
            ("issuer", json!(["a", 1])),
            ("audience", json!([])),
            ("audience", json!([null])),
            ("audience", json!(false)),
            ("algorithms", json!([])),
            ("algorithms", json!(["none"])),
            ("algorithms", json!(["ES256", "es256"])),
            ("typ", json!([])),
            ("clock_tolerance", json!(61)),
            ("clock_tolerance", json!(-1)),
            ("clock_tolerance", json!(1.5)),
            ("clock_tolerance", json!("5")),
            ("required_claims", json!("")),
            ("claims", json!(["a"])),
            ("claims/a", json!(null)),
            ("max_age", json!(-1)),
            ("audiance", json!("a")),
        ];
        for (name, value) in cases {
            let mut rules = json!({"issuer": "i", "audience": "a", "algorithms": ["ES256"]});
            match name.split_once('/') {
                Some((outer, inner)) => rules[outer] = json!({inner: []}),
                None => rules[name] = value.clone(),
            }
            assert_eq!(pointers(&rules), [format!("/{name}")], "{name} {value}");
        }
    }
}
