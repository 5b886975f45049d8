//! `verify`, `activate`, `deactivate`: whether a license may be used, and its seats.

use std::sync::Barrier;
use std::thread;

use crate::support::{Answer, License, TestServer};

fn call(server: &TestServer, endpoint: &str, license_key: &str, identifier: &str) -> Answer {
    server.post(endpoint, &[("license_key", license_key), ("identifier", identifier)])
}

fn expect(answer: &Answer, code: i64, message: &str, signer: &str) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, code, message, signer));
    assert!(answer.fields.is_empty(), "{answer:?}");
}

/// One license of every state, none of them active on anything but `FULL` on `other.ltd`.
fn server() -> TestServer {
    let server = TestServer::start();
    server.command(&["product", "create", "--name", "Retired", "--inactive"]);
    let plain = |key, status| License { key, status, identifiers: &[], ..License::default() };
    server.add_license(&plain("FREE", "assigned"));
    server.add_license(&plain("AVAILABLE", "available"));
    server.add_license(&plain("RESERVED", "reserved"));
    server.add_license(&plain("BLOCKED", "blocked"));
    server.add_license(&License { product: 3, ..plain("RETIRED", "assigned") });
    server.add_license(&License { validity: 30, ..plain("EXPIRED", "assigned") });
    server.add_license(&License {
        activation_limit: 1,
        identifiers: &["other.ltd"],
        ..plain("FULL", "assigned")
    });
    server
}

const INACTIVE_PRODUCT: &str = "The product associated with this license key is not active or doesn't exist";
const NO_ACTIVATION: &str = "No activation found for this license key/identifier combination";

