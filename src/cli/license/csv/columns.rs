//! The first line of a file: which column is where.

use super::format::known_columns;
use super::{COLUMNS, EXPIRES_AT, Format, UNREAD};
use crate::cli::Result;

/// What people and other programs call columns, when it is not our name for them.
const OTHER_NAMES: [(&str, &str); 6] = [
    ("key", "license_key"),
    ("keys", "license_key"),
    ("license", "license_key"),
    ("licenses", "license_key"),
    ("license_keys", "license_key"),
    ("product", "product_id"),
];

/// The number of columns that are read: those of an export, and `expires_at`.
pub(super) const READ: usize = COLUMNS.len() + 1;

/// The position of each column in a file. Any order is accepted.
#[derive(Clone, Debug)]
pub struct Columns {
    pub(super) places: [Option<usize>; READ],
    /// The number of columns, without those at the end that have no name.
    pub(super) count: usize,
    pub(super) format: Format,
    /// The unknown columns that are left out.
    pub left_out: Vec<String>,
}

/// What a file's first record is.
pub enum First {
    Header(Columns),
    /// A license key: the file has nothing else.
    Key(Columns),
}

/// What an import may do without.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Leave unknown columns out.
    pub ignore_unknown: bool,
    /// The product of lines that name none is known.
    pub has_product: bool,
    /// Lines may be about licenses that exist, which have a product.
    pub updates: bool,
}

impl Columns {
    /// Reads the first record. Refuses unknown columns: they may be misspelled ones.
    pub fn read(first: &[&str], format: Format, rules: Rules) -> Result<First> {
        let names: Vec<String> = first.iter().map(|name| column_name(name)).collect();
        let count = names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
        let names = names.get(..count).unwrap_or_default();
        let is_known = |name: &String| name == EXPIRES_AT || COLUMNS.contains(&name.as_str());
        if let [_] = names
            && !names.iter().any(is_known)
        {
            return bare_list(format, rules);
        }
        let unknown = |name: &&String| !is_known(name) && !UNREAD.contains(&name.as_str());
        let left_out: Vec<String> = names.iter().filter(unknown).cloned().collect();
        if !left_out.is_empty() && !rules.ignore_unknown {
            return Err(unknown_columns(&left_out, format).into());
        }
        let place = |column: &str| names.iter().position(|name| name == column);
        let mut places = [None; READ];
        for (slot, column) in places.iter_mut().zip(COLUMNS.into_iter().chain([EXPIRES_AT])) {
            if names.iter().filter(|name| *name == column).count() > 1 {
                return Err(format!("the column {column} appears twice").into());
            }
            *slot = place(column);
        }
        let needed = if rules.has_product || rules.updates { &COLUMNS[..1] } else { &COLUMNS[..2] };
        let missing: Vec<&str> = needed.iter().copied().filter(|column| place(column).is_none()).collect();
        if !missing.is_empty() {
            return Err(format!(
                "the first line names no column {}; it has {}, read as separated by {}{}",
                missing.join(" and no column "),
                names.join(", "),
                format.delimiter_name(),
                if missing.contains(&"product_id") { ". --product gives all lines one product" } else { "" }
            )
            .into());
        }
        Ok(First::Header(Self { places, count, format, left_out }))
    }
}

/// A name as it is compared: `License Key` is `license_key`.
fn column_name(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == name);
    other.map_or(name, |(_, column)| (*column).to_owned())
}

/// A file whose first record is one field and no column's name.
fn bare_list(format: Format, rules: Rules) -> Result<First> {
    if !rules.has_product {
        return Err(format!(
            "the first line must name the columns, at least license_key and product_id; the columns are {}. If the \
             file is a list of keys, one on each line, give their product with --product",
            known_columns()
        )
        .into());
    }
    let mut places = [None; READ];
    if let Some(key) = places.first_mut() {
        *key = Some(0);
    }
    Ok(First::Key(Columns { places, count: 1, format, left_out: Vec::new() }))
}

fn unknown_columns(unknown: &[String], format: Format) -> String {
    let (word, names) = match unknown {
        [name] => ("column", shown(name)),
        names => ("columns", names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ")),
    };
    format!(
        "unknown {word} {names} (the first line is read as separated by {}): the columns are {}. --ignore-unknown \
         leaves others out",
        format.delimiter_name(),
        known_columns()
    )
}

fn shown(name: &str) -> String {
    if name.is_empty() { "without a name".to_owned() } else { format!("\"{name}\"") }
}
