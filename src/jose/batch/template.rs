//! Claims of which some members differ from token to token.

use rand_core::TryCryptoRng;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Builder;

use super::{BatchError, Inputs, MAX_COUNT};
use crate::jose::jws::MAX_TOKEN_OCTETS;
use crate::jose::{SignError, base64url};
use crate::json;

/// RFC 7519 §4.1.4 to §4.1.6.
const DATES: [&str; 3] = ["exp", "nbf", "iat"];

/// The values of one member.
#[derive(Clone, Debug)]
pub enum Column<'a> {
    /// One JSON value a token.
    Values(Vec<&'a RawValue>),
    /// A UUID of version 4 (RFC 9562 §5.4), another for each token.
    Uuid {
        /// What its last six octets are, in place of random ones: all tokens share them.
        node: Option<[u8; 6]>,
    },
}

/// Header and claims, serialised once: a token takes no more than its own values and the encoding of
/// what follows the first of them.
#[derive(Clone, Debug)]
pub struct Template {
    /// The encoded header, a dot, and all of the encoded claims that no column can change.
    prefix: Vec<u8>,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Constant(Vec<u8>),
    /// A column's place among the names, and the name.
    Column(usize, String),
}

impl Template {
    /// `header`: encoded, from [`encode_header`](super::encode_header). `claims`: the text of a JSON
    /// object; the order of its members is kept. `columns`: the members whose values come with each
    /// token, in place of those that stand in `claims`.
    ///
    /// # Errors
    /// [`BatchError::Claims`], [`BatchError::NotAnObject`], [`BatchError::NotADate`],
    /// [`BatchError::UnknownColumn`], [`BatchError::DuplicateColumn`], [`BatchError::TooLong`]
    pub fn new(header: &str, claims: &str, columns: &[&str]) -> Result<Self, BatchError> {
        let claims = parse(claims)?;
        for (place, column) in columns.iter().enumerate() {
            if !claims.contains_key(*column) {
                return Err(BatchError::UnknownColumn { column: (*column).into() });
            }
            if columns.iter().take(place).any(|before| before == column) {
                return Err(BatchError::DuplicateColumn { column: (*column).into() });
            }
        }
        let mut parts = split(&claims, columns)?;
        let mut prefix = [header.as_bytes(), b"."].concat();
        if let Some(Part::Constant(first)) = parts.first_mut() {
            // Three octets are four characters, whatever follows.
            let rest = first.split_off(first.len() / 3 * 3);
            base64url::append(first, &mut prefix);
            *first = rest;
        }
        Ok(Self { prefix, parts })
    }

    /// What is signed of `count` tokens. `columns`: the values, in the order of the names that the
    /// template was made with.
    ///
    /// # Errors
    /// [`BatchError::Count`], [`BatchError::ColumnLength`], [`BatchError::Value`],
    /// [`BatchError::NotADate`], [`BatchError::TooLong`]; [`BatchError::Sign`] where `rng` fails
    pub fn inputs<R>(&self, columns: &[Column<'_>], count: usize, rng: &mut R) -> Result<Inputs, BatchError>
    where
        R: TryCryptoRng + ?Sized,
    {
        if !(1..=MAX_COUNT).contains(&count) {
            return Err(BatchError::Count { count });
        }
        let sources = self.sources(columns, count)?;
        let mut inputs =
            Inputs { text: Vec::new(), ends: Vec::with_capacity(count), shared: self.prefix.len() };
        let mut payload = Vec::new();
        let mut begin = 0;
        for index in 0..count {
            payload.clear();
            for source in &sources {
                source.write(index, rng, &mut payload)?;
            }
            inputs.text.extend_from_slice(&self.prefix);
            base64url::append(&payload, &mut inputs.text);
            let (end, octets) = (inputs.text.len(), inputs.text.len() - begin);
            if octets > MAX_TOKEN_OCTETS {
                return Err(BatchError::TooLong { index, octets });
            }
            if index == 0 {
                // Most tokens of a batch are about as long as its first.
                inputs.text.reserve((octets + octets / 16) * count);
            }
            // At most MAX_COUNT times MAX_TOKEN_OCTETS.
            inputs.ends.push(u32::try_from(end).map_err(|_| BatchError::TooLong { index, octets })?);
            // Values may begin alike too, and what is shared is hashed once.
            let (before, token) = inputs.text.split_at(begin);
            let alike = match before.get(self.prefix.len()..inputs.shared) {
                Some(first) => in_common(first, token.get(self.prefix.len()..).unwrap_or_default()),
                None => octets - self.prefix.len(),
            };
            inputs.shared = self.prefix.len() + alike;
            begin = end;
        }
        Ok(inputs)
    }

    fn sources<'a>(&'a self, columns: &'a [Column<'a>], count: usize) -> Result<Vec<Source<'a>>, BatchError> {
        let source = |part: &'a Part| match part {
            Part::Constant(text) => Ok(Source::Constant(text)),
            Part::Column(place, name) => match columns.get(*place) {
                Some(Column::Uuid { node }) => Ok(Source::Uuid(*node)),
                Some(Column::Values(values)) if values.len() == count => {
                    check(name, values).map(|()| Source::Values(values))
                }
                other => {
                    let values = if let Some(Column::Values(values)) = other { values.len() } else { 0 };
                    Err(BatchError::ColumnLength { column: name.clone(), values, count })
                }
            },
        };
        self.parts.iter().map(source).collect()
    }
}

