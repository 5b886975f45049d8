//! One kept-alive connection with at most one request in flight. It does as little as possible, since it shares the
//! processors with the server that it measures.

use std::io::{ErrorKind, Read as _, Write as _};
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// The beginning of a refusal for overload.
const OVERLOADED: &[u8] = br#"{"response":{"code":1901,"#;

/// Whether requests may be refused for overload.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum MayBe {
    Answered,
    Refused,
}

#[derive(PartialEq, Eq)]
pub enum Received {
    Expected,
    Refused,
}

pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    length: usize,
    /// When the request on its way was sent, or should have been.
    pub due: Instant,
    /// How many requests were sent.
    pub sent: usize,
}

impl Client {
    pub fn connect(address: &str, registry: &Registry, token: Token) -> Self {
        // Connected at once, so that no measurement holds the connecting.
        let stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_nonblocking(true).unwrap();
        let mut stream = TcpStream::from_std(stream);
        registry.register(&mut stream, token, Interest::READABLE).unwrap();
        Self { stream, buffer: vec![0; 8192], length: 0, due: Instant::now(), sent: 0 }
    }

    /// A request is far smaller than a socket's buffer, so it goes out whole.
    pub fn send(&mut self, request: &[u8], due: Instant) {
        self.due = due;
        self.sent += 1;
        let written = self.stream.write(request).unwrap();
        assert_eq!(written, request.len(), "the request did not fit the socket's buffer");
    }

    /// Reads. Gives the answer once it is whole: one that begins with `expected` or, if it `may_be`, a refusal for
    /// overload. Any other answer fails the run.
    pub fn receive(&mut self, expected: &str, may_be: MayBe) -> Option<Received> {
        loop {
            match self.stream.read(&mut self.buffer[self.length..]) {
                Ok(0) => panic!("the server closed the connection"),
                Ok(read) => self.length += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) => panic!("the connection broke: {error}"),
            }
            if let Some(body) = whole_body(&self.buffer[..self.length]) {
                let refused = may_be == MayBe::Refused && body.starts_with(OVERLOADED);
                assert!(refused || body.starts_with(expected.as_bytes()), "not {expected}: {}", self.text());
                self.length = 0;
                return Some(if refused { Received::Refused } else { Received::Expected });
            }
            assert!(self.length < self.buffer.len(), "longer than any answer: {}", self.text());
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.buffer[..self.length]).into_owned()
    }
}

/// The body of an answer, once it is whole.
fn whole_body(answer: &[u8]) -> Option<&[u8]> {
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (&answer[..head], &answer[head + 4..]);
    let name = b"content-length: ";
    let value = head.windows(name.len()).position(|window| window == name).expect("no content-length");
    let digits = head[value + name.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    (body.len() >= length).then_some(body)
}
