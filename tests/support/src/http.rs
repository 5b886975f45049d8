//! Parses HTTP answers from the bytes of a connection, for clients that send what no HTTP library would.

/// An answer of any kind.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl RawAnswer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }

    /// Whether the server closes the connection after this answer: HTTP/1.0 does unless it says otherwise.
    pub fn is_last(&self) -> bool {
        match self.header("connection") {
            Some("close") => true,
            Some("keep-alive") => false,
            _ => self.head.starts_with("http/1.0"),
        }
    }

    /// Removes a whole answer from the front of `received`; none if more of it is still to come. Skips interim
    /// answers. The answer to a HEAD has no body.
    pub fn take(received: &mut Vec<u8>, is_head: bool) -> Result<Option<Self>, String> {
        loop {
            match Self::take_any(received, is_head)? {
                Some(answer) if answer.status < 200 => {}
                answer => return Ok(answer),
            }
        }
    }

    fn take_any(received: &mut Vec<u8>, is_head: bool) -> Result<Option<Self>, String> {
        let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
        let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
        let status = head.strip_prefix("http/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
        let status = status.ok_or_else(|| format!("no status line: {head}"))?;
        let mut answer = Self { status, head, body: Vec::new() };
        let has_body = !is_head && status >= 200 && status != 204 && status != 304;
        let length = match answer.header("content-length") {
            Some(length) if has_body => length.parse().map_err(|_| format!("no length: {}", answer.head))?,
            None if has_body => return Err(format!("an answer without a length: {}", answer.head)),
            _ => 0,
        };
        let Some(body) = received.get(end + 4..end + 4 + length) else { return Ok(None) };
        answer.body = body.to_vec();
        received.drain(..end + 4 + length);
        Ok(Some(answer))
    }
}
