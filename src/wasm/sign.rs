//! Signing; `js/sign/types.ts` states it as `SignCore`.
//!
//! A signer is named by a number that the host chooses. Those that are not used for long are
//! forgotten: the host opens them again, as it does on a fresh instance.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{Array, Uint8Array, Uint32Array};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::jose::batch::{self, BatchError, Column, Inputs, Template};
use crate::jose::{Algorithm, Jwk, SigningKey};

/// Signers that are kept open.
const MOST_OPEN: usize = 256;

thread_local! {
    static SIGNERS: RefCell<BTreeMap<u32, Rc<Signer>>> = const { RefCell::new(BTreeMap::new()) };
}

struct Signer {
    /// Encoded.
    header: String,
    /// `None`: the host signs.
    key: Option<SigningKey>,
}

/// What goes wrong, as data. `index` counts from 0.
#[derive(Serialize)]
struct Fault {
    code: &'static str,
    message: String,
    column: Option<String>,
    index: Option<usize>,
}

impl Fault {
    fn new(code: &'static str, message: &impl ToString) -> Self {
        Self { code, message: message.to_string(), column: None, index: None }
    }
}

impl From<BatchError> for Fault {
    fn from(error: BatchError) -> Self {
        use BatchError as E;
        let (code, column, index) = match &error {
            E::Header | E::HeaderMember { .. } => ("header_invalid", None, None),
            E::Claims(_) | E::NotAnObject => ("claims_invalid", None, None),
            E::NotADate { claim, index: None } => ("claims_invalid", Some((*claim).into()), None),
            E::NotADate { claim, index } => ("value_invalid", Some((*claim).into()), *index),
            E::Value { column, index, .. } => ("value_invalid", Some(column.clone()), Some(*index)),
            E::UnknownColumn { column } => ("column_unknown", Some(column.clone()), None),
            E::DuplicateColumn { column } => ("column_duplicate", Some(column.clone()), None),
            E::ColumnLength { column, .. } => ("column_length", Some(column.clone()), None),
            E::Count { .. } => ("count_out_of_range", None, None),
            E::TooLong { index, .. } => ("token_too_long", None, Some(*index)),
            E::Signatures { .. } | E::Sign(_) => ("signing_failed", None, None),
        };
        Self { column, index, ..Self::new(code, &error) }
    }
}

/// Tokens that differ in the members that have a column.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch<'a> {
    #[serde(borrow)]
    claims: &'a RawValue,
    #[serde(borrow, default)]
    columns: BTreeMap<String, Vec<&'a RawValue>>,
    /// The member that is a UUID of its own in each token.
    #[serde(default)]
    uuid: Option<String>,
    count: usize,
}

/// Opens signer `id`. `header`: the JSON text of the JOSE header. `jwk`: the JSON text of the key that
/// signs, or nothing where the host signs. Answers `null`, or the fault.
#[wasm_bindgen]
pub fn open_signer(id: u32, header: &str, jwk: Option<String>) -> JsValue {
    let jwk = jwk.map(Zeroizing::new);
    match open(header, jwk.as_ref().map(|jwk| jwk.as_str())) {
        Ok(signer) => {
            SIGNERS.with_borrow_mut(|signers| {
                if signers.len() >= MOST_OPEN {
                    signers.clear();
                }
                signers.insert(id, Rc::new(signer));
            });
            JsValue::NULL
        }
        Err(fault) => write(&fault),
    }
}

/// The token of `claims` (JSON text), as ASCII; or the fault; or `undefined`: no such signer is open.
/// `seed`: 32 bytes of entropy.
#[wasm_bindgen]
pub fn sign_claims(id: u32, claims: &str, seed: &[u8]) -> JsValue {
    answer(id, |signer| tokens(signer, &Inputs::one(&signer.header, claims)?, &mut generator(seed)?))
}

/// What the host is to sign for `claims`. Else as [`sign_claims`].
#[wasm_bindgen]
pub fn claims_input(id: u32, claims: &str) -> JsValue {
    answer(id, |signer| Ok(octets(Inputs::one(&signer.header, claims)?.text())))
}