#[test]
fn an_activation_goes_from_no_to_yes_and_back() {
    let server = server();
    expect(&call(&server, "verify", "FREE", "domain.ltd"), 202, NO_ACTIVATION, "product");
    expect(&call(&server, "activate", "FREE", "domain.ltd"), 300, "License key activated", "product");
    expect(&call(&server, "verify", "free", " DOMAIN.ltd"), 200, "Valid license key", "product");
    expect(&call(&server, "activate", "FREE", "Domain.LTD"), 301, "License key already active", "product");
    let ended = call(&server, "deactivate", "FREE", "domain.ltd");
    expect(&ended, 400, "License key deactivated", "global");
    assert!(ended.response.starts_with(r#"{"code":"400","#), "{}", ended.response);
    expect(
        &call(&server, "deactivate", "FREE", "domain.ltd"),
        401,
        "License key already inactive",
        "product",
    );
    expect(&call(&server, "verify", "FREE", "domain.ltd"), 202, NO_ACTIVATION, "product");
}

#[test]
fn all_three_pass_the_same_gate_in_the_same_order() {
    let server = server();
    for endpoint in ["verify", "activate", "deactivate"] {
        for (license_key, identifier, code, message, signer) in [
            ("", "domain.ltd", 210, "Invalid license key", "global"),
            ("NOBODY", "", 210, "Invalid license key", "global"),
            ("RETIRED", "", 203, INACTIVE_PRODUCT, "global"),
            ("BLOCKED", "", 215, "Identifier is required", "product"),
            ("BLOCKED", "domain.ltd", 204, "License key blocked", "product"),
            ("AVAILABLE", "domain.ltd", 201, "This license key is not assigned", "product"),
            ("RESERVED", "domain.ltd", 201, "This license key is not assigned", "product"),
        ] {
            expect(&call(&server, endpoint, license_key, identifier), code, message, signer);
        }
    }
}

#[test]
fn an_expired_license_is_refused_but_may_be_deactivated() {
    let server = server();
    expect(&call(&server, "verify", "EXPIRED", "domain.ltd"), 205, "License key expired", "product");
    expect(&call(&server, "activate", "EXPIRED", "domain.ltd"), 205, "License key expired", "product");
    expect(
        &call(&server, "deactivate", "EXPIRED", "domain.ltd"),
        401,
        "License key already inactive",
        "product",
    );
}

#[test]
fn a_full_license_refuses_a_second_identifier_until_a_seat_is_free() {
    let server = server();
    expect(
        &call(&server, "activate", "FULL", "new.ltd"),
        302,
        "License key reached activation limit",
        "product",
    );
    // The same identifier again is no second seat, and comes before the limit.
    assert_eq!(call(&server, "activate", "FULL", "other.ltd").code, 301);
    assert_eq!(call(&server, "deactivate", "FULL", "other.ltd").code, 400);
    assert_eq!(call(&server, "activate", "FULL", "new.ltd").code, 300);
    assert_eq!(call(&server, "activate", "FULL", "other.ltd").code, 302);
}

#[test]
fn verify_knows_a_key_only_of_the_product_that_is_asked_for() {
    let server = server();
    call(&server, "activate", "FREE", "domain.ltd");
    let verify = |product: &str| {
        let fields = [("license_key", "FREE"), ("identifier", "domain.ltd"), ("product_uuid", product)];
        server.post("verify", &fields).code
    };
    assert_eq!(
        (verify("1"), verify(""), verify("2"), verify("99"), verify("no-such")),
        (200, 200, 210, 210, 210)
    );
}

#[test]
fn older_clients_find_the_same_endpoints_elsewhere() {
    let server = server();
    for (endpoint, code) in [
        ("licenses/activate", 300),
        ("licenses/verify", 200),
        ("licenses/validate", 200),
        ("licenses/deactivate", 400),
    ] {
        assert_eq!(call(&server, endpoint, "FREE", "domain.ltd").code, code, "{endpoint}");
    }
}

#[test]
fn a_post_url_too_long_to_be_one_is_refused_by_name() {
    let server = server();
    let url = format!("https://x.example/{}", "x".repeat(2048));
    let fields = [("license_key", "FREE"), ("identifier", "domain.ltd"), ("post_url", url.as_str())];
    let answer = server.post("activate", &fields);
    assert_eq!((answer.code, &answer.fields["field"]), (1913, &"post_url".into()));
    assert_eq!(call(&server, "verify", "FREE", "domain.ltd").code, 202);
}

#[test]
fn sixty_four_at_once_get_exactly_three_seats() {
    let server = TestServer::start();
    server.add_license(&License { activation_limit: 3, identifiers: &[], ..License::default() });
    let barrier = Barrier::new(64);
    let codes: Vec<i64> = thread::scope(|scope| {
        let racers: Vec<_> = (0..64)
            .map(|number| {
                let (server, barrier) = (&server, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    call(server, "activate", "KEY-1", &format!("device-{number}")).code
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let count = |code| codes.iter().filter(|found| **found == code).count();
    assert_eq!((count(300), count(302)), (3, 61));
}

#[test]
fn one_identifier_many_times_at_once_takes_one_seat() {
    let server = TestServer::start();
    server.add_license(&License { activation_limit: 2, identifiers: &[], ..License::default() });
    let barrier = Barrier::new(32);
    let codes: Vec<i64> = thread::scope(|scope| {
        let racers: Vec<_> = (0..32)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    call(&server, "activate", "KEY-1", "domain.ltd").code
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|code| **code == 300).count(), 1);
    assert_eq!(codes.iter().filter(|code| **code == 301).count(), 31);
    assert_eq!(call(&server, "activate", "KEY-1", "second.ltd").code, 300);
}

#[test]
fn a_license_of_a_deleted_product_is_of_no_other_product() {
    let server = server();
    assert_eq!(server.post("delete-product", &[("product_id", "1")]).code, 550);
    for (product, code) in [("", 203), ("1", 203), ("2", 210)] {
        let fields = [("license_key", "FREE"), ("identifier", "d"), ("product_id", product)];
        assert_eq!(server.post("verify", &fields).code, code, "{product}");
    }
}
