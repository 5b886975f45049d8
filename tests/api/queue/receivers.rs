//! Receivers that fail, refuse, hang, or may not be asked at all.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{add_to_pool, assigned, queue, sends_here, server, unwrapped, wait_for};
use crate::support::{Receiver, TestServer};

#[test]
fn a_receiver_in_trouble_gets_the_very_same_bytes_again() {
    let server = server();
    add_to_pool(&server, 1);
    let receiver = Receiver::answering(&[500, 429, 408, 425, 200]);
    queue(&server, &receiver.url("/"), "1");
    let first = receiver.next();
    assert_eq!(unwrapped(&server, &first).code, 803);
    for _ in 0..4 {
        assert_eq!(receiver.next().body, first.body);
    }
    receiver.expect_silence();
    assert_eq!(wait_for(&server, "delivered", 1)[0]["attempts"], 5);
}

#[test]
fn a_message_is_given_up_after_its_last_attempt_and_sent_again_when_told_so() {
    let server = server();
    add_to_pool(&server, 1);
    let receiver = Receiver::answering(&[503, 503, 503, 503, 503, 204]);
    queue(&server, &receiver.url("/"), "1");
    let bodies: Vec<String> = (0..5).map(|_| receiver.next().body).collect();
    let failed = wait_for(&server, "failed", 1);
    assert_eq!((&failed[0]["attempts"], &failed[0]["last_error"]), (&json!(5), &json!("HTTP status 503")));
    receiver.expect_silence();
    let again = server.command(&["webhook", "retry", "1"]);
    assert_eq!(again, json!({ "id": 1, "state": "pending" }));
    // Any commit wakes the worker of the same process; another process is noticed within a minute.
    queue(&server, "", "2");
    assert_eq!(receiver.next().body, bodies[0]);
    wait_for(&server, "delivered", 1);
}

#[test]
fn a_receiver_that_refuses_is_not_asked_again() {
    let server = server();
    let elsewhere = Receiver::answering(&[200]);
    for (number, reply, error) in [
        (1, "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n".to_owned(), "HTTP status 404"),
        (
            2,
            format!("HTTP/1.1 307 X\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", elsewhere.url("/")),
            "HTTP status 307",
        ),
    ] {
        let receiver = Receiver::replying(vec![reply]);
        queue(&server, &receiver.url("/"), "1");
        receiver.next();
        let failed = wait_for(&server, "failed", number);
        let last = failed.last().unwrap();
        assert_eq!((&last["attempts"], &last["last_error"]), (&json!(1), &json!(error)));
        receiver.expect_silence();
    }
    elsewhere.expect_silence();
}

#[test]
fn nothing_is_sent_into_private_networks_unless_the_operator_allows_it() {
    let mut server = TestServer::start();
    add_to_pool(&server, 1);
    let receiver = Receiver::answering(&[200]);
    let by_name = receiver.url("/").replace("127.0.0.1", "localhost");
    queue(&server, &receiver.url("/"), "1");
    queue(&server, &by_name, "2");
    queue(&server, "http://169.254.169.254/latest/meta-data", "3");
    queue(&server, "http://[::ffff:127.0.0.1]:1/", "4");
    // Other ways to write this machine and its networks.
    let others = [
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1:8080/",
        "http://0/",
        "http://public.example@127.0.0.1/",
        "http://[::]/",
        "http://[::1]:8080/",
        "http://[64:ff9b::7f00:1]/",
        "http://10.0.0.1/",
        "https://192.168.1.1:443/",
        "http://100.100.100.200/latest/meta-data",
    ];
    for (url, order) in others.into_iter().zip(5..) {
        queue(&server, url, &format!("{order}"));
    }
    let failed = wait_for(&server, "failed", 4 + others.len());
    for callback in &failed {
        let error = callback["last_error"].as_str().unwrap();
        let reason = " is not a public address: webhooks to it need --allow-private-targets";
        assert!(
            error.strip_suffix(reason).is_some_and(|address| address.parse::<IpAddr>().is_ok()),
            "{error}"
        );
        assert_eq!(callback["attempts"], 1);
    }
    receiver.expect_silence();
    // The license key was assigned all the same, and is told of once the operator allows it.
    assert_eq!(assigned(&server), 1);
    server.stop();
    server.command(&["webhook", "retry", failed[0]["id"].to_string().as_str()]);
    server.start_again(sends_here);
    assert_eq!(unwrapped(&server, &receiver.next()).code, 803);
}

#[test]
fn a_target_that_never_answers_holds_up_neither_requests_nor_other_targets() {
    let server = TestServer::start_with(|config| {
        sends_here(config);
        config.webhooks.timeout = Duration::from_secs(2);
        config.webhooks.delays.truncate(1);
    });
    // Connections are accepted by the system and never answered.
    let dead = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", dead.local_addr().unwrap());
    for order in 0..20 {
        queue(&server, &url, &order.to_string());
    }
    let start = Instant::now();
    let receiver = Receiver::answering(&[200]);
    queue(&server, &receiver.url("/"), "1");
    receiver.next();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    let failed = wait_for(&server, "failed", 1);
    assert!(failed[0]["last_error"].as_str().unwrap().contains("timeout"), "{failed:?}");
}

#[test]
fn a_receiver_whose_answer_never_ends_is_read_no_further_than_it_counts() {
    let server = server();
    for (order, head, part, state) in [
        ("1", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "7\r\n1234567\r\n", "delivered"),
        ("2", "HTTP/1.1 200 OK\r\n", "X-More: 12345\r\n", "failed"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let sender = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            drop(listener);
            stream.write_all(head.as_bytes()).unwrap();
            let mut sent = 0;
            while stream.write_all(part.as_bytes()).is_ok() {
                sent += part.len();
            }
            sent
        });
        queue(&server, &url, order);
        wait_for(&server, state, 1);
        // What the buffers of the system take beside it.
        let sent = sender.join().unwrap();
        assert!(sent < 16 * 1024 * 1024, "{sent} bytes of the answer to order {order} were taken");
    }
}

#[test]
fn an_https_target_must_speak_tls() {
    let server = server();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut hello = [0; 3];
            stream.read_exact(&mut hello).unwrap();
            // A TLS handshake, and not a word of the message.
            assert_eq!(hello[..2], [0x16, 0x03]);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    queue(&server, &url, "1");
    let failed = wait_for(&server, "failed", 1);
    assert_eq!(failed[0]["attempts"], 5, "{failed:?}");
}