/// The tokens of `batch` (JSON text, as UTF-8), a line each. Else as [`sign_claims`].
#[wasm_bindgen]
pub fn sign_batch(id: u32, batch: &[u8], seed: &[u8]) -> JsValue {
    answer(id, |signer| {
        let mut rng = generator(seed)?;
        tokens(signer, &inputs(signer, batch, &mut rng)?, &mut rng)
    })
}

/// What the host is to sign for `batch`: all inputs in one array of octets, and where each ends. Else as
/// [`sign_batch`].
#[wasm_bindgen]
pub fn batch_inputs(id: u32, batch: &[u8], seed: &[u8]) -> JsValue {
    answer(id, |signer| {
        let inputs = inputs(signer, batch, &mut generator(seed)?)?;
        Ok(Array::of2(&octets(inputs.text()), &Uint32Array::from(inputs.ends())).into())
    })
}

/// The tokens, a line each, of inputs as [`batch_inputs`] gives them and the signatures over them, one
/// after the other; or the fault.
#[wasm_bindgen]
pub fn assemble_batch(inputs: Vec<u8>, ends: Vec<u32>, signatures: &[u8]) -> JsValue {
    let tokens = match Inputs::from_parts(inputs, ends) {
        Some(inputs) => inputs.assemble(signatures).map_err(Fault::from),
        None => Err(Fault::new("signing_failed", &"the inputs are not those of a batch")),
    };
    tokens.map_or_else(|fault| write(&fault), |tokens| octets(&tokens))
}

/// What `work` makes of signer `id`.
fn answer(id: u32, work: impl FnOnce(&Signer) -> Result<JsValue, Fault>) -> JsValue {
    // Taken out of the cell: nothing stays borrowed if the work traps.
    let Some(signer) = SIGNERS.with_borrow(|signers| signers.get(&id).cloned()) else {
        return JsValue::UNDEFINED;
    };
    work(&signer).unwrap_or_else(|fault| write(&fault))
}

fn octets(octets: &[u8]) -> JsValue {
    Uint8Array::from(octets).into()
}

fn open(header: &str, jwk: Option<&str>) -> Result<Signer, Fault> {
    let (header, alg) = batch::encode_header(header)?;
    let refuse = |error: &dyn std::error::Error| Fault::new("key_invalid", &error);
    let key = |text: &str| {
        let alg: Algorithm = alg.parse().map_err(|error| refuse(&error))?;
        let jwk = Jwk::parse(text).map_err(|error| refuse(&error))?;
        SigningKey::new(&jwk, alg).map_err(|error| refuse(&error))
    };
    Ok(Signer { header, key: jwk.map(key).transpose()? })
}

fn tokens(signer: &Signer, inputs: &Inputs, rng: &mut ChaCha20Rng) -> Result<JsValue, Fault> {
    let key = signer.key.as_ref().ok_or_else(|| Fault::new("key_invalid", &"the host has the key"))?;
    let signatures = batch::sign(key, inputs, rng).map_err(BatchError::Sign)?;
    Ok(octets(&inputs.assemble(&signatures)?))
}

fn inputs(signer: &Signer, batch: &[u8], rng: &mut ChaCha20Rng) -> Result<Inputs, Fault> {
    let batch: Batch<'_> =
        serde_json::from_slice(batch).map_err(|error| Fault::new("claims_invalid", &error))?;
    let named = batch.columns.into_iter().map(|(name, values)| (name, Column::Values(values)));
    let (names, columns): (Vec<_>, Vec<_>) =
        named.chain(batch.uuid.map(|name| (name, Column::Uuid { node: None }))).unzip();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let template = Template::new(&signer.header, batch.claims.get(), &names)?;
    Ok(template.inputs(&columns, batch.count, rng)?)
}

fn generator(seed: &[u8]) -> Result<ChaCha20Rng, Fault> {
    let seed = seed.try_into().map_err(|_| Fault::new("signing_failed", &"the seed must be 32 bytes"))?;
    Ok(ChaCha20Rng::from_seed(seed))
}

fn write(fault: &Fault) -> JsValue {
    // Plain data always serializes.
    serde_wasm_bindgen::to_value(fault).unwrap_or(JsValue::NULL)
}
