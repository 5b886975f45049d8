//! Licenses as lines of CSV: which columns there are, and how a line is read and written.

use std::collections::HashSet;

use csv::{ByteRecord, StringRecord};

use crate::cli::Result;
use crate::domain::{Identifier, License, LicenseKey, LicenseStatus, Timestamp};

/// All columns, in the order in which they are written. The first two must be there.
pub const COLUMNS: [&str; 9] = [
    "license_key",
    "product_id",
    "owner_name",
    "owner_email",
    "activation_limit",
    "validity",
    "assigned_at",
    "status",
    "identifiers",
];

/// What a line says. The product is named by its id, its uuid or its slug.
pub struct Line {
    pub license_key: LicenseKey,
    pub product: String,
    pub owner_name: Option<String>,
    pub owner_email: Option<String>,
    pub activation_limit: i64,
    pub validity: i64,
    pub assigned_at: Option<Timestamp>,
    pub status: LicenseStatus,
    pub identifiers: Vec<Identifier>,
}

/// Where each column is in a file; which order they are in is the file's.
#[derive(Clone)]
pub struct Columns {
    places: [Option<usize>; COLUMNS.len()],
    count: usize,
}

impl Columns {
    /// Reads the first line. A column that has another name is refused, not skipped: it may be one of ours, misspelled.
    pub fn read(header: &StringRecord) -> Result<Self> {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        if let Some(unknown) = names.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
            return Err(format!("\"{unknown}\" is no column: the columns are {}", COLUMNS.join(", ")).into());
        }
        if let Some(twice) =
            COLUMNS.iter().find(|column| names.iter().filter(|name| name == *column).count() > 1)
        {
            return Err(format!("the column {twice} is there twice").into());
        }
        let places = COLUMNS.map(|column| names.iter().position(|name| name == column));
        match places {
            [Some(_), Some(_), ..] => Ok(Self { places, count: names.len() }),
            _ => Err("the first line must name the columns, license_key and product_id at least".into()),
        }
    }

    /// Reads a line; or says what is wrong with it, as the end of a sentence.
    pub fn line(&self, record: &ByteRecord) -> std::result::Result<Line, String> {
        let record = StringRecord::from_byte_record(record.clone()).map_err(|_| "it is not UTF-8")?;
        if record.len() != self.count {
            return Err(format!("it has {} fields, the first line has {}", record.len(), self.count));
        }
        let fields = self.places.map(|place| record.get(place?).filter(|field| !field.trim().is_empty()));
        let [
            license_key,
            product,
            owner_name,
            owner_email,
            activation_limit,
            validity,
            assigned_at,
            status,
            identifiers,
        ] = fields;
        let license_key = LicenseKey::parse(license_key.unwrap_or_default());
        Ok(Line {
            license_key: license_key.map_err(|error| format!("license_key: {error}"))?,
            product: product.ok_or("product_id: it is empty")?.trim().to_owned(),
            owner_name: owner_name.map(str::to_owned),
            owner_email: owner_email.map(str::to_owned),
            activation_limit: number("activation_limit", activation_limit)?,
            validity: number("validity", validity)?,
            assigned_at: assigned_at.map(time).transpose()?,
            status: status.map_or(Ok(LicenseStatus::Available), status_word)?,
            identifiers: identifiers.map_or(Ok(Vec::new()), identifier_list)?,
        })
    }
}

/// A license's fields, in the order of [`COLUMNS`].
pub fn fields(license: &License, identifiers: &[String]) -> Result<[String; COLUMNS.len()]> {
    Ok([
        license.license_key.clone(),
        license.product_id.to_string(),
        license.owner_name.clone().unwrap_or_default(),
        license.owner_email.clone().unwrap_or_default(),
        license.activation_limit.to_string(),
        license.validity.to_string(),
        license.assigned_at.map(|moment| moment.to_string()).unwrap_or_default(),
        license.status.as_str().to_owned(),
        // JSON, because an identifier may hold any character that could separate two.
        if identifiers.is_empty() { String::new() } else { serde_json::to_string(identifiers)? },
    ])
}

fn number(column: &str, field: Option<&str>) -> std::result::Result<i64, String> {
    let Some(field) = field else { return Ok(0) };
    let number = field.trim().parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| format!("{column}: \"{field}\" is no whole number from 0"))
}

fn time(field: &str) -> std::result::Result<Timestamp, String> {
    Timestamp::parse(field).map_err(|error| format!("assigned_at: {error}"))
}

fn status_word(field: &str) -> std::result::Result<LicenseStatus, String> {
    LicenseStatus::parse(field.trim()).ok_or_else(|| {
        let words = LicenseStatus::ALL.map(LicenseStatus::as_str).join(", ");
        format!("status: \"{field}\" is none of {words}")
    })
}

fn identifier_list(field: &str) -> std::result::Result<Vec<Identifier>, String> {
    let texts: Vec<String> = serde_json::from_str(field)
        .map_err(|_| "identifiers: write them as a JSON array of texts, for example [\"shop.example\"]")?;
    let mut seen = HashSet::new();
    texts
        .iter()
        .map(|text| {
            let identifier =
                Identifier::parse(text).map_err(|error| format!("identifiers: \"{text}\": {error}"))?;
            if !seen.insert(identifier.as_str().to_ascii_lowercase()) {
                return Err(format!("identifiers: \"{text}\" is there twice"));
            }
            Ok(identifier)
        })
        .collect()
}
