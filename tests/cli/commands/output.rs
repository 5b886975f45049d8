//! What commands write to pipes and terminals, and what they ask.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use keyseal_test_support::{binary, clear_environment};
use serde_json::Value;

use crate::support::{contains, done, initialized, keyseal, program};

#[test]
fn a_command_whose_output_is_no_longer_read_ends_quietly() {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "P"]);
    let csv = data.path().join("many.csv");
    let lines = (0..2000).map(|number| format!("KEY-{number},1\n")).collect::<Vec<_>>().concat();
    fs::write(&csv, format!("license_key,product_id\n{lines}")).unwrap();
    done(data.path(), &["license", "import", csv.to_str().unwrap()]);
    let lists =
        ["api-key", "audit", "block", "customer", "download", "generator", "license", "product", "webhook"];
    let lists = lists.iter().chain(&["signing-key"]).map(|noun| vec![*noun, "list"]);
    let others = [
        &["license", "export"][..],
        &["license", "generate", "--product", "1", "--count", "9"],
        &["license", "generate", "--product", "1", "--count", "9", "--csv"],
        &["--json", "audit", "list"],
        &["--json", "license", "list"],
        &["product", "show", "1"],
        &["config", "show"],
        &["signing-key", "public"],
        &["completions", "bash"],
        &["manpage"],
        &["license", "--help"],
    ];
    for command in lists.chain(others.iter().map(|words| words.to_vec())) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program().arg("--data").arg(data.path()).args(&command).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{command:?}");
    }
}

#[test]
fn errors_are_one_object_under_json_and_standard_output_stays_empty() {
    let data = initialized();
    for (command, code, error, next) in [
        (
            &["license", "assign", "NONE"][..],
            1,
            "license key \"NONE\" not found",
            "see \"keyseal license list\"",
        ),
        (
            &["license", "create"],
            2,
            "the following required arguments",
            "see \"keyseal license create --help\"",
        ),
        (&["licence"], 2, "unrecognized subcommand 'licence'", "similar"),
        (&["audit", "prune", "--older-than", "x"], 2, "invalid value 'x'", "--help"),
    ] {
        let output = keyseal(data.path(), &[&["--json"], command].concat());
        assert_eq!(output.status.code(), Some(code), "{command:?}");
        assert!(output.stdout.is_empty());
        let text = String::from_utf8(output.stderr).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        contains(value["error"].as_str().unwrap(), &[error]);
        contains(value["next"].as_str().unwrap(), &[next]);
    }
}

/// Runs a command at a terminal, whose user types `typed`. Gives what the terminal shows and whether it succeeded.
fn at_a_terminal(data: &Path, words: &str, typed: &str) -> (String, bool) {
    let program = binary();
    let command = format!("'{}' --data '{}' {words}", program.display(), data.display());
    let mut terminal = clear_environment(Command::new("script"));
    terminal.args(["-qec", &command, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut terminal = terminal.spawn().unwrap();
    terminal.stdin.as_mut().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = terminal.wait_with_output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

#[test]
fn a_command_that_destroys_asks_at_a_terminal_and_nowhere_else() {
    let data = initialized();
    let data = data.path();
    for name in ["A", "B", "C", "D"] {
        done(data, &["product", "create", "--name", name]);
    }
    let count = || done(data, &["product", "list"]).as_array().unwrap().len();
    for refusal in ["n\n", "\n"] {
        let (shown, succeeded) = at_a_terminal(data, "product delete A", refusal);
        contains(
            &shown,
            &["product delete A\" can't be undone. Continue? [y/N]", "nothing is changed", "--yes"],
        );
        assert!(!succeeded && count() == 4, "{shown}");
    }
    let (shown, succeeded) = at_a_terminal(data, "product delete A", "y\n");
    assert!(succeeded && count() == 3, "{shown}");
    let (shown, succeeded) = at_a_terminal(data, "product delete B -y", "");
    assert!(succeeded && count() == 2 && !shown.contains("[y/N]"), "{shown}");
    done(data, &["product", "delete", "C"]);
    done(data, &["product", "delete", "D", "--yes"]);
    assert_eq!(count(), 0);
}
