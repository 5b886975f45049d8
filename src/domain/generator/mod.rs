//! Generators: how new license keys of a product are made, and what makes one fit to make many.

use uuid::Builder;

use super::{LicenseKey, LicenseStatus, NewLicense, ParseNameError, Timestamp};

/// The most license keys that one call makes (contract §0.4, item 8).
pub const MAX_QUANTITY: i64 = 1_000;

/// The most that any part of a key is repeated; with it no length in here can overflow.
const MAX_COUNT: u32 = 255;

/// The fewest random bits in a key. With 32 a generator has four billion keys, so a few retries find a new one.
const MIN_BITS: f64 = 32.0;

/// Random bits in a version 4 UUID.
const UUID_BITS: f64 = 122.0;

/// How often a key that exists already is made anew before the generator counts as used up.
const ATTEMPTS: usize = 5;

/// A generator (contract §3.6).
#[derive(Clone, Debug)]
pub struct Generator {
    pub id: i64,
    pub uuid: String,
    pub product_id: i64,
    pub recipe: Recipe,
    pub active: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What is needed to create a generator.
#[derive(Clone, Debug)]
pub struct NewGenerator {
    pub uuid: String,
    pub product_id: i64,
    pub recipe: Recipe,
    pub active: bool,
}

/// What a generator's keys look like, and what they are worth.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub method: GeneratorMethod,
    pub prefix: String,
    pub suffix: String,
    /// The template of the method `custom`; the API calls it `function_name`, after what it replaces.
    pub template: String,
    pub number_of_chunks: u32,
    pub chunk_length: u32,
    pub charset: String,
    /// Of its keys: identifiers active at once; 0: any number.
    pub activation_limit: i64,
    /// Of its keys: days from the assignment; 0: for ever.
    pub validity: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneratorMethod {
    Uuid,
    ChunkSystem,
    Custom,
}

impl GeneratorMethod {
    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::ChunkSystem => "chunk-system",
            Self::Custom => "custom",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Uuid, Self::ChunkSystem, Self::Custom].into_iter().find(|method| method.as_str() == word)
    }
}

/// Why there is no license key, or no generator.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GeneratorError {
    #[error("the charset has {0} characters: give 2 to 256")]
    CharsetSize(usize),
    #[error("the charset holds {0:?} twice, so that it would come up more often than the others")]
    CharsetRepeats(char),
    #[error("there is white space, a control character or a brace in {0:?}: it can't be part of a key")]
    Unprintable(String),
    #[error(
        "\"{{{0}}}\" in the template is unknown: write {{uuid}}, {{chunk:N}} or {{rand:N}}, N from 1 to 255"
    )]
    UnknownPart(String),
    #[error("a key has 1 to 255 chunks of 1 to 255 characters")]
    Chunks,
    #[error("its keys could be {0} bytes long: 255 are the most")]
    TooLong(usize),
    #[error("its keys have less than {MIN_BITS} random bits: make them longer or the charset larger")]
    TooFew,
    #[error("the system gives no random numbers")]
    NoRandomness,
    #[error("it makes only keys that exist already")]
    UsedUp,
    #[error("what it made can't be a license key: {0}")]
    Name(#[from] ParseNameError),
}

/// A source of randomness: fills what it is given.
pub type Random<'a> = dyn FnMut(&mut [u8]) -> Result<(), GeneratorError> + 'a;

/// A recipe that was found fit: makes keys of at most 255 bytes, with enough of them that few are made twice.
#[derive(Debug)]
pub struct Pattern {
    parts: Vec<Part>,
    charset: Vec<char>,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Uuid,
    /// Groups of so many characters each, joined by hyphens.
    Chunks(u32, u32),
    Characters(u32),
}

impl Recipe {
    /// Takes the recipe apart, or says why it is none.
    pub fn pattern(&self) -> Result<Pattern, GeneratorError> {
        let counts = 1..=MAX_COUNT;
        if !counts.contains(&self.number_of_chunks) || !counts.contains(&self.chunk_length) {
            return Err(GeneratorError::Chunks);
        }
        let mut parts = vec![text(&self.prefix)?];
        match self.method {
            GeneratorMethod::Uuid => parts.push(Part::Uuid),
            GeneratorMethod::ChunkSystem => {
                parts.push(Part::Chunks(self.number_of_chunks, self.chunk_length));
            }
            GeneratorMethod::Custom => parts.extend(template(&self.template, self.chunk_length)?),
        }
        parts.push(text(&self.suffix)?);
        let pattern = Pattern { parts, charset: charset(&self.charset)? };
        pattern.check()?;
        Ok(pattern)
    }

    /// A license with this key as the recipe has it: in the pool, of nobody (contract §3.6).
    pub fn license(&self, product_id: i64, license_key: LicenseKey) -> NewLicense {
        NewLicense {
            product_id,
            license_key,
            owner_name: None,
            owner_email: None,
            activation_limit: self.activation_limit,
            validity: self.validity,
            assigned_at: None,
            status: LicenseStatus::Available,
            contract_id: None,
        }
    }
}

impl Pattern {
    /// Makes keys until `take` takes one and gives what it made of it; a few times, then it is a failure.
    pub fn new_key<T, E: From<GeneratorError>>(
        &self,
        random: &mut Random<'_>,
        mut take: impl FnMut(LicenseKey) -> Result<Option<T>, E>,
    ) -> Result<T, E> {
        for _ in 0..ATTEMPTS {
            if let Some(taken) = take(self.key(random)?)? {
                return Ok(taken);
            }
        }
        Err(GeneratorError::UsedUp.into())
    }

    /// One key; whether it exists already is not known here.
    fn key(&self, random: &mut Random<'_>) -> Result<LicenseKey, GeneratorError> {
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
        Ok(LicenseKey::parse(&key)?)
    }

    /// Adds characters of the charset, each as likely as the others: bytes past the last whole multiple of its size are thrown away.
    fn push_characters(
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

    fn check(&self) -> Result<(), GeneratorError> {
        let bytes = self.longest();
        match bytes {
            256.. => Err(GeneratorError::TooLong(bytes)),
            _ if self.bits() < MIN_BITS => Err(GeneratorError::TooFew),
            _ => Ok(()),
        }
    }

    fn longest(&self) -> usize {
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

    /// How many random bits a key has at the least. Keys are compared without regard to case, so `a` and `A` count as one.
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

/// A part that is the same in all keys. A key is trimmed where it is read, so nothing may be lost at its ends.
fn text(text: &str) -> Result<Part, GeneratorError> {
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '{' || c == '}') {
        return Err(GeneratorError::Unprintable(text.to_owned()));
    }
    Ok(Part::Text(text.to_owned()))
}

fn charset(text: &str) -> Result<Vec<char>, GeneratorError> {
    let mut charset: Vec<char> = Vec::new();
    for character in text.chars() {
        if character.is_whitespace() || character.is_control() {
            return Err(GeneratorError::Unprintable(text.to_owned()));
        }
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

#[cfg(test)]
mod tests;
