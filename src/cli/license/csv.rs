//! The CSV format of licenses: its columns, and reading and writing a line.

use std::collections::HashSet;

use csv::{ByteRecord, StringRecord};

use crate::cli::Result;
use crate::domain::{Identifier, License, LicenseKey, LicenseStatus, Timestamp};
use crate::maintenance::units::number as number_of;

/// All columns, in the order of an export. An import needs the first two.
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

/// A line of an import. The product is given by id, UUID or slug.
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

/// The position of each column in a file. Any order is accepted.
#[derive(Clone)]
pub struct Columns {
    places: [Option<usize>; COLUMNS.len()],
    count: usize,
}

impl Columns {
    /// Reads the first line. Refuses unknown columns: they may be misspelled ones.
    pub fn read(header: &StringRecord) -> Result<Self> {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        if let Some(unknown) = names.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
            return Err(
                format!("unknown column \"{unknown}\": the columns are {}", COLUMNS.join(", ")).into()
            );
        }
        if let Some(twice) =
            COLUMNS.iter().find(|column| names.iter().filter(|name| name == *column).count() > 1)
        {
            return Err(format!("the column {twice} appears twice").into());
        }
        let places = COLUMNS.map(|column| names.iter().position(|name| name == column));
        match places {
            [Some(_), Some(_), ..] => Ok(Self { places, count: names.len() }),
            _ => Err("the first line must name the columns, at least license_key and product_id".into()),
        }
    }

    /// Reads a line. The error completes a sentence such as "line 7: …".
    pub fn line(&self, record: &ByteRecord) -> Result<Line, String> {
        let record = StringRecord::from_byte_record(record.clone()).map_err(|_| "not UTF-8")?;
        if record.len() != self.count {
            return Err(format!(
                "{}, but the first line has {}",
                number_of(record.len(), "field", "fields"),
                self.count
            ));
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
            product: product.ok_or("product_id is empty")?.trim().to_owned(),
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
        // JSON, because an identifier may contain any separator.
        if identifiers.is_empty() { String::new() } else { serde_json::to_string(identifiers)? },
    ])
}

fn number(column: &str, field: Option<&str>) -> Result<i64, String> {
    let Some(field) = field else { return Ok(0) };
    let number = field.trim().parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| format!("{column}: \"{field}\" is not a whole number of at least 0"))
}

fn time(field: &str) -> Result<Timestamp, String> {
    Timestamp::parse(field).map_err(|error| format!("assigned_at: {error}"))
}

fn status_word(field: &str) -> Result<LicenseStatus, String> {
    LicenseStatus::parse(field.trim()).ok_or_else(|| {
        let words = LicenseStatus::ALL.map(LicenseStatus::as_str).join(", ");
        format!("status: \"{field}\" is not one of {words}")
    })
}

fn identifier_list(field: &str) -> Result<Vec<Identifier>, String> {
    let texts: Vec<String> = serde_json::from_str(field)
        .map_err(|_| "identifiers: write a JSON array of strings, for example [\"shop.example\"]")?;
    let mut seen = HashSet::new();
    texts
        .iter()
        .map(|text| {
            let identifier =
                Identifier::parse(text).map_err(|error| format!("identifiers: \"{text}\": {error}"))?;
            if !seen.insert(identifier.as_str().to_ascii_lowercase()) {
                return Err(format!("identifiers: \"{text}\" appears twice"));
            }
            Ok(identifier)
        })
        .collect()
}
