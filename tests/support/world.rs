//! Requests in flight and the host that serves them.

use std::collections::BTreeMap;
use std::rc::Rc;

use edgegrant::endpoint::Server;
use edgegrant::host::{
    AuthenticationRequest, Effect, Event, Failure, Identified, Inbound, Outbound, Reply, Role, SubjectState,
};
use edgegrant::http::{HttpRequest, HttpResponse};
use edgegrant::jose::SigningKey;
use edgegrant::jose::batch::{self, Inputs};
use edgegrant::suspend::{Request, Step};
use edgegrant::time::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use super::store::Store;

/// What goes wrong with one effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// It is performed only after so many other effects, or when nothing else is left to do.
    Delay(u32),
    /// It is not performed; the request is told that it failed.
    Fail,
    /// It is performed, but the request is told that it failed.
    Drop,
    /// It is performed twice, as by a host that retries; the second reply counts.
    Repeat,
}

/// Names a request: the order in which it was sent.
pub type Id = usize;

struct Flight {
    request: Request,
    waiting: Option<Effect>,
    /// Effects asked for so far; the waiting one is the last.
    effects: usize,
    faults: BTreeMap<usize, Fault>,
    fault_at: Option<(&'static str, Fault)>,
    stop_after: Option<usize>,
    delayed: u32,
    /// When the time that it lets pass is over, milliseconds since 1970.
    due: u64,
    response: Option<HttpResponse>,
    body: String,
    trace: Vec<&'static str>,
}

/// The world around the core.
pub struct World {
    server: Rc<Server>,
    pub state: Store,
    pub registry: Store,
    /// Milliseconds since 1970.
    pub now: u64,
    pub events: Vec<Event>,
    pub outbound: Vec<Outbound>,
    pub signatures: usize,
    /// What the operator knows of subjects, by issuer and `sub`: whether they are active.
    pub subjects: BTreeMap<(String, String), bool>,
    /// Whom the operator knows by which hint.
    pub identified: BTreeMap<String, Identified>,
    /// What people were asked on their devices.
    pub asked: Vec<AuthenticationRequest>,
    /// How long requests let time pass, milliseconds in all.
    pub waited: u64,
    /// What other servers answer, by URL: status and body. All else is answered 200 and nothing.
    pub served: BTreeMap<String, (u16, Vec<u8>)>,
    keys: BTreeMap<String, SigningKey>,
    flights: Vec<Flight>,
    rng: ChaCha20Rng,
}

impl World {
    /// `keys`: what the host signs with, by binding. `seed` decides every interleaving.
    pub fn new(server: Server, keys: BTreeMap<String, SigningKey>, seed: u64) -> Self {
        Self {
            server: Rc::new(server),
            state: Store::default(),
            registry: Store::default(),
            now: 1_700_000_000_000,
            events: Vec::new(),
            outbound: Vec::new(),
            signatures: 0,
            subjects: BTreeMap::new(),
            identified: BTreeMap::new(),
            asked: Vec::new(),
            waited: 0,
            served: BTreeMap::new(),
            keys,
            flights: Vec::new(),
            rng: ChaCha20Rng::seed_from_u64(seed),
        }
    }

    /// Opens a request and runs it to its first effect. Nothing is performed before [`World::run`].
    pub fn send(&mut self, request: HttpRequest) -> Id {
        let mut seed = [0; 32];
        self.rng.fill_bytes(&mut seed);
        let now = Timestamp::from_millis(self.now);
        let (request, step) = Request::start(&self.server, request, now, seed);
        self.flights.push(Flight {
            request,
            waiting: None,
            effects: 0,
            faults: BTreeMap::new(),
            fault_at: None,
            stop_after: None,
            delayed: 0,
            due: 0,
            response: None,
            body: String::new(),
            trace: Vec::new(),
        });
        let id = self.flights.len() - 1;
        self.take(id, step);
        id
    }

