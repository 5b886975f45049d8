//! `POST /random-assign-license-keys-queued`, the messages that follow it, and `keyseal callback`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, TcpListener};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answer, License, Received, Receiver, TestServer, execute, try_keyseal};

const QUEUE: &str = "random-assign-license-keys-queued";

/// A server that sends to this machine, and tries again at once.
fn server() -> TestServer {
    TestServer::start_with(sends_here)
}

fn sends_here(config: &mut keyseal::Config) {
    config.allow_private_targets = true;
    config.callback_delays = vec![Duration::ZERO; 5];
}

fn add_to_pool(server: &TestServer, count: usize) {
    for number in 0..count {
        let key = format!("POOL-{number}");
        server.add_license(&License {
            key: &key,
            status: "available",
            identifiers: &[],
            ..License::default()
        });
    }
}

/// Queues the assignment of one key for an order.
fn queue(server: &TestServer, webhook_url: &str, order: &str) -> Answer {
    let fields =
        [("product_id", "1"), ("quantity", "1"), ("webhook_url", webhook_url), ("identifier", order)];
    server.post(QUEUE, &fields)
}

fn expect_queued(answer: &Answer) {
    let found = (answer.status, answer.code, answer.message.as_str(), answer.signer.as_str());
    assert_eq!(found, (200, 807, "Request Queued", "global"));
    assert!(answer.fields.is_empty());
}

