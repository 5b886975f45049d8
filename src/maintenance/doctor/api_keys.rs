//! Checks of the API keys.

use super::{Context, Finding};

/// No published API key of the demo is active.
pub fn of_the_demo(context: &Context<'_>) -> Finding {
    let Ok(database) = &context.database else {
        return Finding::unknown("not checked: the database can't be opened");
    };
    let active = match database.read(|tx| tx.active_api_keys_of(&context.demo_secrets.api_keys)) {
        Err(error) => return Finding::unknown(format!("can't read the API keys: {error}")),
        Ok(active) => active,
    };
    if active.is_empty() {
        return Finding::ok("no published key of the demo is active");
    }
    let ids: Vec<String> = active.iter().map(|key| key.id.to_string()).collect();
    let commands: Vec<String> = ids.iter().map(|id| format!("keyseal api-key disable {id}")).collect();
    Finding::wrong(
        format!("published keys of the demo are active, so anyone can use them: {}", ids.join(", ")),
        commands.join(" && "),
    )
}
