//! The policy's tools; `js/policy/types.ts` states them as `PolicyCore`.
//!
//! Documents come as JSON texts. A mistake's pointer begins with the document that it is in: `/policy`, `/facts`
//! or `/cases`.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::outcome::outcome;
use crate::mistake::Mistake;
use crate::policy::Policy;
use crate::time::Timestamp;

thread_local! {
    /// The text of the last policy, and what it says: one policy is asked many things.
    static LAST: RefCell<Option<(String, Rc<Policy>)>> = const { RefCell::new(None) };
}

/// What `policy` makes of `facts`.
#[wasm_bindgen]
pub fn explain_policy(policy: &str, facts: &str) -> JsValue {
    outcome(parsed(policy).and_then(|policy| policy.explain(facts).map_err(|all| within("/facts", all))))
}

/// What people should look at in `policy`; `now` in seconds since 1970.
#[wasm_bindgen]
pub fn check_policy(policy: &str, now: f64) -> JsValue {
    let now = Timestamp::from_seconds(super::seconds(now));
    outcome(parsed(policy).map(|policy| policy.findings(now)))
}

/// Runs the tests `cases` of `policy`.
#[wasm_bindgen]
pub fn test_policy(policy: &str, cases: &str) -> JsValue {
    outcome(parsed(policy).and_then(|policy| policy.test(cases).map_err(|all| within("/cases", all))))
}

fn parsed(text: &str) -> Result<Rc<Policy>, Vec<Mistake>> {
    LAST.with_borrow_mut(|last| match last {
        Some((known, policy)) if known == text => Ok(Rc::clone(policy)),
        _ => {
            let policy = Rc::new(Policy::parse(text).map_err(|all| within("/policy", all))?);
            *last = Some((text.to_owned(), Rc::clone(&policy)));
            Ok(policy)
        }
    })
}

fn within(document: &str, mistakes: Vec<Mistake>) -> Vec<Mistake> {
    let moved = |mistake: Mistake| Mistake::new(format!("{document}{}", mistake.pointer), mistake.message);
    mistakes.into_iter().map(moved).collect()
}
