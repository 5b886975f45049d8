//! How a request that was made up is written down: its fields in one of the encodings, its head, and its body
//! whole or in chunks.

use fastrand::Rng;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::fields::Value;
use super::request::{Draft, Request};

const CONTENT_TYPES: &[&[u8]] = &[
    b"text/plain",
    b"application/xml",
    b"application/json; charset=utf-16",
    b"APPLICATION/JSON",
    b"application/x-www-form-urlencoded; charset=iso-8859-1",
    b"multipart/form-data",
    b"multipart/form-data; boundary=",
    b"multipart/form-data; boundary=\"a b\"",
    b"multipart/mixed; boundary=x",
    b"/",
    b"",
    b"\xff\xfe",
    b"application/json, application/x-www-form-urlencoded",
];

impl Draft {
    /// The bytes of it, and what its answer depends on.
    pub fn finish(mut self, number: usize, rng: &mut Rng) -> Request {
        self.fill_path();
        let has_body = match self.method.as_str() {
            "POST" => rng.u8(..100) < 90,
            _ => rng.u8(..100) < 6,
        };
        let names_url = self.fields.iter().any(|(name, _)| name.ends_with(b"_url"));
        let mut body = Vec::new();
        if has_body {
            let content_type = self.write_body(&mut body, rng);
            self.add_content_type(content_type, rng);
            // Not where it could make a URL that leads somewhere.
            if !names_url && !body.is_empty() && rng.u8(..100) < 8 {
                for _ in 0..rng.usize(1..=4) {
                    let at = rng.usize(..body.len());
                    body[at] = rng.u8(..);
                }
            }
            if rng.u16(..3_000) == 0 {
                body.resize(1024 * 1024 + rng.usize(..3), b'a');
            }
        } else {
            self.write_query(rng);
        }
        // Old clients get no more than one answer on a connection.
        let version = if rng.u8(..100) == 0 { "1.0" } else { "1.1" };
        let bytes = self.write(version, has_body, &body, rng);
        Request {
            number,
            kind: self.kind,
            capability: self.capability,
            is_head: self.method == "HEAD",
            is_alone: self.method == "HEAD" || version == "1.0",
            has_unread_body: has_body && self.capability.is_empty(),
            bytes,
        }
    }

    /// Moves the fields that the path names into it: `/licenses/{license_key}`.
    fn fill_path(&mut self) {
        let mut filled = String::new();
        let path = std::mem::take(&mut self.path);
        for (number, segment) in path.split('/').enumerate() {
            if number > 0 {
                filled.push('/');
            }
            let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
            let field =
                name.and_then(|name| self.fields.iter().position(|(field, _)| field == name.as_bytes()));
            match field {
                Some(at) => {
                    let (_, value) = self.fields.remove(at);
                    let encoded = percent_encode(value.bytes(), NON_ALPHANUMERIC).to_string();
                    filled.extend(encoded.chars().take(6_000));
                }
                None => filled.push_str(segment),
            }
        }
        self.path = filled;
    }

    /// Writes the fields in one of three encodings, some of them into the query string. Gives the true content type.
    fn write_body(&mut self, body: &mut Vec<u8>, rng: &mut Rng) -> Vec<u8> {
        if rng.u8(..100) < 10 {
            let keep = rng.usize(..=self.fields.len());
            let rest = self.fields.split_off(keep);
            self.write_query(rng);
            self.fields = rest;
        }
        match rng.u8(..100) {
            0..40 => {
                form(&self.fields, body, rng);
                b"application/x-www-form-urlencoded".to_vec()
            }
            40..72 => {
                json(&self.fields, body);
                b"application/json".to_vec()
            }
            _ => {
                multipart(&self.fields, body, rng);
                b"multipart/form-data; boundary=----hostile".to_vec()
            }
        }
    }

    fn add_content_type(&mut self, content_type: Vec<u8>, rng: &mut Rng) {
        match rng.u8(..100) {
            0..3 => {}
            3..8 => {
                self.headers.push(("Content-Type", CONTENT_TYPES[rng.usize(..CONTENT_TYPES.len())].to_vec()));
            }
            8..11 => {
                self.headers.push(("Content-Type", content_type));
                self.headers.push(("Content-Type", CONTENT_TYPES[rng.usize(..CONTENT_TYPES.len())].to_vec()));
            }
            _ => self.headers.push(("Content-Type", content_type)),
        }
    }

