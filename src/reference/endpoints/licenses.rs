//! License keys: making, changing, deleting, listing and counting them.

use super::{ASSIGNED_AT, CREATED_AT, LICENSE_KEYS, LICENSE_STATUS, LICENSE_STATUSES, OWNED_BY, UPDATED_AT};
use crate::api::license_fields::MAX_LICENSE_KEYS;
use crate::domain::Outcome::*;
use crate::domain::{MAX_LICENSE_NUMBER, MAX_PAGE_ITEMS};
use crate::reference::fields::{Field, Kind, LICENSE_KEY, OWNER_EMAIL, OWNER_NAME, PAGE, PRODUCT_ID};
use crate::reference::shape::Shape;
use crate::reference::{Asker, Endpoint, answer, plain};

pub const ACTIVATION_LIMIT: Field = Field::required(
    "activation_limit",
    Kind::Number(-1, MAX_LICENSE_NUMBER),
    "2",
    "How many identifiers it may be active on; 0 or -1: any number.",
);
pub const VALIDITY: Field = Field::required(
    "validity",
    Kind::Number(0, MAX_LICENSE_NUMBER),
    "365",
    "Days from its assignment until it expires; 0: never.",
);
const STATUS: Field = Field::required("status", Kind::Word(LICENSE_STATUSES), "available", "");
const ASSIGNED: Field = Field::optional(
    "assigned_at",
    Kind::Moment,
    "2026-02-27 03:05:31",
    "From when its validity counts. Now, if the status is `assigned` and nothing else is said.",
);

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/create-license-keys",
        asker: Asker::Vendor,
        summary: "Adds license keys",
        text: "Keys that exist are skipped and counted as `duplicate`. Or, without `license_keys`, `licenses`: orders for keys that generators make, all or none, answered with the keys.",
        fields: &[
            Field::required(
                "license_keys",
                Kind::Texts(MAX_LICENSE_KEYS),
                r#"["FIRST-KEY","SECOND-KEY"]"#,
                "The new keys.",
            ),
            PRODUCT_ID,
            ACTIVATION_LIMIT,
            VALIDITY,
            STATUS,
            OWNER_NAME,
            OWNER_EMAIL,
            ASSIGNED,
            Field::optional(
                "licenses",
                Kind::Objects(MAX_LICENSE_KEYS),
                r#"[{"product_id":1,"owner_email":"jane@example.com"}]"#,
                "In the place of all others: of each key a `product_id` or a `generator_id` or both, and if wanted `owner_name`, `owner_email` (then it is assigned), `activation_limit` and `validity`.",
            ),
        ],
        answers: &[
            answer(
                LicenseKeysCreated,
                &[
                    ("created", Shape::Number(2)),
                    ("duplicate", Shape::Number(0)),
                    ("license_keys", Shape::Sometimes(&LICENSE_KEYS)),
                ],
            ),
            answer(
                CreateLicenseIncorrectData,
                &[("errors", Shape::Errors(&[("status", "The selected status is invalid.")]))],
            ),
            plain(NoLicenseKeysCreated),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/update-license-key",
        asker: Asker::Vendor,
        summary: "Changes a license",
        text: "What isn't sent stays. A blank owner takes the owner away. `post_url`s are told when it becomes blocked.",
        fields: &[
            LICENSE_KEY,
            PRODUCT_ID.may_be_left_out(),
            OWNER_NAME,
            OWNER_EMAIL,
            ACTIVATION_LIMIT.may_be_left_out(),
            VALIDITY.may_be_left_out(),
            Field::optional(
                "status",
                Kind::Word(&[
                    "assigned",
                    "available",
                    "reserved",
                    "blocked",
                    "active",
                    "inactive",
                    "suspended",
                    "revoked",
                ]),
                "blocked",
                "`active` is `assigned`; `inactive`, `suspended` and `revoked` are `blocked`.",
            ),
            ASSIGNED,
        ],
        answers: &[
            plain(LicenseUpdated),
            answer(
                UpdateLicenseIncorrectData,
                &[("errors", Shape::Errors(&[("license_key", "The license key field is required.")]))],
            ),
            plain(UpdateLicenseNotFound),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/delete-license-key",
        asker: Asker::Vendor,
        summary: "Deletes a license with its activations and metadata",
        text: "`post_url`s are told.",
        fields: &[LICENSE_KEY],
        answers: &[plain(LicenseDeleted), plain(DeleteLicenseNotFound)],
        refusals: &[],
    },
    Endpoint {
        path: "/get-license-keys",
        asker: Asker::Vendor,
        summary: "Lists licenses by id",
        text: "Each filter narrows the list; one that nothing can match empties it.",
        fields: &[
            PRODUCT_ID.may_be_left_out(),
            STATUS.may_be_left_out(),
            OWNER_NAME.saying("Only licenses of this owner."),
            OWNER_EMAIL.saying("Only licenses of this owner."),
            PAGE,
            Field::optional(
                "items_per_page",
                Kind::Number(1, MAX_PAGE_ITEMS),
                "10",
                "10 if it isn't said; more than 1000 are 1000.",
            ),
        ],
        answers: &[answer(LicenseKeys, &[("license_keys", Shape::List(&ROW))])],
        refusals: &[],
    },
    Endpoint {
        path: "/get-available-license-keys-count",
        asker: Asker::Vendor,
        summary: "How many license keys are left to be assigned at random",
        text: "",
        fields: &[PRODUCT_ID],
        answers: &[
            answer(AvailableLicenseKeysCount, &[("count", Shape::Number(42))]),
            plain(CountProductNotFound),
        ],
        refusals: &[],
    },
];

const ROW: Shape = Shape::Object(&[
    ("id", Shape::Number(1)),
    ("product_id", Shape::Number(1)),
    ("license_key", Shape::Text("3a343c8a-38fe-4b6e-ad77-2222222")),
    OWNED_BY[0],
    OWNED_BY[1],
    ("activation_limit", Shape::Number(0)),
    ("validity", Shape::Number(365)),
    ASSIGNED_AT,
    LICENSE_STATUS,
    CREATED_AT,
    UPDATED_AT,
]);
