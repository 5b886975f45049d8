//! The error of a command on standard error: a line for people, or with `--json` one object for scripts.

use std::io::{self, Write as _};

use serde_json::json;

use super::output::plain;

/// The words that a next step begins with.
const STEPS: [&str; 13] = [
    "see", "did", "run", "give", "use", "create", "make", "name", "rename", "write", "set", "correct",
    "unset",
];

/// Prints an error.
pub fn print(message: &str, is_json: bool) {
    let (error, next) = split(message);
    // Nobody may be reading.
    drop(if is_json {
        writeln!(io::stderr(), "{}", json!({ "error": error, "next": next }))
    } else {
        writeln!(io::stderr(), "keyseal: {}", plain(message))
    });
}

/// Prints clap's error about a command line, which for people has its own form.
pub fn print_usage(error: &clap::Error) {
    let text = error.render().to_string();
    let mut parts = text.trim().split("\n\n");
    let message = parts.next().unwrap_or_default().trim_start_matches("error: ");
    let (mut tip, mut command) = (None, "keyseal".to_owned());
    for part in parts.map(str::trim) {
        if let Some(text) = part.strip_prefix("tip: ") {
            tip.get_or_insert_with(|| text.to_owned());
        }
        if let Some(usage) = part.strip_prefix("Usage: ") {
            let words = usage.split_whitespace().take_while(|word| !word.starts_with(['[', '<', '-']));
            command = words.collect::<Vec<_>>().join(" ");
        }
    }
    let next = tip.unwrap_or_else(|| format!("see \"{command} --help\""));
    let error = message.split_whitespace().collect::<Vec<_>>().join(" ");
    drop(writeln!(io::stderr(), "{}", json!({ "error": error, "next": next })));
}

/// The error and its next step: what follows a colon or a semicolon outside of quotes and begins like one.
fn split(message: &str) -> (&str, Option<&str>) {
    let mut is_quoted = false;
    for (at, character) in message.char_indices() {
        is_quoted ^= character == '"';
        let Some(rest) =
            message.get(at..).and_then(|rest| rest.strip_prefix(": ").or(rest.strip_prefix("; ")))
        else {
            continue;
        };
        let first = rest.split(' ').next().unwrap_or_default();
        if !is_quoted && STEPS.contains(&first) {
            return (message.get(..at).unwrap_or_default(), Some(rest));
        }
    }
    (message, None)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_next_step_is_what_begins_like_one_and_is_not_quoted() {
        for (message, error, next) in [
            (
                "no license key K: see \"keyseal license list\"",
                "no license key K",
                Some("see \"keyseal license list\""),
            ),
            (
                "can't read a.zip: not found; give the path",
                "can't read a.zip: not found",
                Some("give the path"),
            ),
            ("\"x: run rm\" is blocked already", "\"x: run rm\" is blocked already", None),
            ("it failed: 12", "it failed: 12", None),
        ] {
            assert_eq!(split(message), (error, next));
        }
    }
}
