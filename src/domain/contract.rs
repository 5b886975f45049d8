//! Contracts: the right of a reseller to create license keys of a product, up to a number.

use super::{MAX_QUANTITY, Timestamp};
use crate::domain::Outcome;

/// The least number of characters in the key of a new contract. It is a credential, so it must be hard to guess.
pub const MIN_CONTRACT_KEY: usize = 16;

/// A contract (API §4.29).
#[derive(Clone, Debug)]
pub struct Contract {
    pub id: i64,
    pub uuid: String,
    pub terms: Terms,
    /// The number of existing licenses under the contract. Deleting one makes room for another.
    pub license_keys_count: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The terms of a contract. `Debug` omits the contract key, which is its owner's credential.
#[derive(Clone)]
pub struct Terms {
    pub contract_key: String,
    pub name: String,
    pub information: String,
    pub product_id: i64,
    /// The maximum number of licenses under the contract at a time.
    pub license_keys_quantity: i64,
    pub status: ContractStatus,
    /// The permitted operations, in the order of [`Permission::ALL`].
    pub permissions: Vec<Permission>,
}

impl std::fmt::Debug for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terms").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContractStatus {
    Active,
    Inactive,
}

impl ContractStatus {
    /// The name of this value in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Inactive].into_iter().find(|status| status.as_str() == word)
    }
}

/// An operation that a contract can permit (API §6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    GetInfo,
    Generate,
    Destroy,
    DestroyAll,
}

impl Permission {
    pub const ALL: [Self; 4] = [Self::GetInfo, Self::Generate, Self::Destroy, Self::DestroyAll];

    /// The error message for a field that is neither true nor false.
    pub fn error(self) -> &'static str {
        match self {
            Self::GetInfo => "Can get info must be 1 for true or 0 for false",
            Self::Generate => "Can generate must be 1 for true or 0 for false",
            Self::Destroy => "Can destroy must be 1 for true or 0 for false",
            Self::DestroyAll => "Can destroy all must be 1 for true or 0 for false",
        }
    }
}

impl Terms {
    pub fn allow(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
}

impl Contract {
    /// Refuses an operation that the contract doesn't permit. An inactive contract is answered like a missing one
    /// (API §4.33).
    pub fn check_allows(&self, permission: Permission) -> Result<(), Outcome> {
        match self.terms.status {
            ContractStatus::Inactive => Err(Outcome::OwnContractNotFound),
            ContractStatus::Active if self.terms.allow(permission) => Ok(()),
            ContractStatus::Active => Err(Outcome::MissingCapability),
        }
    }

    /// Returns the quantity if that many more licenses fit under the contract. `None`: the field was not a number.
    pub fn check_quantity(&self, quantity: Option<i64>) -> Result<i64, Outcome> {
        let left = self.terms.license_keys_quantity.saturating_sub(self.license_keys_count);
        match quantity {
            _ if left <= 0 => Err(Outcome::ContractLimitReached),
            Some(quantity @ 1..=MAX_QUANTITY) if quantity <= left => Ok(quantity),
            _ => Err(Outcome::ContractQuantityTooLarge),
        }
    }

    /// Whether the text is the contract's id, uuid or key.
    pub fn is_called(&self, reference: &str) -> bool {
        reference == self.terms.contract_key
            || reference.eq_ignore_ascii_case(&self.uuid)
            || reference.parse() == Ok(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(quantity: i64, count: i64) -> Contract {
        let terms = Terms {
            contract_key: "77".to_owned(),
            name: "N".to_owned(),
            information: "I".to_owned(),
            product_id: 1,
            license_keys_quantity: quantity,
            status: ContractStatus::Active,
            permissions: vec![Permission::Generate],
        };
        let (created_at, updated_at) = (Timestamp(0), Timestamp(0));
        Contract { id: 7, uuid: "ab-c".to_owned(), terms, license_keys_count: count, created_at, updated_at }
    }

    #[test]
    fn a_contract_has_room_up_to_its_quantity_and_no_further() {
        let (reached, too_large) = (Outcome::ContractLimitReached, Outcome::ContractQuantityTooLarge);
        for (quantity, count, wanted, checked) in [
            (3, 1, Some(2), Ok(2)),
            (3, 1, Some(3), Err(too_large)),
            (3, 1, Some(0), Err(too_large)),
            (3, 1, None, Err(too_large)),
            (3, 3, Some(1), Err(reached)),
            (3, 4, None, Err(reached)),
            (i64::MAX, 0, Some(1_000), Ok(1_000)),
            (i64::MAX, 0, Some(1_001), Err(too_large)),
        ] {
            assert_eq!(contract(quantity, count).check_quantity(wanted), checked);
        }
    }

    #[test]
    fn inactive_comes_before_not_allowed() {
        let mut contract = contract(1, 0);
        assert_eq!(contract.check_allows(Permission::Generate), Ok(()));
        assert_eq!(contract.check_allows(Permission::Destroy), Err(Outcome::MissingCapability));
        contract.terms.status = ContractStatus::Inactive;
        assert_eq!(contract.check_allows(Permission::Destroy), Err(Outcome::OwnContractNotFound));
    }

    #[test]
    fn a_contract_is_called_by_id_uuid_or_key() {
        for (reference, is_it) in [("7", true), ("AB-C", true), ("77", true), ("8", false), ("", false)] {
            assert_eq!(contract(1, 0).is_called(reference), is_it, "{reference}");
        }
    }
}
