//! How alike two license keys are, for one that was mistyped or cut.

/// The characters of which license keys usually consist.
const USUAL: &str = "0123456789abcdefghijklmnopqrstuvwxyz-";

/// The longest key of which the keys with one typo are made: the number of these grows with its length.
const MAX_TYPED: usize = 64;

/// How alike two license keys are, ignoring ASCII case: from 0 to 1, where 1 is the same. A key that begins with the
/// other one may have been cut, so these two are alike in any case.
pub fn likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
    let is_cut = |short: &str, long: &str| short.len() >= 4 && long.starts_with(short);
    let similarity = strsim::normalized_damerau_levenshtein(&one, &other);
    if is_cut(&one, &other) || is_cut(&other, &one) { similarity.max(0.7) } else { similarity }
}

/// The keys that differ from `key` by one typo, in lower case: a wrong, missing or additional character, or two that
/// were swapped. None for a key that is long or has unusual characters.
pub fn one_typo_apart(key: &str) -> Vec<String> {
    let key = key.to_ascii_lowercase();
    if key.len() > MAX_TYPED || !key.is_ascii() {
        return Vec::new();
    }
    let mut keys = Vec::new();
    for (at, typed) in key.char_indices() {
        let (before, after) = (key.get(..at).unwrap_or_default(), key.get(at + 1..).unwrap_or_default());
        keys.push(format!("{before}{after}"));
        for character in USUAL.chars().filter(|character| *character != typed) {
            keys.push(format!("{before}{character}{after}"));
            keys.push(format!("{before}{character}{typed}{after}"));
        }
        if let Some(next) = after.chars().next().filter(|next| *next != typed) {
            keys.push(format!("{before}{next}{typed}{}", after.get(1..).unwrap_or_default()));
        }
    }
    keys.extend(USUAL.chars().map(|character| format!("{key}{character}")));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_typo_is_undone() {
        for typed in ["AB-12D", "A-12C", "AAB-12C", "BA-12C", "AB-12", "B-12C", "AB-12CX"] {
            assert!(one_typo_apart(typed).contains(&"ab-12c".to_owned()), "{typed}");
        }
        assert!(!one_typo_apart("XX-12C").contains(&"ab-12c".to_owned()));
    }

    #[test]
    fn long_and_unusual_keys_have_no_variants() {
        assert!(one_typo_apart(&"a".repeat(65)).is_empty() && one_typo_apart("schlüssel").is_empty());
        assert!(one_typo_apart(&"a".repeat(64)).len() < 5_000);
    }

    #[test]
    fn a_cut_key_is_alike_and_another_is_not() {
        assert!(likeness("3A34-", "3a34-38fe-4b6e-ad77") >= 0.7);
        assert!(likeness("ABCD-1234", "abcd-1235") > 0.8);
        assert!(likeness("NOPE", "3a34-38fe") < 0.5);
        assert!((likeness("K", "k") - 1.0).abs() < f64::EPSILON);
    }
}
