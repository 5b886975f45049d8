//! The API's pages: every endpoint and every code is in them, and every section that is cited exists.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::page::{Page, page, pages};
use crate::root;
use keyseal_test_support::program;

#[test]
fn every_route_is_listed_with_its_capability() {
    let (list, reference) = (page("docs/api.md").text, page("docs/api-v1.md").text);
    let paths: Vec<_> = keyseal::paths().collect();
    assert!(paths.len() > 40);
    for (method, path, capability) in paths {
        assert!(list.contains(&format!("`{method} {path}`")), "docs/api.md doesn't list {method} {path}");
        assert!(reference.contains(path), "docs/api-v1.md doesn't have {path}");
        assert!(reference.contains(&format!("`{capability}`")), "docs/api-v1.md doesn't list {capability}");
    }
}

#[test]
fn every_page_of_the_server_is_in_some_page_of_the_docs() {
    let docs: Vec<String> = pages().into_iter().map(|page| page.text).collect();
    for (methods, path) in keyseal::pages() {
        for method in methods.split(", ").filter(|method| *method != "HEAD") {
            let is_listed = docs.iter().any(|text| text.contains(&format!("{method} {path}")));
            assert!(is_listed, "no page of the docs has {method} {path}");
        }
    }
}

/// The numbers of the reference's sections: `4.15`, of `## 4. …` also `4`, and of a section with a list `0.4.1`.
fn sections(reference: &Page) -> BTreeSet<String> {
    let mut sections = BTreeSet::new();
    let mut current = String::new();
    for line in reference.prose().lines() {
        let number = |text: &str| text.split(' ').next().unwrap().trim_end_matches('.').to_owned();
        if line.starts_with("## ") || line.starts_with("### ") {
            current = number(line.trim_start_matches('#').trim_start());
            sections.insert(current.clone());
        } else if line.starts_with(|c: char| c.is_ascii_digit()) && line.contains(". ") {
            sections.insert(format!("{current}.{}", number(line)));
        }
    }
    sections
}

/// The sections that a text cites after `mark`: `§4.15`, and `§0.4, item 8` as `0.4.8`.
fn cited<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = String> + 'a {
    text.match_indices(mark).filter_map(|(at, _)| {
        let rest = &text[at + mark.len()..];
        // A section of another document.
        let is_foreign = text[..at].trim_end().rsplit(' ').nth(1).is_some_and(|word| word.ends_with("RFC"));
        let number: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let item = rest[number.len()..].strip_prefix(", item ");
        let item = item.map(|item| item.chars().take_while(char::is_ascii_digit).collect::<String>());
        let number = number.trim_end_matches('.');
        (!is_foreign && !number.is_empty()).then(|| match item {
            Some(item) => format!("{number}.{item}"),
            None => number.to_owned(),
        })
    })
}

fn texts(path: &Path, found: &mut Vec<(String, String)>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            texts(&entry.unwrap().path(), found);
        }
    } else if let Ok(text) = fs::read_to_string(path) {
        found.push((path.display().to_string(), text));
    }
}

#[test]
fn every_section_that_is_cited_exists() {
    let reference = page("docs/api-v1.md");
    let sections = sections(&reference);
    assert!(
        sections.contains("4.15") && sections.contains("0.4.8") && sections.contains("8"),
        "{sections:?}"
    );
    let mut found = Vec::new();
    for folder in ["src", "tests", "examples", "schema.sql"] {
        texts(&root().join(folder), &mut found);
    }
    found.extend(pages().into_iter().map(|page| (page.path.display().to_string(), page.text)));
    // Spelled apart, so that this file doesn't find itself.
    let mark = concat!("API ", "§");
    let mut count = 0;
    for (path, text) in &found {
        for section in cited(text, mark) {
            count += 1;
            assert!(
                sections.contains(&section),
                "{path} cites {mark}{section}, which docs/api-v1.md does not have"
            );
        }
    }
    assert!(count > 50, "only {count} citations were found");
    for section in cited(&reference.text, "§") {
        assert!(
            sections.contains(&section),
            "docs/api-v1.md cites its section {section}, which it does not have"
        );
    }
}

/// Every code that the server's own document has, with its message.
fn outcomes() -> BTreeSet<(u64, String)> {
    let mut demo = program();
    let demo = demo.args(["demo", "--listen", "127.0.0.1:0", "--seed", "1"]);
    let mut demo = demo.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(demo.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let document = agent.get(format!("{url}/openapi.json")).call().unwrap().body_mut().read_to_string();
    demo.kill().unwrap();
    demo.wait().unwrap();
    let document: Value = serde_json::from_str(&document.unwrap()).unwrap();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let outcomes = operations.filter_map(|operation| operation["x-outcomes"].as_array()).flatten();
    let number = |code: &Value| code.as_u64().or_else(|| code.as_str()?.parse().ok()).unwrap();
    outcomes
        .map(|outcome| (number(&outcome["code"]), outcome["message"].as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn the_table_of_codes_is_the_servers() {
    let outcomes = outcomes();
    assert!(outcomes.len() > 90, "only {} codes were found", outcomes.len());
    let reference = page("docs/api-v1.md").text;
    let table = reference.split("## 8. Response codes").nth(1).unwrap().split("\n## ").next().unwrap();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let code = cells.next()?.trim_matches('"').parse().ok()?;
        Some((code, cells.next()?.to_owned()))
    };
    let rows: BTreeSet<(u64, String)> = table.lines().filter_map(row).collect();
    let missing: Vec<_> = outcomes.difference(&rows).collect();
    let unknown: Vec<_> = rows.difference(&outcomes).filter(|(code, _)| *code < 1900).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:?}; not the server's: {unknown:?}");
}
