//! `completions` and `manpage`: they know every command.

use std::fs;

use crate::support::{contains, program};

/// The commands that the help lists.
fn commands() -> Vec<String> {
    let help = text(&["--help"]);
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let first_words = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<String> =
        first_words.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect();
    assert!(names.len() > 12 && names.contains(&"healthcheck".to_owned()), "{names:?}");
    names
}

fn text(arguments: &[&str]) -> String {
    let output = program().args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn each_shell_gets_a_script_with_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = text(&["completions", shell]);
        for command in commands() {
            contains(&script, &[&command]);
        }
    }
}

#[test]
fn the_man_page_names_every_command_and_a_directory_gets_a_page_for_each() {
    let page = text(&["manpage"]);
    contains(&page, &[".TH keyseal 1", "KEYSEAL_DATA"]);
    let directory = tempfile::tempdir().unwrap();
    let pages = directory.path().join("man/man1");
    assert_eq!(text(&["manpage", pages.to_str().unwrap()]), "");
    for command in commands() {
        contains(&page, &[&command.replace('-', "\\-")]);
        if command != "help" {
            assert!(
                fs::metadata(pages.join(format!("keyseal-{command}.1"))).unwrap().len() > 100,
                "{command}"
            );
        }
    }
}

#[test]
fn neither_minds_settings_that_are_wrong() {
    let output = program().args(["completions", "bash"]).env("KEYSEAL_LISEN", "x").output().unwrap();
    assert!(output.status.success());
}
