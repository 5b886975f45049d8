//! A client on one kept-alive connection that says, when an answer does not come, how far the exchange had got.
//!
//! It does not verify signatures: the proofs measure time and memory with it.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::RawAnswer;

/// How long a client waits for an answer before the test fails.
const TIMEOUT: Duration = Duration::from_secs(30);

pub struct Client {
    stream: TcpStream,
    api_key: String,
    received: Vec<u8>,
    /// Whether the last answer said that the server closes this connection after it.
    pub is_closing: bool,
    /// The body of the last answer.
    pub body: String,
    /// When the last byte of the last request was written to the socket.
    pub sent: Instant,
}

/// An answer of the API: its code, and the object that it says the code in.
#[derive(Debug)]
pub struct Response {
    pub code: i64,
    pub response: Value,
}

impl Response {
    /// Whether it says that the server failed, rather than that the request was refused.
    pub fn is_failure(&self) -> bool {
        (1900..1930).contains(&self.code)
    }

    fn check(&self) {
        assert!(!self.is_failure(), "{}", self.response);
    }
}

/// How far an exchange had got when its connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The request was not sent to its end.
    NotSent,
    /// The request was sent, and no byte of an answer came.
    Unanswered,
    /// A part of the answer came.
    Midway,
}

impl Client {
    pub fn connect(address: &str, api_key: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self {
            stream,
            api_key: api_key.to_owned(),
            received: Vec::new(),
            is_closing: false,
            body: String::new(),
            sent: Instant::now(),
        })
    }

    /// Calls an endpoint. Panics if the server answers that it failed; a refusal is an answer.
    pub fn post(&mut self, endpoint: &str, fields: &[(&str, &str)]) -> Result<Response, Cut> {
        self.ask(endpoint, fields).inspect(Response::check)
    }

    /// Calls an endpoint, and gives a failure of the server as an answer too.
    pub fn ask(&mut self, endpoint: &str, fields: &[(&str, &str)]) -> Result<Response, Cut> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let body = form.append_pair("api_key", &self.api_key).extend_pairs(fields).finish();
        self.call(&format!(
            "POST /api/v1/{endpoint} HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// Calls an endpoint by GET with a query string.
    pub fn get(&mut self, endpoint: &str, query: &str) -> Result<Response, Cut> {
        let key = &self.api_key;
        self.call(&format!(
            "GET /api/v1/{endpoint}?api_key={key}&{query} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        ))
        .inspect(Response::check)
    }

    fn call(&mut self, request: &str) -> Result<Response, Cut> {
        self.body = self.exchange(request.as_bytes())?;
        let mut envelope: Value =
            serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body));
        let response = envelope["response"].take();
        // Code 400 is text (API §4.3).
        let code = &response["code"];
        let code = code
            .as_i64()
            .or_else(|| code.as_str()?.parse().ok())
            .unwrap_or_else(|| panic!("no code: {}", self.body));
        Ok(Response { code, response })
    }

    /// Sends bytes and gives the body of the answer.
    pub fn exchange(&mut self, request: &[u8]) -> Result<String, Cut> {
        self.stream.write_all(request).map_err(|_| Cut::NotSent)?;
        self.sent = Instant::now();
        self.received.clear();
        let mut chunk = [0; 16 * 1024];
        loop {
            if let Some(answer) = RawAnswer::take(&mut self.received, false).unwrap() {
                self.is_closing = answer.is_last();
                return Ok(String::from_utf8(answer.body).unwrap());
            }
            match self.stream.read(&mut chunk) {
                Ok(read @ 1..) => self.received.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    panic!("no answer in {TIMEOUT:?}")
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) if self.received.is_empty() => return Err(Cut::Unanswered),
                Ok(0) | Err(_) => return Err(Cut::Midway),
            }
        }
    }
}
