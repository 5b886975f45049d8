//! Wrong keys that are sent without waiting for answers, on one connection and on many: exactly as many are checked as
//! the limit allows, whatever else is under way.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::num::NonZeroU32;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use keyseal::{Rate, RateLimits};
use keyseal_test_support::RawAnswer;

use crate::support::{License, TestServer};

const LIMIT: usize = 10;

fn start() -> (TestServer, String) {
    let server = TestServer::start_with(|config| {
        let rate = Rate {
            burst: NonZeroU32::new(LIMIT.try_into().unwrap()).unwrap(),
            every: Duration::from_hours(1),
        };
        config.limits.rates = RateLimits { guesses: Some(rate), ..RateLimits::default() };
    });
    server.add_license(&License::default());
    let key = server.add_api_key(&["--capability", "client", "--capability", "create-license-key-meta"]);
    (server, key)
}

/// A request with a key that no license has. `number` makes each another.
fn guess(endpoint: &str, api_key: &str, number: usize) -> String {
    let body = format!("api_key={api_key}&license_key=GUESS-{number}&identifier=domain.ltd&key=k&value=v");
    format!(
        "POST /api/v1/{endpoint} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends so many on each of the connections at once, and gives the codes of all answers.
fn send(
    server: &TestServer,
    connections: usize,
    each: usize,
    request: impl Fn(usize) -> String + Sync,
) -> Vec<i64> {
    let barrier = Barrier::new(connections);
    let one = |connection: usize| {
        let requests: String = (0..each).map(|number| request(connection * each + number)).collect();
        let mut stream = TcpStream::connect(server.address()).unwrap();
        barrier.wait();
        stream.write_all(requests.as_bytes()).unwrap();
        let (mut received, mut chunk, mut codes) = (Vec::new(), [0; 4096], Vec::new());
        while codes.len() < each {
            while let Some(answer) = RawAnswer::take(&mut received, false).unwrap() {
                codes.push(server.answer(answer.status, std::str::from_utf8(&answer.body).unwrap()).code);
            }
            if codes.len() < each {
                let read = stream.read(&mut chunk).unwrap();
                assert!(read > 0, "closed after {} answers", codes.len());
                received.extend_from_slice(&chunk[..read]);
            }
        }
        codes
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..connections).map(|number| scope.spawn(move || one(number))).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

#[test]
fn a_burst_of_wrong_license_keys_gets_exactly_the_limit() {
    for endpoint in ["verify", "activate", "deactivate", "create-license-key-meta"] {
        for (connections, each) in [(1, 64), (8, 16), (32, 4)] {
            let (server, key) = start();
            let codes = send(&server, connections, each, |number| guess(endpoint, &key, number));
            let count = |code| codes.iter().filter(|found| **found == code).count();
            assert_eq!(
                (count(210), count(1929)),
                (LIMIT, connections * each - LIMIT),
                "{endpoint} on {connections} connections: {codes:?}"
            );
        }
    }
}

#[test]
fn a_burst_of_unknown_api_keys_gets_exactly_the_limit() {
    for (connections, each) in [(1, 64), (16, 8)] {
        let (server, _) = start();
        let codes =
            send(&server, connections, each, |number| guess("verify", &format!("unknown-{number}"), number));
        let count = |code| codes.iter().filter(|found| **found == code).count();
        assert_eq!((count(100), count(1929)), (LIMIT, connections * each - LIMIT), "{codes:?}");
    }
}

#[test]
fn guesses_at_several_endpoints_share_one_limit() {
    let (server, key) = start();
    let endpoints = ["verify", "activate", "get-license-key-details", "deactivate"];
    let codes = send(&server, 8, 16, |number| guess(endpoints[number % endpoints.len()], &key, number));
    assert_eq!(codes.iter().filter(|code| **code == 210).count(), LIMIT, "{codes:?}");
}
