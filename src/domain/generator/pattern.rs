//! The parts of a generator's keys, and how a key is made from random bytes.

use uuid::Builder;

use super::{GeneratorError, GeneratorMethod, Random, Recipe};
use crate::domain::{LicenseKey, ParseNameError, first_look_alike};

/// The largest count in a recipe. It is small enough that no length computed here overflows.
const MAX_COUNT: u32 = 255;

/// The minimum number of random bits in a key. With 32 there are four billion keys, so that a few retries find an
/// unused one.
pub(super) const MIN_BITS: f64 = 32.0;

/// Random bits in a version 4 UUID.
const UUID_BITS: f64 = 122.0;

/// The number of keys that are tried for a license before the generator counts as used up.
pub const ATTEMPTS: usize = 5;

/// A checked recipe: its keys have at most 255 bytes and at least [`MIN_BITS`] random bits.
#[derive(Debug)]
pub struct Pattern {
    parts: Vec<Part>,
    charset: Vec<char>,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Uuid,
    /// The number of groups, and the number of characters in each, joined by hyphens.
    Chunks(u32, u32),
    Characters(u32),
}

impl Pattern {
    /// Parses and checks a recipe.
    pub fn of(recipe: &Recipe) -> Result<Self, GeneratorError> {
        let counts = 1..=MAX_COUNT;
        if !counts.contains(&recipe.number_of_chunks) || !counts.contains(&recipe.chunk_length) {
            return Err(GeneratorError::Chunks);
        }
        let mut parts = vec![text(&recipe.prefix)?];
        match recipe.method {
            GeneratorMethod::Uuid => parts.push(Part::Uuid),
            GeneratorMethod::ChunkSystem => {
                parts.push(Part::Chunks(recipe.number_of_chunks, recipe.chunk_length));
            }
            GeneratorMethod::Custom => parts.extend(template(&recipe.template, recipe.chunk_length)?),
        }
        parts.push(text(&recipe.suffix)?);
        let pattern = Self { parts, charset: charset(&recipe.charset)? };
        pattern.check()?;
        Ok(pattern)
    }

    /// Makes one key, which may exist already.
    pub fn key(&self, random: &mut Random<'_>) -> Result<LicenseKey, GeneratorError> {
        let mut key = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => key.push_str(text),
                Part::Uuid => {
                    let mut bytes = [0; 16];
                    random(&mut bytes)?;
                    key.push_str(&Builder::from_random_bytes(bytes).into_uuid().to_string());
                }
                Part::Chunks(number, length) => {
                    for chunk in 0..*number {
                        if chunk > 0 {
                            key.push('-');
                        }
                        self.push_characters(&mut key, *length, random)?;
                    }
                }
                Part::Characters(length) => self.push_characters(&mut key, *length, random)?,
            }
        }
        Ok(LicenseKey::parse_new(&key)?)
    }

    /// Appends random characters of the charset. Bytes above the last multiple of the charset's size are discarded,
    /// so that all characters are equally likely.
    pub(super) fn push_characters(
        &self,
        key: &mut String,
        length: u32,
        random: &mut Random<'_>,
    ) -> Result<(), GeneratorError> {
        let size = self.charset.len();
        let fair = 256 - 256 % size;
        let mut left = length;
        while left > 0 {
            let mut bytes = [0; 32];
            random(&mut bytes)?;
            let fair_bytes = bytes.into_iter().map(usize::from).filter(|byte| *byte < fair);
            for character in fair_bytes.filter_map(|byte| self.charset.get(byte % size)) {
                if left == 0 {
                    break;
                }
                key.push(*character);
                left -= 1;
            }
        }
        Ok(())
    }

    /// Refuses keys that could be too long or have too few random bits.
    fn check(&self) -> Result<(), GeneratorError> {
        let bytes = self.longest();
        match bytes {
            256.. => Err(GeneratorError::TooLong(bytes)),
            _ if self.bits() < MIN_BITS => Err(GeneratorError::TooFew),
            _ => Ok(()),
        }
    }

    /// The largest possible length of a key, in bytes.
    pub(super) fn longest(&self) -> usize {
        let widest = self.charset.iter().map(|character| character.len_utf8()).max().unwrap_or(0);
        let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        let part = |part: &Part| match part {
            Part::Text(text) => text.len(),
            Part::Uuid => 36,
            Part::Chunks(number, length) => {
                size(*number).saturating_mul(size(*length).saturating_mul(widest).saturating_add(1)) - 1
            }
            Part::Characters(length) => size(*length).saturating_mul(widest),
        };
        self.parts.iter().map(part).fold(0, usize::saturating_add)
    }

    /// A lower bound of the random bits in a key. Keys are compared ignoring case, so `a` and `A` count as one.
    fn bits(&self) -> f64 {
        let has_other_case = |character: &char| {
            let other = if character.is_ascii_uppercase() {
                character.to_ascii_lowercase()
            } else {
                character.to_ascii_uppercase()
            };
            other != *character && self.charset.contains(&other)
        };
        let twins = if self.charset.iter().any(has_other_case) { 2.0 } else { 1.0 };
        let size = u32::try_from(self.charset.len()).unwrap_or(u32::MAX);
        let per_character = (f64::from(size) / twins).log2();
        let part = |part: &Part| match part {
            Part::Text(_) => 0.0,
            Part::Uuid => UUID_BITS,
            Part::Chunks(number, length) => f64::from(*number) * f64::from(*length) * per_character,
            Part::Characters(length) => f64::from(*length) * per_character,
        };
        self.parts.iter().map(part).sum()
    }
}

