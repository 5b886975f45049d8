//! The log: lines for people or for programs, and what no sender can do to it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;

use crate::support::{Exit, Server, contains, initialized};

fn serve(data: &tempfile::TempDir, format: &str) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyseal"));
    command.env_remove("RUST_LOG").arg("--data").arg(data.path());
    Server::run(command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", format]))
}

/// Sends a request with one header as these bytes, and gives the answer's head.
fn send(server: &Server, header: &str) -> String {
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
    let head = "POST /v1/verify?api_key=no HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n";
    stream.write_all(format!("{head}{header}\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split("\r\n\r\n").next().unwrap().to_ascii_lowercase()
}

/// The name that an answer says its request has.
fn request_id(head: &str) -> &str {
    head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap_or_else(|| panic!("{head}"))
}

#[test]
fn a_line_for_programs_has_its_fields_apart() {
    let data = initialized();
    let server = serve(&data, "json");
    send(&server, "X-Request-Id: order-4711\r\n");
    let Exit { log, .. } = server.end("-TERM");
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    for line in &lines {
        let time: jiff::Timestamp = line["ts"].as_str().unwrap().parse().unwrap();
        assert!(time > jiff::Timestamp::UNIX_EPOCH);
        assert!(["error", "warn", "info"].contains(&line["level"].as_str().unwrap()), "{line}");
        assert!(line["target"].is_string() && line["message"].is_string(), "{line}");
    }
    let request = lines.iter().find(|line| line["target"] == "keyseal::request").unwrap();
    assert_eq!(request["method"], "POST");
    assert_eq!((&request["route"], &request["code"]), (&"/verify".into(), &100.into()));
    assert_eq!((&request["address"], &request["request_id"]), (&"127.0.0.1".into(), &"order-4711".into()));
    assert!(request["ms"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_request_has_one_name_in_the_answer_and_in_the_log() {
    let data = initialized();
    let server = serve(&data, "text");
    let own = send(&server, "X-Request-Id: order-4711\r\n");
    let made = [
        send(&server, ""),
        send(&server, "X-Request-Id: two words\r\n"),
        send(&server, "X-Request-Id: \u{1b}[2K\r\n"),
    ];
    assert_eq!(request_id(&own), "order-4711");
    let Exit { log, .. } = server.end("-TERM");
    contains(&log, &["POST /verify 100 ", " order-4711\n"]);
    let mut names: Vec<&str> =
        made.iter().filter(|head| head.contains(" 200 ")).map(|head| request_id(head)).collect();
    assert!(names.len() >= 2, "{made:?}");
    for name in &names {
        assert_eq!(name.len(), 16);
        contains(&log, &[&format!(" {name}\n")]);
    }
    names.sort_unstable();
    names.dedup();
    assert!(names.len() >= 2, "{names:?}");
    assert!(!log.contains("two words") && !log.contains('\u{1b}'), "{log}");
}

#[test]
fn a_metrics_port_that_others_reach_is_warned_of() {
    let data = initialized();
    for (listen, warned) in [("127.0.0.1:0", false), ("0.0.0.0:0", true)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyseal"));
        command.arg("--data").arg(data.path());
        let server =
            Server::run(command.args(["serve", "--listen", "127.0.0.1:0", "--metrics-listen", listen]));
        let Exit { code, log, .. } = server.end("-TERM");
        assert_eq!(code, Some(0), "{log}");
        contains(&log, &["metrics on http://"]);
        assert_eq!(log.contains("keep it off the internet"), warned, "{log}");
    }
}
