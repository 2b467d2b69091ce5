//! Facts as a document, lent to the very functions that decide requests.

use std::borrow::Cow;

use super::facts_document::{
    Backchannel, ClientCredentials, Exchange, Facts, Generate, IdToken, Redeem, Refresh,
};
use super::stated::{Named, StatedClient, StatedIssuer, StatedParty, Tokens};
use super::{
    ActorFacts, Asked, BackchannelFacts, ClientFacts, Decision, ExchangeFacts, GenerateFacts, IdTokenFacts,
    IssuerFacts, Policy, RedeemFacts, RefreshFacts, Source, SubjectFacts, backchannel, client_credentials,
    exchange, generate, id_token, purpose, redeem, refresh,
};
use crate::mistake::Mistake;
use crate::resource::ResourceServer;
use crate::scope::Scope;
use crate::time::Seconds;

/// The audience of a token whose request names none, where the facts do not say.
const DEFAULT_AUDIENCE: &str = "issuer";
/// How long access tokens are good for, where neither the policy nor the facts say: seconds.
const ACCESS_TOKEN_LIFETIME: u64 = 3600;

impl Policy {
    /// What is decided on `facts`, the JSON text of [`Facts`].
    ///
    /// # Errors
    /// All mistakes in the facts at once, each with its JSON pointer.
    pub fn explain(&self, facts: &str) -> Result<Decision, Vec<Mistake>> {
        Ok(Facts::parse(facts)?.decide(self))
    }
}

impl Facts {
    /// What `policy` makes of them.
    pub fn decide(&self, policy: &Policy) -> Decision {
        match self {
            Self::ClientCredentials(facts) => facts.decide(policy),
            Self::Generate(facts) => facts.decide(policy),
            Self::Redeem(facts) => facts.decide(policy),
            Self::Exchange(facts) => facts.decide(policy),
            Self::IdToken(facts) => facts.decide(policy),
            Self::Backchannel(facts) => facts.decide(policy),
            Self::Refresh(facts) => facts.decide(policy),
            Self::Purpose(facts) => purpose(Some(policy), &facts.purpose, &facts.scope.0, facts.consent),
        }
    }
}

impl ClientCredentials {
    fn decide(&self, policy: &Policy) -> Decision {
        let known = Known::new(&self.issuer, policy);
        let asked = Asked { scope: lent(self.scope.as_ref()), audience: &texts(&self.audience) };
        client_credentials(Some(policy), &known.issuer(), &known.client(&self.client), &asked)
    }
}

impl Generate {
    fn decide(&self, policy: &Policy) -> Decision {
        let known = Known::new(&self.issuer, policy);
        let facts = GenerateFacts {
            known: &known.scope,
            from: source(&self.from),
            to: known.client(&self.to),
            asked: lent(self.scope.as_ref()),
            count: self.count,
            used: self.used,
            now: self.now.0,
        };
        generate(Some(policy), &facts)
    }
}

impl Redeem {
    fn decide(&self, policy: &Policy) -> Decision {
        let known = Known::new(&self.issuer, policy);
        let facts = RedeemFacts {
            issuer: known.issuer(),
            from: source(&self.from),
            to: known.client(&self.to),
            subject: (&self.subject.sub, self.subject.state),
            scope: &self.subject.scope.0,
            asked: Asked { scope: lent(self.scope.as_ref()), audience: &texts(&self.audience) },
            now: self.now.0,
        };
        redeem(Some(policy), &facts)
    }
}

impl Exchange {
    fn decide(&self, policy: &Policy) -> Decision {
        let known = Known::new(&self.issuer, policy);
        let subject = &self.subject;
        let facts = ExchangeFacts {
            issuer: known.issuer(),
            from: either(self.from.as_ref(), self.from_issuer.as_deref()),
            to: known.client(&self.to),
            subject: SubjectFacts {
                token_type: subject.token_type,
                sub: &subject.sub,
                state: subject.state,
                scope: lent(subject.scope.as_ref()),
                audience: &texts(&subject.audience),
                expires_at: subject.expires_at.0,
                act_depth: subject.act_depth,
                may_act: subject.may_act.as_deref(),
            },
            actor: self.actor.as_ref().map(|Named(actor)| ActorFacts { sub: &actor.sub, own: actor.own }),
            asked: Asked { scope: lent(self.scope.as_ref()), audience: &texts(&self.audience) },
            requested: self.requested_token_type,
            used: self.used,
            now: self.now.0,
        };
        exchange(Some(policy), &facts)
    }
}

