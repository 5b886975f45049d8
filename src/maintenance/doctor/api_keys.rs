//! Checks of the API keys.

use super::database::query;
use super::{Context, Finding};
use crate::domain::{ApiKey, FormerApiKey, Timestamp};
use crate::maintenance::units::number;

/// Checks that no published API key of the demo is active.
pub fn of_the_demo(context: &Context<'_>) -> Finding {
    query(context, |tx| tx.api_keys_of(&context.demo_secrets.api_keys), |known| assess_known(&known))
}

fn assess_known(known: &[ApiKey]) -> Finding {
    let active: Vec<String> = known.iter().filter(|key| key.active).map(|key| key.id.to_string()).collect();
    if active.is_empty() {
        return Finding::ok("no published key of the demo is active");
    }
    Finding::wrong(
        format!(
            "published keys of the demo are active; anyone could use them, so no server starts with them: {}",
            active.join(", ")
        ),
        "keyseal api-key disable --demo",
    )
}

/// Warns of former texts of API keys that are used although there is a new one: their clients stop working at the end.
pub fn old_texts(context: &Context<'_>) -> Finding {
    query(context, |tx| tx.former_api_keys(), |former| assess_former(former, context.now))
}

fn assess_former(mut former: Vec<FormerApiKey>, now: Timestamp) -> Finding {
    former.retain(|former| former.is_valid(now));
    let accepted = former.len();
    let used: Vec<String> = former.iter().filter_map(in_use).collect();
    if !used.is_empty() {
        return Finding::warning(
            format!("old texts of API keys are still in use: {}", used.join("; ")),
            "give their clients the new text before the end, or another one with \"keyseal api-key rotate ID\"",
        );
    }
    Finding::ok(match accepted {
        0 => "no API key has an old text that is still accepted".to_owned(),
        _ => format!("{} accepted, and not used", number(accepted, "old text is", "old texts are")),
    })
}

/// An old text that was used since it was replaced, in words.
fn in_use(former: &FormerApiKey) -> Option<String> {
    let used = former.last_used_at?;
    Some(format!(
        "{}… of API key {}, last used {used}, ends {}",
        former.prefix, former.api_key_id, former.valid_until
    ))
}
