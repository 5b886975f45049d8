//! Scenarios of products, and of the records that belong to products.

use super::{LATER, NOW, license, product};
use crate::domain::{
    Fingerprint, GeneratorMethod, KeyState, MetaKey, NewDownloadable, NewGenerator, NewProduct,
    ProductChange, ProductSource, ProductStatus, Recipe, StoredFile, Timestamp,
};
use crate::store::Tx;

pub(super) fn products(tx: &Tx<'_>) {
    assert!(tx.only_product().unwrap().is_none());
    let id = product(tx);
    assert_eq!(tx.only_product().unwrap().unwrap().id, id);
    let settings = ProductChange {
        slug: Some("Editor".to_owned()),
        features: Some("[1]".to_owned()),
        require_non_expired: Some(true),
        source: Some(ProductSource::Envato),
        post_url: Some("https://shop.example/".to_owned()),
        ..ProductChange::default()
    };
    tx.change_product(id, &settings, LATER).unwrap();
    let found = tx.product_by_reference("editor").unwrap().unwrap();
    assert_eq!((found.id, found.slug.as_deref(), found.features.as_str()), (id, Some("Editor"), "[1]"));
    assert!(found.require_non_expired && !found.changelog_enabled);
    assert_eq!(
        (found.post_url.as_str(), tx.count_assigned_licenses(id).unwrap()),
        ("https://shop.example/", 0)
    );
    assert_eq!((found.created_at, found.updated_at), (NOW, LATER));
    assert!(tx.product_by_reference("0B2A7B8C-1D5E-4F6A-8B9C-0D1E2F3A4B5C").unwrap().is_some());
    assert!(tx.product_by_reference(&id.to_string()).unwrap().is_some());
    let name = found.name.as_str();
    assert_eq!(tx.products_called(name).unwrap(), [id]);
    assert_eq!(tx.product_by_reference(name).unwrap().map(|product| product.id), Some(id));
    assert!(tx.product_by_slug("other").unwrap().is_none());
    assert!(tx.is_slug_taken("EDITOR", None).unwrap() && !tx.is_slug_taken("editor", Some(id)).unwrap());
    tx.change_product(id, &ProductChange { slug: Some(String::new()), ..settings.clone() }, LATER).unwrap();
    assert_eq!(tx.product(id).unwrap().unwrap().slug, None);
    let second = NewProduct {
        uuid: "u".to_owned(),
        name: "B".to_owned(),
        description: String::new(),
        status: ProductStatus::Inactive,
    };
    let added = tx.add_product_with(&second, &settings, NOW).unwrap();
    assert_eq!(tx.products().unwrap().iter().map(|product| product.id).collect::<Vec<_>>(), [id, added]);
    assert!(tx.only_product().unwrap().is_none());
    let fingerprint = Fingerprint("ab".repeat(32).into());
    assert!(tx.set_product_signing_key(id, &fingerprint, "PEM", NOW).unwrap());
    assert!(!tx.set_product_signing_key(99, &fingerprint, "PEM", NOW).unwrap());
    assert_eq!(tx.product(id).unwrap().unwrap().signing_key, Some(fingerprint));
    assert_eq!(tx.product_public_key(id).unwrap().as_deref(), Some("PEM"));
    assert_eq!(tx.product_public_key(added).unwrap(), None);
    tx.delete_product(added).unwrap();
    assert!(tx.product(added).unwrap().is_none());
}

pub(super) fn metadata(tx: &Tx<'_>) {
    let product_id = product(tx);
    let license_id = license(tx, product_id, "K");
    let (key, same) = (MetaKey::parse("Color").unwrap(), MetaKey::parse("cOLOR").unwrap());
    assert!(tx.add_license_meta(license_id, &key, "röd", NOW).unwrap().is_some());
    assert_eq!(tx.add_license_meta(license_id, &same, "x", NOW).unwrap(), None);
    let size = tx.license_meta_size(license_id).unwrap();
    assert_eq!((size.entries, size.bytes), (1, 9));
    assert!(tx.set_license_meta(license_id, &same, "blue", LATER).unwrap().is_some());
    let found = tx.license_meta(license_id).unwrap();
    assert_eq!((found[0].key.as_str(), found[0].value.as_str()), ("Color", "blue"));
    assert!(tx.delete_license_meta(license_id, &same).unwrap());
    assert!(!tx.delete_license_meta(license_id, &same).unwrap());
    assert_eq!(tx.license_meta_size(license_id).unwrap().bytes, 0);
    assert!(tx.add_product_meta(product_id, &key, "red", NOW).unwrap());
    assert!(!tx.add_product_meta(product_id, &same, "x", NOW).unwrap());
    assert!(tx.set_product_meta(product_id, &same, "green", LATER).unwrap());
    assert_eq!(tx.product_meta_size(product_id).unwrap().bytes, 10);
    assert_eq!(tx.all_product_meta().unwrap()[0].0, product_id);
    assert_eq!(tx.product_meta(product_id).unwrap()[0].value, "green");
    assert!(tx.delete_product_meta(product_id, &key).unwrap());
}

