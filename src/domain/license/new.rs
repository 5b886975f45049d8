//! A license that is to be created.

use super::{License, LicenseStatus};
use crate::domain::{LicenseKey, Timestamp};

/// A license to be created.
#[derive(Clone, Debug)]
pub struct NewLicense {
    pub product_id: i64,
    pub license_key: LicenseKey,
    pub owner_name: Option<String>,
    pub owner_email: Option<String>,
    pub activation_limit: i64,
    pub validity: i64,
    pub assigned_at: Option<Timestamp>,
    pub status: LicenseStatus,
    pub contract_id: Option<i64>,
}

impl NewLicense {
    /// The license as it is stored, with its id.
    pub fn with_id(self, id: i64, now: Timestamp) -> License {
        License {
            id,
            product_id: self.product_id,
            license_key: self.license_key.to_string(),
            owner_name: self.owner_name,
            owner_email: self.owner_email,
            activation_limit: self.activation_limit,
            validity: self.validity,
            assigned_at: self.assigned_at,
            status: self.status,
            contract_id: self.contract_id,
            created_at: now,
            updated_at: now,
        }
    }

    /// An assigned license without limits, for tests.
    #[cfg(test)]
    pub fn sample(product_id: i64, license_key: &str) -> Self {
        Self {
            product_id,
            license_key: LicenseKey::parse(license_key).unwrap(),
            owner_name: None,
            owner_email: None,
            activation_limit: 0,
            validity: 0,
            assigned_at: None,
            status: LicenseStatus::Assigned,
            contract_id: None,
        }
    }
}
