//! Checks of the API keys.

use super::{Context, Finding};

/// Checks that no published API key of the demo is active.
pub fn of_the_demo(context: &Context<'_>) -> Finding {
    let Ok(database) = &context.database else {
        return Finding::unknown("not checked: the database can't be opened");
    };
    let known = match database.read(|tx| tx.api_keys_of(&context.demo_secrets.api_keys)) {
        Err(error) => return Finding::unknown(format!("can't read the API keys: {error}")),
        Ok(known) => known,
    };
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
