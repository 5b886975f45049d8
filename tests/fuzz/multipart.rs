//! A multipart body behind a line with its content type: read or refused, and what is read is the same when
//! it is stored and read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    assert_ne!(keyseal::fuzzing::multipart(bytes), Some(false));
});
