//! The sample data of `keyseal demo`: data/demo/world.json, which is compiled in.

use std::path::PathBuf;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::cli::{Result, change, generator, product};
use crate::domain::{
    ApiKeySecret, Block, Capabilities, GeneratorMethod, Identifier, LicenseKey, LicenseStatus, NewActivation,
    NewGenerator, NewLicense, NewProduct, ProductChange, ProductStatus, Recipe, Timestamp, parse_network,
};
use crate::files::DataDir;
use crate::random::Randomness;
use crate::routes;
use crate::signing::{PublicKey, StagedKey};
use crate::store::{NewApiKey, Store, Tx};

const WORLD: &str = include_str!("../../../data/demo/world.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    products: Vec<SampleProduct>,
    generators: Vec<SampleGenerator>,
    licenses: Vec<SampleLicense>,
    api_keys: Vec<SampleApiKey>,
    blocks: Vec<SampleBlock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleProduct {
    name: String,
    description: String,
    #[serde(default = "yes")]
    active: bool,
    #[serde(default)]
    own_key: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleGenerator {
    product: i64,
    prefix: String,
    number_of_chunks: u32,
    activation_limit: i64,
    validity: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleLicense {
    product: i64,
    license_key: String,
    status: String,
    #[serde(default)]
    activation_limit: i64,
    #[serde(default)]
    validity: i64,
    assigned_at: Option<String>,
    owner_name: Option<String>,
    owner_email: Option<String>,
    #[serde(default)]
    identifiers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleApiKey {
    name: String,
    api_key: String,
    capabilities: Vec<String>,
    #[serde(default)]
    allow_ips: Vec<String>,
    #[serde(default = "yes")]
    active: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum SampleBlock {
    Ip(String),
    Domain(String),
    Identifier(String),
}

fn yes() -> bool {
    true
}

impl World {
    pub fn read() -> Result<Self> {
        Ok(serde_json::from_str(WORLD)?)
    }

    /// The number of products with a signing key of their own.
    pub fn own_keys(&self) -> usize {
        self.products.iter().filter(|product| product.own_key).count()
    }

    /// The hashes of all API keys in the sample data.
    pub fn api_key_hashes(&self) -> Result<Vec<[u8; 32]>> {
        self.api_keys.iter().map(|key| Ok(key.secret()?.hash())).collect()
    }

    /// Writes the sample data into an empty database in one transaction. `own_keys` has a private key for each
    /// product with a signing key of its own.
    pub fn write(
        self,
        store: &Store,
        data: &DataDir,
        own_keys: &[Zeroizing<String>],
        randomness: Randomness,
        now: Timestamp,
    ) -> Result {
        let staged: Vec<StagedKey> = own_keys
            .iter()
            .map(|pem| StagedKey::write(pem, &data.keys(), data))
            .collect::<std::result::Result<_, _>>()?;
        let public: Vec<PublicKey> = staged.iter().map(|staged| staged.key().public().clone()).collect();
        let directory = data.clone();
        let places = change(store, move |tx| {
            let (mut keys, mut places) = (public.iter(), Vec::new());
            for sample in &self.products {
                let own_key = sample.own_key.then(|| keys.next()).flatten();
                places.extend(sample.write(tx, &directory, own_key, &randomness, now)?);
            }
            self.generators.iter().try_for_each(|sample| sample.write(tx, &randomness, now))?;
            self.licenses.iter().try_for_each(|sample| sample.write(tx, now))?;
            self.api_keys.iter().try_for_each(|sample| sample.write(tx, now))?;
            self.blocks.iter().try_for_each(|sample| sample.write(tx, now))?;
            Ok(places)
        })?;
        for (staged, place) in staged.into_iter().zip(places) {
            staged.publish(&place)?;
        }
        Ok(())
    }
}

impl SampleProduct {
    fn write(
        &self,
        tx: &Tx<'_>,
        data: &DataDir,
        own_key: Option<&PublicKey>,
        randomness: &Randomness,
        now: Timestamp,
    ) -> Result<Option<PathBuf>> {
        let product = NewProduct {
            uuid: randomness.uuid()?,
            name: self.name.clone(),
            description: self.description.clone(),
            status: if self.active { ProductStatus::Active } else { ProductStatus::Inactive },
        };
        Ok(product::add(tx, data, &product, &ProductChange::default(), own_key, now)?.1)
    }
}

impl SampleGenerator {
    fn write(&self, tx: &Tx<'_>, randomness: &Randomness, now: Timestamp) -> Result {
        let recipe = Recipe {
            prefix: self.prefix.clone(),
            number_of_chunks: self.number_of_chunks,
            activation_limit: self.activation_limit,
            validity: self.validity,
            ..generator::default_recipe(GeneratorMethod::ChunkSystem)
        };
        let uuid = randomness.uuid()?;
        tx.add_generator(&NewGenerator { uuid, product_id: self.product, recipe, active: true }, now)?;
        Ok(())
    }
}

impl SampleLicense {
    fn write(&self, tx: &Tx<'_>, now: Timestamp) -> Result {
        let license = NewLicense {
            product_id: self.product,
            license_key: LicenseKey::parse_new(&self.license_key)?,
            owner_name: self.owner_name.clone(),
            owner_email: self.owner_email.clone(),
            activation_limit: self.activation_limit,
            validity: self.validity,
            assigned_at: self.assigned_at.as_deref().map(Timestamp::parse).transpose()?,
            status: LicenseStatus::parse(&self.status)
                .ok_or("the sample data has a license with an unknown status")?,
            contract_id: None,
        };
        let id = tx.add_license(&license, now)?.ok_or("the sample data has a license key twice")?;
        for identifier in &self.identifiers {
            let identifier = &Identifier::parse(identifier)?;
            tx.add_activation(
                &NewActivation { license_id: id, identifier, address: None, post_url: None },
                now,
            )?;
        }
        Ok(())
    }
}

impl SampleApiKey {
    fn secret(&self) -> Result<ApiKeySecret> {
        Ok(ApiKeySecret::parse(&self.api_key).ok_or("the sample data has an empty API key")?)
    }

    fn write(&self, tx: &Tx<'_>, now: Timestamp) -> Result {
        let key = NewApiKey {
            name: self.name.clone(),
            secret: self.secret()?,
            capabilities: Capabilities::parse(
                self.capabilities.iter().map(String::as_str),
                routes::capabilities(),
            )?,
            allow_ips: self.allow_ips.iter().map(|net| parse_network(net)).collect::<Result<_, _>>()?,
            active: self.active,
        };
        tx.add_api_key(&key, now)?.ok_or("the sample data has an API key twice")?;
        Ok(())
    }
}

impl SampleBlock {
    fn write(&self, tx: &Tx<'_>, now: Timestamp) -> Result {
        let block = match self {
            Self::Ip(text) => Block::parse_ip(text)?,
            Self::Domain(text) => Block::parse_domain(text)?,
            Self::Identifier(text) => Block::parse_identifier(text)?,
        };
        tx.add_block(&block, now)?;
        Ok(())
    }
}