/// The signed answer in the wrapper, checked; and that nothing else is in it.
fn unwrapped(server: &TestServer, received: &Received) -> Answer {
    let rest = received.body.strip_prefix(r#"{"headers":{},"original":"#);
    let original = rest.and_then(|rest| rest.strip_suffix(r#","exception":null}"#));
    server.answer(200, original.unwrap_or_else(|| panic!("{}", received.body)))
}

fn callbacks(server: &TestServer, state: &str) -> Vec<Value> {
    server.command(&["callback", "list", "--state", state]).as_array().unwrap().clone()
}

/// Waits until so many messages are in a state, and gives them.
fn wait_for(server: &TestServer, state: &str, count: usize) -> Vec<Value> {
    wait(|| Some(callbacks(server, state)).filter(|found| found.len() == count))
}

/// Asks until there is an answer.
fn wait<T>(ask: impl Fn() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "waited in vain");
        thread::sleep(Duration::from_millis(20));
    }
}

fn assigned(server: &TestServer) -> usize {
    server.command(&["license", "list", "--status", "assigned"]).as_array().unwrap().len()
}

#[test]
fn what_became_of_a_queued_request_is_posted_to_its_webhook() {
    let server = server();
    add_to_pool(&server, 2);
    let receiver = Receiver::answering(&[200]);
    expect_queued(&queue(&server, &receiver.url("/?keevault-webhook=a%2Fb"), "31"));
    let message = receiver.next();
    assert_eq!(message.line, "POST /?keevault-webhook=a%2Fb HTTP/1.1");
    assert!(message.head.lines().any(|line| line == "content-type: application/json"), "{}", message.head);
    let answer = unwrapped(&server, &message);
    assert_eq!((answer.code, answer.message.as_str()), (803, "License keys assigned"));
    assert_eq!(answer.signer, "global");
    let fields: Vec<&str> = answer.fields.keys().map(String::as_str).collect();
    assert_eq!(fields, ["license_keys", "identifier"]);
    assert_eq!(answer.fields["license_keys"].as_array().unwrap().len(), 1);
    assert_eq!(answer.fields["identifier"], "31");
    let sent = wait_for(&server, "delivered", 1);
    assert_eq!((&sent[0]["kind"], &sent[0]["attempts"]), (&json!("assignment"), &json!(1)));
    assert_eq!(sent[0]["last_error"], Value::Null);
    assert_eq!(assigned(&server), 1);
}

#[test]
fn an_identifier_comes_back_with_the_type_it_was_sent_with() {
    let server = server();
    let receiver = Receiver::answering(&[200]);
    let (scalars, others) =
        ([json!(31), json!("31"), json!(true), json!(1.5)], [json!(null), json!(" "), json!([1]), json!({})]);
    for (number, identifier) in scalars.iter().chain(&others).enumerate() {
        // Another URL each time: "31" and 31 are the same request.
        let url = receiver.url(&format!("/?{number}"));
        let body = json!({ "product_id": 99, "identifier": identifier, "webhook_url": url });
        expect_queued(&server.post_json(QUEUE, &body));
        let answer = unwrapped(&server, &receiver.next());
        let expected = Some(identifier).filter(|_| number < scalars.len());
        assert_eq!(answer.fields.get("identifier"), expected);
        assert_eq!(answer.fields.len(), usize::from(expected.is_some()));
    }
}

#[test]
fn what_is_refused_is_told_to_the_webhook_and_leaves_nothing_behind() {
    let server = server();
    add_to_pool(&server, 2);
    let receiver = Receiver::answering(&[200]);
    let url = receiver.url("/");
    let common = [("webhook_url", url.as_str()), ("identifier", "7")];
    for (fields, code, message, available) in [
        (&[("product_id", "1"), ("quantity", "3")][..], 802, "Insufficient license keys", Some(2)),
        (&[("product_id", "99"), ("quantity", "1")], 805, "Product not found", None),
        (&[("quantity", "1")], 805, "Product not found", None),
        (&[("product_id", "1"), ("generate", "1")], 806, "Generator not found", None),
    ] {
        expect_queued(&server.post(QUEUE, &[&common, fields].concat()));
        let answer = unwrapped(&server, &receiver.next());
        assert_eq!((answer.code, answer.message.as_str(), answer.signer.as_str()), (code, message, "global"));
        let mut expected = serde_json::Map::new();
        if let Some(available) = available {
            expected.insert("available_quantity".to_owned(), available.into());
        }
        expected.insert("identifier".to_owned(), "7".into());
        assert_eq!(Value::Object(answer.fields).to_string(), Value::Object(expected).to_string());
    }
    assert_eq!(assigned(&server), 0);
}

#[test]
fn a_receiver_in_trouble_gets_the_very_same_bytes_again() {
    let server = server();
    add_to_pool(&server, 1);
    let receiver = Receiver::answering(&[500, 429, 200]);
    queue(&server, &receiver.url("/"), "1");
    let first = receiver.next();
    assert_eq!(unwrapped(&server, &first).code, 803);
    for _ in 0..2 {
        assert_eq!(receiver.next().body, first.body);
    }
    receiver.expect_silence();
    assert_eq!(wait_for(&server, "delivered", 1)[0]["attempts"], 3);
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
    let again = server.command(&["callback", "retry", "1"]);
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
    let failed = wait_for(&server, "failed", 4);
    for callback in &failed {
        let error = callback["last_error"].as_str().unwrap();
        let reason = " is no public address, and is connected to only with --allow-private-targets";
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
    server.command(&["callback", "retry", failed[0]["id"].to_string().as_str()]);
    server.start_again(sends_here);
    assert_eq!(unwrapped(&server, &receiver.next()).code, 803);
}

#[test]
fn a_webhook_that_is_no_url_is_on_record_as_failed() {
    let server = server();
    add_to_pool(&server, 3);
    let long = format!("http://127.0.0.1/{}", "x".repeat(2048));
    for (number, url, error) in [
        (1, "ftp://127.0.0.1/", "the URL is no http or https URL"),
        (2, "shop", "the URL is no http or https URL"),
        (3, long.as_str(), "the URL is longer than 2048 bytes"),
    ] {
        expect_queued(&queue(&server, url, "1"));
        let failed = wait_for(&server, "failed", number);
        let last = failed.last().unwrap();
        assert_eq!((&last["attempts"], &last["last_error"]), (&json!(0), &json!(error)));
    }
    assert_eq!(assigned(&server), 3);
    assert!(!try_keyseal(server.data(), &["callback", "retry", "1"]).0);
    assert!(!try_keyseal(server.data(), &["callback", "retry", "99"]).0);
}

#[test]
fn without_a_webhook_the_keys_are_assigned_and_nobody_is_told() {
    let server = server();
    add_to_pool(&server, 2);
    let fields = [("product_id", "1"), ("quantity", "1")];
    expect_queued(&server.post(QUEUE, &fields));
    wait(|| (assigned(&server) == 1).then_some(()));
    assert_eq!(server.command(&["callback", "list"]), json!([]));
}

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
    let mut process = Process::start(&server);
    for order in 0..ORDERS {
        let fields = [
            ("api_key", server.api_key.clone()),
            ("product_id", "1".to_owned()),
            ("webhook_url", receiver.url("/")),
            ("identifier", order.to_string()),
        ];
        let answer = ureq::post(format!("{}/v1/{QUEUE}", process.url)).send_form(fields).unwrap();
        assert!(answer.into_body().read_to_string().unwrap().contains("\"code\":807"));
        // Now while it is idle, now while it has much to do.
        if order % 7 == 0 {
            drop(process);
            process = Process::start(&server);
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

/// The program itself, on a test's data; killed when dropped, without a chance to finish anything.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    fn start(server: &TestServer) -> Self {
        let mut child = crate::program::program()
            .arg("--data")
            .arg(server.data())
            .args(["serve", "--listen", "127.0.0.1:0", "--allow-private-targets"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}

#[test]
fn a_target_that_never_answers_holds_up_neither_requests_nor_other_targets() {
    let server = TestServer::start_with(|config| {
        sends_here(config);
        config.callback_timeout = Duration::from_secs(2);
        config.callback_delays.truncate(1);
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
fn who_asked_for_it_is_told_when_an_activation_is_ended_by_others() {
    let server = server();
    let (own, of_product) = (Receiver::answering(&[200]), Receiver::answering(&[200]));
    execute(&server, &format!("UPDATE products SET post_url = '{}' WHERE id = 1", of_product.url("/p")));
    let not_activated = License { identifiers: &[], ..License::default() };
    server.add_license(&License { key: "DELETED", ..not_activated });
    server.add_license(&License { key: "BLOCKED", product: 2, ..not_activated });
    let url = own.url("/receiver.php?x=a%20b");
    for (license_key, identifier, post_url) in [
        ("DELETED", "a.example", url.as_str()),
        ("DELETED", "b.example", ""),
        ("DELETED", "c.example", &url),
        ("BLOCKED", "a.example", &url),
        ("BLOCKED", "b.example", ""),
    ] {
        let fields = [("license_key", license_key), ("identifier", identifier), ("post_url", post_url)];
        assert_eq!(server.post("activate", &fields).code, 300);
    }
    // Its own client knows.
    let fields = [("license_key", "DELETED"), ("identifier", "c.example")];
    assert_eq!(server.post("deactivate", &fields).code, 400);

    assert_eq!(server.post("delete-license-key", &[("license_key", "deleted")]).code, 850);
    let block = [("license_key", "BLOCKED"), ("status", "blocked")];
    for _ in 0..2 {
        assert_eq!(server.post("update-license-key", &block).code, 950);
    }
    let told = |received: &Received, license_key: &str, identifier: &str, signer: &str| {
        let answer = server.answer(200, &received.body);
        assert_eq!((answer.code, answer.message.as_str()), (400, "License key deactivated"));
        assert_eq!(answer.signer, signer);
        let start = format!(
            r#"{{"code":"400","message":"License key deactivated","license_key":"{license_key}","identifier":"{identifier}","timestamp":"#
        );
        assert!(answer.response.starts_with(&start), "{}", answer.response);
    };
    let message = own.next();
    assert_eq!(message.line, "POST /receiver.php?x=a%20b HTTP/1.1");
    told(&message, "DELETED", "a.example", "product");
    told(&own.next(), "BLOCKED", "a.example", "global");
    told(&of_product.next(), "DELETED", "b.example", "product");
    own.expect_silence();
    of_product.expect_silence();
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

#[test]
fn an_identifier_over_its_limit_is_refused_by_name() {
    let server = server();
    let answer = queue(&server, "http://shop.example/", &"x".repeat(256));
    assert_eq!((answer.status, answer.code), (413, 1913));
    assert_eq!(answer.fields["field"], "identifier");
    expect_queued(&queue(&server, "http://127.0.0.1:1/", &"x".repeat(255)));
}
