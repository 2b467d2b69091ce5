//! Values that stand in the document or come from the environment.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};

use crate::jose::Algorithm;
use crate::mistake::{Mistakes, wrong_kind};
use crate::policy::Policy;

/// A reference to an environment binding: a variable or secret of the deployment.
#[derive(Clone, Debug, Deserr, Eq, PartialEq)]
#[deserr(error = Mistakes, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Binding {
    /// The binding's name.
    pub env: String,
}

/// Text: a string, or a reference to a binding that holds it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub enum Text {
    /// The text itself.
    Plain(String),
    /// Where it is.
    Env(Binding),
}

impl Deserr<Mistakes> for Text {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, Mistakes> {
        match value {
            Value::String(text) => Ok(Self::Plain(text)),
            Value::Map(map) => Binding::deserialize_from_value(Value::<V>::Map(map), at).map(Self::Env),
            actual => Err(wrong_kind(actual, &[ValueKind::String, ValueKind::Map], at)),
        }
    }
}

/// A client's public keys: a JWK Set, or a reference to a binding that holds one.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub enum Keys {
    /// The JWK Set itself, RFC 7517 §5.
    Plain {
        /// The keys.
        keys: Vec<serde_json::Value>,
    },
    /// Where it is.
    Env(Binding),
}

impl Deserr<Mistakes> for Keys {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, Mistakes> {
        match serde_json::Value::deserialize_from_value(value, at)? {
            serde_json::Value::Object(mut members) if members.len() == 1 => match members.remove("keys") {
                Some(serde_json::Value::Array(keys)) => Ok(Self::Plain { keys }),
                _ => deserr::deserialize::<Binding, _, Mistakes>(serde_json::Value::Object(members))
                    .map(Self::Env)
                    .map_err(|_| unexpected(at)),
            },
            _ => Err(unexpected(at)),
        }
    }
}

fn unexpected(at: ValuePointerRef) -> Mistakes {
    let msg = r#"expected a JWK Set {"keys": […]} or a reference {"env": "NAME"}"#.to_owned();
    take_cf_content(Mistakes::error::<serde_json::Value>(None, ErrorKind::Unexpected { msg }, at))
}

/// A policy: the document itself, or where it is.
#[derive(Debug)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub enum PolicySetting {
    /// The document itself.
    Plain(Box<Policy>),
    /// Where it is.
    Elsewhere(PolicyPlace),
}

/// Where a policy is that does not stand in the configuration.
#[derive(Clone, Copy, Debug, Deserr)]
#[deserr(error = Mistakes)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PolicyPlace {
    /// In the registry, where the operator publishes it.
    #[deserr(rename = "registry")]
    #[cfg_attr(feature = "schema", schemars(rename = "registry"))]
    Registry,
}

impl Deserr<Mistakes> for PolicySetting {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, Mistakes> {
        match value {
            Value::String(_) => PolicyPlace::deserialize_from_value(value, at).map(Self::Elsewhere),
            Value::Map(_) => {
                Policy::deserialize_from_value(value, at).map(|policy| Self::Plain(Box::new(policy)))
            }
            actual => Err(wrong_kind(actual, &[ValueKind::String, ValueKind::Map], at)),
        }
    }
}

/// Any algorithm; which of them a key may have is for its use to say.
impl Deserr<Mistakes> for Algorithm {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, Mistakes> {
        let Value::String(text) = value else {
            return Err(wrong_kind(value, &[ValueKind::String], at));
        };
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == text).ok_or_else(|| {
            let known = Self::ALL.iter().filter(|algorithm| !algorithm.is_symmetric());
            let accepted: Vec<_> = known.map(|algorithm| algorithm.name()).collect();
            let error = ErrorKind::UnknownValue { value: &text, accepted: &accepted };
            take_cf_content(Mistakes::error::<V>(None, error, at))
        })
    }
}
