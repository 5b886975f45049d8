//! Characters that look like others or like nothing: the ONE list of what e-mails, web pages and spreadsheets put
//! into a license key that is copied out of them.
//!
//! A new license key has none of them. A key that is looked up and not found is looked up once more as it was meant.

/// What a look-alike is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// It has no shape, such as a space or a zero-width character.
    Nothing,
    /// It looks like this character.
    Character(char),
}

/// Dashes and minus signs, which look like a hyphen.
const DASHES: &[(char, char)] = &[
    ('\u{2010}', '\u{2015}'), // hyphen, non-breaking hyphen, figure dash, en dash, em dash, horizontal bar
    ('\u{2043}', '\u{2043}'), // hyphen bullet
    ('\u{2212}', '\u{2212}'), // minus sign
    ('\u{fe58}', '\u{fe58}'), // small em dash
    ('\u{fe63}', '\u{fe63}'), // small hyphen-minus
];

/// Characters without a shape, beside white space and control characters.
const INVISIBLE: &[(char, char)] = &[
    ('\u{ad}', '\u{ad}'),       // soft hyphen
    ('\u{34f}', '\u{34f}'),     // combining grapheme joiner
    ('\u{61c}', '\u{61c}'),     // Arabic letter mark
    ('\u{115f}', '\u{1160}'),   // Hangul fillers
    ('\u{17b4}', '\u{17b5}'),   // Khmer inherent vowels
    ('\u{180b}', '\u{180f}'),   // Mongolian separators
    ('\u{200b}', '\u{200f}'),   // zero-width space, joiners, direction marks
    ('\u{202a}', '\u{202e}'),   // embeddings of a direction
    ('\u{2060}', '\u{206f}'),   // word joiner, invisible operators, isolates of a direction
    ('\u{2800}', '\u{2800}'),   // Braille blank
    ('\u{3164}', '\u{3164}'),   // Hangul filler
    ('\u{fe00}', '\u{fe0f}'),   // variation selectors
    ('\u{feff}', '\u{feff}'),   // byte order mark
    ('\u{ffa0}', '\u{ffa0}'),   // half-width Hangul filler
    ('\u{fff9}', '\u{fffb}'),   // annotation marks
    ('\u{e0000}', '\u{e0fff}'), // tags, more variation selectors
];

/// The full-width forms of the visible ASCII characters, which East Asian keyboards type.
const FULL_WIDTH: (char, char) = ('\u{ff01}', '\u{ff5e}');

/// The distance of a full-width form from its ASCII character.
const FULL_WIDTH_OFFSET: u32 = 0xfee0;

/// What a character is meant to be; `None`: itself.
pub fn meant(character: char) -> Option<Meant> {
    let is_in = |ranges: &[(char, char)]| ranges.iter().any(|(from, to)| (*from..=*to).contains(&character));
    if character.is_ascii_graphic() {
        None
    } else if character.is_whitespace() || character.is_control() || is_in(INVISIBLE) {
        Some(Meant::Nothing)
    } else if is_in(DASHES) {
        Some(Meant::Character('-'))
    } else if is_in(&[FULL_WIDTH]) {
        char::from_u32(u32::from(character) - FULL_WIDTH_OFFSET).map(Meant::Character)
    } else {
        None
    }
}

/// The first look-alike in a text.
pub fn first_look_alike(text: &str) -> Option<char> {
    text.chars().find(|character| meant(*character).is_some())
}

/// The text with each look-alike replaced by what it is meant to be; `None`: it has none.
pub fn as_meant(text: &str) -> Option<String> {
    first_look_alike(text)?;
    let read = |character| match meant(character) {
        Some(Meant::Nothing) => None,
        Some(Meant::Character(other)) => Some(other),
        None => Some(character),
    };
    Some(text.chars().filter_map(read).collect())
}

/// What is wrong with a look-alike in a new license key, and what to do. Completes "it contains …".
pub fn advice(character: char) -> String {
    let code = format!("U+{:04X}", u32::from(character));
    match meant(character) {
        Some(Meant::Character(other)) => {
            format!("\"{character}\" ({code}), which looks like \"{other}\": write that")
        }
        _ if matches!(character, '\n' | '\r') => "a line break: leave it out".to_owned(),
        _ if character == ' ' => "a space, which customers leave out or double: leave it out".to_owned(),
        _ => format!("a character that nobody sees ({code}): leave it out"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_are_read_as_what_they_look_like() {
        for (typed, expected) in [
            ("AB\u{200b}-1", "AB-1"),
            ("\u{feff}AB-1", "AB-1"),
            ("AB-1\u{200e}", "AB-1"),
            ("A\u{2060}B\u{ad}-1", "AB-1"),
            ("AB\u{2013}1", "AB-1"),
            ("AB\u{2011}1", "AB-1"),
            ("AB\u{2212}1", "AB-1"),
            ("AB\u{ff0d}1", "AB-1"),
            ("AB - 1", "AB-1"),
            ("AB\u{a0}-\u{3000}1\t", "AB-1"),
            ("\u{ff21}\u{ff22}-\u{ff11}", "AB-1"),
        ] {
            assert_eq!(as_meant(typed).as_deref(), Some(expected), "{typed:?}");
            assert_eq!(as_meant(expected), None);
        }
    }

    #[test]
    fn letters_digits_and_signs_are_themselves() {
        for text in ["abcXYZ019", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "éüßñ", "Ключ", "鍵", "🎉"]
        {
            assert_eq!(first_look_alike(text), None, "{text}");
        }
    }

    #[test]
    fn every_range_of_the_list_is_in_order_and_read() {
        for (from, to) in INVISIBLE.iter().chain(DASHES).chain([&FULL_WIDTH]) {
            assert!(from <= to && meant(*from).is_some() && meant(*to).is_some());
        }
    }
}
