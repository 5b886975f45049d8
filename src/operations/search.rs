//! Searches licenses and API keys by a text: first by its beginning, from indexes; then by any part, within a time.

use std::ops::ControlFlow;

use crate::domain::{ApiKey, License, LicenseKey, SearchField, SearchMatch, fold_owner};
use crate::store::{Error, Tx};

/// How many of the newest licenses, and of the newest activations, a search by part reads at least.
const ALWAYS_READ: i64 = 100_000;

/// How many rows are read between two looks at the time.
const SLICE: i64 = 2_000;

/// The text, and how it is searched for.
pub struct Search<'a> {
    pub text: &'a str,
    /// Whether it is also looked for inside of the fields if one begins with it.
    pub anywhere: bool,
    /// The maximum number of licenses.
    pub limit: usize,
    /// Whether there is time to read more than [`ALWAYS_READ`] rows.
    pub has_time: &'a dyn Fn() -> bool,
}

#[derive(Default)]
pub struct SearchResult {
    pub found: Vec<FoundLicense>,
    /// The API keys with the text in their name.
    pub api_keys: Vec<ApiKey>,
    /// Whether more licenses than the maximum match.
    pub has_more: bool,
    /// How many of the newest licenses and activations were read, if the search by part ended before all were.
    pub stopped_after: Option<(i64, i64)>,
}

/// A license, and each field in which the text was found.
pub struct FoundLicense {
    pub license: License,
    pub matches: Vec<SearchMatch>,
}

/// Searches licenses by their key, owner, identifiers and order reference, and API keys by their name.
pub fn search(tx: &Tx<'_>, search: &Search<'_>) -> Result<SearchResult, Error> {
    let text = search.text.trim();
    let folded = fold_owner(text);
    let mut matches =
        Matches { all: Vec::new(), licenses: Vec::new(), limit: search.limit.saturating_add(1) };
    beginning(tx, text, &folded, &mut matches)?;
    let mut result = SearchResult::default();
    if search.anywhere || matches.all.is_empty() {
        result.stopped_after = anywhere(tx, &folded, search.has_time, &mut matches)?;
    }
    result.has_more = matches.licenses.len() > search.limit;
    for id in matches.licenses.iter().take(search.limit) {
        // Its index may name a license that is gone in a damaged file only.
        let Some(license) = tx.license(*id)? else { continue };
        let mut matches: Vec<SearchMatch> =
            matches.all.iter().filter(|found| found.license_id == *id).cloned().collect();
        for found in &mut matches {
            // As it is stored, not as it is folded.
            let stored = match found.field {
                SearchField::OwnerEmail => license.owner_email.as_ref(),
                SearchField::OwnerName => license.owner_name.as_ref(),
                _ => None,
            };
            found.text = stored.unwrap_or(&found.text).clone();
        }
        matches.dedup();
        result.found.push(FoundLicense { license, matches });
    }
    result.api_keys = tx.api_keys()?;
    result.api_keys.retain(|key| fold_owner(&key.name).contains(&folded));
    Ok(result)
}

/// The matches so far, in the order in which they were found.
struct Matches {
    all: Vec<SearchMatch>,
    /// The ids of their licenses, each once.
    licenses: Vec<i64>,
    limit: usize,
}

impl Matches {
    fn add(&mut self, found: SearchMatch) {
        if !self.licenses.contains(&found.license_id) {
            if self.is_full() {
                return;
            }
            self.licenses.push(found.license_id);
        }
        if !self.all.contains(&found) {
            self.all.push(found);
        }
    }

    fn add_if_contains(&mut self, license_id: i64, field: SearchField, text: &str, folded: &str) {
        if contains(text, folded) {
            self.add(SearchMatch { license_id, field, text: text.to_owned() });
        }
    }

    fn go_on(&self) -> ControlFlow<()> {
        if self.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn is_full(&self) -> bool {
        self.licenses.len() >= self.limit
    }
}

/// Adds the licenses of which a field begins with the text.
fn beginning(tx: &Tx<'_>, text: &str, folded: &str, matches: &mut Matches) -> Result<(), Error> {
    let limit = i64::try_from(matches.limit).unwrap_or(i64::MAX);
    for field in SearchField::ALL {
        let prefix = match field {
            SearchField::OwnerEmail | SearchField::OwnerName => folded,
            _ => text,
        };
        for found in tx.licenses_beginning(field, prefix, limit)? {
            matches.add(found);
        }
        // A key from a mail or a web page, with characters that look like others.
        let meant = LicenseKey::parse(text).ok().and_then(|key| key.as_meant());
        if let Some(meant) = meant.filter(|_| field == SearchField::LicenseKey) {
            for found in tx.licenses_beginning(field, meant.as_str(), limit)? {
                matches.add(found);
            }
        }
    }
    Ok(())
}

/// Adds the licenses of which a field contains the text, the newest first. Returns how many licenses and activations
/// were read, if not all were.
fn anywhere(
    tx: &Tx<'_>,
    folded: &str,
    has_time: &dyn Fn() -> bool,
    matches: &mut Matches,
) -> Result<Option<(i64, i64)>, Error> {
    let meant = LicenseKey::parse(folded).ok().and_then(|key| key.as_meant());
    let meant = meant.as_ref().map_or(folded, LicenseKey::as_str);
    let (mut before_license, mut before_activation) = (Some(i64::MAX), Some(i64::MAX));
    let (mut licenses, mut activations) = (0, 0);
    while before_license.is_some() || before_activation.is_some() {
        if matches.is_full() {
            return Ok(None);
        }
        let is_enough = (before_license.is_none() || licenses >= ALWAYS_READ)
            && (before_activation.is_none() || activations >= ALWAYS_READ);
        if is_enough && !has_time() {
            return Ok(Some((licenses, activations)));
        }
        if let Some(before) = before_license {
            before_license = tx.each_license_before(before, SLICE, |license_id, texts| {
                licenses += 1;
                for (field, text) in texts {
                    let is_key = field == SearchField::LicenseKey;
                    let part = if is_key { meant } else { folded };
                    matches.add_if_contains(license_id, field, text.unwrap_or_default(), part);
                }
                matches.go_on()
            })?;
        }
        if let Some(before) = before_activation {
            before_activation = tx.each_activation_before(before, SLICE, |license_id, identifier| {
                activations += 1;
                matches.add_if_contains(license_id, SearchField::Identifier, identifier, folded);
                matches.go_on()
            })?;
        }
    }
    Ok(None)
}

/// Whether a text contains another one, which is folded. Ignores ASCII case.
fn contains(text: &str, folded: &str) -> bool {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        text.to_ascii_lowercase().contains(folded)
    } else {
        text.contains(folded)
    }
}
