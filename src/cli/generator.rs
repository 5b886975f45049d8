//! `keyseal generator …`: how new license keys of a product are made.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Output, Result, change, now, open};
use crate::domain::{Generator, GeneratorMethod, MAX_LICENSE_NUMBER, NewGenerator, Recipe};
use crate::files::DataDir;
use crate::store::Tx;

#[derive(Subcommand)]
pub enum Command {
    /// Make a generator
    Create {
        /// The product that its keys are for
        #[arg(long, value_name = "ID")]
        product: i64,
        /// How a key is made
        #[arg(long)]
        method: Method,
        #[command(flatten)]
        options: Options,
        /// Make it switched off
        #[arg(long)]
        inactive: bool,
    },
    /// List generators
    List {
        /// Only those of this product
        #[arg(long, value_name = "ID")]
        product: Option<i64>,
    },
    /// Change what is given of a generator; the keys that it made stay as they are
    Update {
        /// Its id in "keyseal generator list"
        id: i64,
        /// How a key is made
        #[arg(long)]
        method: Option<Method>,
        #[command(flatten)]
        options: Options,
        /// Switch it on
        #[arg(long, conflicts_with = "inactive")]
        active: bool,
        /// Switch it off: it gets 806
        #[arg(long)]
        inactive: bool,
    },
    /// Delete a generator; the keys that it made stay
    Delete {
        /// Its id in "keyseal generator list"
        id: i64,
    },
}

/// What keys look like, and what they are worth.
#[derive(Args, Clone)]
pub struct Options {
    /// What each key begins with
    #[arg(long, allow_hyphen_values = true)]
    prefix: Option<String>,
    /// What each key ends with
    #[arg(long, allow_hyphen_values = true)]
    suffix: Option<String>,
    /// The characters that keys are made of [default: 0123456789ABCDEF]
    #[arg(long, allow_hyphen_values = true)]
    charset: Option<String>,
    /// Chunks in a key [default: 4]
    #[arg(long, value_name = "N")]
    number_of_chunks: Option<u32>,
    /// Characters in a chunk [default: 4]
    #[arg(long, value_name = "N")]
    chunk_length: Option<u32>,
    /// For custom: text with {uuid}, {chunk:N} for N chunks and {rand:N} for N characters in it
    #[arg(long, allow_hyphen_values = true)]
    template: Option<String>,
    /// Of its keys: how many identifiers may be active at once; 0: any number [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=MAX_LICENSE_NUMBER))]
    activation_limit: Option<i64>,
    /// Of its keys: days that they are valid from their assignment; 0: for ever [default: 0]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(0..=MAX_LICENSE_NUMBER))]
    validity: Option<i64>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Method {
    /// A version 4 UUID
    Uuid,
    /// Chunks of characters, joined by hyphens
    ChunkSystem,
    /// By --template
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
    /// The recipe with what was given in place of what it had.
    fn over(&self, recipe: Recipe) -> Recipe {
        let text = |given: &Option<String>, had| given.clone().unwrap_or(had);
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

/// What a generator is if nothing else is said.
pub fn plain(method: GeneratorMethod) -> Recipe {
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

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::Create { product, method, options, inactive } => {
            let recipe = options.over(plain((*method).into()));
            create(*product, recipe, !inactive, data, output)
        }
        Command::List { product } => list(*product, data, output),
        Command::Update { id, method, options, active, inactive } => {
            let (method, options) = (method.map(GeneratorMethod::from), options.clone());
            let recipe_of =
                move |had: Recipe| options.over(Recipe { method: method.unwrap_or(had.method), ..had });
            let switch = (*active || *inactive).then_some(*active);
            update(*id, recipe_of, switch, data, output)
        }
        Command::Delete { id } => delete(*id, data, output),
    }
}

fn create(product_id: i64, recipe: Recipe, active: bool, data: &DataDir, output: &mut Output<'_>) -> Result {
    check(&recipe)?;
    let generator = NewGenerator { uuid: Uuid::new_v4().to_string(), product_id, recipe, active };
    let generator = change(&open(data)?, move |tx| {
        tx.product(product_id)?
            .ok_or_else(|| format!("no product {product_id}: see \"keyseal product list\""))?;
        existing(tx, tx.add_generator(&generator, now())?)
    })?;
    show(&generator, output)
}

fn list(product: Option<i64>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let generators = open(data)?.try_read(|tx| tx.generators(product))?;
    let rows: Vec<(Value, Vec<String>)> =
        generators.iter().map(|generator| (value(generator), cells(generator))).collect();
    output.list(&["id", "product", "method", "keys", "limit", "validity", "status"], &rows)
}

fn update(
    id: i64,
    recipe_of: impl Fn(Recipe) -> Recipe + Send + 'static,
    switch: Option<bool>,
    data: &DataDir,
    output: &mut Output<'_>,
) -> Result {
    let generator = change(&open(data)?, move |tx| {
        let had = existing(tx, id)?;
        let recipe = recipe_of(had.recipe);
        check(&recipe)?;
        tx.set_generator(id, &recipe, switch.unwrap_or(had.active), now())?;
        existing(tx, id)
    })?;
    show(&generator, output)
}

fn delete(id: i64, data: &DataDir, output: &mut Output<'_>) -> Result {
    change(&open(data)?, move |tx| {
        existing(tx, id)?;
        tx.delete_generator(id)?;
        Ok(())
    })?;
    output.result(&json!({ "id": id, "deleted": true }), &format!("generator {id} is deleted"))
}

fn check(recipe: &Recipe) -> Result {
    recipe.pattern().map_err(|error| format!("this can't be a generator: {error}"))?;
    Ok(())
}

fn existing(tx: &Tx<'_>, id: i64) -> Result<Generator> {
    Ok(tx.generator(id)?.ok_or_else(|| format!("no generator {id}: see \"keyseal generator list\""))?)
}

fn show(generator: &Generator, output: &mut Output<'_>) -> Result {
    let text = format!(
        "generator {} of product {}: {}, {}",
        generator.id,
        generator.product_id,
        shape(&generator.recipe),
        status(generator)
    );
    output.result(&value(generator), &text)
}

fn value(generator: &Generator) -> Value {
    let recipe = &generator.recipe;
    json!({
        "id": generator.id, "uuid": generator.uuid, "product_id": generator.product_id, "method": recipe.method.as_str(),
        "prefix": recipe.prefix, "suffix": recipe.suffix, "template": recipe.template, "charset": recipe.charset,
        "number_of_chunks": recipe.number_of_chunks, "chunk_length": recipe.chunk_length,
        "activation_limit": recipe.activation_limit, "validity": recipe.validity, "active": generator.active,
    })
}

fn cells(generator: &Generator) -> Vec<String> {
    vec![
        generator.id.to_string(),
        generator.product_id.to_string(),
        generator.recipe.method.as_str().to_owned(),
        shape(&generator.recipe),
        generator.recipe.activation_limit.to_string(),
        generator.recipe.validity.to_string(),
        status(generator).to_owned(),
    ]
}

/// What its keys look like, as a template.
fn shape(recipe: &Recipe) -> String {
    let body = match recipe.method {
        GeneratorMethod::Uuid => "{uuid}".to_owned(),
        GeneratorMethod::ChunkSystem => format!("{{chunk:{}}}", recipe.number_of_chunks),
        GeneratorMethod::Custom => recipe.template.clone(),
    };
    format!("{}{body}{}", recipe.prefix, recipe.suffix)
}

fn status(generator: &Generator) -> &'static str {
    if generator.active { "active" } else { "inactive" }
}
