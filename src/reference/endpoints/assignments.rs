//! Giving license keys to their owners: one that is named, or any.

use super::activations::POST_URL;
use super::{CREATED_AT, LICENSE_STATUS, META_DATA, OWNED_BY, UPDATED_AT};
use crate::domain::Outcome::*;
use crate::reference::fields::{
    Field, GENERATOR_ID, IDENTIFIER, Kind, LICENSE_KEY, OWNER_EMAIL, OWNER_NAME, PRODUCT_ID, QUANTITY,
};
use crate::reference::shape::Shape;
use crate::reference::{Asker, Endpoint, answer, plain};

const ONE_OR_MORE: Field = QUANTITY.may_be_left_out().saying("How many license keys; 1 if it isn't said.");
const GENERATE: Field = Field::optional(
    "generate",
    Kind::Flag,
    "0",
    "1: new keys, of the product's active generator. 0, and without it: keys that are available.",
);
const BY_GENERATOR: Field = GENERATOR_ID.may_be_left_out().saying(
    "New keys, of this active generator of the product: its id or its uuid. Comes before `generate`.",
);

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/random-assign-license-keys",
        asker: Asker::Shop,
        summary: "Assigns as many license keys of a product as are asked for, or none",
        text: "`generate=1` never takes what is available, `generate=0` never makes any.",
        fields: &[PRODUCT_ID, ONE_OR_MORE, GENERATE, BY_GENERATOR, OWNER_NAME, OWNER_EMAIL],
        answers: &[
            answer(LicenseKeysAssigned, &[("license_keys", Shape::List(&ITEM))]),
            answer(InsufficientLicenseKeys, &[("available_quantity", Shape::Number(1))]),
            plain(RandomAssignProductNotFound),
            plain(GeneratorNotFound),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/random-assign-license-keys-queued",
        asker: Asker::Shop,
        summary: "The same later, with the answer sent to a webhook",
        text: "Whatever would be refused is told to the webhook. The same request again, while it waits or within five minutes of its success, is the same one, unless an `Idempotency-Key` says otherwise.",
        fields: &[
            PRODUCT_ID.may_be_left_out(),
            ONE_OR_MORE,
            GENERATE,
            BY_GENERATOR,
            OWNER_NAME,
            OWNER_EMAIL,
            Field::optional(
                "webhook_url",
                // What is over the limit of a body doesn't come this far.
                Kind::Text(1024 * 1024),
                "https://example.com/webhook",
                "Gets the answer, within `original`. Without it nobody is told.",
            ),
            IDENTIFIER
                .may_be_left_out()
                .saying("An order's number, for example: the webhook is told with it."),
        ],
        answers: &[plain(RequestQueued)],
        refusals: &[],
    },
    Endpoint {
        path: "/assign-license-key",
        asker: Asker::Shop,
        summary: "Assigns a license key that is available or reserved",
        text: "",
        fields: &[
            LICENSE_KEY,
            OWNER_NAME,
            // The original's own name for it here is `email`, which is one of the aliases.
            OWNER_EMAIL,
        ],
        answers: &[plain(LicenseAssigned), plain(LicenseNotAssignable)],
        refusals: &[],
    },
    Endpoint {
        path: "/assign-and-activate-license-key",
        asker: Asker::Shop,
        summary: "Assigns a license key and takes a seat of it, or neither",
        text: "The owner that it was assigned to may ask again.",
        fields: &[
            LICENSE_KEY,
            IDENTIFIER,
            OWNER_EMAIL.saying("Whose the license becomes. By it an owner is known who asks again."),
            OWNER_NAME,
            POST_URL,
        ],
        answers: &[
            plain(LicenseActivated),
            plain(LicenseAlreadyActive),
            plain(ActivationLimitReached),
            plain(LicenseNotAssignable),
        ],
        refusals: &[InvalidLicenseKey, ProductNotActive, IdentifierRequired, LicenseBlocked, LicenseExpired],
    },
];

const ITEM: Shape = Shape::Object(&[
    ("product_id", Shape::Number(1)),
    ("license_key", Shape::Text("1de7d049-5c1f-4a2e-9a30-0b6c7d1e2f3a")),
    ("activation_limit", Shape::Number(1)),
    ("validity", Shape::Number(365)),
    LICENSE_STATUS,
    OWNED_BY[0],
    OWNED_BY[1],
    ("assigned_at", Shape::Nullable(&Shape::Text("2026-02-27T03:05:31.000000Z"))),
    ("contract_id", Shape::Nullable(&Shape::Number(1))),
    UPDATED_AT,
    CREATED_AT,
    ("id", Shape::Number(213)),
    META_DATA,
]);
