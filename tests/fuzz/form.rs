//! A query string or the body of a form: read or refused, and what is read is the same when it is stored and
//! read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let read = keyseal::fuzzing::form(bytes);
    assert_ne!(read, Some(false));
    // Without an encoding to undo, UTF-8 is never refused.
    assert!(read.is_some() || bytes.contains(&b'%') || std::str::from_utf8(bytes).is_err());
});
