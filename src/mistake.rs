//! Mistakes in the configuration: where, and what was expected. All of them at once.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map, MergeWithError, Value, ValueKind, ValuePointerRef,
    take_cf_content,
};
use serde::Serialize;

/// One mistake.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Mistake {
    /// RFC 6901 JSON pointer into the document; empty for the whole of it.
    pub pointer: String,
    /// What was expected there.
    pub message: String,
}

impl Mistake {
    /// A mistake at `pointer`.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }
}

/// All mistakes found so far. Reading goes on after each.
#[derive(Debug, Default)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    /// Notes a mistake.
    pub fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(Mistake::new(pointer, message));
    }

    /// `value` where there is none, else all of them, sorted by place.
    pub fn or<T>(self, value: T) -> Result<T, Vec<Mistake>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.sorted()) }
    }

    /// All of them, sorted by place, each once: a client is judged at each of its issuers.
    pub fn sorted(mut self) -> Vec<Mistake> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}

impl MergeWithError<Self> for Mistakes {
    fn merge(found: Option<Self>, other: Self, _: ValuePointerRef) -> ControlFlow<Self, Self> {
        let mut all = found.unwrap_or_default();
        all.0.extend(other.0);
        ControlFlow::Continue(all)
    }
}

impl DeserializeError for Mistakes {
    fn error<V: IntoValue>(
        found: Option<Self>,
        error: ErrorKind<V>,
        location: ValuePointerRef,
    ) -> ControlFlow<Self, Self> {
        let mut all = found.unwrap_or_default();
        let here = pointer(location);
        match error {
            ErrorKind::IncorrectValueKind { actual, accepted } => {
                let expected = list(accepted.iter().map(|kind| name(*kind)));
                all.add(here, format!("expected {expected}, found {}", name(actual.kind())));
            }
            ErrorKind::MissingField { field } => all.add(here, format!("member {field} is missing")),
            ErrorKind::UnknownKey { key, accepted } => all.add(
                format!("{here}/{}", escape(key)),
                format!("unknown member; expected one of {}", list(accepted.iter().copied())),
            ),
            ErrorKind::UnknownValue { value, accepted } => {
                let expected = list(accepted.iter().copied());
                all.add(here, format!("expected one of {expected}, found {value}"));
            }
            ErrorKind::BadSequenceLen { expected, .. } => {
                all.add(here, format!("expected {expected} items"));
            }
            ErrorKind::Unexpected { msg } => all.add(here, msg),
        }
        ControlFlow::Continue(all)
    }
}

/// RFC 6901 JSON pointer of a place in a document that is being read.
pub fn pointer(location: ValuePointerRef) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => format!("{}/{}", pointer(*prev), escape(key)),
        ValuePointerRef::Index { index, prev } => format!("{}/{index}", pointer(*prev)),
    }
}

/// A member's name as a part of a JSON pointer, RFC 6901 §3.
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "true or false",
        ValueKind::Integer => "a whole number",
        ValueKind::NegativeInteger => "a negative number",
        ValueKind::Float => "a fraction",
        ValueKind::String => "a string",
        ValueKind::Sequence => "an array",
        ValueKind::Map => "an object",
    }
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// A value of another kind than one of `accepted`.
pub fn wrong_kind<V: IntoValue>(actual: Value<V>, accepted: &[ValueKind], at: ValuePointerRef) -> Mistakes {
    take_cf_content(Mistakes::error(None, ErrorKind::IncorrectValueKind { actual, accepted }, at))
}

/// The members of an object whose names the document chooses. Read as a map of deserr's own, one with a mistake in
/// it would be left out, and the mistake with it.
pub struct Members<T>(BTreeMap<String, T>);

impl<T: Deserr<Mistakes>> Deserr<Mistakes> for Members<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, Mistakes> {
        let Value::Map(map) = value else { return Err(wrong_kind(value, &[ValueKind::Map], at)) };
        let (mut members, mut mistakes) = (BTreeMap::new(), Mistakes::default());
        for (name, value) in map.into_iter() {
            match T::deserialize_from_value(value.into_value(), at.push_key(&name)) {
                Ok(member) => drop(members.insert(name, member)),
                Err(found) => mistakes.0.extend(found.0),
            }
        }
        if mistakes.0.is_empty() { Ok(Self(members)) } else { Err(mistakes) }
    }
}

impl<T> Members<T> {
    /// As a map.
    pub fn into_map(self) -> BTreeMap<String, T> {
        self.0
    }
}

/// Lets a noun be read from a string by its `FromStr`, whose error says what was expected.
macro_rules! from_string {
    ($noun:ty) => {
        impl deserr::Deserr<$crate::mistake::Mistakes> for $noun {
            fn deserialize_from_value<V: deserr::IntoValue>(
                value: deserr::Value<V>,
                at: deserr::ValuePointerRef,
            ) -> Result<Self, $crate::mistake::Mistakes> {
                use deserr::DeserializeError as _;
                let deserr::Value::String(text) = value else {
                    return Err($crate::mistake::wrong_kind(value, &[deserr::ValueKind::String], at));
                };
                text.parse().map_err(|error| {
                    let msg = format!("expected {error}");
                    deserr::take_cf_content($crate::mistake::Mistakes::error::<V>(
                        None,
                        deserr::ErrorKind::Unexpected { msg },
                        at,
                    ))
                })
            }
        }
    };
}
pub(crate) use from_string;
