//! The texts that are most like one that was not found, such as the license keys beside a mistyped one.

use crate::domain::{LicenseKey, likeness, one_typo_apart};
use crate::store::{Error, Tx};

/// How many neighbours of the key are compared, in the order of all keys, on each side of it.
const NEIGHBOURS: i64 = 8;

/// How many texts are returned at most.
pub(super) const MAX_FOUND: usize = 3;

/// How alike a text must be, from 0 to 1.
pub(super) const MIN_LIKENESS: f64 = 0.7;

/// Up to three license keys that are like `key`, the most alike first. Looks only at the keys beside it in their order
/// and at those with one mistyped character, so the number of licenses doesn't matter.
pub fn nearest_keys(tx: &Tx<'_>, key: &LicenseKey) -> Result<Vec<String>, Error> {
    let meant = key.as_meant();
    let key = meant.as_ref().unwrap_or(key).as_str();
    let mut found = tx.license_keys_beside(key, NEIGHBOURS)?;
    for other in one_typo_apart(key) {
        found.extend(tx.license_key_spelled(&other)?);
    }
    Ok(most_alike(found, |other| likeness(key, other)))
}

/// Up to three of the texts that are alike enough, the most alike first, each once.
pub(super) fn most_alike(texts: Vec<String>, likeness: impl Fn(&str) -> f64) -> Vec<String> {
    let mut ranked: Vec<(f64, String)> = texts.into_iter().map(|text| (likeness(&text), text)).collect();
    ranked.retain(|(likeness, _)| *likeness >= MIN_LIKENESS);
    ranked.sort_by(|(one, a), (other, b)| other.total_cmp(one).then_with(|| a.cmp(b)));
    ranked.dedup_by(|(_, a), (_, b)| a == b);
    ranked.into_iter().take(MAX_FOUND).map(|(_, text)| text).collect()
}
