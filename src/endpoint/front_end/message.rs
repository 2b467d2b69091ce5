//! Messages: what each is declared as is its type, how it is read or written, and its documentation.
//!
//! Clients send every member that is not set as `null`, `0`, `false`, an empty text or an empty list, so all of these
//! are the default. Members that are not known are passed over.

use serde_json::{Map, Value, json};

use crate::named::named;
use crate::store::Property;

/// A message in the documentation.
pub struct Table {
    /// Where it is sent, or what it says.
    pub title: &'static str,
    /// What it is, in words.
    pub about: &'static str,
    /// Its members.
    pub rows: &'static [Row],
}

/// A member in the documentation.
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub kind: &'static str,
    /// What it says.
    pub doc: &'static str,
}

/// A member's value.
pub(super) trait Field: Default {
    /// Its type, for the documentation.
    const KIND: &'static str;
}

/// A value that is read.
pub(super) trait Read: Field {
    /// The value; `None`: it is of another type.
    fn read(value: &Value) -> Option<Self>;
}

/// A value that is written.
pub(super) trait Write: Field {
    /// The value; `None`: it is not set, and its member is left out.
    fn write(self) -> Option<Value>;
}

/// A member that is of another type than it should be.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("{member} must be {expected}")]
pub(super) struct Wrong {
    pub member: &'static str,
    pub expected: &'static str,
}

/// A member of a message that is read.
pub(super) fn member<T: Read>(message: &Value, name: &'static str) -> Result<T, Wrong> {
    match message.get(name) {
        None | Some(Value::Null) => Ok(T::default()),
        Some(value) => T::read(value).ok_or(Wrong { member: name, expected: T::KIND }),
    }
}

/// A member of a message that is written.
pub(super) fn put(message: &mut Map<String, Value>, name: &str, value: impl Write) {
    if let Some(value) = value.write() {
        message.insert(name.to_owned(), value);
    }
}

/// Declares a message that is read, or one that is written.
macro_rules! message {
    ($way:ident: $(#[doc = $about:literal])+ $name:ident, $title:literal {
        $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $json:literal,)*
    }) => {
        $(#[doc = $about])+
        #[derive(Debug, Default)]
        pub(super) struct $name {
            $($(#[doc = $doc])+ pub $field: $type,)*
        }

        impl $name {
            /// What is said of it.
            pub(super) const TABLE: Table = Table {
                title: $title,
                about: concat!($($about),+),
                rows: &[$(Row {
                    name: $json,
                    kind: <$type as Field>::KIND,
                    doc: concat!($($doc),+),
                }),*],
            };

            message! { @ $way $($field $json)* }
        }
    };
    (@ read $($field:ident $json:literal)*) => {
        /// Reads it.
        pub(super) fn read(message: &Value) -> Result<Self, Wrong> {
            Ok(Self { $($field: member(message, $json)?,)* })
        }
    };
    (@ write $($field:ident $json:literal)*) => {
        /// Writes its members.
        pub(super) fn write(self, message: &mut Map<String, Value>) {
            $(put(message, $json, self.$field);)*
        }
    };
}
pub(super) use message;

impl Field for Option<String> {
    const KIND: &'static str = "string";
}

impl Read for Option<String> {
    fn read(value: &Value) -> Option<Self> {
        Some(Some(value.as_str()?.to_owned()).filter(|text| !text.is_empty()))
    }
}

impl Write for Option<String> {
    fn write(self) -> Option<Value> {
        self.map(Value::from)
    }
}

impl Field for u64 {
    const KIND: &'static str = "number";
}

impl Read for u64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64().or_else(|| value.as_i64().map(|_| 0))
    }
}

impl Write for u64 {
    fn write(self) -> Option<Value> {
        Some(self.into())
    }
}

impl Field for bool {
    const KIND: &'static str = "boolean";
}

impl Read for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Write for bool {
    fn write(self) -> Option<Value> {
        Some(self.into())
    }
}

impl Field for Vec<String> {
    const KIND: &'static str = "string[]";
}

impl Read for Vec<String> {
    fn read(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    }
}

impl Write for Vec<String> {
    fn write(self) -> Option<Value> {
        Some(self.into())
    }
}

