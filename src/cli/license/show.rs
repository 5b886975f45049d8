//! `keyseal license show`.

use serde_json::{Value, json};

use super::{existing, license_key, timeline, to_json_with};
use crate::cli::{Output, Result, join_lines, now, open};
use crate::domain::{Activation, License, LicenseState, Product, ProductStatus, Timestamp};
use crate::files::DataDir;
use crate::operations::{LicenseView, view};

/// How many seats are shown, and how many characters of a metadata value; `--json` shows all.
const MAX_SEATS: usize = 100;
const MAX_VALUE: usize = 100;

/// Show a license: its owner, seats, metadata, and what happened to it
#[derive(clap::Args)]
#[command(after_help = "Example:\n  keyseal license show 3a343c8a-38fe-4b6e-ad77-2222222")]
pub struct Args {
    /// License key
    key: String,
    /// Show the last N things that happened
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    timeline: u32,
    /// Show only what happened before this time: YYYY-MM-DD HH:MM:SS in UTC, or a date
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    before: Option<Timestamp>,
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(&args.key)?;
    let (limit, before) = (usize::try_from(args.timeline)?, args.before.unwrap_or(Timestamp(i64::MAX)));
    let shown = open(data)?
        .try_read(|tx| -> Result<LicenseView> { Ok(view(tx, existing(tx, &key)?, before, limit)?) })?;
    output.result(&all_to_json(&shown, now()), &in_words(&shown, now()))
}

fn in_words(view: &LicenseView, now: Timestamp) -> String {
    let LicenseView { license, notes, .. } = view;
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mut lines = vec![
        ("license", format!("{} (id {})", license.license_key, license.id)),
        ("product", product(license, view.product.as_ref())),
        ("status", license.status_in_words(now).to_owned()),
    ];
    if let Some(reason) = &notes.block_reason {
        lines.push(("reason", reason.clone()));
    }
    if let Some(status) = notes.status_before_block {
        lines.push(("before that", status.as_str().to_owned()));
    }
    lines.extend([
        ("expiry", license.expiry_in_words(now)),
        ("owner", owner(license)),
        ("order", or_dash(&notes.order_reference)),
        ("note", or_dash(&notes.note)),
        ("created", format!("{} UTC", license.created_at)),
        ("seats", seats(view, now)),
    ]);
    let mut text: Vec<String> = lines.iter().map(|(name, value)| format!("{name:<12} {value}")).collect();
    text.extend(view.seats.iter().take(MAX_SEATS).map(|seat| format!("  {}", seat_in_words(seat))));
    if view.seats.len() > MAX_SEATS {
        text.push(format!("  and {} more, which --json shows", view.seats.len() - MAX_SEATS));
    }
    if !view.meta.is_empty() {
        text.push("metadata".to_owned());
    }
    for entry in &view.meta {
        let value: String = entry.value.chars().take(MAX_VALUE).collect();
        let rest = if value.len() < entry.value.len() { "…" } else { "" };
        text.push(format!("  {} = {value}{rest}", entry.key));
    }
    text.extend(timeline::in_lines(&view.timeline));
    join_lines(&text)
}

fn product(license: &License, product: Option<&Product>) -> String {
    match product {
        None => format!("{}, which was deleted: customers are refused", license.product_id),
        Some(Product { id, name, status: ProductStatus::Active, .. }) => format!("{id} \"{name}\""),
        Some(Product { id, name, .. }) => format!("{id} \"{name}\", inactive: customers are refused"),
    }
}

fn owner(license: &License) -> String {
    match (&license.owner_name, &license.owner_email) {
        (Some(name), Some(email)) => format!("{name} <{email}>"),
        (Some(owner), None) | (None, Some(owner)) => owner.clone(),
        (None, None) => "-".to_owned(),
    }
}

fn seats(view: &LicenseView, now: Timestamp) -> String {
    let taken = i64::try_from(view.seats.len()).unwrap_or(i64::MAX);
    match view.license.activation_limit {
        0 => format!("{taken} taken, no limit"),
        limit => {
            let full = if LicenseState::Full.holds(&view.license, taken, now) { ", full" } else { "" };
            format!("{taken} of {limit} taken{full}")
        }
    }
}

fn seat_in_words(seat: &Activation) -> String {
    let from =
        |address: &Option<String>| address.as_ref().map_or_else(String::new, |from| format!(" from {from}"));
    let mut words =
        vec![seat.identifier.clone(), format!("activated {}{}", seat.activated_at, from(&seat.address))];
    words.extend(seat.last_seen_at.map(|seen| format!("last seen {seen}{}", from(&seat.last_address))));
    let post_url = seat.post_url.as_ref().filter(|url| !url.is_empty());
    words.extend(post_url.map(|url| format!("post_url {url}")));
    words.join(", ")
}

fn all_to_json(view: &LicenseView, now: Timestamp) -> Value {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let seat = |seat: &Activation| {
        json!({
            "identifier": seat.identifier, "activated_at": seat.activated_at.to_string(), "address": seat.address,
            "last_seen_at": time(seat.last_seen_at), "last_address": seat.last_address, "post_url": seat.post_url,
        })
    };
    let notes = &view.notes;
    let meta = view.meta.iter().map(|entry| json!({ "key": entry.key, "value": entry.value })).collect();
    to_json_with(
        &view.license,
        [
            ("created_at", json!(view.license.created_at.to_string())),
            ("product_name", json!(view.product.as_ref().map(|product| &product.name))),
            ("status_in_words", json!(view.license.status_in_words(now))),
            ("expiry_in_words", json!(view.license.expiry_in_words(now))),
            ("note", json!(notes.note)),
            ("order_reference", json!(notes.order_reference)),
            ("block_reason", json!(notes.block_reason)),
            ("status_before_block", json!(notes.status_before_block.map(|status| status.as_str()))),
            ("activations", view.seats.iter().map(seat).collect()),
            ("metadata", meta),
            ("timeline", timeline::to_json(&view.timeline)),
            ("earlier_than", json!(time(view.timeline.next))),
        ],
    )
}
