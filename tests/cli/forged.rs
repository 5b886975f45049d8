//! Answers of the demo, forged, and a server that gives them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// The demo's API key for what customers' products ask.
pub const API_KEY: &str = "c11e0000-0000-4000-8000-000000000001";

/// Where the demo's licenses are active.
pub const IDENTIFIER: &str = "domain.ltd";

/// What the server answers, to be passed on or forged.
pub fn answer(url: &str, license_key: &str) -> String {
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let fields = [("api_key", API_KEY), ("license_key", license_key), ("identifier", IDENTIFIER)];
    let mut answer = agent.post(format!("{url}/api/v1/verify")).send_form(fields).unwrap();
    answer.body_mut().read_to_string().unwrap()
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

/// The address of a server that gives this one answer to one request.
pub fn stub(status: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    thread::spawn(move || {
        // Who asks may go away whenever it likes: that is its test's to judge.
        if let Ok((connection, _)) = listener.accept() {
            drop(read_request(&connection).and_then(|()| (&connection).write_all(answer.as_bytes())));
        }
    });
    format!("http://{address}")
}

fn read_request(connection: &TcpStream) -> std::io::Result<()> {
    let (mut reader, mut length) = (BufReader::new(connection), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            return reader.read_exact(&mut vec![0; length]);
        }
    }
}
