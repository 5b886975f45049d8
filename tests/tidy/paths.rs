//! Finds the paths in Rust code that lead to other modules of the crate.

/// A path such as `crate::store::Tx`, by its names.
pub type Path = Vec<String>;

/// Every path that begins with `crate`, `super` or `self`; `crate::{a, b::C}` is two.
pub fn local(code: &str) -> Vec<Path> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            if !code[..at].ends_with(|before: char| is_of_a_name(before) || before == ':') {
                expand(&code[at..], &[], &mut found);
            }
        }
    }
    found
}

/// Every path of a `pub use`.
pub fn reexports(code: &str) -> Vec<Path> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("pub") {
        let rest = code[at + 3..].trim_start();
        let rest = match rest.strip_prefix('(') {
            Some(rest) => rest.split_once(')').map_or("", |(_, rest)| rest).trim_start(),
            None => rest,
        };
        if let Some(tree) = rest.strip_prefix("use ") {
            expand(tree, &[], &mut found);
        }
    }
    found
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Adds the paths of the tree that `text` begins with, and gives what comes after it.
fn expand<'t>(text: &'t str, before: &[String], found: &mut Vec<Path>) -> &'t str {
    let mut path = before.to_vec();
    let mut rest = text.trim_start();
    loop {
        if let Some(mut items) = rest.strip_prefix('{') {
            loop {
                items = expand(items, &path, found).trim_start();
                match items.strip_prefix(',') {
                    Some(more) if !more.trim_start().starts_with('}') => items = more,
                    more => return more.unwrap_or(items).trim_start().strip_prefix('}').unwrap_or(""),
                }
            }
        }
        let length = rest.find(|letter| !is_of_a_name(letter)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(length);
        if name.is_empty() {
            // A glob, or the type of a generic function.
            found.push(path);
            return rest.strip_prefix('*').unwrap_or(rest);
        }
        path.push(name.to_owned());
        let Some(more) = after.strip_prefix("::") else {
            found.push(path);
            return after_alias(after);
        };
        rest = more.trim_start();
    }
}

/// Skips `as name`.
fn after_alias(text: &str) -> &str {
    text.strip_prefix(" as ").map_or(text, |rest| rest.trim_start_matches(is_of_a_name))
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let code =
        "use crate::{a::B, c::{self, D as E,},}; fn f(x: &super::super::G) -> self::H { crate::i::j::<K>() }";
    let found: Vec<String> = local(code).iter().map(|path| path.join("::")).collect();
    assert_eq!(
        found,
        ["crate::a::B", "crate::c::self", "crate::c::D", "crate::i::j", "super::super::G", "self::H"]
    );
    let code = "mod a; pub use a::{B, c::*}; pub(crate) use super::D; use e::F;";
    let found: Vec<String> = reexports(code).iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["a::B", "a::c", "super::D"]);
}
