//! What happened to a license, as lines and as JSON.

use serde_json::{Value, json};

use crate::cli::{audit, with_members};
use crate::domain::{Refusal, journaled};
use crate::maintenance::units::number;
use crate::operations::{Event, Timeline};

/// The events as lines below a heading, newest first.
pub fn in_lines(timeline: &Timeline) -> Vec<String> {
    let rows: Vec<[String; 4]> = timeline.events.iter().map(cells).collect();
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let (who, called) = (width(1).unwrap_or(0), width(2).unwrap_or(0));
    let mut lines = Vec::new();
    if !rows.is_empty() {
        lines.push("timeline (UTC), newest first".to_owned());
    }
    for [at, by, call, what] in &rows {
        lines.push(format!("  {at}  {by:<who$}  {call:<called$}  {what}"));
    }
    lines.extend(timeline.next.map(|next| format!("  earlier: --before \"{next}\"")));
    lines
}

/// When it happened, who did it, what was called, and what came of it.
fn cells(event: &Event) -> [String; 4] {
    let (who, from, called, what) = match event {
        Event::Change(entry) => {
            let [_, who, from, called, ..] = audit::cells(entry);
            let what = match &entry.detail {
                Some(detail) => format!("{}: {detail}", entry.change),
                None => entry.change.clone(),
            };
            (who, from, called, what)
        }
        Event::Refusal(refusal) => {
            let from = refusal.request.address.clone();
            (who(refusal), from, refusal.refusals.endpoint.to_string(), refused(refusal))
        }
    };
    let by = if from.is_empty() || from == "-" { who } else { format!("{who} from {from}") };
    [event.at().to_string(), by, called, what]
}

fn who(refusal: &Refusal) -> String {
    match (refusal.refusals.api_key_id, &refusal.api_key_name) {
        (Some(id), Some(name)) => format!("API key {id} \"{name}\""),
        _ => "customer".to_owned(),
    }
}

fn refused(refusal: &Refusal) -> String {
    let (code, count) = (refusal.request.code, refusal.refusals.count);
    let with = match message(code) {
        Some(message) => format!("refused with {code} \"{message}\""),
        None => format!("refused with {code}"),
    };
    let on = match refusal.request.identifier.as_str() {
        "" => String::new(),
        identifier => format!(": {identifier}"),
    };
    let often = match count {
        2.. => format!(", {} since {}", number(count, "time", "times"), refusal.refusals.first_at),
        _ => String::new(),
    };
    with + &on + &often
}

fn message(code: u16) -> Option<&'static str> {
    journaled(code).map(|outcome| outcome.message())
}

pub fn to_json(timeline: &Timeline) -> Value {
    timeline.events.iter().map(event_to_json).collect()
}

fn event_to_json(event: &Event) -> Value {
    match event {
        Event::Change(entry) => with_members(audit::to_json(entry), [("kind", json!("change"))]),
        Event::Refusal(refusal) => json!({
            "at": event.at().to_string(), "first_at": refusal.refusals.first_at.to_string(),
            "count": refusal.refusals.count, "code": refusal.request.code, "message": message(refusal.request.code),
            "endpoint": refusal.refusals.endpoint, "identifier": refusal.request.identifier,
            "address": refusal.request.address, "api_key_id": refusal.refusals.api_key_id,
            "api_key_name": refusal.api_key_name, "kind": "refusal",
        }),
    }
}
