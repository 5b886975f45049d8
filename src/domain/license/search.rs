//! What a search for licenses looks at.

/// A field by which a license is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchField {
    LicenseKey,
    OwnerEmail,
    OwnerName,
    /// An identifier on which it is active.
    Identifier,
    OrderReference,
}

impl SearchField {
    pub const ALL: [Self; 5] =
        [Self::LicenseKey, Self::OwnerEmail, Self::OwnerName, Self::Identifier, Self::OrderReference];

    /// The name of this field in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LicenseKey => "license_key",
            Self::OwnerEmail => "owner_email",
            Self::OwnerName => "owner_name",
            Self::Identifier => "identifier",
            Self::OrderReference => "order_reference",
        }
    }
}

/// A license that a search has found, by its id, and the text in which it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchMatch {
    pub license_id: i64,
    pub field: SearchField,
    pub text: String,
}
