//! Metadata on products.

use super::META_DATA;
use crate::domain::Outcome::*;
use crate::reference::fields::{META_KEY, META_VALUE, ONLY_PRODUCT_ID, PRODUCT_ID};
use crate::reference::{Asker, Endpoint, answer, plain};

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/create-product-meta",
        asker: Asker::Vendor,
        summary: "Adds an entry to a product",
        text: "A product has at most 1,000 entries, of 1 MiB together with their keys; one more, or more, is 1913 with `field` `key` or `value`.",
        fields: &[PRODUCT_ID, META_KEY, META_VALUE],
        answers: &[
            plain(ProductMetaCreated),
            plain(CreateProductMetaProductNotFound),
            plain(CreateProductMetaKeyRequired),
            plain(CreateProductMetaValueRequired),
            plain(ProductMetaKeyExists),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/update-product-meta",
        asker: Asker::Vendor,
        summary: "Changes an entry of a product",
        text: "A product has at most 1,000 entries, of 1 MiB together with their keys; one more, or more, is 1913 with `field` `key` or `value`.",
        fields: &[PRODUCT_ID, META_KEY, META_VALUE],
        answers: &[
            plain(ProductMetaUpdated),
            plain(UpdateProductMetaProductNotFound),
            plain(UpdateProductMetaKeyRequired),
            plain(UpdateProductMetaValueRequired),
            plain(UpdateProductMetaKeyMissing),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/delete-product-meta",
        asker: Asker::Vendor,
        summary: "Takes an entry from a product",
        text: "",
        fields: &[PRODUCT_ID, META_KEY],
        answers: &[
            plain(ProductMetaDeleted),
            plain(DeleteProductMetaProductNotFound),
            plain(DeleteProductMetaKeyRequired),
            plain(DeleteProductMetaKeyMissing),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/get-product-meta",
        asker: Asker::Product,
        summary: "The entries of a product",
        text: "",
        fields: &[ONLY_PRODUCT_ID],
        answers: &[answer(ProductInformation, &[META_DATA]), plain(ProductNotFound)],
        refusals: &[],
    },
];
