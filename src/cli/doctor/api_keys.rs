//! The API keys: none that everybody knows.

use super::{Finding, Patient};

pub fn of_the_demo(patient: &Patient<'_>) -> Finding {
    let Ok(database) = &patient.database else {
        return Finding::unknown("not looked at: they are in the database");
    };
    let found = match database.read(|tx| tx.active_api_keys_of(&patient.demo_secrets.api_keys)) {
        Err(error) => return Finding::unknown(format!("can't read them: {error}")),
        Ok(found) => found,
    };
    if found.is_empty() {
        return Finding::right("none of the demo's, which everybody knows");
    }
    let ids: Vec<String> = found.iter().map(|key| key.id.to_string()).collect();
    let commands: Vec<String> = ids.iter().map(|id| format!("keyseal api-key disable {id}")).collect();
    Finding::wrong(
        format!("active ones are the demo's, and everybody knows them: {}", ids.join(", ")),
        commands.join(" && "),
    )
}
