//! A client on one kept-alive connection that knows, when an answer doesn't come, how far things had got.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Past this a server that says nothing has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Client {
    stream: TcpStream,
    api_key: String,
    received: Vec<u8>,
    /// The server has said that it closes this connection after the last answer.
    pub is_closing: bool,
    /// The body of the last answer.
    pub body: String,
    /// When the last request had been handed to the system, to its last byte.
    pub sent: Instant,
}

/// An answer of the API: what it says, and under which number.
#[derive(Debug)]
pub struct Answer {
    pub code: i64,
    pub response: Value,
}

impl Answer {
    /// The server could not do it.
    pub fn is_failure(&self) -> bool {
        (1900..2000).contains(&self.code)
    }

    fn check(&self) {
        assert!(!self.is_failure(), "{}", self.response);
    }
}

/// No whole answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The request itself could not be sent to its end.
    NotSent,
    /// It was sent, and the connection ended before the first byte of an answer.
    Unanswered,
    /// The connection ended within the answer.
    Midway,
}

impl Client {
    pub fn connect(address: &str, api_key: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            api_key: api_key.to_owned(),
            received: Vec::new(),
            is_closing: false,
            body: String::new(),
            sent: Instant::now(),
        })
    }

    /// Calls an endpoint. Its refusals are answers too; what the server could not do is none, and panics.
    pub fn post(&mut self, endpoint: &str, fields: &[(&str, &str)]) -> Result<Answer, Cut> {
        self.ask(endpoint, fields).inspect(Answer::check)
    }

    /// Calls an endpoint that may fail.
    pub fn ask(&mut self, endpoint: &str, fields: &[(&str, &str)]) -> Result<Answer, Cut> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let body = form.append_pair("api_key", &self.api_key).extend_pairs(fields).finish();
        self.call(&format!(
            "POST /api/v1/{endpoint} HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// Calls an endpoint that is read by GET, with a query string.
    pub fn get(&mut self, endpoint: &str, query: &str) -> Result<Answer, Cut> {
        let key = &self.api_key;
        self.call(&format!(
            "GET /api/v1/{endpoint}?api_key={key}&{query} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        ))
        .inspect(Answer::check)
    }

    fn call(&mut self, request: &str) -> Result<Answer, Cut> {
        self.body = self.exchange(request.as_bytes())?;
        let mut envelope: Value =
            serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body));
        let response = envelope["response"].take();
        // One code is shown as text.
        let code = &response["code"];
        let code = code.as_i64().or_else(|| code.as_str()?.parse().ok()).expect("a code");
        Ok(Answer { code, response })
    }

    /// Sends bytes and gives the body of the answer.
    pub fn exchange(&mut self, request: &[u8]) -> Result<String, Cut> {
        self.stream.write_all(request).map_err(|_| Cut::NotSent)?;
        self.sent = Instant::now();
        self.received.clear();
        let mut chunk = [0; 16 * 1024];
        loop {
            if let Some((is_closing, body)) = whole(&self.received) {
                self.is_closing = is_closing;
                return Ok(body);
            }
            match self.stream.read(&mut chunk) {
                Ok(read @ 1..) => self.received.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    panic!("no answer in {PATIENCE:?}")
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) if self.received.is_empty() => return Err(Cut::Unanswered),
                Ok(0) | Err(_) => return Err(Cut::Midway),
            }
        }
    }
}

/// Whether the server closes after this answer, and its body, once all that was announced is there.
fn whole(received: &[u8]) -> Option<(bool, String)> {
    let end = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&received[..end]).unwrap().to_ascii_lowercase();
    let length: usize =
        head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
    let body = received.get(end + 4..end + 4 + length)?;
    Some((head.contains("connection: close"), String::from_utf8(body.to_vec()).unwrap()))
}