    /// Has `fault` befall the request's effect number `effect`, counted from 1.
    pub fn fault(&mut self, id: Id, effect: usize, fault: Fault) {
        self.flights[id].faults.insert(effect, fault);
    }

    /// Stops the request for good once its effect number `effect` is performed; 0: before the first.
    pub fn stop_after(&mut self, id: Id, effect: usize) {
        self.flights[id].stop_after = Some(effect);
    }

    /// Moves the clock, back as well. Requests in flight keep the time at which they were sent.
    pub fn advance(&mut self, seconds: i64) {
        self.now = self.now.saturating_add_signed(seconds * 1000);
    }

    /// Performs effects, one at a time, of a request drawn at random, until no request waits. Time passes only
    /// when there is nothing else to do.
    pub fn run(&mut self) {
        loop {
            let waiting: Vec<Id> =
                (0..self.flights.len()).filter(|&id| self.flights[id].waiting.is_some()).collect();
            if waiting.is_empty() {
                return;
            }
            let ready: Vec<Id> =
                waiting.iter().copied().filter(|&id| self.flights[id].delayed == 0).collect();
            let drawn = if ready.is_empty() { self.first_due(waiting) } else { ready };
            let id = drawn[self.rng.next_u32() as usize % drawn.len()];
            for flight in &mut self.flights {
                flight.delayed = flight.delayed.saturating_sub(1);
            }
            self.perform(id);
        }
    }

    /// Those that wait for no time, or else the one whose time is over first.
    fn first_due(&self, mut waiting: Vec<Id>) -> Vec<Id> {
        let due = waiting.iter().map(|&id| self.flights[id].due).min();
        waiting.retain(|&id| Some(self.flights[id].due) == due);
        waiting
    }

    /// The answer, once there is one.
    pub fn response(&self, id: Id) -> Option<&HttpResponse> {
        self.flights[id].response.as_ref()
    }

    /// Sends a request, runs everything, and gives its answer.
    pub fn ask(&mut self, request: HttpRequest) -> HttpResponse {
        let id = self.send(request);
        self.run();
        self.response(id).cloned().expect("a request that nobody stopped is answered")
    }

    /// How many effects the request asked for.
    pub fn effects(&self, id: Id) -> usize {
        self.flights[id].effects
    }

    /// Runs everything; `fault` befalls the first effect of this kind that the request asks for.
    pub fn run_with_fault(&mut self, id: Id, kind: &'static str, fault: Fault) {
        self.flights[id].fault_at = Some((kind, fault));
        self.run();
        assert_eq!(self.flights[id].fault_at, None, "the request asked for no {kind}");
    }

    /// What the request did, in order: its effects by their kinds, `head`, `chunk`, and `answer` for a whole one.
    pub fn trace(&self, id: Id) -> &[&'static str] {
        &self.flights[id].trace
    }

    /// What was streamed of the answer.
    pub fn streamed(&self, id: Id) -> &str {
        &self.flights[id].body
    }

    fn perform(&mut self, id: Id) {
        let flight = &mut self.flights[id];
        if flight.stop_after == Some(flight.effects - 1) {
            flight.waiting = None;
            return;
        }
        let effect = flight.waiting.take().expect("drawn among those that wait");
        self.now = self.now.max(std::mem::take(&mut flight.due));
        let asked = flight.fault_at.take_if(|(of, _)| *of == kind(&effect)).map(|(_, fault)| fault);
        let fault = flight.faults.get(&flight.effects).copied().or(asked);
        let lost = || Reply::Failed(Failure { effect: "fault".into(), message: format!("{fault:?}") });
        let reply = match fault {
            Some(Fault::Fail) => lost(),
            Some(Fault::Drop) => {
                self.host(&effect);
                lost()
            }
            Some(Fault::Repeat) => {
                self.host(&effect);
                self.host(&effect)
            }
            Some(Fault::Delay(_)) | None => self.host(&effect),
        };
        let flight = &mut self.flights[id];
        if flight.stop_after == Some(flight.effects) {
            return;
        }
        let step = flight.request.resume(reply);
        self.take(id, step);
    }

