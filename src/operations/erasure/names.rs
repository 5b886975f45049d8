//! Finds the names of a person in texts.

use std::collections::HashSet;

use super::traces::strings;
use crate::domain::fold_owner;

/// Names that are shorter, in bytes, are only found as whole words: they are parts of too many words. In free space of
/// the file, where nothing tells where a word ends, they are not searched for.
const MIN_PART: usize = 4;

/// The names of a person, as they are searched for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    folded: HashSet<String>,
    /// Folded names of others in which one of these is, such as "max planck jr".
    others: HashSet<String>,
    /// Whether somebody else has one of the names.
    has_namesakes: bool,
}

impl Names {
    pub fn add(&mut self, name: &str) {
        let folded = fold_owner(name);
        if !folded.is_empty() {
            self.others.remove(&folded);
            self.folded.insert(folded);
        }
    }

    /// Takes note of the name of somebody else.
    pub fn tell_from(&mut self, other: &str) {
        let other = fold_owner(other);
        if self.folded.contains(&other) {
            self.has_namesakes = true;
        } else if self.folded.iter().any(|name| words(&other, name).next().is_some()) {
            self.others.insert(other);
        }
    }

    /// Whether a text is one of the names.
    pub fn have(&self, text: &str) -> bool {
        self.folded.contains(&fold_owner(text))
    }

    /// Whether a name is a part of a text about the person, also inside of a word ("annas-laptop").
    pub fn are_part_of(&self, text: &str) -> bool {
        let text = fold_owner(text);
        let is_part = |name: &String| name.len() >= MIN_PART && text.contains(name);
        self.folded.iter().any(|name| is_part(name) || words(&text, name).next().is_some())
    }

    /// Whether a text that may be about others, too, contains a name as whole words, and not as a part of somebody
    /// else's name.
    pub fn are_in(&self, text: &str) -> bool {
        self.find(text, |_| true)
    }

    /// Like [`Self::are_in`], for a text of which nothing says that it is about the person: only a name of several
    /// words that nobody else has tells that.
    pub fn are_fully_in(&self, text: &str) -> bool {
        !self.has_namesakes && self.find(text, |name| name.contains(char::is_whitespace))
    }

    fn find(&self, text: &str, is_sought: impl Fn(&str) -> bool) -> bool {
        let is_in = |text: &str| {
            let text = fold_owner(text);
            let of_others: Vec<_> = self.others.iter().flat_map(|other| words(&text, other)).collect();
            let is_his = |start: usize| !of_others.iter().any(|(from, to)| (*from..*to).contains(&start));
            let sought = self.folded.iter().filter(|name| is_sought(name));
            sought.flat_map(|name| words(&text, name)).any(|(start, _)| is_his(start))
        };
        is_in(text) || text.contains('\\') && strings(text).iter().any(|text| is_in(text))
    }
}

/// Where a name is in a text as whole words: each start and end. Both are folded.
fn words<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    let found = text.match_indices(name).map(|(start, found)| (start, start + found.len()));
    found.filter(|(start, end)| {
        let [before, after] = [text.get(..*start), text.get(*end..)].map(Option::unwrap_or_default);
        !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
    })
}

/// Whether a name is long enough to be searched for in free space.
pub fn is_telling(name: &str) -> bool {
    name.trim().len() >= MIN_PART
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(of: &str, others: &[&str]) -> Names {
        let mut names = Names::default();
        names.add(of);
        for other in others {
            names.tell_from(other);
        }
        names
    }

    #[test]
    fn a_name_is_found_as_whole_words_and_not_in_the_name_of_another_owner() {
        let max = names("Max", &["Max Planck", "Maxim"]);
        for text in ["max", "owner - -> Max", "MAX, and Max Planck", r#"{"a":"\u004dax"}"#] {
            assert!(max.are_in(text), "{text}");
        }
        for text in ["Maxim", "owner - -> Max Planck", "MAX PLANCK's", "climax"] {
            assert!(!max.are_in(text), "{text}");
        }
        assert!(max.are_in("Max Plancks") && !max.are_in(""));
    }

    #[test]
    fn only_a_name_of_several_words_that_nobody_else_has_is_found_anywhere() {
        assert!(!names("Max", &[]).are_fully_in("Max"));
        let user = names("User N77", &["User N770"]);
        assert!(user.are_fully_in("for user n77.") && !user.are_fully_in("for User N770"));
        assert!(!names("Jane Roe", &["JANE ROE"]).are_fully_in("Jane Roe"));
        let jane = names("Jane Roe", &["Mary Jane Roe"]);
        assert!(jane.are_fully_in("Jane Roe and Mary Jane Roe") && !jane.are_fully_in("to Mary Jane Roe"));
    }

    #[test]
    fn in_texts_about_the_person_short_names_are_whole_words() {
        let of = |name, text| names(name, &[]).are_part_of(text);
        assert!(of("Anna", "ANNAS-PC") && of("Jo", "jo-pc") && of("王伟", "王伟的电脑") && of("A", "a"));
        assert!(!of("Jo", "johns-pc") && !of("A", "pc-1") && !of("", "x"));
        assert!(is_telling("Anna") && !is_telling(" Max "));
    }
}