pub(super) fn generators_and_downloadables(tx: &Tx<'_>) {
    let product_id = product(tx);
    let recipe = Recipe {
        method: GeneratorMethod::ChunkSystem,
        prefix: "K-".to_owned(),
        suffix: String::new(),
        template: String::new(),
        number_of_chunks: 4,
        chunk_length: 5,
        charset: "ABC".to_owned(),
        activation_limit: 1,
        validity: 0,
    };
    let new = NewGenerator { uuid: "uuid-2".to_owned(), product_id, recipe: recipe.clone(), active: true };
    let id = tx.add_generator(&new, NOW).unwrap();
    assert_eq!(tx.generator_by_reference("UUID-2").unwrap().unwrap().recipe.number_of_chunks, 4);
    assert_eq!(tx.active_generator_of_product(product_id).unwrap().unwrap().id, id);
    assert!(tx.set_generator(id, &Recipe { validity: 9, ..recipe }, false, LATER).unwrap());
    assert!(tx.active_generator_of_product(product_id).unwrap().is_none());
    assert_eq!(tx.generators(Some(product_id)).unwrap()[0].recipe.validity, 9);
    assert_eq!(tx.generators(None).unwrap().len(), 1);
    assert!(tx.delete_generator(id).unwrap() && !tx.delete_generator(id).unwrap());

    let file = StoredFile { name: "a.zip".to_owned(), sha256: "0f".repeat(32), size: 7 };
    let new = NewDownloadable {
        product_id,
        numeric_version: 2,
        version: "2.0".to_owned(),
        update_summary: "s".to_owned(),
        changelog: "c".to_owned(),
        published: false,
        release_date: NOW,
        file,
    };
    let id = tx.add_downloadable(&new, NOW).unwrap().unwrap();
    assert_eq!(tx.add_downloadable(&new, NOW).unwrap(), None);
    assert!(tx.published_downloadables(product_id, None).unwrap().is_empty());
    assert!(tx.publish_downloadable(id, LATER).unwrap() && !tx.publish_downloadable(99, LATER).unwrap());
    tx.count_download(id).unwrap();
    assert_eq!(tx.published_downloadables(product_id, Some("2.0")).unwrap()[0].download_counter, 1);
    assert!(tx.published_downloadable(product_id, 2).unwrap().is_some());
    assert!(tx.product_has_version(product_id, "2.0").unwrap());
    assert!(!tx.product_has_version(product_id, "3.0").unwrap());
    assert_eq!(tx.downloadables(None).unwrap().len(), tx.downloadables(Some(product_id)).unwrap().len());
    assert_eq!(tx.downloadable(id).unwrap().unwrap().file.size, 7);
    assert!(tx.delete_downloadable(id).unwrap() && !tx.delete_downloadable(id).unwrap());
}

pub(super) fn signing_keys(tx: &Tx<'_>) {
    let product_id = product(tx);
    let [first, second] = ["aa", "bb"].map(|byte| Fingerprint(byte.repeat(32).into()));
    for owner in [None, Some(product_id)] {
        tx.set_current_key(owner, &first, "PEM 1", NOW).unwrap();
        tx.publish_next_key(owner, &second, "PEM 2", NOW).unwrap();
        assert!(tx.withdraw_next_key(owner).unwrap() && !tx.withdraw_next_key(owner).unwrap());
        tx.publish_next_key(owner, &second, "PEM 2", NOW).unwrap();
        tx.set_current_key(owner, &second, "PEM 2", LATER).unwrap();
        // Again changes nothing.
        tx.set_current_key(owner, &second, "PEM 2", Timestamp(LATER.0 + 9)).unwrap();
        let keys = tx.published_keys_of(owner).unwrap();
        let states: Vec<KeyState> = keys.iter().map(|key| key.state).collect();
        assert_eq!(states, [KeyState::Current, KeyState::Former]);
        assert_eq!((keys[0].from, keys[0].until), (Some(LATER), None));
        assert_eq!((keys[1].from, keys[1].until), (Some(NOW), Some(LATER)));
    }
    let switched = Timestamp(LATER.0 + 60);
    tx.set_switch_time(&first, &second, switched).unwrap();
    let keys = tx.published_keys().unwrap();
    assert_eq!((keys[0].owner, keys[0].from, keys[1].until), (None, Some(switched), Some(switched)));
    assert_eq!((keys[2].owner, keys[2].from), (Some(product_id), Some(LATER)));
}