    fn take(&mut self, id: Id, mut step: Step) {
        let now = self.now;
        let flight = &mut self.flights[id];
        loop {
            match step {
                Step::Effect { effect } => {
                    flight.effects += 1;
                    flight.trace.push(kind(&effect));
                    if let Some(Fault::Delay(turns)) = flight.faults.get(&flight.effects) {
                        flight.delayed = *turns;
                    }
                    if let Effect::Wait { milliseconds } = effect {
                        flight.delayed = u32::MAX;
                        flight.due = now + u64::from(milliseconds);
                    }
                    flight.waiting = Some(effect);
                    return;
                }
                Step::Head { status, headers } => {
                    flight.trace.push("head");
                    flight.response = Some(HttpResponse { status, headers, body: String::new() });
                }
                Step::Chunk { chunk } => {
                    flight.trace.push("chunk");
                    flight.body.push_str(std::str::from_utf8(&chunk).unwrap());
                }
                Step::Done { response } => {
                    flight.trace.extend(response.iter().map(|_| "answer"));
                    flight.response = response.or(flight.response.take());
                    if let Some(response) = &mut flight.response {
                        response.body.push_str(&flight.body);
                    }
                    return;
                }
            }
            step = flight.request.resume(Reply::Done);
        }
    }

    /// A host that does what it is asked.
    fn host(&mut self, effect: &Effect) -> Reply {
        let seconds = self.now / 1000;
        let store = |role: &Role| match role {
            Role::State => &self.state,
            Role::Registry => &self.registry,
        };
        match effect {
            Effect::Get { role, keys } => {
                Reply::Records(keys.iter().map(|key| store(role).get(key, seconds)).collect())
            }
            Effect::List { role, prefix, after, limit } => {
                Reply::Page(store(role).list(prefix, after.as_deref(), *limit, seconds))
            }
            Effect::Commit(commit) => Reply::Committed(match commit.role {
                Role::State => self.state.commit(commit, seconds),
                Role::Registry => self.registry.commit(commit, seconds),
            }),
            Effect::Sign { key, inputs, ends, .. } => {
                self.signatures += ends.len();
                let inputs = Inputs::from_parts(inputs.clone(), ends.clone()).expect("they belong together");
                let signatures = batch::sign(&self.keys[key], &inputs, &mut self.rng);
                Reply::Signatures(signatures.expect("the test's keys sign").into())
            }
            Effect::Subject { issuer, sub } => {
                let found = self.subjects.get(&(issuer.clone(), sub.clone()));
                Reply::Subject(found.map(|&active| SubjectState { active }))
            }
            Effect::Identify(hint) => Reply::Identified(self.identified.get(&hint.hint).cloned()),
            Effect::NotifyUser(request) => {
                self.asked.push(AuthenticationRequest::clone(request));
                Reply::Done
            }
            Effect::Wait { milliseconds } => {
                self.waited += u64::from(*milliseconds);
                Reply::Done
            }
            Effect::Fetch(request) => {
                self.outbound.push(request.clone());
                let (status, body) = self.served.get(&request.url).cloned().unwrap_or((200, Vec::new()));
                Reply::Response(Inbound { status, body })
            }
            Effect::Notify(request) => {
                self.outbound.push(request.clone());
                Reply::Done
            }
            Effect::Record { event } => {
                self.events.push(Event::clone(event));
                Reply::Done
            }
        }
    }
}

fn kind(effect: &Effect) -> &'static str {
    match effect {
        Effect::Get { .. } => "get",
        Effect::Commit(_) => "commit",
        Effect::List { .. } => "list",
        Effect::Sign { .. } => "sign",
        Effect::Subject { .. } => "subject",
        Effect::Identify(_) => "identify",
        Effect::NotifyUser(_) => "notify_user",
        Effect::Wait { .. } => "wait",
        Effect::Fetch(_) => "fetch",
        Effect::Notify(_) => "notify",
        Effect::Record { .. } => "record",
    }
}
