//! Products, their public keys and their changelogs.

use super::{CREATED_AT, META_DATA, UPDATED_AT};
use crate::domain::Outcome::*;
use crate::domain::{MAX_NAME, MAX_PRODUCT_TEXT};
use crate::reference::fields::{Field, Kind, ONLY_PRODUCT_ID, PRODUCT_ID};
use crate::reference::shape::Shape;
use crate::reference::{Asker, Endpoint, answer, plain};

const NAME: Field = Field::required("name", Kind::Text(MAX_NAME), "My product", "");
const DESCRIPTION: Field = Field::required("description", Kind::Text(MAX_PRODUCT_TEXT), "What I sell", "");
const SOURCE: Field = Field::optional(
    "source",
    Kind::Word(&["internal", "envato"]),
    "internal",
    "`internal` if it isn't said.",
);
const REQUIRE_NON_EXPIRED: Field = Field::optional(
    "require_non_expired",
    Kind::Flag,
    "0",
    "Whether an expired license may not even download. 0 if it isn't said.",
);
const STATUS: Field = Field::optional(
    "status",
    Kind::Word(&["active", "inactive"]),
    "active",
    "Licenses of an inactive product answer 203. `active` if it isn't said.",
);
const EXTERNAL_REFERENCE: Field = Field::optional(
    "external_reference",
    Kind::Text(MAX_NAME),
    "SKU-17",
    "What the product is called elsewhere.",
);
const SLUG: Field = Field::optional(
    "slug",
    Kind::Text(MAX_NAME),
    "my-product",
    "Its name in URLs: letters, digits, `-`, `_` and `.`; of no other product; neither a number nor a uuid.",
);
const CHANGELOG_ENABLED: Field = Field::optional(
    "changelog_enabled",
    Kind::Flag,
    "1",
    "Whether anyone may read its changelog. 0 if it isn't said.",
);
const FEATURES: Field =
    Field::optional("features", Kind::Json(MAX_PRODUCT_TEXT), r#"["updates"]"#, "Shown by `get-product`.");

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/create-product",
        asker: Asker::Vendor,
        summary: "Adds a product",
        text: "The installation's key signs for it until `keyseal signing-key` gives it one of its own.",
        fields: &[
            NAME,
            DESCRIPTION,
            SOURCE,
            REQUIRE_NON_EXPIRED,
            STATUS,
            EXTERNAL_REFERENCE,
            SLUG,
            CHANGELOG_ENABLED,
            FEATURES,
        ],
        answers: &[
            answer(ProductCreated, &[("product_id", Shape::Number(1))]),
            answer(
                CreateProductIncorrectData,
                &[("errors", Shape::Errors(&[("name", "The name field is required.")]))],
            ),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/update-product",
        asker: Asker::Vendor,
        summary: "Changes a product",
        text: "What isn't sent stays. A blank `external_reference`, `slug` or `features` takes away what was there.",
        fields: &[
            PRODUCT_ID,
            NAME.may_be_left_out(),
            DESCRIPTION.may_be_left_out(),
            SOURCE.saying(""),
            REQUIRE_NON_EXPIRED.saying("Whether an expired license may not even download."),
            STATUS.saying("Licenses of an inactive product answer 203."),
            EXTERNAL_REFERENCE,
            SLUG,
            CHANGELOG_ENABLED.saying("Whether anyone may read its changelog."),
            FEATURES,
        ],
        answers: &[
            plain(ProductUpdated),
            answer(
                UpdateProductIncorrectData,
                &[("errors", Shape::Errors(&[("product_id", "The selected product id is invalid.")]))],
            ),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/delete-product",
        asker: Asker::Vendor,
        summary: "Deletes a product with its metadata, generators and downloads",
        text: "Its licenses stay, and answer 203.",
        fields: &[PRODUCT_ID],
        answers: &[plain(ProductDeleted), plain(ProductNotFound)],
        refusals: &[],
    },
    Endpoint {
        path: "/get-all-products",
        asker: Asker::Vendor,
        summary: "Lists all products by id",
        text: "",
        fields: &[],
        answers: &[answer(AllProducts, &[("products", Shape::List(&Shape::Object(&ROW)))])],
        refusals: &[],
    },
    Endpoint {
        path: "/get-product",
        asker: Asker::Product,
        summary: "One product",
        text: "",
        fields: &[ONLY_PRODUCT_ID],
        answers: &[answer(ProductInformation, &[("product", PRODUCT)]), plain(ProductNotFound)],
        refusals: &[],
    },
    Endpoint {
        path: "/get-product-public-key",
        asker: Asker::Product,
        summary: "The key that verifies a product's answers",
        text: "Its own, or the installation's where that signs for it. Build it into what you sell: a key that is fetched over a network that isn't trusted proves nothing.",
        fields: &[ONLY_PRODUCT_ID],
        answers: &[
            answer(
                ProductPublicKey,
                &[
                    ("product_uuid", Shape::Text("6f9619ff-8b86-4d01-b42d-00cf4fc964ff")),
                    ("public_key", Shape::Text("-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n")),
                ],
            ),
            plain(ProductPublicKeyUnavailable),
            plain(ProductNotFound),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/get-product-changelog",
        asker: Asker::Product,
        summary: "What is new in the published versions of a product",
        text: "",
        fields: &[ONLY_PRODUCT_ID],
        answers: &[
            answer(Changelog, CHANGELOG),
            plain(ChangelogDisabled),
            plain(ChangelogNotEnabled),
            plain(ProductNotFound),
        ],
        refusals: &[],
    },
];

pub const CHANGELOG: &[(&str, Shape)] = &[
    ("product", Shape::Object(&[("name", Shape::Text("My product")), ("slug", SLUG_SHOWN)])),
    (
        "changelog",
        Shape::List(&Shape::Object(&[
            ("version", Shape::Text("1.0.2")),
            ("numeric_version", Shape::Number(102)),
            ("release_date", Shape::Text("2026-02-27 00:00:00")),
            ("update_summary", Shape::Text("Bugfixes")),
            ("changelog", Shape::Text("Starts twice as fast")),
        ])),
    ),
];

const SLUG_SHOWN: Shape = Shape::Nullable(&Shape::Text("my-product"));

const ROW: [(&str, Shape); 11] = [
    ("id", Shape::Number(1)),
    ("external_reference", Shape::Text("")),
    ("source", Shape::Word(&["internal", "envato"])),
    ("name", Shape::Text("My product")),
    ("post_url", Shape::Text("")),
    ("description", Shape::Text("What I sell")),
    ("status", Shape::Word(&["active", "inactive"])),
    ("require_non_expired", Shape::Flag),
    CREATED_AT,
    UPDATED_AT,
    META_DATA,
];

const PRODUCT: Shape = Shape::Object(&[
    ROW[0],
    ROW[1],
    ROW[2],
    ROW[3],
    ROW[4],
    ROW[5],
    ROW[6],
    ROW[7],
    ROW[8],
    ROW[9],
    ROW[10],
    ("uuid", Shape::Text("6f9619ff-8b86-4d01-b42d-00cf4fc964ff")),
    ("slug", SLUG_SHOWN),
    ("features", Shape::Json(r#"["updates"]"#)),
]);
