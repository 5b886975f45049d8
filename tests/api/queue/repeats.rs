//! Orders that are sent again.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::{QUEUE, add_to_pool, assigned, expect_queued, queue, server, unwrapped, wait};
use crate::support::{Receiver, TestServer};

#[test]
fn orders_that_are_alike_and_were_answered_are_as_many_orders() {
    let server = server();
    add_to_pool(&server, 8);
    let receiver = Receiver::answering(&[200]);
    let url = receiver.url("/");
    // One after the other, as a shop sends the lines of an order, and all at once.
    for _ in 0..2 {
        expect_queued(&queue(&server, &url, "31"));
    }
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| expect_queued(&queue(&server, &url, "31")));
        }
    });
    for _ in 0..6 {
        receiver.next();
    }
    assert_eq!(assigned(&server), 6);
}

#[test]
fn a_repeat_under_one_idempotency_key_is_the_same_order() {
    let server = server();
    add_to_pool(&server, 3);
    let headers = [("Idempotency-Key", "order-31")];
    let fields = [("api_key", server.api_key.as_str()), ("product_id", "1"), ("identifier", "31")];
    for _ in 0..3 {
        expect_queued(&server.post_with_headers(QUEUE, &headers, &fields));
    }
    wait(|| (assigned(&server) == 1).then_some(()));
    expect_queued(&server.post_with_headers(QUEUE, &headers, &fields));
    assert_eq!(assigned(&server), 1);
}

/// Sends an order and closes the connection before the answer is written.
fn send_and_leave(server: &TestServer, body: &str) {
    let head = format!(
        "POST /api/v1/{QUEUE} HTTP/1.1\r\nHost: x\r\nX-API-Key: {}\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        server.api_key,
        body.len()
    );
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
}

#[test]
fn an_order_whose_answer_was_lost_is_the_same_as_its_repeat_and_no_other() {
    let server = server();
    add_to_pool(&server, 5);
    let body = "product_id=1&identifier=31";
    let fields = [("product_id", "1"), ("identifier", "31")];
    send_and_leave(&server, body);
    wait(|| (assigned(&server) == 1).then_some(()));
    // The order may be carried out before its answer is signed.
    thread::sleep(Duration::from_secs(3));
    // The repeat, and then an order of its own.
    expect_queued(&server.post(QUEUE, &fields));
    expect_queued(&server.post(QUEUE, &fields));
    wait(|| (assigned(&server) == 2).then_some(()));
    // Lost twice: the second repeats the first, and the third both.
    send_and_leave(&server, body);
    wait(|| (assigned(&server) == 3).then_some(()));
    thread::sleep(Duration::from_secs(3));
    send_and_leave(&server, body);
    thread::sleep(Duration::from_secs(3));
    expect_queued(&server.post(QUEUE, &fields));
    thread::sleep(Duration::from_millis(500));
    assert_eq!(assigned(&server), 3);
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
