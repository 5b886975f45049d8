//! Generators: how new license keys of a product are made, and which settings are accepted.

mod pattern;

use super::{LicenseKey, LicenseStatus, NewLicense, ParseNameError, Timestamp};
use pattern::MIN_BITS;

pub use pattern::{ATTEMPTS, Pattern};

/// The maximum number of license keys that one request creates (API §0.4, item 8).
pub const MAX_QUANTITY: i64 = 1_000;

/// A generator (API §3.6).
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

/// A generator to be created.
#[derive(Clone, Debug)]
pub struct NewGenerator {
    pub uuid: String,
    pub product_id: i64,
    pub recipe: Recipe,
    pub active: bool,
}

/// The format of a generator's license keys, and the terms of the licenses.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub method: GeneratorMethod,
    pub prefix: String,
    pub suffix: String,
    /// The template of the method `custom`. The API calls it `function_name`, like the
    /// original.
    pub template: String,
    pub number_of_chunks: u32,
    pub chunk_length: u32,
    pub charset: String,
    /// The activation limit of its licenses; 0: no limit.
    pub activation_limit: i64,
    /// The validity of its licenses in days from the assignment; 0: no expiry.
    pub validity: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneratorMethod {
    Uuid,
    ChunkSystem,
    Custom,
}

impl GeneratorMethod {
    /// The name of this value in the database and in the API.
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

/// A recipe is refused, or a generator can't make a license key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GeneratorError {
    #[error("the charset has {0} characters: give 2 to 256")]
    CharsetSize(usize),
    #[error("the charset contains {0:?} twice, which would make it more likely than the others")]
    CharsetRepeats(char),
    #[error("{0:?} contains white space, a control character or a brace, which can't be part of a key")]
    Unprintable(String),
    #[error("{0:?} can't be part of a key: {1}")]
    LookAlike(String, ParseNameError),
    #[error(
        "\"{{{0}}}\" in the template is unknown: write {{uuid}}, {{chunk:N}} or {{rand:N}}, with N from 1 to 255"
    )]
    UnknownPart(String),
    #[error("a key has 1 to 255 chunks of 1 to 255 characters")]
    Chunks,
    #[error("its keys could be {0} bytes long, but at most 255 are allowed")]
    TooLong(usize),
    #[error("its keys have less than {MIN_BITS} random bits: make them longer or the charset larger")]
    TooFew,
    #[error("the system provides no random numbers")]
    NoRandomness,
    #[error("it found no unused key: all keys that it made exist already")]
    UsedUp,
    #[error("the text that it made can't be a license key: {0}")]
    Name(#[from] ParseNameError),
}

/// A source of random bytes, which fills the given buffer.
pub type Random<'a> = dyn FnMut(&mut [u8]) -> Result<(), GeneratorError> + 'a;

impl Recipe {
    /// Parses and checks the recipe.
    pub fn pattern(&self) -> Result<Pattern, GeneratorError> {
        Pattern::of(self)
    }

    /// Makes an available license without an owner, with this key and the terms of this recipe (API §3.6).
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

#[cfg(test)]
mod tests;
