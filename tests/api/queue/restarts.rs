//! What is queued outlives the server.

use std::collections::{BTreeMap, BTreeSet};

use super::{QUEUE, add_to_pool, assigned, expect_queued, queue, sends_here, server, unwrapped};
use crate::support::{Receiver, ServerProcess, TestServer, serve};

#[test]
fn queued_requests_survive_restarts_and_assign_once_each() {
    let mut server = server();
    add_to_pool(&server, 12);
    let receiver = Receiver::answering(&[200]);
    let url = receiver.url("/");
    for order in 0..10 {
        expect_queued(&queue(&server, &url, &order.to_string()));
        if order % 3 == 0 {
            server.stop();
            server.start_again(sends_here);
        }
    }
    let mut keys = Vec::new();
    for _ in 0..10 {
        let answer = unwrapped(&server, &receiver.next());
        assert_eq!(answer.code, 803);
        keys.push(answer.fields["license_keys"][0]["license_key"].as_str().unwrap().to_owned());
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 10);
    receiver.expect_silence();
    assert_eq!(assigned(&server), 10);
}

#[test]
fn a_server_that_is_killed_goes_on_where_it_was_and_assigns_once_each() {
    const ORDERS: usize = 30;
    let mut server = server();
    add_to_pool(&server, ORDERS + 5);
    server.stop();
    let receiver = Receiver::answering(&[200]);
    let mut process = start(&server);
    for order in 0..ORDERS {
        let fields = [
            ("api_key", server.api_key.clone()),
            ("product_id", "1".to_owned()),
            ("webhook_url", receiver.url("/")),
            ("identifier", order.to_string()),
        ];
        let answer = ureq::post(format!("{}/v1/{QUEUE}", process.url())).send_form(fields).unwrap();
        assert!(answer.into_body().read_to_string().unwrap().contains("\"code\":807"));
        // Now while it is idle, now while it has much to do.
        if order % 7 == 0 {
            drop(process);
            process = start(&server);
        }
    }
    drop(process);
    server.start_again(sends_here);
    let mut keys = BTreeMap::new();
    while keys.len() < ORDERS {
        let answer = unwrapped(&server, &receiver.next());
        let key = answer.fields["license_keys"][0]["license_key"].to_string();
        // Killed before it noted that the message had arrived, it sends it again: the same one.
        let known = keys.insert(answer.fields["identifier"].to_string(), key.clone());
        assert!(known.is_none_or(|known| known == key));
    }
    let different: BTreeSet<&String> = keys.values().collect();
    assert_eq!((different.len(), assigned(&server)), (ORDERS, ORDERS));
}

/// The binary on a test's data.
fn start(server: &TestServer) -> ServerProcess {
    ServerProcess::run(serve(server.data()).arg("--allow-private-targets"))
}