impl IdToken {
    fn decide(&self, policy: &Policy) -> Decision {
        let known = Known::new(&self.issuer, policy);
        let facts = IdTokenFacts {
            issuer: known.issuer(),
            from: source(&self.from),
            to: known.client(&self.to),
            subject: (&self.subject.sub, self.subject.state),
            asked: Asked { scope: lent(self.scope.as_ref()), audience: &texts(&self.audience) },
            used: self.used,
            now: self.now.0,
        };
        id_token(Some(policy), &facts)
    }
}

impl Backchannel {
    fn decide(&self, policy: &Policy) -> Decision {
        let known = Known::new(&self.issuer, policy);
        let facts = BackchannelFacts {
            issuer: known.issuer(),
            client: known.client(&self.client),
            subject: Some((&self.subject.sub, self.subject.state)),
            asked: Asked { scope: Some(&self.scope.0), audience: &texts(&self.audience) },
            purpose: self.purpose.as_deref().map(|purpose| (purpose, self.consent)),
            left: self.left.map(Seconds),
        };
        backchannel(Some(policy), &facts)
    }
}

impl Refresh {
    fn decide(&self, policy: &Policy) -> Decision {
        let known = Known::new(&self.issuer, policy);
        let facts = RefreshFacts {
            issuer: known.issuer(),
            flow: self.flow,
            from: either(self.from.as_ref(), self.from_issuer.as_deref()),
            to: known.client(&self.to),
            subject: (&self.subject.sub, self.subject.state),
            scope: &self.scope.0,
            audience: &texts(&self.audience),
            purpose: self.purpose.as_deref().map(|purpose| (purpose, self.consent)),
            ends_at: self.ends_at.0,
            now: self.now.0,
        };
        refresh(Some(policy), &facts)
    }
}

/// What an issuer knows, with the defaults in place.
struct Known<'a> {
    stated: &'a StatedIssuer,
    scope: Cow<'a, Scope>,
    resources: Vec<ResourceServer>,
}

impl<'a> Known<'a> {
    fn new(stated: &'a StatedIssuer, policy: &Policy) -> Self {
        let scope = match &stated.scope {
            Some(tokens) => Cow::Borrowed(&tokens.0),
            None => Cow::Owned(policy.scopes.keys().cloned().collect()),
        };
        let servers = stated.resources.iter().map(|server| ResourceServer {
            identifier: server.identifier.clone(),
            scope: lent(server.scope.as_ref()).unwrap_or(&scope).clone(),
        });
        Self { stated, resources: servers.collect(), scope }
    }

    fn issuer(&self) -> IssuerFacts<'_> {
        IssuerFacts {
            scope: &self.scope,
            resources: &self.resources,
            default_audience: self.stated.default_audience.as_deref().unwrap_or(DEFAULT_AUDIENCE),
            audience_required: self.stated.audience_required,
            access_token_lifetime: Seconds(
                self.stated.access_token_lifetime.unwrap_or(ACCESS_TOKEN_LIFETIME),
            ),
        }
    }

    fn client<'c>(&'c self, Named(client): &'c Named<StatedClient>) -> ClientFacts<'c> {
        let scope = lent(client.scope.as_ref()).unwrap_or(&self.scope);
        ClientFacts {
            client_id: &client.client_id,
            scope,
            default_scope: lent(client.default_scope.as_ref()).unwrap_or(scope),
            resources: client.resources.as_deref(),
            active: client.active,
        }
    }
}

fn source(Named(client): &Named<StatedParty>) -> Source<'_> {
    Source::Client { client_id: &client.client_id, active: client.active }
}

/// The facts name one of the two.
fn either<'a>(client: Option<&'a Named<StatedParty>>, issuer: Option<&'a str>) -> Source<'a> {
    client.map_or_else(|| Source::Issuer(issuer.unwrap_or_default()), source)
}

fn lent(tokens: Option<&Tokens>) -> Option<&Scope> {
    tokens.map(|tokens| &tokens.0)
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
