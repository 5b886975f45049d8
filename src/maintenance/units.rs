//! Numbers and sizes in messages.

use std::fmt::Display;

/// A count with its unit: "no entries", "1 entry", "2 entries".
pub fn number<N: Copy + PartialEq + From<u8> + Display>(count: N, one: &str, many: &str) -> String {
    match count {
        none if none == N::from(0) => format!("no {many}"),
        single if single == N::from(1) => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

/// A size in MB with one decimal, rounded up.
pub fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_the_right_number_and_sizes_are_rounded_up() {
        assert_eq!(
            (number(1, "entry", "entries"), number(0, "entry", "entries")),
            ("1 entry".into(), "no entries".into())
        );
        assert_eq!([0, 1, 100_000, 100_001].map(megabytes), ["0.0 MB", "0.1 MB", "0.1 MB", "0.2 MB"]);
    }
}