impl Inputs {
    /// What is signed of one token. `header`: encoded. `claims`: the text of a JSON object, which is
    /// signed as it stands.
    ///
    /// # Errors
    /// [`BatchError::Claims`], [`BatchError::NotAnObject`], [`BatchError::NotADate`],
    /// [`BatchError::TooLong`]
    pub fn one(header: &str, claims: &str) -> Result<Self, BatchError> {
        for (name, value) in parse(claims)? {
            check_constant(&name, &value)?;
        }
        let mut text = Vec::with_capacity(header.len() + base64url::encoded_length(claims.len()) + 1);
        text.extend_from_slice(header.as_bytes());
        text.push(b'.');
        base64url::append(claims.as_bytes(), &mut text);
        let octets = text.len();
        let end = u32::try_from(octets).map_err(|_| BatchError::TooLong { index: 0, octets })?;
        Ok(Self { text, ends: vec![end], shared: 0 })
    }
}

/// What the part of a payload is taken from.
enum Source<'a> {
    Constant(&'a [u8]),
    Values(&'a [&'a RawValue]),
    Uuid(Option<[u8; 6]>),
}

impl Source<'_> {
    fn write<R>(&self, index: usize, rng: &mut R, payload: &mut Vec<u8>) -> Result<(), SignError>
    where
        R: TryCryptoRng + ?Sized,
    {
        match self {
            Self::Constant(text) => payload.extend_from_slice(text),
            Self::Values(values) => {
                payload.extend_from_slice(values.get(index).map_or("null", |value| value.get()).as_bytes());
            }
            Self::Uuid(node) => {
                let mut random = [0; 16];
                rng.try_fill_bytes(&mut random).map_err(|_| SignError::Entropy)?;
                for (octet, own) in random.iter_mut().rev().zip(node.iter().flatten().rev()) {
                    *octet = *own;
                }
                let uuid = Builder::from_random_bytes(random).into_uuid();
                payload.push(b'"');
                payload.extend_from_slice(uuid.hyphenated().encode_lower(&mut [0; 36]).as_bytes());
                payload.push(b'"');
            }
        }
        Ok(())
    }
}

/// The claims as JSON text, cut where a column's value belongs. The first part is constant.
fn split(claims: &Map<String, Value>, columns: &[&str]) -> Result<Vec<Part>, BatchError> {
    let mut parts = Vec::new();
    let mut constant = String::from("{");
    for (place, (name, value)) in claims.iter().enumerate() {
        if place > 0 {
            constant.push(',');
        }
        constant.push_str(&text(&name.as_str().into()));
        constant.push(':');
        if let Some(column) = columns.iter().position(|column| column == name) {
            parts.push(Part::Constant(std::mem::take(&mut constant).into_bytes()));
            parts.push(Part::Column(column, name.clone()));
        } else {
            check_constant(name, value)?;
            constant.push_str(&text(value));
        }
    }
    constant.push('}');
    parts.push(Part::Constant(constant.into_bytes()));
    Ok(parts)
}

fn parse(claims: &str) -> Result<Map<String, Value>, BatchError> {
    if claims.len() > MAX_TOKEN_OCTETS {
        return Err(BatchError::TooLong { index: 0, octets: claims.len() });
    }
    match json::parse(claims.as_bytes()).map_err(BatchError::Claims)? {
        Value::Object(claims) => Ok(claims),
        _ => Err(BatchError::NotAnObject),
    }
}

fn check_constant(name: &str, value: &Value) -> Result<(), BatchError> {
    match date(name).filter(|_| !value.is_number()) {
        Some(claim) => Err(BatchError::NotADate { claim, index: None }),
        None => Ok(()),
    }
}

/// How many octets both begin with.
fn in_common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

/// Quicker than what `Display` does.
fn text(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn date(name: &str) -> Option<&'static str> {
    DATES.into_iter().find(|date| *date == name)
}

/// Whether each value means the same to every reader: see [`json::parse`].
fn check(column: &str, values: &[&RawValue]) -> Result<(), BatchError> {
    let date = date(column);
    for (index, value) in values.iter().enumerate() {
        let text = value.get();
        // A string without escapes is what it looks like.
        if !text.starts_with('"') || text.contains('\\') {
            json::parse(text.as_bytes()).map_err(|error| BatchError::Value {
                column: column.into(),
                index,
                error,
            })?;
        }
        let is_number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        if let Some(claim) = date.filter(|_| !is_number) {
            return Err(BatchError::NotADate { claim, index: Some(index) });
        }
    }
    Ok(())
}
