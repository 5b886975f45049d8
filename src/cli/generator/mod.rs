//! `keyseal generator …`: the rules by which new license keys of a product are made.

mod options;

use std::fmt::Display;

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::product::reference;
use crate::cli::{Output, Result, change, now, open};
use crate::domain::{Generator, GeneratorMethod, NewGenerator, Recipe};
use crate::files::DataDir;
use crate::store::Tx;
pub use options::{Method, Options, default_recipe};

#[derive(Subcommand)]
pub enum Command {
    /// Create a generator
    #[command(
        after_help = "Example:\n  keyseal generator create --product 1 --method chunk-system --prefix SHOP- --validity \
            365"
    )]
    Create {
        /// Product of its keys: its id, UUID, slug or name
        #[arg(long, value_name = "PRODUCT")]
        product: String,
        /// Kind of key to make
        #[arg(long)]
        method: Method,
        #[command(flatten)]
        options: Options,
        /// Create it disabled
        #[arg(long)]
        inactive: bool,
    },
    /// List generators
    #[command(after_help = "Example:\n  keyseal generator list --product 1")]
    List {
        /// Only generators of this product: its id, UUID, slug or name
        #[arg(long, value_name = "PRODUCT")]
        product: Option<String>,
    },
    /// Change a generator. Only the given options change; existing keys stay as they are
    #[command(after_help = "Example:\n  keyseal generator update 1 --validity 730")]
    Update {
        /// Id in "keyseal generator list"
        id: i64,
        /// Kind of key to make
        #[arg(long)]
        method: Option<Method>,
        #[command(flatten)]
        options: Options,
        /// Enable it
        #[arg(long, conflicts_with = "inactive")]
        active: bool,
        /// Disable it: requests to generate keys are answered with 806
        #[arg(long)]
        inactive: bool,
    },
    /// Delete a generator. The keys that it made stay
    #[command(after_help = "Example:\n  keyseal generator delete 1")]
    Delete {
        /// Id in "keyseal generator list"
        id: i64,
    },
}

pub fn run(command: &Command, data: &DataDir, output: &mut Output<'_>) -> Result {
    match command {
        Command::Create { product, method, options, inactive } => {
            let recipe = options.applied_to(default_recipe((*method).into()));
            create(reference::id(data, product)?, recipe, !inactive, data, output)
        }
        Command::List { product } => list(reference::optional_id(data, product.as_deref())?, data, output),
        Command::Update { id, method, options, active, inactive } => {
            let (method, options) = (method.map(GeneratorMethod::from), options.clone());
            let recipe_of =
                move |old: Recipe| options.applied_to(Recipe { method: method.unwrap_or(old.method), ..old });
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
        reference::by_id(tx, product_id)?;
        existing(tx, tx.add_generator(&generator, now())?)
    })?;
    show(&generator, output)
}

fn list(product: Option<i64>, data: &DataDir, output: &mut Output<'_>) -> Result {
    let generators = open(data)?.try_read(|tx| tx.generators(product))?;
    let rows: Vec<(Value, Vec<String>)> =
        generators.iter().map(|generator| (to_json(generator), cells(generator))).collect();
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
        let old = existing(tx, id)?;
        let recipe = recipe_of(old.recipe);
        check(&recipe)?;
        tx.set_generator(id, &recipe, switch.unwrap_or(old.active), now())?;
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
    recipe.pattern().map_err(|error| format!("these options can't be used for a generator: {error}"))?;
    Ok(())
}

fn existing(tx: &Tx<'_>, id: i64) -> Result<Generator> {
    Ok(tx.generator(id)?.ok_or_else(|| unknown(id))?)
}

/// The error of a generator that is not there. `generator`: its id, or what was given for it.
pub fn unknown(generator: impl Display) -> String {
    format!("there is no generator {generator}: see \"keyseal generator list\"")
}

fn show(generator: &Generator, output: &mut Output<'_>) -> Result {
    let text = format!(
        "generator {} of product {}: {}, {}",
        generator.id,
        generator.product_id,
        shape(&generator.recipe),
        status(generator)
    );
    output.result(&to_json(generator), &text)
}

fn to_json(generator: &Generator) -> Value {
    let recipe = &generator.recipe;
    json!({
        "id": generator.id, "uuid": generator.uuid, "product_id": generator.product_id,
        "method": recipe.method.as_str(),
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

/// The format of a generator's keys, as a template.
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
