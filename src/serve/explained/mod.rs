//! Compares explanations with the endpoints: for generated licenses, products, identifiers and times, the outcome that
//! an explanation names is the one that the endpoint answers, with the same product to sign it.

mod world;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use actix_web::http::Method;
use fastrand::Rng;

use self::world::{NOW, Request, change_world, make_world, request};
use super::authorize::{Authorized, authorize};
use super::caller::Caller;
use crate::api::call::{Call, LostOrders, PublicKeys, PublicUrl, RequestContext};
use crate::domain::{ApiKeySecret, CallerId, Outcome, ProductKey};
use crate::files::DataDir;
use crate::operations::Operation;
use crate::operations::explain::{Explanation, GateEndpoint, StepState};
use crate::random::Randomness;
use crate::routes::{ROUTES, Route};
use crate::store::{Decision, Store, Tx};
use crate::wire::reply::{Error, Result};

const CASES: usize = 100_000;

/// Facts about a server that no endpoint behind the license gate decides by.
struct Server;

impl PublicUrl for Server {
    fn public_url(&self) -> Cow<'_, str> {
        "http://localhost".into()
    }
}

impl PublicKeys for Server {
    fn global(&self) -> Option<String> {
        None
    }
}

impl LostOrders for Server {
    fn take(&self, _: &[u8; 32]) -> bool {
        false
    }
}

/// What the server answers: the gate before the endpoint, then the endpoint. Keeps what it writes.
fn answer(tx: &Tx<'_>, route: &'static Route, request: &Request) -> (Outcome, Option<ProductKey>) {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let caller = Caller {
        arrived: Instant::now(),
        request_id: String::new(),
        now: request.at,
        method: Method::POST,
        address,
        is_proxied: false,
        is_proxy: false,
        secret: None,
        idempotency_key: None,
        known_as: Cell::default(),
    };
    let (api_key, randomness) = (ApiKeySecret::parse("secret").unwrap(), Randomness::default());
    let context = RequestContext {
        address,
        caller: CallerId::ApiKey(1),
        api_key: Some(&api_key),
        has_idempotency_key: false,
        public_url: &Server,
        shows_changelogs: true,
        delivery_delay: Duration::ZERO,
        randomness: &randomness,
        public_keys: &Server,
        lost_orders: &Server,
    };
    let of_header =
        Some(Authorized { caller_id: CallerId::ApiKey(1), sees_licenses: true, former_text: None });
    let mut call = Call::new(tx, &request.params, &route.endpoint.record, context, request.at);
    let result = authorize(tx, &caller, of_header, None, &request.params, route.access())
        .and_then(|_| (route.endpoint.run)(&mut call));
    (outcome(result), call.signing_product)
}

fn outcome(result: Result) -> Outcome {
    match result {
        Ok(reply) | Err(Error::Refused(reply)) => reply.outcome,
        Err(Error::Failed(failure)) => panic!("{failure}"),
    }
}

/// The outcome of the license gate: an endpoint's own refusals of other fields come after it, as its success does.
fn of_gate(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::LicenseMetaKeyExists => Outcome::LicenseMetaCreated,
        Outcome::UpdateLicenseMetaKeyMissing => Outcome::LicenseMetaUpdated,
        Outcome::DeleteLicenseMetaKeyMissing => Outcome::LicenseMetaDeleted,
        outcome => outcome,
    }
}

/// The steps before a refusal passed, those after it are not reached, and those that were have a text.
fn check_steps(explanation: &Explanation) {
    let refused = explanation.refusal();
    let last = refused.map_or(explanation.steps.len(), |(number, _)| number - 1);
    for (place, step) in explanation.steps.iter().enumerate() {
        let expected = match place {
            place if place < last => StepState::Passed,
            place if place == last => StepState::Refused,
            _ => StepState::NotReached,
        };
        assert_eq!(step.state, expected, "{explanation:?}");
        assert_eq!(step.text.is_empty(), expected == StepState::NotReached, "{explanation:?}");
    }
}

fn compare(tx: &Tx<'_>) -> BTreeMap<(&'static str, u16), usize> {
    let mut random = Rng::with_seed(13);
    let mut seen = BTreeMap::new();
    make_world(tx);
    for _ in 0..CASES {
        if random.u8(0..3) == 0 {
            change_world(tx, &mut random);
        }
        let request = request(tx, &mut random);
        let operation = Operation { tx, now: NOW, delivery_delay: Duration::ZERO };
        let explanation = operation.explain(&request.question).unwrap();
        check_steps(&explanation);
        let slug = request.question.endpoint.as_str();
        let route = ROUTES.iter().find(|route| route.capability == slug).unwrap();
        let (answered, signing_product) = answer(tx, route, &request);
        assert_eq!(explanation.outcome, of_gate(answered), "{:?}\n{explanation:#?}", request.question);
        assert_eq!(explanation.signing_product, signing_product, "{:?}\n{explanation:#?}", request.question);
        *seen.entry((slug, explanation.outcome.code())).or_default() += 1;
    }
    seen
}

#[test]
fn an_explanation_agrees_with_its_endpoint() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::create(&DataDir::new(directory.path())).unwrap();
    let seen = store.write_blocking(|tx| Decision::Rollback(compare(tx))).unwrap();
    let gate = [150, 203, 204, 201, 210, 215];
    for endpoint in GateEndpoint::ALL {
        let own: &[u16] = match endpoint {
            GateEndpoint::Activate => &[205, 300, 301, 302],
            GateEndpoint::Deactivate => &[400, 401],
            GateEndpoint::Verify => &[200, 202, 205],
            GateEndpoint::Details => &[202, 205, 500],
            GateEndpoint::Downloads => &[202, 205, 600],
            GateEndpoint::CreateMeta => &[202, 205, 453],
            GateEndpoint::UpdateMeta => &[202, 205, 353],
            GateEndpoint::DeleteMeta => &[202, 205, 252],
        };
        for code in gate.iter().chain(own) {
            let count = seen.get(&(endpoint.as_str(), *code)).copied().unwrap_or_default();
            assert!(count * 20_000 >= CASES, "{} with {code}: {count} cases of {seen:?}", endpoint.as_str());
        }
    }
    assert_eq!(seen.len(), gate.len() * 8 + 4 + 2 + 6 * 3, "{seen:?}");
}
