//! The check of the webhooks: how many wait, and how many have failed.

use super::database::query;
use super::{Context, Finding};
use crate::domain::{Kept, Timestamp};
use crate::maintenance::units::{megabytes, number};
use crate::store::Tx;

/// The number of days during which a failed webhook causes a warning. Failed ones stay on record for as long
/// as the server's settings keep them.
const RECENT_DAYS: i64 = 7;

/// Checks that no webhook has failed in the last days.
pub fn delivery(context: &Context<'_>) -> Finding {
    let counts = |tx: &Tx<'_>| {
        Ok((tx.count_pending_callbacks()?, tx.failed_callbacks()?, tx.kept_bytes(Kept::Webhooks)?))
    };
    query(context, counts, |(pending, failed, bytes)| {
        let finding = assess(pending, failed, context.now);
        let size = megabytes(u64::try_from(bytes).unwrap_or(0));
        Finding { message: format!("{}; about {size} of sent and failed ones", finding.message), ..finding }
    })
}

fn assess(pending: i64, (failed, last): (i64, Option<Timestamp>), now: Timestamp) -> Finding {
    let waiting = format!("{pending} waiting to be sent");
    let Some(last) = last else { return Finding::ok(format!("{waiting}, none has failed")) };
    let message =
        format!("{waiting}; {} for good, the last at {last}", number(failed, "has failed", "have failed"));
    if last < now.plus_days(-RECENT_DAYS) {
        return Finding::ok(message);
    }
    Finding::warning(
        message,
        "see why with \"keyseal webhook list --state failed\", then send one again with \"keyseal webhook retry ID\"",
    )
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn webhooks_that_failed_lately_are_a_warning_with_their_number() {
        let now = Timestamp(1_700_000_000);
        let none = assess(2, (0, None), now);
        assert_eq!((none.state, none.message.as_str()), (State::Ok, "2 waiting to be sent, none has failed"));
        let recent = assess(0, (3, Some(now)), now);
        assert_eq!(recent.state, State::Warning);
        assert_eq!(
            recent.message,
            "0 waiting to be sent; 3 have failed for good, the last at 2023-11-14 22:13:20"
        );
        assert!(recent.next.unwrap().contains("keyseal webhook retry ID"));
        assert_eq!(assess(0, (1, Some(now.plus_days(-8))), now).state, State::Ok);
    }
}
