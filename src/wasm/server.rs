//! The server; `js/types.ts` states it as `Core`.
//!
//! One instance serves one deployment. Requests are named by numbers that the driver chooses, so
//! that no handle of a dead instance can ever be freed.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use super::outcome::{outcome, write};
use crate::config;
use crate::mistake::Mistake;

use crate::endpoint::{self, Server};
use crate::host::{Failure, Hooks, Reply};
use crate::jose;
use crate::suspend::{Request, Step};
use crate::time::Timestamp;

/// A seed's length, in bytes.
const SEED: usize = 32;

thread_local! {
    static SERVER: OnceCell<Rc<Server>> = const { OnceCell::new() };
    static SEEDS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static REQUESTS: RefCell<BTreeMap<u32, Request>> = const { RefCell::new(BTreeMap::new()) };
}

/// Reads the configuration: what must be resolved before [`configure`].
#[wasm_bindgen]
pub fn plan(config: &str) -> JsValue {
    outcome(config::plan(config))
}

/// Makes this instance serve `config`. `bindings`: the text of every binding that [`plan`] named;
/// for a private key that the host keeps, its public JWK. `hooks`: the [`Hooks`] that the operator has.
#[wasm_bindgen]
pub fn configure(config: &str, bindings: JsValue, hooks: JsValue) -> JsValue {
    let given: Result<(BTreeMap<String, String>, Hooks), _> =
        read(bindings).and_then(|bindings| Ok((bindings, read(hooks)?)));
    let (bindings, hooks) = match given {
        Ok(given) => given,
        Err(message) => {
            let message = format!("bindings must be strings, and hooks true or false: {message}");
            return outcome::<()>(Err(vec![Mistake::new("", message)]));
        }
    };
    outcome(Server::configure(config, &bindings).map(|server| {
        SERVER.with(|cell| {
            // A second call on one instance changes nothing.
            cell.get_or_init(|| Rc::new(server.with_hooks(hooks)));
        });
    }))
}

/// The longest body that is read for `path`, in bytes.
#[wasm_bindgen]
pub fn body_limit(path: &str) -> u32 {
    SERVER.with(|cell| cell.get().map_or(0, |server| server.body_limit(path)))
}

/// 32 bytes of entropy; nothing where the host has none. Each is handed out once.
#[wasm_bindgen]
pub fn draw_seed() -> Option<Vec<u8>> {
    SEEDS.with_borrow_mut(|seeds| {
        if seeds.is_empty() {
            // One call to the host gives many: it costs as much as for one.
            let mut drawn = vec![0; 64 * SEED];
            getrandom::fill(&mut drawn).ok()?;
            *seeds = drawn;
        }
        Some(seeds.split_off(seeds.len() - SEED))
    })
}

/// Makes a private key as a JWK; nothing for an unknown algorithm, or without entropy.
#[wasm_bindgen]
pub fn generate_key(alg: &str) -> Option<String> {
    use rand_core::SeedableRng;
    let mut seed = [0; SEED];
    getrandom::fill(&mut seed).ok()?;
    let mut rng = rand_chacha::ChaCha20Rng::from_seed(seed);
    let key = jose::SigningKey::generate(alg.parse().ok()?, &mut rng).ok()?;
    Some(key.to_jwk().to_json())
}

/// Opens request `id` and runs it to its first step.
#[wasm_bindgen]
pub fn start(id: u32, request: JsValue, now: f64, seed: &[u8]) -> JsValue {
    let Some(server) = SERVER.with(|cell| cell.get().cloned()) else {
        return refusal("start was called before configure");
    };
    let request = match read(request) {
        Ok(request) => request,
        Err(message) => return refusal(&message),
    };
    let Ok(seed) = <[u8; SEED]>::try_from(seed) else {
        return refusal("the seed must be 32 bytes");
    };
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates; no clock is negative"
    )]
    let now = Timestamp::from_millis(now as u64);
    let (request, step) = Request::start(&server, request, now, seed);
    REQUESTS.with_borrow_mut(|requests| requests.insert(id, request));
    write(&step)
}

/// Gives request `id` the reply it waits for and runs it to its next step.
#[wasm_bindgen]
pub fn resume(id: u32, reply: JsValue) -> JsValue {
    let reply =
        read(reply).unwrap_or_else(|message| Reply::Failed(Failure { effect: "resume".into(), message }));
    // Taken out while it runs: nothing stays borrowed if it traps.
    let Some(mut request) = REQUESTS.with_borrow_mut(|requests| requests.remove(&id)) else {
        return refusal("no such request");
    };
    let step = request.resume(reply);
    REQUESTS.with_borrow_mut(|requests| requests.insert(id, request));
    write(&step)
}

/// Forgets request `id`, finished or not.
#[wasm_bindgen]
pub fn drop(id: u32) {
    REQUESTS.with_borrow_mut(|requests| requests.remove(&id));
}

fn read<T: DeserializeOwned>(value: JsValue) -> Result<T, String> {
    serde_wasm_bindgen::from_value(value).map_err(|error| error.to_string())
}

/// A misuse by the driver ends the request as any failure of the host does.
fn refusal(message: &str) -> JsValue {
    let failure = Failure { effect: "driver".into(), message: message.into() };
    write(&Step::Done { response: Some(endpoint::unavailable(&failure)) })
}
