//! A key file, private or public, PEM or DER: read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    keyseal::fuzzing::signing_key(bytes);
    keyseal::fuzzing::public_key(bytes);
});
