//! Orders that are sent again.

use std::thread;

use serde_json::json;

use super::{QUEUE, add_to_pool, assigned, expect_queued, queue, server, unwrapped, wait};
use crate::support::Receiver;

#[test]
fn a_request_that_is_repeated_assigns_once() {
    let server = server();
    add_to_pool(&server, 8);
    let receiver = Receiver::answering(&[200]);
    let url = receiver.url("/");
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| expect_queued(&queue(&server, &url, "31")));
        }
    });
    receiver.next();
    // The same by other names and in another encoding, after it was carried out.
    let same = json!({ "product_uuid": 1, "count": "1", "webhook_url": url, "hwid": 31, "metadata": {} });
    expect_queued(&server.post_json(QUEUE, &same));
    receiver.expect_silence();
    assert_eq!(assigned(&server), 1);
    for (field, value) in
        [("identifier", "32"), ("quantity", "2"), ("owner_email", "a@b.example"), ("product_id", "2")]
    {
        let mut other = json!({ "product_id": 1, "quantity": 1, "webhook_url": url, "identifier": "31" });
        other[field] = value.into();
        expect_queued(&server.post_json(QUEUE, &other));
        receiver.next();
    }
    let other_key = server.add_api_key(&["--capability", "*"]);
    let fields = [
        ("api_key", other_key.as_str()),
        ("product_id", "1"),
        ("quantity", "1"),
        ("webhook_url", &url),
        ("identifier", "31"),
    ];
    expect_queued(&server.post_form(&format!("/v1/{QUEUE}"), &fields));
    receiver.next();
}

#[test]
fn nameless_orders_that_are_alike_are_two() {
    let server = server();
    add_to_pool(&server, 3);
    for number in 0..2 {
        let headers = [("Idempotency-Key", format!("order-{number}"))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let fields = [("api_key", server.api_key.as_str()), ("product_id", "1"), ("owner_email", "joe@x")];
        expect_queued(&server.post_with_headers(QUEUE, &headers, &fields));
    }
    wait(|| (assigned(&server) == 2).then_some(()));
    // Without a name for the request, too, once the one before is done.
    server.post(QUEUE, &[("product_id", "1"), ("owner_email", "joe@x")]);
    wait(|| (assigned(&server) == 3).then_some(()));
}

#[test]
fn an_order_that_got_nothing_may_be_sent_again() {
    let (server, receiver) = (server(), Receiver::answering(&[200, 200]));
    queue(&server, &receiver.url("/"), "31");
    assert_eq!(unwrapped(&server, &receiver.next()).code, 802);
    add_to_pool(&server, 1);
    queue(&server, &receiver.url("/"), "31");
    assert_eq!(unwrapped(&server, &receiver.next()).code, 803);
}