/// Properties as they are sent; what they say is checked where they are used.
#[derive(Debug, Default)]
pub(super) struct Properties(pub Value);

impl Field for Properties {
    const KIND: &'static str = "{key, value, hidden}[]";
}

impl Read for Properties {
    fn read(value: &Value) -> Option<Self> {
        value.is_array().then(|| Self(value.clone()))
    }
}

impl Field for Vec<Property> {
    const KIND: &'static str = Properties::KIND;
}

impl Write for Vec<Property> {
    fn write(self) -> Option<Value> {
        serde_json::to_value(self).ok()
    }
}

/// Scope tokens, and whether the client gets them where it asks for none.
#[derive(Debug, Default)]
pub(super) struct Scopes(pub Vec<(String, bool)>);

impl Field for Scopes {
    const KIND: &'static str = "{name, defaultEntry}[]";
}

impl Write for Scopes {
    fn write(self) -> Option<Value> {
        let scope = |(name, default)| json!({ "name": name, "defaultEntry": default });
        Some(self.0.into_iter().map(scope).collect())
    }
}

/// `authorization_details`, RFC 9396 §2. Of each element, what that section does not name is one text of JSON.
#[derive(Debug, Default)]
pub(super) struct AuthorizationDetails(pub Option<Value>);

impl Field for AuthorizationDetails {
    const KIND: &'static str = "{elements}";
}

impl Write for AuthorizationDetails {
    fn write(self) -> Option<Value> {
        let elements: Vec<Value> = self.0?.as_array()?.iter().filter_map(element).collect();
        Some(json!({ "elements": elements }))
    }
}

/// What is of another type than that section says would not be understood either, and stands among the others.
fn element(details: &Value) -> Option<Value> {
    const TEXTS: [&str; 2] = ["type", "identifier"];
    const LISTS: [&str; 4] = ["locations", "actions", "datatypes", "privileges"];
    let (mut element, mut others) = (Map::new(), Map::new());
    for (name, value) in details.as_object()? {
        let named = if value.is_string() { TEXTS.contains(&&**name) } else { LISTS.contains(&&**name) };
        let members =
            if named && (value.is_string() || are_texts(value)) { &mut element } else { &mut others };
        members.insert(name.clone(), value.clone());
    }
    if let Some(types) = element.remove("datatypes") {
        element.insert("dataTypes".to_owned(), types);
    }
    element.insert("otherFields".to_owned(), Value::Object(others).to_string().into());
    Some(Value::Object(element))
}

fn are_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

named! {
    /// What became of an authentication.
    Outcome {
        /// The person agreed.
        Authorized = "AUTHORIZED",
        /// They refused.
        AccessDenied = "ACCESS_DENIED",
        /// They could not be asked.
        TransactionFailed = "TRANSACTION_FAILED",
    }
}

impl Field for Option<Outcome> {
    const KIND: &'static str = "one of AUTHORIZED, ACCESS_DENIED, TRANSACTION_FAILED";
}

impl Read for Option<Outcome> {
    fn read(value: &Value) -> Option<Self> {
        let text = value.as_str()?;
        if text.is_empty() { Some(None) } else { Outcome::named(text).map(Some) }
    }
}

named! {
    /// Why nobody is asked.
    Reason {
        /// The `login_hint_token` has expired.
        ExpiredLoginHintToken = "EXPIRED_LOGIN_HINT_TOKEN",
        /// The hint names nobody.
        UnknownUserId = "UNKNOWN_USER_ID",
        /// The client may not.
        UnauthorizedClient = "UNAUTHORIZED_CLIENT",
        /// This person is only asked by those who send their code.
        MissingUserCode = "MISSING_USER_CODE",
        /// The code is another.
        InvalidUserCode = "INVALID_USER_CODE",
        /// The message cannot be shown.
        InvalidBindingMessage = "INVALID_BINDING_MESSAGE",
        /// The resource is not known, RFC 8707 §2.
        InvalidTarget = "INVALID_TARGET",
        /// They, or a rule, refused.
        AccessDenied = "ACCESS_DENIED",
        /// Something broke.
        ServerError = "SERVER_ERROR",
    }
}

