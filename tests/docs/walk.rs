//! Sessions that a page shows, typed into a shell against the real server: they work, and print what the page says.

use std::fmt::Write as _;
use std::process::Command;

use keyseal_test_support::{binary, clear_environment};

use crate::page::page;

/// The address in the pages; the server of a test listens on any free port.
const SHOWN: &str = "http://127.0.0.1:8080";

/// A line that was typed, and the lines that followed.
struct Step {
    command: String,
    printed: Vec<String>,
}

/// The sessions below a heading, as one.
fn session(path: &str, heading: &str) -> Vec<Step> {
    let page = page(path);
    let section =
        page.text.split(&format!("\n## {heading}\n")).nth(1).unwrap_or_else(|| panic!("{path}: {heading}"));
    let section = section.split("\n## ").next().unwrap().to_owned();
    let mut steps: Vec<Step> = Vec::new();
    for block in (crate::page::Page { path: page.path, text: section }).blocks() {
        if block.language != "console" {
            continue;
        }
        for line in block.text.replace("\\\n", " ").lines() {
            match line.strip_prefix("$ ") {
                Some(command) => steps.push(Step { command: command.to_owned(), printed: Vec::new() }),
                None => steps.last_mut().unwrap().printed.push(line.to_owned()),
            }
        }
    }
    assert!(steps.len() > 5, "{path}: only {} commands below {heading}", steps.len());
    steps
}

/// What a shell is told in the place of a line. The server runs in the background, and keys are those that were made here.
fn typed(command: &str) -> String {
    match command {
        "keyseal serve" => "keyseal serve --listen 127.0.0.1:0 > served 2> log & \
             while ! grep -q listening served; do sleep 0.05; done; BASE=$(sed 's/listening on //' served); cat served"
            .to_owned(),
        _ if command.starts_with("KEY=") => "KEY=$(tail -n 1 key | tr -d ' ')".to_owned(),
        _ if command.starts_with("keyseal api-key create") => format!("{command} | tee key"),
        _ => command.replace(SHOWN, "$BASE"),
    }
}

/// Runs the lines of `before`, then the steps, in an empty directory, and gives what each step printed.
fn run(before: &str, steps: &[Step]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let binary = binary();
    let binaries = binary.parent().unwrap().display();
    let mut script =
        format!("set -e\nPATH='{binaries}':$PATH\ntrap 'kill $(jobs -p) 2> /dev/null' EXIT\n{before}\n");
    for step in steps {
        writeln!(script, "echo '@@'\n{}", typed(&step.command)).unwrap();
    }
    let mut shell = clear_environment(Command::new("bash"));
    let shell = shell.args(["-c", &script]).env("no_proxy", "127.0.0.1").current_dir(folder.path());
    let output = shell.output().unwrap();
    let (printed, errors) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}\n{errors}");
    printed.split("@@\n").skip(1).map(str::to_owned).collect()
}

/// Without what differs from run to run: times, and the port.
fn alike(line: &str) -> String {
    let mut alike = String::new();
    for word in line.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
        alike.push_str(if digits.len() > 6 { "#" } else { digits });
        alike.push_str(&word[digits.len()..]);
    }
    match alike.split_once("http://127.0.0.1:") {
        Some((before, _)) => before.to_owned(),
        None => alike,
    }
}

#[expect(clippy::print_stderr, reason = "says what it leaves out")]
fn check(path: &str, heading: &str, before: &str) {
    let needed = ["bash", "curl", "jq", "openssl"];
    let has = |tool: &&&str| Command::new(tool).arg("--version").output().is_ok();
    if needed.iter().filter(has).count() < needed.len() {
        eprintln!("left out: {path} needs {}", needed.join(", "));
        return;
    }
    let steps = session(path, heading);
    for (step, printed) in steps.iter().zip(run(before, &steps)) {
        for expected in &step.printed {
            let (begin, is_whole) =
                expected.split_once('…').map_or((expected.as_str(), true), |(begin, _)| (begin, false));
            // A key that was made here.
            if begin.starts_with("  ") || begin.is_empty() {
                continue;
            }
            let matches = |line: &str| {
                let (line, begin) = (alike(line), alike(begin));
                if is_whole { line == begin } else { line.starts_with(&begin) }
            };
            assert!(
                printed.lines().any(matches),
                "{path}: {}\nsays {expected}\nand prints {printed}",
                step.command
            );
        }
    }
}

#[test]
fn the_readmes_session_works_as_it_is_printed() {
    check("README.md", "Run it", "");
}

#[test]
fn the_apis_session_works_as_it_is_printed() {
    let before = format!("ADMIN=$(keyseal --json init | jq -r .api_key)\n{}", typed("keyseal serve"));
    check("docs/api.md", "From a product to an activation", &before);
}
