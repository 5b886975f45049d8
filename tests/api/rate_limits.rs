//! Rate limits: what is one too many, and that nobody else pays for it.

use std::num::NonZeroU32;
use std::thread;
use std::time::Duration;

use keyseal::{Rate, RateLimits};

use crate::support::{Answer, License, TestServer};

const HOUR: u64 = 60 * 60;

/// So many, and then not another one for as long as a test takes.
fn only(burst: u32) -> Rate {
    Rate { burst: NonZeroU32::new(burst).unwrap(), every: Duration::from_secs(HOUR) }
}

/// A server behind a proxy, so that a test can come from many addresses. It has the license `License::default`.
fn start(limits: RateLimits) -> TestServer {
    let server = TestServer::start_with(|config| {
        config.limits.rates = limits;
        config.http.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    server.add_license(&License::default());
    server
}

/// An API key as it is in a shipped product: it can't list licenses.
fn clients_key(server: &TestServer) -> String {
    let capabilities = [
        "verify",
        "activate",
        "get-license-key-details",
        "get-all-products",
        "delete-license-key",
        "assign-license-key",
    ];
    server.add_api_key(&capabilities.map(|capability| ["--capability", capability]).concat())
}

fn activate(server: &TestServer, api_key: &str, license_key: &str, identifier: &str) -> i64 {
    let fields = [("api_key", api_key), ("license_key", license_key), ("identifier", identifier)];
    server.post_with_headers("activate", &[("X-Forwarded-For", "192.0.2.1")], &fields).code
}

fn verify(server: &TestServer, from: &str, fields: &[(&str, &str)]) -> Answer {
    server.post_with_headers("verify", &[("X-Forwarded-For", from)], fields)
}

fn verify_as(server: &TestServer, from: &str, api_key: &str, license_key: &str, identifier: &str) -> i64 {
    let fields = [("api_key", api_key), ("license_key", license_key), ("identifier", identifier)];
    verify(server, from, &fields).code
}

fn times(number: usize, mut ask: impl FnMut() -> i64) -> Vec<i64> {
    (0..number).map(|_| ask()).collect()
}

#[test]
fn an_address_is_told_when_to_come_back_and_no_other_is() {
    let server = start(RateLimits { address: Some(only(2)), ..RateLimits::default() });
    let ask = |from: &str| verify_as(&server, from, &server.api_key, "KEY-1", "domain.ltd");
    assert_eq!(times(3, || ask("192.0.2.1")), [200, 200, 1929]);
    let refused = verify(&server, "192.0.2.1", &[]);
    assert_eq!((refused.status, refused.signer.as_str(), refused.fields.len()), (429, "global", 0));
    let seconds = refused.retry_after.unwrap();
    assert!((HOUR - 60..=HOUR).contains(&seconds), "{seconds}");
    assert_eq!(ask("192.0.2.2"), 200);
}

#[test]
fn an_ipv6_network_counts_as_one_address() {
    let server = start(RateLimits { address: Some(only(2)), ..RateLimits::default() });
    let ask = |from: &str| verify_as(&server, from, &server.api_key, "KEY-1", "domain.ltd");
    assert_eq!(
        ["2001:db8::1", "2001:db8::2:1", "2001:db8:0:0:f::", "2001:db8:0:1::1"].map(ask),
        [200, 200, 1929, 200]
    );
}

#[test]
fn an_api_key_is_limited_wherever_it_stands_and_whoever_sends_it() {
    let server = start(RateLimits { api_key: Some(only(3)), ..RateLimits::default() });
    let other = server.add_api_key(&["--capability", "verify"]);
    let form = |from: &str, key: &str| verify_as(&server, from, key, "KEY-1", "domain.ltd");
    let header = |name: &str, value: &str| {
        let fields = [("license_key", "KEY-1"), ("identifier", "domain.ltd")];
        server.post_with_headers("verify", &[(name, value)], &fields).code
    };
    let bearer = format!("Bearer {}", server.api_key);
    assert_eq!(form("192.0.2.1", &server.api_key), 200);
    assert_eq!(header("X-API-Key", &server.api_key), 200);
    assert_eq!(header("Authorization", &bearer), 200);
    assert_eq!(form("192.0.2.2", &server.api_key), 1929);
    assert_eq!(header("X-API-Key", &server.api_key), 1929);
    let link = format!("/v1/download/{}/KEY-1/ZG9tYWluLmx0ZA==/1", server.api_key);
    assert_eq!(server.get(&link).code, 1929);
    assert_eq!(form("192.0.2.1", &other), 200);
}

#[test]
fn what_is_no_endpoint_counts_too_and_health_never_does() {
    let server = start(RateLimits { address: Some(only(3)), ..RateLimits::default() });
    let paths = ["/nowhere", "/api/v1/verify", "/v1/products/none/changelog", "/nowhere", "/api/v1/verify"];
    assert_eq!(paths.map(|path| server.get(path).code), [1904, 1905, 551, 1929, 1929]);
    let link = "/v1/download/key/KEY-1/ZG9tYWluLmx0ZA==/1";
    assert_eq!([server.get("/v1/products/none/changelog").code, server.get(link).code], [1929, 1929]);
    for path in ["/livez", "/readyz"] {
        assert_eq!(server.get_plain(path).0, 200);
    }
}

#[test]
fn the_list_of_keys_is_sent_once_to_who_keeps_it_and_not_for_ever_to_one_who_asks_too_often() {
    let server = start(RateLimits { address: Some(only(2)), ..RateLimits::default() });
    let ask = |from: &str, known: &str| {
        let headers = [("X-Forwarded-For", from), ("If-None-Match", known)];
        server.fetch("GET", "/.well-known/keyseal-keys.json", &headers)
    };
    let first = ask("192.0.2.1", "\"another\"");
    let etag = first.headers()["etag"].to_str().unwrap();
    let again = ask("192.0.2.1", etag);
    assert_eq!((first.status().as_u16(), again.status().as_u16(), again.body().len()), (200, 304, 0));
    assert!(String::from_utf8_lossy(first.body()).contains("-----BEGIN PUBLIC KEY-----"));
    let refused = ask("192.0.2.1", "");
    assert!(refused.headers().contains_key("retry-after"));
    let answer = server.answer(refused.status().as_u16(), std::str::from_utf8(refused.body()).unwrap());
    assert_eq!((answer.status, answer.code, answer.signer.as_str()), (429, 1929, "global"));
    assert_eq!(ask("192.0.2.2", etag).status().as_u16(), 304);
}

#[test]
fn a_document_is_not_sent_for_ever_to_one_who_asks_too_often() {
    for path in ["/openapi.json", "/postman.json", "/docs"] {
        let server = start(RateLimits { address: Some(only(2)), ..RateLimits::default() });
        let ask = |from: &str| server.fetch("GET", path, &[("X-Forwarded-For", from)]);
        assert_eq!([ask("192.0.2.1"), ask("192.0.2.1")].map(|answer| answer.status().as_u16()), [200, 200]);
        let refused = ask("192.0.2.1");
        assert!(refused.headers().contains_key("retry-after"));
        let answer = server.answer(refused.status().as_u16(), std::str::from_utf8(refused.body()).unwrap());
        assert_eq!((answer.status, answer.code, answer.signer.as_str()), (429, 1929, "global"));
        assert_eq!(ask("192.0.2.2").status().as_u16(), 200);
    }
}

#[test]
fn without_limits_nobody_is_one_too_many() {
    let server = start(RateLimits::default());
    let ask = || verify_as(&server, "192.0.2.1", "unknown", "KEY-1", "domain.ltd");
    assert!(times(200, ask).iter().all(|code| *code == 100));
}

#[test]
fn unknown_api_keys_are_slowed_and_known_ones_served() {
    let server = start(RateLimits { guesses: Some(only(2)), ..RateLimits::default() });
    let ask = |key: &str| verify_as(&server, "192.0.2.1", key, "KEY-1", "domain.ltd");
    assert_eq!(["a", "b", "c", ""].map(ask), [100, 100, 1929, 1929]);
    assert_eq!(times(5, || ask(&server.api_key)), [200; 5]);
    assert_eq!(verify_as(&server, "192.0.2.2", "d", "KEY-1", "domain.ltd"), 100);
}

#[test]
fn a_switched_off_api_key_counts_as_a_wrong_one() {
    let server = start(RateLimits { guesses: Some(only(2)), ..RateLimits::default() });
    let off = server.add_api_key(&["--capability", "*", "--inactive"]);
    let ask = || verify_as(&server, "192.0.2.1", &off, "KEY-1", "domain.ltd");
    assert_eq!(times(3, ask), [101, 101, 1929]);
}

#[test]
fn a_guesser_of_license_keys_learns_nothing_from_a_hit() {
    let server = start(RateLimits { guesses: Some(only(3)), ..RateLimits::default() });
    let client = clients_key(&server);
    let ask = |license_key: &str| verify_as(&server, "192.0.2.1", &client, license_key, "mine");
    assert_eq!(["A", "B", "C"].map(ask), [210; 3]);
    // The last one is a license: it could as well not be.
    assert_eq!(["D", "E", "KEY-1"].map(ask), [1929; 3]);
    assert_eq!(["D", "KEY-1"].map(|key| activate(&server, &client, key, "mine")), [1929; 2]);
    // Nothing came of it.
    assert_eq!(verify_as(&server, "192.0.2.2", &client, "KEY-1", "mine"), 202);
}

#[test]
fn who_shares_an_address_with_a_guesser_is_served_as_ever() {
    let server = start(RateLimits { guesses: Some(only(3)), ..RateLimits::default() });
    let client = clients_key(&server);
    let ask = |license_key: &str, identifier: &str| {
        verify_as(&server, "192.0.2.1", &client, license_key, identifier)
    };
    // Before the first wrong key nobody pays.
    assert_eq!(times(20, || ask("KEY-1", "elsewhere")), [202; 20]);
    assert_eq!(times(5, || ask("WRONG", "domain.ltd")), [210, 210, 210, 1929, 1929]);
    assert_eq!(times(20, || ask("key-1 ", "DOMAIN.ltd")), [200; 20]);
    let details = [("license_key", "KEY-1"), ("identifier", "domain.ltd")];
    let fields = [&[("api_key", client.as_str())], &details[..]].concat();
    let from = [("X-Forwarded-For", "192.0.2.1")];
    assert_eq!(server.post_with_headers("get-license-key-details", &from, &fields).code, 500);
    // What names no license key is no guess.
    let all = server.fetch("GET", "/v1/get-all-products", &[("X-API-Key", &client), from[0]]);
    assert!(String::from_utf8(all.into_body()).unwrap().contains("\"code\":810"));
}

#[test]
fn a_guess_of_many_at_once_is_answered_no_more_often() {
    let server = start(RateLimits { guesses: Some(only(5)), ..RateLimits::default() });
    let client = clients_key(&server);
    let codes = thread::scope(|scope| {
        let guess = |number| {
            let fields = [
                ("api_key", client.clone()),
                ("license_key", format!("GUESS-{number}")),
                ("identifier", "mine".to_owned()),
            ];
            let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            server.post_with_headers("activate", &[("X-Forwarded-For", "192.0.2.1")], &fields).code
        };
        let guessers: Vec<_> = (0..40).map(|number| scope.spawn(move || guess(number))).collect();
        guessers.into_iter().map(|guesser| guesser.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(codes.iter().filter(|code| **code == 210).count(), 5, "{codes:?}");
    assert!(codes.iter().all(|code| [210, 1929].contains(code)), "{codes:?}");
}

#[test]
fn right_keys_use_up_nothing_after_a_wrong_one() {
    let server = start(RateLimits { guesses: Some(only(3)), ..RateLimits::default() });
    let client = clients_key(&server);
    server.add_license(&License { key: "KEY-2", identifiers: &[], ..License::default() });
    let ask = |key: &str| verify_as(&server, "192.0.2.1", &client, key, "elsewhere");
    assert_eq!(ask("TYPO"), 210);
    // Right keys on a product that they aren't active on, and new activations: each pays, and gets it back.
    assert_eq!(times(10, || ask("KEY-1")), [202; 10]);
    assert_eq!(activate(&server, &client, "KEY-2", "new"), 300);
    assert_eq!(times(10, || activate(&server, &client, "KEY-1", "domain.ltd")), [301; 10]);
    assert_eq!(["B", "C", "D", "KEY-1"].map(ask), [210, 210, 1929, 1929]);
}

#[test]
fn right_keys_at_once_get_back_what_they_paid_and_no_more() {
    let server = start(RateLimits { guesses: Some(only(50)), ..RateLimits::default() });
    let client = clients_key(&server);
    let ask = |key: &str| verify_as(&server, "192.0.2.1", &client, key, "elsewhere");
    assert_eq!(times(20, || ask("WRONG")), [210; 20]);
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| assert_eq!(times(5, || ask("KEY-1")), [202; 5]));
        }
    });
    let codes = times(40, || ask("WRONG"));
    assert_eq!(codes.iter().filter(|code| **code == 210).count(), 30, "{codes:?}");
}

#[test]
fn who_may_list_all_licenses_anyway_has_nothing_to_guess() {
    let server = start(RateLimits { guesses: Some(only(1)), ..RateLimits::default() });
    let lists = server.add_api_key(&["--capability", "get-license-keys", "--capability", "verify"]);
    let ask = |api_key: &str| verify_as(&server, "192.0.2.1", api_key, "WRONG", "mine");
    for api_key in [&lists, &server.api_key] {
        assert_eq!(times(5, || ask(api_key)), [210; 5]);
    }
    let client = clients_key(&server);
    assert_eq!([ask(&client), ask(&client), ask(&lists)], [210, 1929, 210]);
}

#[test]
fn a_license_key_that_is_unknown_elsewhere_is_a_wrong_one_too() {
    let server = start(RateLimits { guesses: Some(only(2)), ..RateLimits::default() });
    let client = clients_key(&server);
    let post = |endpoint: &str, license_key: &str| {
        let fields = [("api_key", client.as_str()), ("license_key", license_key), ("email", "a@example.com")];
        server.post_with_headers(endpoint, &[("X-Forwarded-For", "192.0.2.1")], &fields).code
    };
    assert_eq!(post("delete-license-key", "A"), 851);
    assert_eq!(post("assign-license-key", "B"), 801);
    assert_eq!(["C", "KEY-1"].map(|key| post("delete-license-key", key)), [1929; 2]);
}

#[test]
fn refusals_of_a_second_are_signed_once() {
    let server = start(RateLimits { address: Some(only(1)), ..RateLimits::default() });
    let ask = |from: &str| verify(&server, from, &[]);
    for from in ["192.0.2.1", "192.0.2.2"] {
        assert_eq!(ask(from).code, 100);
    }
    let refused: Vec<_> =
        (0..40).map(|number| ask(if number % 2 == 0 { "192.0.2.1" } else { "192.0.2.2" })).collect();
    let mut seconds: Vec<_> = refused.iter().map(|answer| answer.timestamp).collect();
    seconds.dedup();
    let mut responses: Vec<_> = refused.into_iter().map(|answer| answer.response).collect();
    responses.dedup();
    assert_eq!(responses.len(), seconds.len(), "{responses:?}");
}
