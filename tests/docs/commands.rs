//! Pasted command lines: each command, flag, variable and endpoint in them exists.

use std::collections::HashMap;

use crate::help::{Help, tree};
use crate::page::{Page, pages};

/// Variables that only the tests read, and one that a page misspells on purpose.
const OTHER_VARIABLES: [&str; 4] = ["KEYSEAL_BENCH", "KEYSEAL_PROOF", "KEYSEAL_SEED", "KEYSEAL_LISEN"];

/// Flags of other programs that prose names.
const OTHER_FLAGS: [&str; 2] = ["features", "data-urlencode"];

/// The command lines of a page: the lines of shell scripts, and those that a session types; continued lines are one.
fn command_lines(page: &Page) -> Vec<String> {
    let mut lines = Vec::new();
    for block in page.blocks() {
        let text = block.text.replace("\\\n", " ");
        match block.language.as_str() {
            "sh" => lines.extend(text.lines().map(str::to_owned)),
            "console" => {
                lines.extend(text.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned));
            }
            _ => {}
        }
    }
    lines.extend(
        page.spans().into_iter().filter(|span| span.starts_with("keyseal ") || span.contains("/keyseal ")),
    );
    lines
}

/// What a command line gives to Keyseal: the words after its name, of each simple command in it.
fn arguments(line: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for command in line.replace("$(", ";").replace(')', ";").split([';', '|', '&']) {
        let Ok(words) = shell_words::split(command.split(" #").next().unwrap()) else { continue };
        let redirects = |word: &String| word.starts_with(['>', '<']) || word.starts_with("2>");
        let words: Vec<String> = words.into_iter().take_while(|word| !redirects(word)).collect();
        let is_prefix =
            |word: &str| word.contains('=') && !word.starts_with('-') || ["exec", "sudo"].contains(&word);
        let start = words.iter().position(|word| !is_prefix(word)).unwrap_or(words.len());
        let start = if words.get(start).is_some_and(|word| word == "-u") { start + 2 } else { start };
        let own = words.iter().position(|word| word.starts_with('/') && word.ends_with("/keyseal"));
        if words.get(start).is_some_and(|word| word == "keyseal") {
            found.push(words[start + 1..].to_vec());
        } else if let Some(at) = own {
            found.push(words[at + 1..].to_vec());
        } else if command.trim_start().starts_with("cargo run") && !command.contains("--example") {
            found.extend(words.iter().position(|word| word == "--").map(|at| words[at + 1..].to_vec()));
        }
    }
    found
}

/// Why these words are no command line of Keyseal's. A word in capitals, or dots, stands for others.
fn fault(words: &[String], tree: &HashMap<String, Help>) -> Option<String> {
    let stands_for_others = |word: &str| {
        word.contains('…') || word.chars().all(|c| c.is_ascii_uppercase() || c == '_' || c == '-')
    };
    let mut command = String::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let help = &tree[&command];
        if let Some(flag) = word.strip_prefix("--") {
            let (name, value) =
                flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
            let Some(known) = help.flags.iter().find(|flag| flag.name == name) else {
                return Some(format!("\"keyseal {command}\" has no --{name}"));
            };
            if known.value.is_some() && value.is_none() && words.next().is_none() {
                return Some(format!("--{name} lacks its value"));
            }
        } else if help.commands.is_empty() {
            // A positional argument.
        } else if word == "help" || stands_for_others(word) {
            return None;
        } else if help.commands.contains(word) {
            let separator = if command.is_empty() { "" } else { " " };
            command.extend([separator, word.as_str()]);
        } else {
            return Some(format!("\"keyseal {command}\" has no command {word}"));
        }
    }
    None
}

#[test]
fn every_pasted_command_exists_with_its_flags() {
    let tree = tree();
    let mut count = 0;
    for page in pages() {
        for line in command_lines(&page) {
            for words in arguments(&line) {
                count += 1;
                if let Some(fault) = fault(&words, &tree) {
                    panic!("{}: {line}\n{fault}", page.path.display());
                }
            }
        }
    }
    assert!(count > 60, "only {count} commands were found");
}

#[test]
fn every_command_is_on_a_page() {
    let pages: String = pages().into_iter().map(|page| page.text).collect();
    for command in &Help::of(&[]).commands {
        assert!(pages.contains(&format!("keyseal {command}")), "no page names \"keyseal {command}\"");
    }
}

#[test]
fn every_flag_and_variable_that_a_page_names_exists() {
    let tree = tree();
    let flags: Vec<_> = tree.values().flat_map(|help| &help.flags).collect();
    let is_flag = |name: &str| flags.iter().any(|flag| flag.name == name) || OTHER_FLAGS.contains(&name);
    let is_variable = |name: &str| {
        let said = format!("[env: {name}=");
        flags.iter().any(|flag| flag.text.contains(&said)) || OTHER_VARIABLES.contains(&name)
    };
    for page in pages() {
        let shown = page.path.display();
        for span in page.spans() {
            if let Some(rest) = span.strip_prefix("--") {
                let name = rest.split([' ', '=']).next().unwrap();
                assert!(name.is_empty() || is_flag(name), "{shown} names --{name}, which no command has");
            }
        }
        for rest in page.text.split("KEYSEAL_").skip(1) {
            let end = rest.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap_or(rest.len());
            let name = format!("KEYSEAL_{}", &rest[..end]);
            assert!(end == 0 || is_variable(&name), "{shown} names {name}, which nothing reads");
        }
    }
}

#[test]
fn every_endpoint_that_a_page_calls_exists() {
    let known: Vec<&str> = keyseal::paths().map(|(_, path, _)| path.trim_start_matches('/')).collect();
    let mut count = 0;
    for page in pages() {
        let text: Vec<String> = page.blocks().into_iter().map(|block| block.text).collect();
        for rest in text.join("\n").split("/api/v1/").skip(1) {
            let path: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-/_".contains(*c)).collect();
            let is_known = known.contains(&path.as_str()) || path.starts_with("download/") || path.is_empty();
            assert!(is_known, "{} calls /api/v1/{path}, which is no endpoint", page.path.display());
            count += 1;
        }
    }
    assert!(count > 3, "only {count} calls were found");
}

#[test]
fn what_is_no_command_is_found() {
    let tree = tree();
    let faults =
        |line: &str| arguments(line).iter().filter_map(|words| fault(words, &tree)).collect::<Vec<_>>();
    for line in [
        "keyseal licence list",
        "keyseal license list --colour",
        "sudo -u keyseal keyseal init --dir x",
        "A=1 keyseal product create --name",
        "docker exec -it CONTAINER /keyseal products list",
        "cargo run --release -- dmeo",
        "x=$(keyseal api-key make)",
    ] {
        assert_eq!(faults(line).len(), 1, "{line}");
    }
    for line in [
        "keyseal license list | head",
        "keyseal --data=x license create --product 1 --key A-B > out",
        "KEYSEAL_DATA=x keyseal COMMAND --help",
        "docker build -t keyseal .",
    ] {
        assert_eq!(faults(line), Vec::<String>::new(), "{line}");
    }
}
