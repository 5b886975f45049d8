//! The command line as `--help` shows it: commands, flags, and what is said of each flag.

use std::collections::HashMap;

use keyseal_test_support::program;

/// One flag of a command.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Without dashes.
    pub name: String,
    /// `<FILE>`, if it takes a value.
    pub value: Option<String>,
    /// All that is said of it, in one line.
    pub text: String,
}

pub struct Help {
    pub commands: Vec<String>,
    pub flags: Vec<Flag>,
}

impl Help {
    /// `words`: the names of a command and its subcommands; none for the program itself.
    pub fn of(words: &[String]) -> Self {
        let output = program().args(words).arg("--help").env("COLUMNS", "1000").output().unwrap();
        assert!(output.status.success(), "keyseal {} --help", words.join(" "));
        Self::parse(&String::from_utf8(output.stdout).unwrap())
    }

    fn parse(text: &str) -> Self {
        let mut help = Self { commands: Vec::new(), flags: Vec::new() };
        let mut section = "";
        for line in text.lines() {
            if !line.starts_with(' ') && line.ends_with(':') {
                section = line.trim_end_matches(':');
                continue;
            }
            let trimmed = line.trim();
            if section == "Commands" {
                let is_named = line.starts_with("  ") && !line.starts_with("   ");
                help.commands.extend(trimmed.split(' ').next().filter(|_| is_named).map(str::to_owned));
                continue;
            }
            match flag(trimmed) {
                Some(flag) => help.flags.push(flag),
                None if line.starts_with(' ') => {
                    if let Some(flag) = help.flags.last_mut() {
                        flag.text.push(' ');
                        flag.text.push_str(trimmed);
                    }
                }
                None => {}
            }
        }
        for flag in &mut help.flags {
            flag.text = flag.text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        help
    }
}

/// A line that begins with a flag: `--json`, `-h, --help`, `--data <DIR>  Text`.
fn flag(line: &str) -> Option<Flag> {
    let line =
        if line.starts_with("--") { line } else { line.strip_prefix('-')?.get(1..)?.strip_prefix(", ")? };
    let mut words = line.strip_prefix("--")?.split(' ');
    let name = words.next().unwrap().trim_end_matches("...").to_owned();
    let rest = line.get(2 + name.len()..).unwrap_or_default().trim_start_matches("...").trim_start();
    let value = rest.starts_with('<').then(|| rest.split_inclusive('>').next().unwrap().to_owned());
    let text = rest.strip_prefix(value.as_deref().unwrap_or_default()).unwrap().to_owned();
    Some(Flag { name, value, text })
}

/// All commands, by their names; the program itself is "".
pub fn tree() -> HashMap<String, Help> {
    let mut tree = HashMap::new();
    let mut left: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(words) = left.pop() {
        let help = Help::of(&words);
        for command in help.commands.iter().filter(|command| *command != "help") {
            left.push(words.iter().chain([command]).cloned().collect());
        }
        tree.insert(words.join(" "), help);
    }
    assert!(tree.len() > 30, "only {} commands were found", tree.len());
    tree
}
