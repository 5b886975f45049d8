//! The log on standard error, as text or JSON. `RUST_LOG` selects what is logged.

use std::fmt;
use std::io::{self, Write};

use env_logger::fmt::Formatter;
use env_logger::{Builder, Env};
use log::kv::{self, Key, Value, VisitSource};
use log::{Level, Record};
use serde::ser::{SerializeMap, Serializer as _};
use serde_json::Serializer;

use crate::config::LogFormat;

/// The filter without `RUST_LOG`: warnings, and a line for each request. Anyone can make rustls and the parser of
/// request heads log warnings, so those are off.
const DEFAULT: &str = "warn,rustls=error,actix_http::h1=off,keyseal=info";

/// Starts the log. Must be called at most once.
pub fn start(format: LogFormat) {
    let mut builder = Builder::from_env(Env::default().default_filter_or(DEFAULT));
    match format {
        LogFormat::Text => builder.format(write_text),
        LogFormat::Json => builder.format(write_json),
    };
    builder.init();
}

/// Writes a line for people. Control characters in the message are escaped.
fn write_text(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let (time, level, target) = (out.timestamp_millis(), record.level(), record.target());
    let style = out.default_level_style(level);
    write!(out, "[{time} {style}{level:<5}{style:#} {target}] ")?;
    fmt::write(&mut OneLine(&mut *out), *record.args()).map_err(io::Error::other)?;
    writeln!(out)
}

/// A writer that escapes control characters, as in Rust.
struct OneLine<W>(W);

impl<W: Write> fmt::Write for OneLine<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // In UTF-8, control characters beyond ASCII begin with 0xc2.
        let is_plain = |byte: u8| byte >= b' ' && byte != 0x7f && byte != 0xc2;
        if text.bytes().all(is_plain) {
            return self.0.write_all(text.as_bytes()).map_err(|_| fmt::Error);
        }
        text.chars().try_for_each(|c| {
            let written =
                if c.is_control() { write!(self.0, "{}", c.escape_default()) } else { write!(self.0, "{c}") };
            written.map_err(|_| fmt::Error)
        })
    }
}

/// Writes compact JSON in which all control characters are escaped. JSON itself allows some, which a terminal obeys.
struct Escaping;

impl serde_json::ser::Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        fragment.chars().try_for_each(|c| {
            if c.is_control() { write!(writer, "\\u{:04x}", u32::from(c)) } else { write!(writer, "{c}") }
        })
    }
}

/// Writes one JSON object per line, with the fields of a request beside its message.
fn write_json(out: &mut Formatter, record: &Record<'_>) -> io::Result<()> {
    let time = out.timestamp_micros();
    let mut serializer = Serializer::with_formatter(&mut *out, Escaping);
    let mut line = serializer.serialize_map(None)?;
    line.serialize_entry("ts", &format_args!("{time}"))?;
    line.serialize_entry("level", level_name(record.level()))?;
    line.serialize_entry("target", record.target())?;
    line.serialize_entry("message", record.args())?;
    record.key_values().visit(&mut Fields(&mut line)).map_err(io::Error::other)?;
    line.end()?;
    writeln!(out)
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    }
}

struct Fields<'a, M>(&'a mut M);

impl<'kvs, M: SerializeMap> VisitSource<'kvs> for Fields<'_, M> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let (key, line) = (key.as_str(), &mut *self.0);
        let written = match (value.to_borrowed_str(), value.to_u64(), value.to_f64()) {
            (Some(text), ..) => line.serialize_entry(key, text),
            (None, Some(number), _) => line.serialize_entry(key, &number),
            (None, None, Some(number)) => line.serialize_entry(key, &number),
            (None, None, None) => line.serialize_entry(key, &format_args!("{value}")),
        };
        written.map_err(|_| kv::Error::msg("a field can't be written"))
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize as _;

    use super::*;

    #[test]
    fn control_characters_in_a_message_are_escaped() {
        for (message, escaped) in [
            ("all is well: é", "all is well: é"),
            ("a\r\nb\t\u{1b}[2K", r"a\r\nb\t\u{1b}[2K"),
            ("© \u{85} \u{7f}", r"© \u{85} \u{7f}"),
        ] {
            let mut line = Vec::new();
            fmt::write(&mut OneLine(&mut line), format_args!("{message}")).unwrap();
            assert_eq!(String::from_utf8(line).unwrap(), escaped);
        }
    }

    #[test]
    fn control_characters_in_json_are_escaped_and_read_back() {
        let message = "é\r\n\u{1b}[2K\u{7f}\u{9b}2K\"\\";
        let mut line = Vec::new();
        message.serialize(&mut Serializer::with_formatter(&mut line, Escaping)).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert_eq!(line, r#""é\r\n\u001b[2K\u007f\u009b2K\"\\""#);
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), message);
    }
}
