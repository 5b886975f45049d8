//! A CSV file of licenses: each line read or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    keyseal::fuzzing::licenses(bytes);
});