/// A part that is the same in all keys.
fn text(text: &str) -> Result<Part, GeneratorError> {
    if text.contains(['{', '}']) {
        return Err(GeneratorError::Unprintable(text.to_owned()));
    }
    check_characters(text)?;
    Ok(Part::Text(text.to_owned()))
}

/// Refuses what may not be in a license key.
fn check_characters(text: &str) -> Result<(), GeneratorError> {
    match first_look_alike(text) {
        None => Ok(()),
        Some(character) if character.is_whitespace() || character.is_control() => {
            Err(GeneratorError::Unprintable(text.to_owned()))
        }
        Some(character) => {
            Err(GeneratorError::LookAlike(text.to_owned(), ParseNameError::LookAlike(character)))
        }
    }
}

fn charset(text: &str) -> Result<Vec<char>, GeneratorError> {
    check_characters(text)?;
    let mut charset: Vec<char> = Vec::new();
    for character in text.chars() {
        if charset.contains(&character) {
            return Err(GeneratorError::CharsetRepeats(character));
        }
        if charset.len() == 256 {
            return Err(GeneratorError::CharsetSize(text.chars().count()));
        }
        charset.push(character);
    }
    if charset.len() < 2 {
        return Err(GeneratorError::CharsetSize(charset.len()));
    }
    Ok(charset)
}

/// Reads a template: text with `{uuid}`, `{chunk:N}` (N chunks) and `{rand:N}` (N characters) in it.
fn template(template: &str, chunk_length: u32) -> Result<Vec<Part>, GeneratorError> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) =
            after.split_once('}').ok_or_else(|| GeneratorError::UnknownPart(after.to_owned()))?;
        parts.extend([text(before)?, part(name, chunk_length)?]);
        rest = after;
    }
    parts.push(text(rest)?);
    Ok(parts)
}

fn part(name: &str, chunk_length: u32) -> Result<Part, GeneratorError> {
    let unknown = || GeneratorError::UnknownPart(name.to_owned());
    if name == "uuid" {
        return Ok(Part::Uuid);
    }
    let (kind, count) = name.split_once(':').ok_or_else(unknown)?;
    let count = count.parse().ok().filter(|count| (1..=MAX_COUNT).contains(count)).ok_or_else(unknown)?;
    match kind {
        "chunk" => Ok(Part::Chunks(count, chunk_length)),
        "rand" => Ok(Part::Characters(count)),
        _ => Err(unknown()),
    }
}
