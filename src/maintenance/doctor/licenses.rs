//! Checks of the contracts and of the licenses' owners.

use super::database::query;
use super::{Context, Finding};
use crate::domain::MIN_CONTRACT_KEY;
use crate::maintenance::units::number;

/// Checks that nobody can guess the key of a contract. Contracts of earlier versions may have short ones.
pub fn contract_keys(context: &Context<'_>) -> Finding {
    let least = i64::try_from(MIN_CONTRACT_KEY).unwrap_or(i64::MAX);
    query(context, |tx| tx.contracts_with_short_keys(least), |ids| assess_short_keys(&ids))
}

fn assess_short_keys(ids: &[i64]) -> Finding {
    if ids.is_empty() {
        return Finding::ok("all have a key that nobody can guess");
    }
    let named: Vec<String> = ids.iter().map(i64::to_string).collect();
    Finding::warning(
        format!(
            "{} with less than {MIN_CONTRACT_KEY} characters, and who guesses one can make license keys: {}",
            number(ids.len(), "active contract has a key", "active contracts have keys"),
            named.join(", ")
        ),
        "give each a longer key with the endpoint update-contract, and tell its owner",
    )
}

/// Checks that every license is found by its owner. Another program may have changed owners in the file.
pub fn owners(context: &Context<'_>) -> Finding {
    query(context, |tx| tx.stale_owners(), assess_owners)
}

fn assess_owners((stale, first): (usize, Option<i64>)) -> Finding {
    let Some(first) = first else { return Finding::ok("every license is found by its owner") };
    Finding::wrong(
        format!(
            "{} not found by the owner, whom another program changed; the first has the id {first}",
            number(stale, "license is", "licenses are")
        ),
        "write each owner again: keyseal license update KEY --owner-name NAME --owner-email EMAIL",
    )
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn short_keys_and_stale_owners_are_told_with_their_number() {
        assert_eq!(assess_short_keys(&[]).state, State::Ok);
        let short = assess_short_keys(&[3, 5]);
        assert_eq!(short.state, State::Warning);
        assert!(
            short.message.starts_with("2 active contracts have keys with less than 16"),
            "{}",
            short.message
        );
        assert!(short.message.ends_with(": 3, 5"), "{}", short.message);
        assert_eq!(assess_owners((0, None)).state, State::Ok);
        let stale = assess_owners((1, Some(7)));
        assert_eq!(stale.state, State::Wrong);
        assert!(stale.message.starts_with("1 license is not found") && stale.message.ends_with("id 7"));
    }
}
