//! The record of an endpoint: what it is for, the fields it takes, and the answers it gives.

use super::field::{About, Described};
use super::shape::Shape;
use crate::domain::Outcome;

/// The description of an endpoint, which the reference prints. Its method, paths and capability are in the route
/// table.
pub struct Record {
    pub audience: Audience,
    /// One line, without a full stop.
    pub summary: &'static str,
    /// Further description; may be empty.
    pub text: &'static str,
    /// All fields that the endpoint reads.
    pub fields: &'static [&'static dyn Described],
    /// The answers of this endpoint alone, and those with fields. Its success comes first.
    pub answers: &'static [Answer],
    /// The answers without fields that the endpoint shares with others.
    pub refusals: &'static [Outcome],
    /// Whether the request may name an identifier that is on the blocklist: it is about it, and not from it.
    pub takes_blocked_identifiers: bool,
}

/// An outcome and the fields of its reply, in order.
#[derive(Clone, Copy)]
pub struct Answer {
    pub outcome: Outcome,
    pub fields: &'static [(&'static str, Shape)],
}

pub const fn answer(outcome: Outcome, fields: &'static [(&'static str, Shape)]) -> Answer {
    Answer { outcome, fields }
}

pub const fn plain(outcome: Outcome) -> Answer {
    answer(outcome, &[])
}

/// The callers of an endpoint. The reference groups endpoints by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Software in the customers' hands.
    Product,
    Shop,
    Vendor,
    /// The owner of a contract, by its key; no API key is needed.
    ContractOwner,
    Anyone,
}

impl Record {
    pub const fn new(audience: Audience, summary: &'static str) -> Self {
        Self {
            audience,
            summary,
            text: "",
            fields: &[],
            answers: &[],
            refusals: &[],
            takes_blocked_identifiers: false,
        }
    }

    #[must_use]
    pub const fn says(self, text: &'static str) -> Self {
        Self { text, ..self }
    }

    #[must_use]
    pub const fn takes(self, fields: &'static [&'static dyn Described]) -> Self {
        Self { fields, ..self }
    }

    #[must_use]
    pub const fn answers(self, answers: &'static [Answer]) -> Self {
        Self { answers, ..self }
    }

    #[must_use]
    pub const fn refuses(self, refusals: &'static [Outcome]) -> Self {
        Self { refusals, ..self }
    }

    #[must_use]
    pub const fn takes_blocked_identifiers(self) -> Self {
        Self { takes_blocked_identifiers: true, ..self }
    }

    /// All fields that the endpoint reads, as the reference prints them.
    pub fn fields(&self) -> impl Iterator<Item = &'static About> {
        self.fields.iter().map(|field| field.about())
    }
}

/// The refusals of every endpoint that is called with a license key and an identifier, in the order in which they
/// are checked (API §3.9).
pub const LICENSE_GATE: &[Outcome] = &[
    Outcome::InvalidLicenseKey,
    Outcome::ProductNotActive,
    Outcome::IdentifierRequired,
    Outcome::LicenseBlocked,
    Outcome::LicenseNotAssigned,
    Outcome::LicenseExpired,
    Outcome::NoActivation,
];

/// The refusals of [`LICENSE_GATE`] that apply before a license is activated.
pub const LICENSE_GATE_TO_ACTIVATE: &[Outcome] = &[
    Outcome::InvalidLicenseKey,
    Outcome::ProductNotActive,
    Outcome::IdentifierRequired,
    Outcome::LicenseBlocked,
    Outcome::LicenseNotAssigned,
    Outcome::LicenseExpired,
];
