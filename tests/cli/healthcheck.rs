//! `healthcheck`: against a server that is ready, against nothing, and against something else.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use crate::support::{Server, contains, done, initialized, program, refused};

#[test]
fn it_asks_the_server_by_address_or_where_that_is_set_to_listen() {
    let data = initialized();
    let server = Server::start(data.path());
    let url = server.url();
    assert_eq!(done(data.path(), &["healthcheck", url])["ready"], true);
    let address = url.strip_prefix("http://").unwrap();
    for same in [address.to_owned(), format!("{url}/"), format!("{url}/readyz"), format!("{address}/readyz/")]
    {
        assert_eq!(done(data.path(), &["healthcheck", &same])["url"], format!("{url}/readyz"), "{same}");
    }
    assert_eq!(done(data.path(), &["healthcheck", "--listen", address])["ready"], true);
    // Listening on all addresses is listening on this machine's own.
    let everywhere = address.replace("127.0.0.1", "0.0.0.0");
    let asked = program()
        .arg("healthcheck")
        .env("KEYSEAL_LISTEN", everywhere)
        .env("HTTP_PROXY", "http://192.0.2.1:1")
        .output();
    let asked = asked.unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    assert_eq!(asked.stdout, b"ready\n");
}

#[test]
fn it_ends_with_1_where_no_server_answers() {
    let data = initialized();
    let server = Server::start(data.path());
    let url = server.url().to_owned();
    server.end("-TERM");
    contains(&refused(data.path(), &["healthcheck", &url]), &["no answer from", &url]);
    contains(
        &refused(data.path(), &["healthcheck", "--listen", "127.0.0.1:0"]),
        &["any free port", "give the address"],
    );
}

#[test]
fn it_ends_with_1_where_the_answer_is_not_ready_and_follows_no_redirect() {
    let data = initialized();
    for answer in [
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /livez\r\nContent-Length: 0\r\n\r\n",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let other = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap();
            assert!(head[..read].starts_with(b"GET /readyz HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        contains(&refused(data.path(), &["healthcheck", &url]), &["/readyz answers", &answer[9..12]]);
        other.join().unwrap();
    }
}