impl Field for Option<Reason> {
    const KIND: &'static str = "one of EXPIRED_LOGIN_HINT_TOKEN, UNKNOWN_USER_ID, UNAUTHORIZED_CLIENT, \
        MISSING_USER_CODE, INVALID_USER_CODE, INVALID_BINDING_MESSAGE, INVALID_TARGET, ACCESS_DENIED, SERVER_ERROR";
}

impl Read for Option<Reason> {
    fn read(value: &Value) -> Option<Self> {
        let text = value.as_str()?;
        if text.is_empty() { Some(None) } else { Reason::named(text).map(Some) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    message! { read:
        /// A sample.
        Sample, "Sample" {
            /// A text.
            text: Option<String> = "text",
            /// A number.
            number: u64 = "number",
            /// A truth.
            truth: bool = "truth",
            /// Texts.
            texts: Vec<String> = "someTexts",
            /// A choice.
            choice: Option<Outcome> = "choice",
        }
    }

    #[test]
    fn what_is_not_set_is_the_default_and_what_is_wrong_is_named() {
        let read = |message: Value| Sample::read(&message).map(|sample| format!("{sample:?}"));
        let default = Ok(format!("{:?}", Sample::default()));
        for unset in [
            json!({}),
            json!({ "text": null, "number": null, "truth": null, "someTexts": null, "choice": null, "more": {} }),
            json!({ "text": "", "number": 0, "truth": false, "someTexts": [], "choice": "" }),
            json!({ "number": -5 }),
        ] {
            assert_eq!(read(unset.clone()), default, "{unset}");
        }
        let set =
            json!({ "text": "a", "number": 5, "truth": true, "someTexts": ["b"], "choice": "ACCESS_DENIED" });
        let Sample { text, number, truth, texts, choice } = Sample::read(&set).unwrap();
        assert_eq!((text.as_deref(), number, truth, texts.len()), (Some("a"), 5, true, 1));
        assert_eq!(choice, Some(Outcome::AccessDenied));
        for (wrong, message) in [
            (json!({ "text": 1 }), "text must be string"),
            (json!({ "number": "1" }), "number must be number"),
            (json!({ "number": 1.5 }), "number must be number"),
            (json!({ "truth": 0 }), "truth must be boolean"),
            (json!({ "someTexts": "a" }), "someTexts must be string[]"),
            (json!({ "someTexts": [null] }), "someTexts must be string[]"),
            (
                json!({ "choice": "authorized" }),
                "choice must be one of AUTHORIZED, ACCESS_DENIED, TRANSACTION_FAILED",
            ),
        ] {
            assert_eq!(read(wrong).unwrap_err().to_string(), message);
        }
        let names: Vec<_> = Sample::TABLE.rows.iter().map(|row| (row.name, row.kind, row.doc)).collect();
        assert_eq!(names[3], ("someTexts", "string[]", " Texts."));
    }

    #[test]
    fn authorization_details_have_the_members_that_libraries_know() {
        let details = json!([
            { "type": "a", "locations": ["l"], "datatypes": ["d"], "identifier": "i", "x": { "y": 1 } },
            { "type": "b", "actions": "read", "privileges": [1] },
        ]);
        let written = AuthorizationDetails(Some(details)).write().unwrap();
        let expected = json!({ "elements": [
            { "type": "a", "locations": ["l"], "dataTypes": ["d"], "identifier": "i", "otherFields": "{\"x\":{\"y\":1}}" },
            { "type": "b", "otherFields": "{\"actions\":\"read\",\"privileges\":[1]}" },
        ]});
        assert_eq!(written, expected);
        assert_eq!(AuthorizationDetails(None).write(), None);
    }

    /// Client libraries fail on values that they do not know.
    #[test]
    fn choices_are_documented_in_full() {
        for (kind, all) in [
            (<Option<Outcome>>::KIND, Outcome::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>()),
            (<Option<Reason>>::KIND, Reason::ALL.iter().map(|one| one.as_str()).collect()),
        ] {
            assert_eq!(kind, format!("one of {}", all.join(", ")));
        }
    }
}
