//! The effect boundary: steps are a function of request, clock, seed and replies, and nothing that a
//! host answers can trap the core.
mod support;

use std::rc::Rc;

use edgegrant::endpoint::Server;
use edgegrant::host::{Effect, Failure, Page, Reply};
use edgegrant::http::HttpRequest;
use edgegrant::suspend::{Request, Step};
use edgegrant::time::Timestamp;
use support::*;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn server() -> Rc<Server> {
    Rc::new(Server::configure(&document().to_string(), &bindings()).unwrap())
}

fn token_request() -> HttpRequest {
    basic("/token", "basic", "grant_type=client_credentials")
}

/// All steps of a request that is fed `replies`.
fn steps(server: &Rc<Server>, request: HttpRequest, seed: [u8; 32], replies: &[Reply]) -> Vec<Step> {
    let (mut request, first) = Request::start(server, request, NOW, seed);
    let mut steps = vec![first];
    steps.extend(replies.iter().map(|reply| request.resume(reply.clone())));
    steps
}

fn signatures() -> Reply {
    Reply::Signatures(vec![7; 64].into())
}

#[test]
fn the_same_inputs_give_the_same_steps_and_another_seed_gives_others() {
    let server = server();
    let replies = [signatures(), Reply::Done];
    let run = |seed| steps(&server, token_request(), [seed; 32], &replies);
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    // A second server from the same document serves the same.
    assert_eq!(run(1), steps(&self::server(), token_request(), [1; 32], &replies));
    let run = run(1);
    assert!(
        matches!(&run[0], Step::Effect { effect: Effect::Sign { key, ends, .. } } if ends.len() == 1 && key == "KEY")
    );
    assert!(matches!(&run[1], Step::Effect { effect: Effect::Record { .. } }));
    assert!(matches!(&run[2], Step::Done { response: Some(response) } if response.status == 200));
}

#[test]
fn a_request_that_needs_nothing_ends_at_once_and_stays_ended() {
    let (mut request, step) = Request::start(&server(), get("/health"), NOW, [0; 32]);
    assert!(matches!(step, Step::Done { response: Some(_) }));
    assert_eq!(request.resume(Reply::Done), Step::Done { response: None });
}

#[test]
fn a_reply_of_the_wrong_kind_is_a_failure_of_the_host() {
    let page = Page { entries: vec![], more: false };
    for reply in [
        Reply::Records(vec![None]),
        Reply::Committed(true),
        Reply::Page(page),
        Reply::Signatures(vec![].into()),
        Reply::Subject(None),
        Reply::Done,
        Reply::Failed(Failure { effect: "sign".into(), message: "no key".into() }),
    ] {
        let shown = format!("{reply:?}");
        let steps = steps(&server(), token_request(), [1; 32], &[reply, Reply::Done]);
        let Step::Done { response: Some(response) } = &steps[2] else { panic!("{shown}: {steps:?}") };
        assert_eq!(error(response), (503, "temporarily_unavailable".into()), "{shown}");
    }
}

#[cfg(feature = "faults")]
mod with_faults {
    use edgegrant::host::{Hooks, Identified};

    use super::*;

    #[test]
    fn a_streamed_answer_interleaves_chunks_and_effects() {
        let record = Reply::Records(vec![None]);
        let request = post("/_fault/stream?n=2", "");
        let replies = [Reply::Done, Reply::Done, record.clone(), Reply::Done, record];
        let steps = steps(&server(), request, [1; 32], &replies);
        let shape: Vec<String> = steps
            .iter()
            .map(|step| match step {
                Step::Head { status, .. } => format!("head {status}"),
                Step::Chunk { chunk } => String::from_utf8_lossy(chunk).trim().to_owned(),
                Step::Effect { .. } => "effect".to_owned(),
                Step::Done { response } => format!("done {}", response.is_some()),
            })
            .collect();
        assert_eq!(shape, ["head 200", "chunk 0", "effect", "chunk 1", "effect", "done false"]);
    }

    #[test]
    fn records_must_be_as_many_as_were_asked_for() {
        for records in [vec![], vec![None, None]] {
            let steps = steps(&server(), post("/_fault/commit?n=1", ""), [1; 32], &[Reply::Records(records)]);
            assert!(matches!(&steps[1], Step::Done { response: Some(response) } if response.status == 503));
        }
    }

    #[test]
    fn signatures_must_be_as_long_for_one_input_as_for_another() {
        let page = Page { entries: vec![], more: false };
        let before = [Reply::Records(vec![None; 2]), Reply::Committed(true), Reply::Page(page)];
        for (octets, fits) in [(0, false), (1, false), (127, false), (129, false), (128, true), (2, true)] {
            let replies = [&before[..], &[Reply::Signatures(vec![7; octets].into())]].concat();
            let steps = steps(&server(), post("/_fault/effects", ""), [1; 32], &replies);
            let refused =
                matches!(&steps[4], Step::Done { response: Some(response) } if response.status == 503);
            assert_eq!(refused, !fits, "{octets}: {:?}", steps[4]);
        }
    }

    #[test]
    fn what_the_operator_knows_of_a_subject_comes_back() {
        for active in [true, false] {
            let mut world = world(1);
            world.subjects.insert(("fault".into(), "fault/7".into()), active);
            let response = world.ask(post("/_fault/effects?id=7", ""));
            assert_eq!(body(&response)["subject"], active);
        }
    }

    #[test]
    fn every_kind_of_effect_comes_back_with_its_reply() {
        let hooks = Hooks { audit: true, subject: true, identify: true, notify_user: true };
        let mut world = world_with(&document(), hooks, 1);
        world.identified.insert("fault/all".into(), Identified { sub: "ann".into(), user_code: None });
        let began = world.now;
        let response = world.ask(post("/_fault/effects?id=all", ""));
        assert_eq!(
            response.body,
            r#"{"records":2,"committed":true,"entries":1,"signatures":128,"subject":null,"identified":"ann","status":200}"#
        );
        assert_eq!((world.asked.len(), world.waited, world.now - began), (1, 1, 1));
        let sent: Vec<&str> = world.outbound.iter().map(|request| request.url.as_str()).collect();
        assert_eq!(sent, ["http://127.0.0.1/fetch", "http://127.0.0.1/notify"]);
    }

    #[test]
    fn the_driver_loses_no_update_whatever_the_order() {
        // Twenty counters at once on one record: a conflict fails its request, and the record counts
        // exactly the requests that succeeded.
        for seed in 0..100 {
            let mut world = world(seed);
            let ids: Vec<Id> = (0..20).map(|_| world.send(post("/_fault/commit?n=1", ""))).collect();
            world.run();
            let fine = ids.iter().filter(|&&id| world.response(id).unwrap().status == 200).count();
            assert!(fine >= 1);
            assert_eq!(world.state.value("fault/0"), Some(fine.to_string().as_str()), "seed {seed}");
        }
    }

    #[test]
    fn the_driver_stops_a_request_for_good() {
        let mut world = world(1);
        let id = world.send(post("/_fault/commit?n=5", ""));
        world.stop_after(id, 4);
        world.run();
        assert_eq!((world.response(id), world.effects(id)), (None, 4));
        assert_eq!(world.state.value("fault/0"), Some("2"));
    }
}
