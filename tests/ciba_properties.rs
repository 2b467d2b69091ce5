//! CIBA Core §10.1, §11, whatever comes in whatever order: the answers are those of a model that fits on a page.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::*;

/// What may happen.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// So many seconds pass.
    Pass(u64),
    Poll,
    PollOfAnother,
    Decide(Outcome),
    /// Alice is disabled, or not any more.
    Disable(bool),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outcome {
    Allowed,
    Denied,
    Failed,
}

impl Outcome {
    fn result(self) -> Value {
        match self {
            Self::Allowed => allowed(),
            Self::Denied => denied(),
            Self::Failed => failed(),
        }
    }
}

/// What a request should do. It lasts 120 seconds, and is remembered for 300 more.
struct Model {
    now: u64,
    outcome: Option<Outcome>,
    redeemed: bool,
    disabled: bool,
    interval: u64,
    next_poll: u64,
}

impl Model {
    const fn new() -> Self {
        Self { now: 0, outcome: None, redeemed: false, disabled: false, interval: 5, next_poll: 0 }
    }

    fn poll(&mut self) -> &'static str {
        if self.redeemed || self.now >= 420 {
            return "invalid_grant";
        }
        if self.now >= 120 {
            return "expired_token";
        }
        match self.outcome {
            Some(Outcome::Denied) => "access_denied",
            Some(Outcome::Failed) => "expired_token",
            Some(Outcome::Allowed) if self.disabled => "invalid_grant",
            Some(Outcome::Allowed) => {
                self.redeemed = true;
                "none"
            }
            None => {
                let early = self.now < self.next_poll;
                self.interval += if early { 5 } else { 0 };
                self.next_poll = self.now + self.interval;
                if early { "slow_down" } else { "authorization_pending" }
            }
        }
    }

    fn decide(&mut self, outcome: Outcome) -> bool {
        let open = self.outcome.is_none() && self.now < 120;
        if open {
            self.outcome = Some(outcome);
        }
        open
    }
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let outcome = prop_oneof![Just(Outcome::Allowed), Just(Outcome::Denied), Just(Outcome::Failed)];
    let act = prop_oneof![
        4 => (0..=12_u64).prop_map(Act::Pass),
        1 => (13..=200_u64).prop_map(Act::Pass),
        6 => Just(Act::Poll),
        1 => Just(Act::PollOfAnother),
        2 => outcome.prop_map(Act::Decide),
        1 => any::<bool>().prop_map(Act::Disable),
    ];
    proptest::collection::vec(act, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn it_does_what_the_model_does(acts in acts(), client in prop_oneof![Just("poll"), Just("ping")]) {
        let (mut world, mut model) = (ciba_world(1), Model::new());
        let id = begin(&mut world, client);
        let ticket = ticket(&world);
        for act in &acts {
            match *act {
                Act::Pass(seconds) => {
                    model.now += seconds;
                    world.now += seconds * 1000;
                }
                Act::Poll => prop_assert_eq!(error(&poll(&mut world, client, &id)).1, model.poll()),
                Act::PollOfAnother => {
                    prop_assert_eq!(error(&poll(&mut world, "other", &id)).1, "invalid_grant");
                }
                Act::Decide(outcome) => {
                    let response = world.ask(deciding(&ticket, &outcome.result()));
                    prop_assert_eq!(response.status == 200, model.decide(outcome), "{}", response.body);
                }
                Act::Disable(disabled) => {
                    model.disabled = disabled;
                    let command = json!({
                        "command": "put_subject", "issuer": ORIGIN, "sub": "alice", "active": !disabled,
                    });
                    prop_assert_eq!(world.ask(operator(&command)).status, 200);
                }
            }
        }
        // One ping for one decision, and one family of refresh tokens for one set of tokens.
        let pings = usize::from(client == "ping" && model.outcome.is_some());
        prop_assert_eq!(world.outbound.len(), pings);
        let families = world.state.keys().iter().filter(|key| key.starts_with("refresh/")).count();
        prop_assert_eq!(families, usize::from(model.redeemed));
    }
}
