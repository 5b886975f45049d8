//! `keyseal customer list` and `show`.

use serde_json::{Value, json};

use super::existing;
use crate::cli::license::{HEADING, cells, to_json as license_to_json};
use crate::cli::{Output, Result, open};
use crate::domain::{Customer, CustomerProduct, fold_owner};
use crate::files::DataDir;
use crate::maintenance::units::number;

#[derive(clap::Args)]
pub struct ListArgs {
    /// Only the first N
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
    /// Only customers behind this e-mail address, in the order of the list: the last one of the page before
    #[arg(long, value_name = "EMAIL", default_value = "", hide_default_value = true)]
    after: String,
}

pub fn list(args: &ListArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    // One more than asked for tells whether there are more.
    let mut customers = open(data)?
        .try_read(|tx| tx.customers_after(&fold_owner(&args.after), args.limit.saturating_add(1)))?;
    let more =
        usize::try_from(args.limit).is_ok_and(|limit| customers.len() > limit) && customers.pop().is_some();
    let rows: Vec<(Value, Vec<String>)> = customers.iter().map(row).collect();
    output.list(&["e-mail", "name", "licenses", "seats", "products", "last seen"], &rows)?;
    if let Some(last) = customers.last().filter(|_| more) {
        output.note(&format!("there are more: --after {}", last.folded_email));
    }
    Ok(())
}

pub fn show(email: &str, data: &DataDir, output: &mut Output<'_>) -> Result {
    let (customer, licenses) = open(data)?.try_read(|tx| {
        let customer = existing(tx, email)?;
        let licenses = tx.licenses_of_customer(&customer.folded_email, 0, i64::MAX)?;
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>((customer, licenses))
    })?;
    let rows: Vec<(Value, Vec<String>)> =
        licenses.iter().map(|license| (license_to_json(license), cells(license))).collect();
    if output.is_json() {
        let mut value = to_json(&customer);
        if let Some(value) = value.as_object_mut() {
            value.insert("license_keys".to_owned(), rows.into_iter().map(|(license, _)| license).collect());
        }
        return output.result(&value, "");
    }
    let name = customer.name.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
    let products: Vec<String> = customer.products.iter().map(in_words).collect();
    let seen = customer.last_seen.map_or_else(|| "never seen".to_owned(), |time| format!("last seen {time}"));
    output.result(
        &Value::Null,
        &format!(
            "{}{name}: {}, {}, {seen}\nproducts: {}\n",
            customer.email,
            number(customer.licenses, "license", "licenses"),
            number(customer.seats, "seat", "seats"),
            products.join(", "),
        ),
    )?;
    output.list(&HEADING, &rows)
}

fn row(customer: &Customer) -> (Value, Vec<String>) {
    let products: Vec<String> = customer.products.iter().map(in_words).collect();
    let cells = vec![
        customer.email.clone(),
        customer.name.clone().unwrap_or_default(),
        customer.licenses.to_string(),
        customer.seats.to_string(),
        products.join(", "),
        customer.last_seen.map(|time| time.to_string()).unwrap_or_default(),
    ];
    (to_json(customer), cells)
}

fn in_words(product: &CustomerProduct) -> String {
    let name = product.name.clone().unwrap_or_else(|| format!("product {} (deleted)", product.id));
    if product.licenses == 1 { name } else { format!("{} × {name}", product.licenses) }
}

pub fn to_json(customer: &Customer) -> Value {
    let products: Vec<Value> = customer
        .products
        .iter()
        .map(|product| json!({ "id": product.id, "name": product.name, "licenses": product.licenses }))
        .collect();
    json!({
        "email": customer.email, "name": customer.name, "licenses": customer.licenses, "seats": customer.seats,
        "products": products, "last_seen": customer.last_seen.map(|time| time.to_string()),
    })
}
