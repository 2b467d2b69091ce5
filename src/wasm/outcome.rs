//! Answers as plain data: a value, or all mistakes at once.

use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

use crate::mistake::Mistake;

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome<T> {
    Ok(T),
    Mistakes(Vec<Mistake>),
}

pub(super) fn write<T: Serialize>(value: &T) -> JsValue {
    const PLAIN: Serializer =
        Serializer::new().serialize_missing_as_null(true).serialize_maps_as_objects(true);
    // Every shape that crosses is plain data, which always serializes.
    value.serialize(&PLAIN).unwrap_or(JsValue::NULL)
}

pub(super) fn outcome<T: Serialize>(result: Result<T, Vec<Mistake>>) -> JsValue {
    write(&match result {
        Ok(value) => Outcome::Ok(value),
        Err(mistakes) => Outcome::Mistakes(mistakes),
    })
}
