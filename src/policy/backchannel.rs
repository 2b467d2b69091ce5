//! What a client gets for somebody who is asked elsewhere, now and each time it comes for more.

use super::audience::{audience, identifiers};
use super::client_credentials::access_token_lifetime;
use super::decision::{Decision, Granted, Judge, capped};
use super::exchange::subject_state;
use super::facts::{Asked, ClientFacts, IssuerFacts, SubjectState};
use super::purpose::data_rules;
use super::scope::scope;
use super::{Consent, Policy, Rule};
use crate::time::Seconds;

/// The facts of somebody's authentication that a client asks for.
pub struct BackchannelFacts<'a> {
    /// What the issuer knows and gives.
    pub issuer: IssuerFacts<'a>,
    /// The client that asks.
    pub client: ClientFacts<'a>,
    /// Who is asked, and what is known of them; `None`: that is for somebody else to find out.
    pub subject: Option<(&'a str, SubjectState)>,
    /// What is asked for.
    pub asked: Asked<'a>,
    /// What the data is for, and whether the person consented to that.
    pub purpose: Option<(&'a str, Consent)>,
    /// How long is left of what the token rests on, in a refresh.
    pub left: Option<Seconds>,
}

/// Decides whether a client may have what it asks for somebody who is elsewhere.
pub fn backchannel(policy: Option<&Policy>, facts: &BackchannelFacts<'_>) -> Decision {
    let BackchannelFacts { issuer, client, subject, asked, .. } = facts;
    let mut judge = Judge::default();
    judge.rule(Rule::ClientInactive, client.active, || {
        format!("the client {} is not authorized", client.client_id)
    });
    let resources = audience(&mut judge, policy, issuer, client, asked.audience, &[]);
    let scope = scope(&mut judge, policy, issuer, client, asked.scope, &resources);
    if let Some((sub, state)) = subject {
        subject_state(&mut judge, *state, sub);
    }
    let legal_basis = data_rules(&mut judge, policy, facts.purpose, &scope);
    let usual = access_token_lifetime(&mut judge, policy, issuer.access_token_lifetime);
    let lifetime = capped(&mut judge, usual, facts.left, "what is left of the refresh token");
    let audience = identifiers(&resources, issuer);
    let granted = Granted { scope, audience, lifetime, legal_basis, ..Granted::default() };
    judge.decide(granted, policy.map(|policy| policy.version.as_str()))
}
