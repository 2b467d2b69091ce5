//! What the environment holds for the document.

use std::collections::BTreeMap;

use super::text::{Binding, Text};
use crate::mistake::Mistakes;

/// The text of the environment's bindings.
pub(super) struct Env<'a>(&'a BTreeMap<String, String>);

impl<'a> Env<'a> {
    pub(super) fn new(bindings: &'a BTreeMap<String, String>) -> Self {
        Self(bindings)
    }

    /// A binding's text; where it is missing, a mistake that says how to set it.
    pub(super) fn text(&self, binding: &Binding, pointer: &str, mistakes: &mut Mistakes) -> Option<&str> {
        let text = self.0.get(&binding.env);
        if text.is_none() {
            mistakes.add(format!("{pointer}/env"), format!("the environment has no binding {}", binding.env));
        }
        text.map(String::as_str)
    }

    /// Text that stands in the document, or in a binding.
    pub(super) fn resolve(&self, text: &Text, pointer: &str, mistakes: &mut Mistakes) -> Option<String> {
        match text {
            Text::Plain(text) => Some(text.clone()),
            Text::Env(binding) => self.text(binding, pointer, mistakes).map(str::to_owned),
        }
    }
}
