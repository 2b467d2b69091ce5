//! The policy's tools; `js/policy/types.ts` states them as `PolicyCore`.
//!
//! Documents come as JSON texts; no policy at all stands for that of the call before, for one policy is asked many
//! things and a long text takes longer to cross than a decision to make. A mistake's pointer begins with the
//! document that it is in: `/policy`, `/facts` or `/cases`.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::outcome::outcome;
use crate::mistake::Mistake;
use crate::policy::Policy;
use crate::time::Timestamp;

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// The policy of the last call, and its text.
struct Last {
    text: String,
    policy: Rc<Policy>,
}

/// What `policy` makes of `facts`.
#[wasm_bindgen]
pub fn explain_policy(policy: Option<String>, facts: &str) -> JsValue {
    outcome(parsed(policy).and_then(|policy| policy.explain(facts).map_err(|all| within("/facts", all))))
}

/// What people should look at in `policy`; `now` in seconds since 1970.
#[wasm_bindgen]
pub fn check_policy(policy: Option<String>, now: f64) -> JsValue {
    let now = Timestamp::from_seconds(super::seconds(now));
    outcome(parsed(policy).map(|policy| policy.findings(now)))
}

/// Runs the tests `cases` of `policy`.
#[wasm_bindgen]
pub fn test_policy(policy: Option<String>, cases: &str) -> JsValue {
    outcome(parsed(policy).and_then(|policy| policy.test(cases).map_err(|all| within("/cases", all))))
}

fn parsed(text: Option<String>) -> Result<Rc<Policy>, Vec<Mistake>> {
    LAST.with_borrow_mut(|last| match (text, &*last) {
        (None, Some(last)) => Ok(Rc::clone(&last.policy)),
        (Some(text), Some(last)) if last.text == text => Ok(Rc::clone(&last.policy)),
        (Some(text), _) => {
            let policy = Rc::new(Policy::parse(&text).map_err(|all| within("/policy", all))?);
            *last = Some(Last { text, policy: Rc::clone(&policy) });
            Ok(policy)
        }
        (None, None) => Err(vec![Mistake::new("/policy", "expected a policy: there was none before")]),
    })
}

fn within(document: &str, mistakes: Vec<Mistake>) -> Vec<Mistake> {
    let moved = |mistake: Mistake| Mistake::new(format!("{document}{}", mistake.pointer), mistake.message);
    mistakes.into_iter().map(moved).collect()
}
