//! Values that nobody should send.

use fastrand::Rng;

use super::fields::{Value, any_of};

/// Texts that have broken some server somewhere.
const NASTY: &[&[u8]] = &[
    b"",
    b" ",
    b"0",
    b"-0",
    b"-1",
    b"1.5",
    b"1e5",
    b"1e999",
    b"NaN",
    b"-Infinity",
    b"0x10",
    b"+1",
    b"00000000000000000001",
    b"9007199254740993",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"99999999999999999999999999999999999999999999",
    b"2147483648",
    b"true",
    b"null",
    b"undefined",
    b"[]",
    b"{}",
    b"[[[[[[1]]]]]]",
    b"{\"a\":{\"b\":[null,1.0e-400]}}",
    b"[1,\"\\ud800\"]",
    b"\0",
    b"a\0b",
    b"\xff\xfe",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"a\r\nX-Injected: 1\r\n\r\n",
    b"\xf0\x9f\x94\x91",
    b"\xe2\x80\xae\xd9\xa3",
    b"\xef\xbb\xbfbom",
    b"%00%ff%",
    b"%s%n%x%p",
    b"${{7*7}}",
    b"' OR 1=1;--",
    b"\"); DROP TABLE licenses;--",
    b"_%",
    b"(a+)+$",
    b".*",
    b"../../../../etc/passwd",
    b"<script>alert(1)</script>",
    b"=cmd|' /C calc'!A0",
    b"0000-00-00 00:00:00",
    b"9999-12-31 23:59:59",
    b"-9999-01-01",
    b"2024-02-30",
    b"99999999999-01-01",
    b"example..com",
    b".",
    b"xn--",
    b"::ffff:1.2.3.4/96",
    b"{uuid}{chunk:999999999}",
];

/// How many texts there are that each field of each endpoint gets in its turn.
pub const TEXTS: usize = NASTY.len();

/// One of those texts.
pub fn text(number: usize) -> Value {
    Value::Text(NASTY[number].to_vec())
}

/// A value that nobody should send.
pub fn any(rng: &mut Rng) -> Value {
    match rng.u8(..100) {
        0..70 => Value::Text(NASTY[rng.usize(..NASTY.len())].to_vec()),
        70..76 => Value::Text((0..rng.usize(..40)).map(|_| rng.u8(..)).collect()),
        76..84 => {
            let length = [254, 255, 256, 257, 2048, 2049, 65_535, 65_537][rng.usize(..8)];
            Value::Text([&b"a"[..], b"/", b"\0", "é".as_bytes()][rng.usize(..4)].repeat(length))
        }
        84..88 => {
            let depth = [100, 126, 127, 128, 129, 5_000][rng.usize(..6)];
            Value::Json(format!("{}{}", "[".repeat(depth), "]".repeat(depth)))
        }
        _ => {
            let pieces = [
                "null",
                "true",
                "[]",
                "{}",
                "[1,2,[3]]",
                "{\"a\":\"b\"}",
                "-1",
                "1e999",
                "1.50",
                "[null,\"\\u0000\"]",
                "123456789012345678901234567890",
                "\"\\ud83d\"",
                "NaN",
                "",
            ];
            Value::Json(any_of(&pieces, rng))
        }
    }
}
