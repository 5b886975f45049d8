//! `keyseal api-key enable`, `disable` and `delete`.

use serde_json::json;

use crate::cli::{Output, Result, change, demo, open};
use crate::files::DataDir;

pub fn switch(id: i64, active: bool, data: &DataDir, output: &mut Output<'_>) -> Result {
    let published = demo::secrets()?.api_keys;
    change(&open(data)?, move |tx| {
        if active && tx.api_keys_of(&published)?.iter().any(|key| key.id == id) {
            return Err(format!(
                    "API key {id} is one of the demo's, which everybody knows: make one of your own with \"keyseal \
                     api-key create\""
                )
                .into());
        }
        if tx.set_api_key_active(id, active)? { Ok(()) } else { Err(unknown(id).into()) }
    })?;
    let text = format!("API key {id} is {}", if active { "enabled" } else { "disabled" });
    output.result(&json!({ "id": id, "active": active }), &text)
}

pub fn disable_demo(data: &DataDir, output: &mut Output<'_>) -> Result {
    let published = demo::secrets()?.api_keys;
    let disabled: Vec<i64> = change(&open(data)?, move |tx| {
        let active: Vec<i64> =
            tx.api_keys_of(&published)?.iter().filter(|key| key.active).map(|key| key.id).collect();
        for id in &active {
            tx.set_api_key_active(*id, false)?;
        }
        Ok(active)
    })?;
    let ids: Vec<String> = disabled.iter().map(i64::to_string).collect();
    let text = match ids.as_slice() {
        [] => "no API key of the demo is active".to_owned(),
        ids => format!("API keys of the demo that are disabled now: {}", ids.join(", ")),
    };
    output.result(&json!({ "disabled": disabled }), &text)
}

pub fn delete(id: i64, data: &DataDir, output: &mut Output<'_>) -> Result {
    change(&open(data)?, move |tx| if tx.delete_api_key(id)? { Ok(()) } else { Err(unknown(id).into()) })?;
    output.result(&json!({ "id": id, "deleted": true }), &format!("API key {id} is deleted"))
}

fn unknown(id: i64) -> String {
    format!("there is no API key {id}: see \"keyseal api-key list\"")
}
