//! Makes new license keys.

use super::Operation;
use crate::domain::{GeneratorError, License, NewLicense, Recipe};
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
        let mut random = |bytes: &mut [u8]| randomness.fill(bytes);
        let add = |license_key| {
            let license = settle(recipe.license(product_id, license_key));
            let id = self.tx.add_license(&license, self.now)?;
            Ok::<_, E>(id.map(|id| license.with_id(id, self.now)))
        };
        (0..quantity).map(|_| pattern.new_key(&mut random, add)).collect()
    }
}
