//! The options of `keyseal generator create` and `update`.

use clap::{Args, ValueEnum};

use crate::domain::{GeneratorMethod, Recipe, parse_activation_limit, parse_validity};

/// The format of the keys, and the terms of their licenses.
#[derive(Args, Clone)]
pub struct Options {
    /// Beginning of each key
    #[arg(long, allow_hyphen_values = true)]
    prefix: Option<String>,
    /// End of each key
    #[arg(long, allow_hyphen_values = true)]
    suffix: Option<String>,
    /// Characters that keys are made of [default: 0123456789ABCDEF]
    #[arg(long, allow_hyphen_values = true)]
    charset: Option<String>,
    /// Number of chunks in a key [default: 4]
    #[arg(long, value_name = "N")]
    number_of_chunks: Option<u32>,
    /// Number of characters in a chunk [default: 4]
    #[arg(long, value_name = "N")]
    chunk_length: Option<u32>,
    /// Template of a custom key: {uuid}, {chunk:N} for N chunks and {rand:N} for N characters are replaced
    #[arg(long, allow_hyphen_values = true)]
    template: Option<String>,
    /// Identifiers that may be active at once on a license of its keys; 0: no limit [default: 0]
    #[arg(long, value_name = "N", value_parser = parse_activation_limit, allow_negative_numbers = true)]
    activation_limit: Option<i64>,
    /// Days from assignment until a license of its keys expires; 0: never [default: 0]
    #[arg(long, value_name = "DAYS", value_parser = parse_validity, allow_negative_numbers = true)]
    validity: Option<i64>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Method {
    /// A version 4 UUID
    Uuid,
    /// Chunks of characters, joined by hyphens
    ChunkSystem,
    /// The format of --template
    Custom,
}

impl From<Method> for GeneratorMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::Uuid => Self::Uuid,
            Method::ChunkSystem => Self::ChunkSystem,
            Method::Custom => Self::Custom,
        }
    }
}

impl Options {
    /// The method that the given options mean where none is given: a template is for custom keys, and chunks are for
    /// keys of chunks.
    pub fn method(&self) -> Option<GeneratorMethod> {
        if self.template.is_some() {
            return Some(GeneratorMethod::Custom);
        }
        (self.number_of_chunks.is_some()).then_some(GeneratorMethod::ChunkSystem)
    }

    /// Returns the recipe with the given options in place of its values.
    pub fn applied_to(&self, recipe: Recipe) -> Recipe {
        let text = |given: &Option<String>, existing| given.clone().unwrap_or(existing);
        Recipe {
            method: recipe.method,
            prefix: text(&self.prefix, recipe.prefix),
            suffix: text(&self.suffix, recipe.suffix),
            template: text(&self.template, recipe.template),
            number_of_chunks: self.number_of_chunks.unwrap_or(recipe.number_of_chunks),
            chunk_length: self.chunk_length.unwrap_or(recipe.chunk_length),
            charset: text(&self.charset, recipe.charset),
            activation_limit: self.activation_limit.unwrap_or(recipe.activation_limit),
            validity: self.validity.unwrap_or(recipe.validity),
        }
    }
}

/// The recipe of a generator that is created without options.
pub fn default_recipe(method: GeneratorMethod) -> Recipe {
    Recipe {
        method,
        prefix: String::new(),
        suffix: String::new(),
        template: String::new(),
        number_of_chunks: 4,
        chunk_length: 4,
        charset: "0123456789ABCDEF".to_owned(),
        activation_limit: 0,
        validity: 0,
    }
}