    fn write_query(&mut self, rng: &mut Rng) {
        let mut query = Vec::new();
        form(&self.fields, &mut query, rng);
        // A head has its own limits, and its own answer to what is over them.
        query.truncate(12_000);
        let query = String::from_utf8(query).unwrap();
        if !query.is_empty() {
            self.path = format!("{}{}{query}", self.path, if self.path.contains('?') { '&' } else { '?' });
        }
    }

    fn write(&self, version: &str, has_body: bool, body: &[u8], rng: &mut Rng) -> Vec<u8> {
        let mut bytes =
            format!("{} {} HTTP/{version}\r\nHost: localhost\r\n", self.method, self.path).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        if has_body && rng.u8(..100) < 3 {
            bytes.extend_from_slice(b"Expect: 100-continue\r\n");
        }
        if has_body && version == "1.1" && rng.u8(..100) < 15 {
            bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            chunked(body, &mut bytes, rng);
        } else {
            // Without it an old POST has no end that a server could know: it breaks HTTP.
            if has_body || version == "1.0" || rng.u8(..20) == 0 {
                bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
            }
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(body);
        }
        bytes
    }
}

fn form(fields: &[(Vec<u8>, Value)], out: &mut Vec<u8>, rng: &mut Rng) {
    let is_raw = rng.u8(..50) == 0;
    let write = |text: &[u8], out: &mut Vec<u8>| {
        let plain = |byte: &&u8| byte.is_ascii_alphanumeric() || b"-._~%+;[]".contains(byte);
        if is_raw {
            // Percent signs and brackets as they are, whatever follows them; nothing that a request line can't hold.
            out.extend(text.iter().filter(plain));
        } else {
            out.extend_from_slice(percent_encode(text, NON_ALPHANUMERIC).to_string().as_bytes());
        }
    };
    for (name, value) in fields {
        if !out.is_empty() {
            out.push(b'&');
        }
        write(name, out);
        out.push(b'=');
        write(value.bytes(), out);
    }
}

fn json(fields: &[(Vec<u8>, Value)], out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, value)) in fields.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json_text(name, out);
        out.push(b':');
        match value {
            Value::Text(text) => json_text(text, out),
            Value::Json(json) => out.extend_from_slice(json.as_bytes()),
        }
    }
    out.push(b'}');
}

/// A JSON text, with bytes that are no UTF-8 as they are.
fn json_text(text: &[u8], out: &mut Vec<u8>) {
    if let Ok(text) = std::str::from_utf8(text) {
        out.extend_from_slice(serde_json::to_string(text).unwrap().as_bytes());
    } else {
        out.push(b'"');
        out.extend(text.iter().filter(|byte| !b"\"\\".contains(byte)));
        out.push(b'"');
    }
}

fn multipart(fields: &[(Vec<u8>, Value)], out: &mut Vec<u8>, rng: &mut Rng) {
    // A hundred bytes a part: what is too many for a body of a mebibyte is another case.
    for (name, value) in fields.iter().take(5_000) {
        out.extend_from_slice(b"------hostile\r\nContent-Disposition: form-data; name=\"");
        out.extend(name.iter().filter(|byte| !b"\"\r\n".contains(byte)));
        out.push(b'"');
        match rng.u8(..60) {
            0 => out.extend_from_slice(b"; filename=\"a.txt\"\r\nContent-Type: text/plain"),
            1 => out.extend_from_slice(b"\r\nContent-Type: \xff\r\nContent-Length: 3"),
            2 => out.extend_from_slice(b"\r\nContent-Transfer-Encoding: base64"),
            _ => {}
        }
        out.extend_from_slice(b"\r\n\r\n");
        out.extend_from_slice(value.bytes());
        out.extend_from_slice(b"\r\n");
    }
    if rng.u8(..20) > 0 {
        out.extend_from_slice(b"------hostile--\r\n");
    }
}

fn chunked(body: &[u8], out: &mut Vec<u8>, rng: &mut Rng) {
    let mut rest = body;
    while !rest.is_empty() {
        let length = if rest.len() > 4_096 { rest.len().min(60_000) } else { rng.usize(1..=rest.len()) };
        let (chunk, after) = rest.split_at(length);
        out.extend_from_slice(format!("{length:x}\r\n").as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
        rest = after;
    }
    out.extend_from_slice(b"0\r\n\r\n");
}
