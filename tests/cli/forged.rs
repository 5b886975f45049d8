//! Answers of the demo, forged, and a server that gives them.

use keyseal_test_support::{Receiver, post_form};

/// The demo's API key for what customers' products ask.
pub const API_KEY: &str = "c11e0000-0000-4000-8000-000000000001";

/// Where the demo's licenses are active.
pub const IDENTIFIER: &str = "domain.ltd";

/// What the server answers, to be passed on or forged.
pub fn answer(url: &str, license_key: &str) -> String {
    let fields = [("api_key", API_KEY), ("license_key", license_key), ("identifier", IDENTIFIER)];
    post_form(&format!("{url}/api/v1/verify"), &fields).1
}

/// The text of a member of an envelope, from `begin` (the end of its name, and what opens the value) to what closes it.
pub fn member<'a>(envelope: &'a str, begin: &str) -> &'a str {
    let (_, rest) = envelope.split_once(begin).unwrap();
    if begin.ends_with('"') { rest.split_once('"').unwrap().0 } else { &rest[..=rest.find('}').unwrap()] }
}

/// With one letter of a member exchanged, early in it, where it changes a byte.
pub fn flipped(envelope: &str, begin: &str) -> String {
    let at = envelope.find(begin).unwrap() + begin.len() + 20;
    let other = if envelope[at..].starts_with('A') { "B" } else { "A" };
    let mut forged = envelope.to_owned();
    forged.replace_range(at..=at, other);
    forged
}

/// The address of a server that gives this answer to one request.
pub fn stub(status: &str, body: &str) -> String {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}");
    Receiver::replying(vec![format!("{head}\r\nConnection: close\r\n\r\n{body}")]).url("")
}
