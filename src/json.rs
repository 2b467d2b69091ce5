//! The one JSON parser of the crate: RFC 8259 with the choices that a security protocol wants.
//!
//! A member name may stand once in an object (RFC 7515 §4, RFC 7519 §4 leave the choice between
//! this and "the last wins"), nesting is bounded, text is UTF-8, and nothing follows the value.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// Deepest nesting of arrays and objects that [`parse`] accepts.
pub const MAX_DEPTH: usize = 64;

/// Why a text is not JSON that [`parse`] accepts. Lines and columns count from 1.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum JsonError {
    /// The octets are not UTF-8.
    #[error("not UTF-8 at octet {offset}")]
    Utf8 {
        /// Octets before the first wrong one.
        offset: usize,
    },
    /// The text is not RFC 8259 JSON, or a number is beyond the range of a double.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// An object has two members of one name.
    #[error("the member {name:?} stands twice in one object, at line {line} column {column}")]
    DuplicateMember {
        /// The repeated name.
        name: String,
        /// Line of the second.
        line: usize,
        /// Column of the second.
        column: usize,
    },
    /// Arrays and objects are nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} at line {line} column {column}")]
    TooDeep {
        /// Line of the bracket too many.
        line: usize,
        /// Column of the bracket too many.
        column: usize,
    },
}

/// Parses one JSON value. Integers outside of `i64` and `u64` become doubles.
pub fn parse(input: &[u8]) -> Result<Value, JsonError> {
    let text = std::str::from_utf8(input).map_err(|e| JsonError::Utf8 { offset: e.valid_up_to() })?;
    read(text, false)
}

/// The same where of several members of one name the last stands: to show what [`parse`] refuses, and
/// for nothing else.
pub fn parse_last_wins(text: &str) -> Option<Value> {
    read(text, true).ok()
}

fn read(text: &str, last_wins: bool) -> Result<Value, JsonError> {
    let refusal = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Strict { depth: 0, last_wins, refusal: &refusal }
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|e| match refusal.take() {
            Some(Refusal::Duplicate(name)) => {
                JsonError::DuplicateMember { name, line: e.line(), column: e.column() }
            }
            Some(Refusal::TooDeep) => JsonError::TooDeep { line: e.line(), column: e.column() },
            None => JsonError::Syntax(e.to_string()),
        })
}

/// What this file refuses and serde_json would not; carried past serde's textual errors.
enum Refusal {
    Duplicate(String),
    TooDeep,
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    last_wins: bool,
    refusal: &'a RefCell<Option<Refusal>>,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(self, refusal: Refusal) -> E {
        self.refusal.replace(Some(refusal));
        E::custom("refused")
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(Refusal::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            match object.entry(name) {
                Entry::Occupied(mut entry) if self.last_wins => {
                    entry.insert(members.next_value_seed(inner)?);
                }
                Entry::Occupied(entry) => {
                    return Err(self.refuse(Refusal::Duplicate(entry.key().clone())));
                }
                Entry::Vacant(entry) => {
                    entry.insert(members.next_value_seed(inner)?);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn accepts_json_and_keeps_member_order() {
        let text =
            br#" {"b":[1,-2,2.5,true,null,"\u00e9\ud83d\ude00"],"a":{"a":{}}, "c":18446744073709551615} "#;
        let value = parse(text).unwrap();
        assert_eq!(value, json!({"b": [1, -2, 2.5, true, null, "é😀"], "a": {"a": {}}, "c": u64::MAX}));
        assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), ["b", "a", "c"]);
    }

    #[test]
    fn refuses_what_is_not_json() {
        let texts: [&[u8]; 17] = [
            b"",
            b" ",
            b"{} {}",
            b"{}x",
            b"{} \0",
            b"\xef\xbb\xbf{}",
            b"{a:1}",
            b"[1,]",
            b"01",
            b"+1",
            b"NaN",
            b"1e400",
            b"-1e400",
            b"'a'",
            br#""\ud800""#,
            b"\"\n\"",
            b"// c\n{}",
        ];
        for text in texts {
            let result = parse(text);
            assert!(matches!(result, Err(JsonError::Syntax(_))), "{:?}: {result:?}", text.escape_ascii());
        }
    }

    #[test]
    fn refuses_what_is_not_utf8() {
        let cases: [(&[u8], usize); 4] = [
            (b"\"\xff\"", 1),
            (b"\"a\xc3\"", 2),
            (b"\"\xed\xa0\x80\"", 1), // a surrogate in UTF-8
            (b"\"\xc0\xaf\"", 1),     // an overlong slash
        ];
        for (text, offset) in cases {
            assert_eq!(parse(text), Err(JsonError::Utf8 { offset }));
        }
    }

    #[test]
    fn refuses_duplicate_members_at_any_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"x":[{"a":1,"b":2,"a":3}]}"#,
            r#"{"x":{"y":{"a":{},"\u0061":{}}}}"#,
            r#"{"a":null,"a":null}"#,
        ] {
            match parse(text.as_bytes()) {
                Err(JsonError::DuplicateMember { name, line: 1, column }) => {
                    assert_eq!(name, "a");
                    assert!(column > 1);
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        assert!(parse(br#"{"a":{"a":1},"b":[{"a":1},{"a":1}],"A":1}"#).is_ok());
    }

    #[test]
    fn the_last_wins_where_that_is_asked_for() {
        let text = r#"{"a":1,"b":{"c":[],"c":2},"a":{}}"#;
        assert_eq!(parse_last_wins(text), Some(json!({"a": {}, "b": {"c": 2}})));
        for text in ["{", "{} {}", &"[".repeat(MAX_DEPTH + 1)] {
            assert_eq!(parse_last_wins(text), None);
        }
    }

    #[test]
    fn bounds_the_depth() {
        let arrays = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        let objects = |depth: usize| r#"{"a":"#.repeat(depth) + "1" + &"}".repeat(depth);
        for nested in [arrays, objects] {
            assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
            assert!(matches!(parse(nested(MAX_DEPTH + 1).as_bytes()), Err(JsonError::TooDeep { .. })));
        }
    }

    #[test]
    fn twenty_thousand_levels_fit_a_small_stack() {
        // A quarter of the stack that a wasm instance has.
        let parsing = std::thread::Builder::new().stack_size(256 * 1024).spawn(|| {
            for open in ["[", r#"{"a":"#, r#"[{"a":"#] {
                assert!(matches!(parse(open.repeat(20_000).as_bytes()), Err(JsonError::TooDeep { .. })));
            }
        });
        parsing.unwrap().join().unwrap();
    }
}
