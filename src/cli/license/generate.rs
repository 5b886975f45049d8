//! `keyseal license generate`: makes license keys in numbers, by a generator or by a pattern.

use std::fmt::Write as _;

use csv::WriterBuilder;
use serde_json::Value;

use super::csv::{COLUMNS, WITHOUT_NOTES, fields};
use super::to_json;
use crate::cli::generator::{Method, Options, default_recipe, unknown};
use crate::cli::product::reference;
use crate::cli::{Output, Result, change, open, operation};
use crate::domain::{Generator, GeneratorMethod, License, LicenseNotes, MAX_QUANTITY, Recipe};
use crate::files::DataDir;
use crate::maintenance::units::number;
use crate::random::Randomness;
use crate::store::Tx;

/// Make license keys in numbers, all or none: by a generator, or by a pattern given here
///
/// Without --generator and a pattern, the product's first active generator makes them; without one, they are UUIDs.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  keyseal license generate --product 1 --count 100 --template \"SHOP-{chunk:4}\" --csv"
)]
pub struct Args {
    /// Product: its id, UUID, slug or name
    #[arg(long, value_name = "PRODUCT")]
    product: String,
    /// Number of license keys
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=MAX_QUANTITY))]
    count: i64,
    /// Generator: its id or UUID [default: the product's first active one; UUIDs if it has none]
    #[arg(long, value_name = "GENERATOR")]
    generator: Option<String>,
    /// Kind of key to make, instead of a generator's
    #[arg(long, conflicts_with = "generator")]
    method: Option<Method>,
    #[command(flatten)]
    options: Options,
    /// Print the licenses as CSV, which "keyseal license import" takes
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    let product = args.product.clone();
    let (generator, options) = (args.generator.clone(), args.options.clone());
    let (method, count) = (args.method.map(GeneratorMethod::from), args.count);
    let randomness = Randomness::default();
    let licenses = change(&open(data)?, move |tx| -> Result<Vec<License>> {
        let product = reference::existing(tx, &product)?;
        let base = match (&generator, method.or(options.method())) {
            (Some(reference), given) => {
                let recipe = generator_of(tx, reference, product.id)?.recipe;
                Recipe { method: given.unwrap_or(recipe.method), ..recipe }
            }
            (None, Some(method)) => default_recipe(method),
            (None, None) => recipe_of(tx, product.id)?,
        };
        let recipe = options.applied_to(base);
        recipe.pattern().map_err(|error| format!("these options can't be used for license keys: {error}"))?;
        operation(tx).generate(product.id, &recipe, count, &randomness, |license| license)
    })?;
    if args.csv {
        return write_csv(&licenses, output);
    }
    let mut keys = String::new();
    for license in &licenses {
        writeln!(keys, "{}", license.license_key)?;
    }
    let values: Vec<Value> = licenses.iter().map(to_json).collect();
    output.result(&Value::Array(values), &keys)?;
    output.note(&format!(
        "{} of product {} made",
        number(licenses.len(), "license key", "license keys"),
        licenses.first().map_or(0, |license| license.product_id)
    ));
    Ok(())
}

/// The active generator with this id or UUID, which must be the product's.
fn generator_of(tx: &Tx<'_>, reference: &str, product_id: i64) -> Result<Generator> {
    let generator = tx.generator_by_reference(reference.trim())?.ok_or_else(|| unknown(reference))?;
    let id = generator.id;
    if generator.product_id != product_id {
        return Err(format!(
            "generator {id} is of product {}, not of product {product_id}: see \"keyseal generator list\"",
            generator.product_id
        )
        .into());
    }
    if !generator.active {
        return Err(
            format!("generator {id} is disabled: run \"keyseal generator update {id} --active\"").into()
        );
    }
    Ok(generator)
}

/// The recipe of the product's first active generator, or that of UUIDs.
fn recipe_of(tx: &Tx<'_>, product_id: i64) -> Result<Recipe> {
    let generator = tx.active_generator_of_product(product_id)?;
    Ok(generator.map_or_else(|| default_recipe(GeneratorMethod::Uuid), |generator| generator.recipe))
}

fn write_csv(licenses: &[License], output: &mut Output<'_>) -> Result {
    let mut writer = WriterBuilder::new().from_writer(output.writer());
    writer.write_record(COLUMNS.iter().take(WITHOUT_NOTES))?;
    for license in licenses {
        let fields = fields(license, &[], LicenseNotes::default())?;
        writer.write_record(fields.iter().take(WITHOUT_NOTES))?;
    }
    Ok(writer.flush()?)
}
