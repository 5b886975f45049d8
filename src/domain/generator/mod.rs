//! Generators: how new license keys of a product are made, and what makes one fit to make many.

mod pattern;

use super::{LicenseKey, LicenseStatus, NewLicense, ParseNameError, Timestamp};
use pattern::MIN_BITS;

pub use pattern::Pattern;

/// The most license keys that one call makes (API §0.4, item 8).
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

impl Recipe {
    /// Takes the recipe apart, or says why it is none.
    pub fn pattern(&self) -> Result<Pattern, GeneratorError> {
        Pattern::of(self)
    }

    /// A license with this key as the recipe has it: in the pool, of nobody (API §3.6).
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
