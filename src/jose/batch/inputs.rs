//! What is signed, for many tokens in one text.

use super::BatchError;
use crate::jose::base64url;
use crate::jose::jws::MAX_TOKEN_OCTETS;

/// Signing inputs (RFC 7515 §5.1), one after the other in one text, which is ASCII.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Inputs {
    pub(super) text: Vec<u8>,
    /// Where each ends.
    pub(super) ends: Vec<u32>,
    /// How many octets all of them have in common at their beginning, at least.
    pub(super) shared: usize,
}

impl Inputs {
    /// Takes up what [`Self::text`] and [`Self::ends`] gave; `None` where these do not belong together.
    pub fn from_parts(text: Vec<u8>, ends: Vec<u32>) -> Option<Self> {
        let inputs = Self { text, ends, shared: 0 };
        let ordered = inputs.ends.is_sorted();
        let whole = inputs.ends.last().is_none_or(|end| *end as usize == inputs.text.len());
        (ordered && whole && inputs.text.is_ascii()).then_some(inputs)
    }

    /// Puts inputs that were made one by one into one text; `None` where that is longer than 4 GiB, or not
    /// ASCII.
    pub fn of(inputs: &[String]) -> Option<Self> {
        let mut end = 0_u32;
        let ends = inputs.iter().map(|input| {
            end = end.checked_add(u32::try_from(input.len()).ok()?)?;
            Some(end)
        });
        let ends = ends.collect::<Option<_>>()?;
        Self::from_parts(inputs.concat().into_bytes(), ends)
    }

    /// All of them, one after the other.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where each ends in [`Self::text`], in octets.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// Each by itself.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins
            .zip(&self.ends)
            .map(|(from, to)| self.text.get(from as usize..*to as usize).unwrap_or_default())
    }

    /// What all of them begin with.
    pub(super) fn shared(&self) -> &[u8] {
        self.iter().next().and_then(|first| first.get(..self.shared)).unwrap_or_default()
    }

    /// The tokens, in ASCII, a line each, without a line break after the last. `signatures`: one for each input,
    /// in order, all of one length, one after the other.
    ///
    /// # Errors
    /// [`BatchError::Signatures`], [`BatchError::TooLong`]
    pub fn assemble(&self, signatures: &[u8]) -> Result<Vec<u8>, BatchError> {
        let mut tokens = Vec::new();
        self.assemble_into(&mut tokens, signatures, |index, tokens| {
            if index > 0 {
                tokens.push(b'\n');
            }
        })?;
        Ok(tokens)
    }

    /// Appends the tokens to `text`; `before` appends what stands before the one of an index.
    ///
    /// # Errors
    /// As [`Self::assemble`]; some may have been appended by then.
    pub fn assemble_into(
        &self,
        text: &mut Vec<u8>,
        signatures: &[u8],
        before: impl Fn(usize, &mut Vec<u8>),
    ) -> Result<(), BatchError> {
        let wrong = || BatchError::Signatures { octets: signatures.len(), count: self.count() };
        let length = signatures.len().checked_div(self.count()).unwrap_or_default();
        if length == 0 || length * self.count() != signatures.len() {
            return Err(wrong());
        }
        let added = base64url::encoded_length(length) + 2;
        text.reserve(self.text.len() + added * self.count());
        for (index, (input, signature)) in self.iter().zip(signatures.chunks_exact(length)).enumerate() {
            let octets = input.len() + added - 1;
            if octets > MAX_TOKEN_OCTETS {
                return Err(BatchError::TooLong { index, octets });
            }
            before(index, text);
            text.extend_from_slice(input);
            text.push(b'.');
            base64url::append(signature, text);
        }
        Ok(())
    }
}
