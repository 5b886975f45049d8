//! Tests a request whose endpoint panics, which no endpoint of the API does, and counts that no answer shows.

use std::num::NonZeroU32;
use std::panic::resume_unwind;
use std::time::Duration;

use actix_web::FromRequest as _;
use actix_web::body::to_bytes;
use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::record::{Audience, Record};
use crate::config::Config;
use crate::domain::{ApiKeySecret, Capabilities, NewProduct, Rate, Timestamp};
use crate::files::DataDir;
use crate::routes::Runs;
use crate::signing::{Keyring, Signatures, SigningKey};
use crate::store::{Decision, NewApiKey, Store};
use crate::wire::reply::{self, Reply};

const SECRET: &str = "a-secret-of-this-test";

const fn route(runs: Runs, endpoint: &'static Endpoint) -> Route {
    let method = Method::POST;
    Route { method, path: "/test", aliases: &[], runs, capability: "create-product", endpoint }
}

const RECORD: Record = Record::new(Audience::Vendor, "An endpoint of this test");
const PANICS: Endpoint = RECORD.run(|_| resume_unwind(Box::new("an endpoint that panics")));

static PANICS_READING: Route = route(Runs::Inline, &PANICS);
static PANICS_LISTING: Route = route(Runs::OnBlockingPool, &PANICS);
static PANICS_WRITING: Route = route(
    Runs::OnWriter,
    &RECORD.run(|call| {
        add_product(call)?;
        resume_unwind(Box::new("an endpoint that panics"))
    }),
);
static READS: Route = route(
    Runs::Inline,
    &RECORD.run(|call| Ok(Reply::from(Outcome::AllProducts).with("count", call.tx.products()?.len()))),
);
static WRITES: Route = route(
    Runs::OnWriter,
    &RECORD.run(|call| {
        add_product(call)?;
        Ok(Outcome::ProductCreated.into())
    }),
);

fn add_product(call: &Call<'_>) -> reply::Result<()> {
    call.tx.add_product(&NewProduct::sample(), call.now)?;
    Ok(())
}

async fn app() -> (TempDir, Arc<App>) {
    app_with(|_| {}).await
}

async fn app_with(set: impl FnOnce(&mut Config)) -> (TempDir, Arc<App>) {
    let directory = tempfile::tempdir().unwrap();
    let data = DataDir::new(directory.path());
    let store = Store::create(&data).unwrap();
    let api_key = NewApiKey {
        name: "test".to_owned(),
        secret: ApiKeySecret::parse(SECRET).unwrap(),
        capabilities: Capabilities::all(),
        allow_ips: Vec::new(),
        active: true,
    };
    let added = store.write(move |tx| Decision::Commit(tx.add_api_key(&api_key, Timestamp(0)).is_ok()));
    assert!(added.await.unwrap());
    SigningKey::save(include_str!("../../tests/golden/keys/pkcs8.pem"), &Keyring::global_path(&data))
        .unwrap();
    let (mut config, keyring) = (Config::local(directory.path()), Keyring::load(&data, &[], &[]).unwrap());
    set(&mut config);
    let signatures = Signatures::start(1).unwrap();
    (directory, Arc::new(App::new(config, store, keyring, signatures)))
}

/// Sends a request. Returns the HTTP status and the response, after checking its signature.
async fn call(app: &Arc<App>, route: &'static Route) -> (u16, Value) {
    let form = TestRequest::post().set_payload(format!("api_key={SECRET}"));
    let (request, mut payload) =
        form.insert_header(("content-type", "application/x-www-form-urlencoded")).to_http_parts();
    let payload = web::Payload::from_request(&request, &mut payload).await.unwrap();
    let response = answer(Arc::clone(app), route, request, payload).await;
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body()).await.unwrap_or_else(|_| panic!("no body"));
    let mut envelope: Value = serde_json::from_slice(&body).unwrap();
    let text = |name: &str| envelope[name].as_str().unwrap();
    let key = app.keyring.global().unwrap();
    assert!(key.public().verifies(text("response_base64").as_bytes(), text("signature")), "{envelope}");
    (status, envelope["response"].take())
}

#[tokio::test]
async fn a_panic_ends_one_request_and_nothing_else() {
    let (_directory, app) = app().await;
    for _ in 0..20 {
        for route in [&PANICS_READING, &PANICS_LISTING, &PANICS_WRITING] {
            let (status, answer) = call(&app, route).await;
            assert_eq!((status, answer["code"].as_i64()), (500, Some(1900)), "{answer}");
        }
    }
    let (_, answer) = call(&app, &READS).await;
    assert_eq!(answer["count"], 0, "a panicking endpoint's product was kept");
    assert_eq!(call(&app, &WRITES).await.1["code"], 750);
    assert_eq!(call(&app, &READS).await.1["count"], 1);
}

#[tokio::test]
async fn a_refused_preflight_counts_once() {
    let (_directory, app) = app_with(|config| {
        let rate = Rate { burst: NonZeroU32::MIN, every: Duration::from_hours(1) };
        config.limits.rates.address = Some(rate);
        config.http.allowed_origins = vec!["https://app.example.com".to_owned()];
    })
    .await;
    for (expected, refused) in [(204, 0), (429, 1), (429, 2)] {
        let asked = TestRequest::with_uri("/api/v1/verify").method(Method::OPTIONS);
        let (request, mut payload) = asked
            .insert_header(("origin", "https://app.example.com"))
            .insert_header(("access-control-request-method", "POST"))
            .to_http_parts();
        let payload = web::Payload::from_request(&request, &mut payload).await.unwrap();
        let response = method_not_allowed(Arc::clone(&app), "/verify", "POST", request, payload).await;
        assert_eq!((response.status().as_u16(), app.load.refused()[0]), (expected, ("address", refused)));
    }
}
