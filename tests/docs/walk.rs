//! Sessions that a page shows, typed into a shell against the real server: they work, and print what the page says.

use std::fmt::Write as _;
use std::process::Command;

use keyseal_test_support::{binary, clear_environment};

use crate::page::{Page, page};

/// The address in the pages; the server of a test listens on any free port.
const SHOWN: &str = "http://127.0.0.1:8080";

/// A line that was typed, and the lines that followed.
struct Step {
    command: String,
    printed: Vec<String>,
}

/// The sessions below some headings, as one.
fn session(path: &str, headings: &[&str]) -> Vec<Step> {
    let text = page(path).text;
    let mut steps: Vec<Step> = Vec::new();
    for heading in headings {
        let section = text.split(&format!("\n## {heading}\n")).nth(1);
        let section = section.unwrap_or_else(|| panic!("{path}: {heading}")).split("\n## ").next().unwrap();
        for block in (Page { path: path.into(), text: section.to_owned() }).blocks() {
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
    }
    assert!(!steps.is_empty(), "{path}: no session below {headings:?}");
    steps
}

/// Starts a server in the background, and waits for it.
const SERVE: &str = "keyseal serve --listen 127.0.0.1:0 > served 2> log & SERVER=$!; \
    while ! grep -q listening served; do sleep 0.05; done; BASE=$(sed 's/listening on //' served); cat served";

impl Step {
    /// What a shell is told in the place of the line. Keys and process ids are those that were made here.
    fn typed(&self) -> String {
        let command = self.command.as_str();
        match command {
            "keyseal serve" if self.printed[0].starts_with("listening") => SERVE.to_owned(),
            _ if command.starts_with("KEY=") => "KEY=$(tail -n 1 key | tr -d ' ')".to_owned(),
            _ if command.starts_with("keyseal api-key create") => format!("{command} | tee key"),
            _ if command.starts_with("kill -HUP") => "kill -HUP $SERVER".to_owned(),
            _ => command.replace(SHOWN, "$BASE"),
        }
    }
}

/// Runs the lines of `before`, then the steps, in an empty directory, and gives what each step printed.
fn run(before: &str, steps: &[Step]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let binary = binary();
    let binaries = binary.parent().unwrap().display();
    let mut script = format!(
        "set -e\nPATH='{binaries}':$PATH\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n{before}\n"
    );
    for step in steps {
        // Some are refused, and show how.
        writeln!(script, "echo '@@'\n{{ {}\n}} 2>&1 || true", step.typed()).unwrap();
    }
    let mut shell = clear_environment(Command::new("bash"));
    let shell = shell.args(["-c", &script]).env("no_proxy", "127.0.0.1").current_dir(folder.path());
    let output = shell.output().unwrap();
    let (printed, errors) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}\n{errors}");
    printed.split("@@\n").skip(1).map(str::to_owned).collect()
}

/// Without what differs from run to run: times, sizes, fingerprints, and the port. Codes in JSON stay.
fn alike(line: &str) -> String {
    let line = line.split("http://127.0.0.1:").next().unwrap();
    let is_json = line.starts_with('{');
    let mut alike = String::new();
    for word in line.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let hex = word.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        let is_number = hex.bytes().all(|byte| byte.is_ascii_digit());
        let varies = hex.len() >= 16 || is_number && !hex.is_empty() && (!is_json || hex.len() > 6);
        alike.push_str(if varies { "#" } else { hex });
        alike.push_str(&word[hex.len()..]);
    }
    // Columns are as wide as what is in them.
    alike.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[expect(clippy::print_stderr, reason = "says what it leaves out")]
fn check(path: &str, headings: &[&str], before: &str) {
    let needed = ["bash", "curl", "jq", "openssl"];
    let has = |tool: &&&str| Command::new(tool).arg("--version").output().is_ok();
    if needed.iter().filter(has).count() < needed.len() {
        eprintln!("left out: {path} needs {}", needed.join(", "));
        return;
    }
    let steps = session(path, headings);
    for (step, printed) in steps.iter().zip(run(before, &steps)) {
        for expected in &step.printed {
            let (begin, is_whole) =
                expected.split_once('…').map_or((expected.as_str(), true), |(begin, _)| (begin, false));
            // A key that was made here.
            if begin.starts_with("  ") && begin.contains('-') || begin.is_empty() {
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

/// A license that is active, and a server: what the operator's pages begin with.
fn one_license() -> String {
    format!(
        "keyseal init > made
         keyseal product create --name 'My product' --own-key > made
         keyseal license create --product 1 --key MY-FIRST-KEY --activation-limit 2 --validity 365 > made
         keyseal license assign MY-FIRST-KEY --owner-email jane@example.com > made
         keyseal api-key create --name shop --capability client > key
         {SERVE}
         curl -s $BASE/v1/activate -H \"X-API-Key: $(tail -n 1 key | tr -d ' ')\" \
             -d license_key=MY-FIRST-KEY -d identifier=shop.example.com"
    )
}

#[test]
fn the_readmes_session_works_as_it_is_printed() {
    check("README.md", &["Run it"], "");
}

#[test]
fn the_apis_session_works_as_it_is_printed() {
    let before = format!("ADMIN=$(keyseal --json init | jq -r .api_key)\n{SERVE}");
    check("docs/api.md", &["From a product to an activation", "Documents of a running server"], &before);
}

#[test]
fn the_operators_sessions_work_as_they_are_printed() {
    let headings =
        ["Explain a refusal", "Back up", "Restore", "Audit trail", "Rotate a signing key", "Daily jobs"];
    check("docs/operating.md", &headings, &one_license());
    check("docs/operating.md", &["Activity"], &one_license());
    let before = "keyseal init > made\nchmod 644 data/keyseal.db";
    check("docs/operating.md", &["Check an installation"], before);
}

#[test]
fn the_settings_sessions_work_as_they_are_printed() {
    // The file that the page shows, without its last two lines and whole.
    let file =
        page("docs/settings.md").blocks().into_iter().find(|block| block.language == "toml").unwrap().text;
    let written = |lines: usize| {
        let file: Vec<&str> = file.lines().take(lines).collect();
        format!("keyseal init > made\numask 077\ncat > data/keyseal.toml << 'END'\n{}\nEND", file.join("\n"))
    };
    check("docs/settings.md", &["Mistakes"], &written(3));
    check("docs/settings.md", &["What counts"], &written(usize::MAX));
}
