//! A kept-alive connection on which several requests are sent before the first is answered.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use keyseal_test_support::RawAnswer;

use super::request::Request;

/// Past this a server that says nothing has failed.
const TIMEOUT: Duration = Duration::from_mins(1);

pub struct Connection {
    address: String,
    stream: Option<TcpStream>,
    received: Vec<u8>,
}

impl Connection {
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned(), stream: None, received: Vec::new() }
    }

    /// Sends all and gives an answer for each; or says which got none. A request is sent again only if the
    /// answer to the one before it said, or could say, that it is the last of its connection: then the server
    /// never read it.
    pub fn exchange(&mut self, requests: &[Request]) -> Result<Vec<RawAnswer>, (usize, String)> {
        let mut answers: Vec<RawAnswer> = Vec::with_capacity(requests.len());
        let mut first = 0;
        // A connection that the server could have ended after its last answer is not used again, so the first
        // one must be answered.
        while answers.len() < requests.len() {
            let sent = requests[answers.len()..]
                .iter()
                .map(|request| &request.bytes[..])
                .collect::<Vec<_>>()
                .concat();
            let stream = match &mut self.stream {
                Some(stream) => stream,
                none => {
                    let stream =
                        TcpStream::connect(&self.address).map_err(|error| (first, error.to_string()))?;
                    stream.set_nodelay(true).unwrap();
                    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
                    none.insert(stream)
                }
            };
            // What can't be sent is what nobody reads any more; whether that is well shows in what is answered.
            let _sent = stream.write_all(&sent);
            while answers.len() < requests.len() {
                let request = &requests[answers.len()];
                match read(stream, &mut self.received, request.is_head) {
                    Ok(answer) => {
                        let is_last = answer.is_last()
                            || request.has_unread_body && answers.len() + 1 == requests.len();
                        answers.push(answer);
                        if is_last {
                            self.close();
                            break;
                        }
                    }
                    Err(error) => {
                        let may_end = answers.len() > first
                            && self.received.is_empty()
                            && requests[answers.len() - 1].has_unread_body;
                        if !may_end {
                            let before = answers
                                .len()
                                .checked_sub(1)
                                .map(|at| requests[at].bytes.escape_ascii().to_string());
                            let before = before.unwrap_or_default().chars().take(1_000).collect::<String>();
                            let problem =
                                format!("no answer: {error}; on its connection came before: {before}");
                            return Err((answers.len(), problem));
                        }
                        self.close();
                        break;
                    }
                }
            }
            first = answers.len();
        }
        Ok(answers)
    }

    fn close(&mut self) {
        self.stream = None;
        self.received.clear();
    }
}

/// Reads one answer and leaves in `received` what comes after it.
pub fn read(stream: &mut TcpStream, received: &mut Vec<u8>, is_head: bool) -> Result<RawAnswer, String> {
    loop {
        if let Some(answer) = RawAnswer::take(received, is_head)? {
            return Ok(answer);
        }
        let mut chunk = [0; 16 * 1024];
        match stream.read(&mut chunk) {
            Ok(0) => return Err(format!("the connection ended after {} bytes of it", received.len())),
            Ok(read) => received.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}
