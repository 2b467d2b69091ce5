//! Requests as suspended futures: start, put out a step, resume with the reply.
//!
//! A request is an ordinary `async fn`. Here it is polled by hand with a waker that does nothing:
//! it is only ever resumed by [`Request::resume`]. Everything that can vary is an input (the
//! request, the clock, the seed, the replies), so the same inputs give the same steps to the byte.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use serde::Serialize;

use crate::endpoint;
use crate::endpoint::Server;
use crate::host::{Effect, Failure, Host, Mailbox, Outgoing, Reply};
use crate::http::{HttpRequest, HttpResponse};
use crate::time::Timestamp;

/// What a request did next.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Step {
    /// It waits for this effect's reply.
    Effect {
        /// What the host is to do.
        effect: Effect,
    },
    /// It opens a streamed answer; answer [`Reply::Done`].
    Head {
        /// HTTP status.
        status: u16,
        /// Header fields.
        headers: Vec<(&'static str, String)>,
    },
    /// It sends a part of a streamed answer; answer [`Reply::Done`].
    Chunk {
        /// The part.
        #[serde(with = "serde_bytes")]
        chunk: Vec<u8>,
    },
    /// It has ended.
    Done {
        /// The answer; `None` where a head went before.
        response: Option<HttpResponse>,
    },
}

/// A request in flight.
pub struct Request {
    future: Pin<Box<dyn Future<Output = Option<HttpResponse>>>>,
    mailbox: Rc<Mailbox>,
    waiting: bool,
}

impl Request {
    /// Opens a request and runs it to its first step. `seed` feeds its generator.
    pub fn start(server: &Rc<Server>, request: HttpRequest, now: Timestamp, seed: [u8; 32]) -> (Self, Step) {
        let mailbox = Rc::new(Mailbox::default());
        let host = Host::new(Rc::clone(&mailbox), now, seed, server.hooks());
        let future = Box::pin(endpoint::serve(Rc::clone(server), host, request));
        let mut started = Self { future, mailbox, waiting: true };
        let step = started.poll();
        (started, step)
    }

    /// Hands over the reply that the request waits for and runs it to its next step. After its end
    /// a request only repeats that it is done.
    pub fn resume(&mut self, reply: Reply) -> Step {
        self.mailbox.reply.set(Some(reply));
        self.poll()
    }

    fn poll(&mut self) -> Step {
        if !self.waiting {
            return Step::Done { response: None };
        }
        let mut context = Context::from_waker(Waker::noop());
        match self.future.as_mut().poll(&mut context) {
            Poll::Ready(response) => {
                self.waiting = false;
                Step::Done { response }
            }
            Poll::Pending => match self.mailbox.out.take() {
                Some(Outgoing::Effect(effect)) => Step::Effect { effect },
                Some(Outgoing::Head { status, headers }) => Step::Head { status, headers },
                Some(Outgoing::Chunk(chunk)) => Step::Chunk { chunk },
                // A future that waits for anything but its host would never wake again.
                None => {
                    self.waiting = false;
                    let failure =
                        Failure { effect: "none".into(), message: "suspended without an effect".into() };
                    Step::Done { response: Some(endpoint::unavailable(&failure)) }
                }
            },
        }
    }
}
