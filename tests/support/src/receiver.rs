//! A webhook receiver: a server on a port of this machine that gives prepared answers and keeps what it received.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a test waits for a message.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a test waits to see that no message comes.
const SILENCE: Duration = Duration::from_millis(300);

/// A request: its first line, the other lines of its head in lower case, and its body.
#[derive(Clone, Debug)]
pub struct Received {
    pub line: String,
    pub head: String,
    pub body: String,
}

pub struct Receiver {
    port: u16,
    received: mpsc::Receiver<Received>,
}

impl Receiver {
    /// Answers with these HTTP statuses one after the other, and with the last one from then on.
    pub fn answering(statuses: &[u16]) -> Self {
        let texts = statuses.iter().map(|status| format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n"));
        Self::replying(texts.collect())
    }

    /// Sends these texts one after the other, and the last one from then on.
    pub fn replying(replies: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (got, received) = mpsc::channel();
        // Ends with the process, since a thread that waits for a connection costs nothing.
        thread::spawn(move || {
            let mut replies = replies.iter();
            let mut reply = replies.next().unwrap();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(message) = read(&mut stream) else { continue };
                let gone = got.send(message).is_err();
                // The sender may have timed out.
                drop(stream.write_all(reply.as_bytes()));
                if gone {
                    break;
                }
                reply = replies.next().unwrap_or(reply);
            }
        });
        Self { port, received }
    }

    /// The URL of a path with a query string.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Waits for the next message.
    pub fn next(&self) -> Received {
        self.received.recv_timeout(TIMEOUT).expect("no message came")
    }

    /// The next message, if it has come already.
    pub fn try_next(&self) -> Option<Received> {
        self.received.try_recv().ok()
    }

    /// Panics if a message comes within 300 ms.
    pub fn expect_silence(&self) {
        let more = self.received.recv_timeout(SILENCE);
        assert!(more.is_err(), "{more:?}");
    }
}

/// Reads a request; none if the sender closes the connection before its end.
fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let (line, head) = head.split_once("\r\n").unwrap();
            let head = head.to_ascii_lowercase();
            let length = head
                .split("content-length: ")
                .nth(1)
                .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse::<usize>().unwrap());
            if body.len() >= length {
                return Some(Received { line: line.to_owned(), head, body: body.to_owned() });
            }
        }
        let read = stream.read(&mut chunk).unwrap_or(0);
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&chunk[..read]);
    }
}
