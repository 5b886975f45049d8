//! Numbers and sizes in messages.

use std::fmt::Display;

/// A count with its unit: "1 entry", "2 entries".
pub fn number<N: Copy + PartialEq + From<u8> + Display>(count: N, one: &str, many: &str) -> String {
    let unit = if count == N::from(1) { one } else { many };
    format!("{count} {unit}")
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
    fn one_is_singular_and_a_size_is_rounded_up() {
        assert_eq!(
            (number(1, "entry", "entries"), number(0, "entry", "entries")),
            ("1 entry".into(), "0 entries".into())
        );
        assert_eq!([0, 1, 100_000, 100_001].map(megabytes), ["0.0 MB", "0.1 MB", "0.1 MB", "0.2 MB"]);
    }
}
