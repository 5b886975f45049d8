//! Makes new license keys.

use super::Operation;
use crate::domain::{ATTEMPTS, GeneratorError, License, NewLicense, Pattern, Recipe};
use crate::random::Randomness;
use crate::store;

impl Operation<'_> {
    /// Makes `quantity` licenses of a product by a recipe and stores them, all or none. `settle` can change each
    /// license before it is stored: it starts as an available one without an owner. Fails if the recipe finds no
    /// unused key in a few attempts.
    pub fn generate<E: From<GeneratorError> + From<store::Error>>(
        &self,
        product_id: i64,
        recipe: &Recipe,
        quantity: i64,
        randomness: &Randomness,
        settle: impl Fn(NewLicense) -> NewLicense,
    ) -> Result<Vec<License>, E> {
        let pattern = recipe.pattern()?;
        let wanted = vec![(); usize::try_from(quantity).unwrap_or_default()];
        self.add_each(&wanted, |()| Ok(settle(new_license(product_id, recipe, &pattern, randomness)?)))
    }

    /// Stores a license for each of `wanted`, all or none. `make` makes one, and is asked again a few times if its key
    /// exists already.
    pub fn add_each<T, E: From<GeneratorError> + From<store::Error>>(
        &self,
        wanted: &[T],
        make: impl Fn(&T) -> Result<NewLicense, E>,
    ) -> Result<Vec<License>, E> {
        let mut slots: Vec<(&T, Option<License>)> = wanted.iter().map(|wanted| (wanted, None)).collect();
        for _ in 0..ATTEMPTS {
            let mut missing: Vec<_> = slots.iter_mut().filter(|(_, license)| license.is_none()).collect();
            if missing.is_empty() {
                break;
            }
            let licenses = missing.iter().map(|(wanted, _)| make(wanted)).collect::<Result<Vec<_>, E>>()?;
            let ids = self.tx.add_licenses(&licenses, self.now)?;
            for (((_, slot), license), id) in missing.iter_mut().zip(licenses).zip(ids) {
                *slot = id.map(|id| license.with_id(id, self.now));
            }
        }
        let licenses: Option<Vec<License>> = slots.into_iter().map(|(_, license)| license).collect();
        licenses.ok_or_else(|| GeneratorError::UsedUp.into())
    }
}

/// An available license with a new key, which may exist already.
pub fn new_license(
    product_id: i64,
    recipe: &Recipe,
    pattern: &Pattern,
    randomness: &Randomness,
) -> Result<NewLicense, GeneratorError> {
    let license_key = pattern.key(&mut |bytes: &mut [u8]| randomness.fill(bytes))?;
    Ok(recipe.license(product_id, license_key))
}
