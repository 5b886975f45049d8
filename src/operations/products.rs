//! Adds, changes and deletes products.

use super::{Operation, OperationError};
use crate::domain::{NewProduct, Product, ProductChange};
use crate::store::Error;

/// A change of a product that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProductRefusal {
    #[error("a product with the slug {0} exists already")]
    SlugTaken(String),
    #[error("product {id} has {count} assigned {}", if *count == 1 { "license" } else { "licenses" })]
    HasLicenses { id: i64, count: i64 },
}

/// What happens to the licenses of a product that is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LicensesOfDeleted {
    /// They stay, and are answered with 203 from now on.
    Stay,
    /// The product isn't deleted while any is assigned.
    MustNotBeAssigned,
}

type Result<T> = std::result::Result<T, OperationError<ProductRefusal>>;

impl Operation<'_> {
    /// Adds a product with its settings. Returns its id.
    pub fn add_product(&self, product: &NewProduct, settings: &ProductChange) -> Result<i64> {
        self.check_slug(settings, None)?;
        Ok(self.tx.add_product_with(product, settings, self.now)?)
    }

    /// Changes a product.
    pub fn change_product(&self, id: i64, change: &ProductChange) -> Result<()> {
        self.check_slug(change, Some(id))?;
        Ok(self.tx.change_product(id, change, self.now)?)
    }

    /// Deletes a product with its metadata, generators and downloads. Its licenses stay. Returns how many of them are
    /// assigned.
    pub fn delete_product(&self, product: &Product, licenses: LicensesOfDeleted) -> Result<i64> {
        let count = self.tx.count_assigned_licenses(product.id)?;
        if licenses == LicensesOfDeleted::MustNotBeAssigned && count > 0 {
            return Err(OperationError::Refused(ProductRefusal::HasLicenses { id: product.id, count }));
        }
        self.tx.delete_product(product.id)?;
        Ok(count)
    }

    /// Whether no other product than `id` has this slug.
    pub fn is_slug_free(&self, slug: &str, id: Option<i64>) -> std::result::Result<bool, Error> {
        Ok(!self.tx.is_slug_taken(slug, id)?)
    }

    fn check_slug(&self, change: &ProductChange, id: Option<i64>) -> Result<()> {
        match change.slug.as_deref() {
            Some(slug) if !slug.is_empty() && !self.is_slug_free(slug, id)? => {
                Err(OperationError::Refused(ProductRefusal::SlugTaken(slug.to_owned())))
            }
            _ => Ok(()),
        }
    }
}
