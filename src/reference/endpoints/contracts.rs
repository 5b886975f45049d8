//! Contracts, as their issuer makes and changes them.

use super::{CREATED_AT, UPDATED_AT};
use crate::domain::Outcome::*;
use crate::domain::{MAX_META_VALUE, MAX_NAME};
use crate::reference::fields::{CONTRACT_ID, Field, Kind, PRODUCT_ID};
use crate::reference::shape::Shape;
use crate::reference::{Asker, Endpoint, answer, plain};

const KEY: Field = Field::required(
    "contract_key",
    Kind::Text(MAX_NAME),
    "c0ffee00-0000-4000-8000-000000000001",
    "The owner's credential: unique, and hard to guess.",
);
const NAME: Field = Field::required("contract_name", Kind::Text(MAX_NAME), "Reseller", "Shown as `name`.");
const INFORMATION: Field = Field::required(
    "contract_information",
    Kind::Text(MAX_META_VALUE),
    "Ten keys a year",
    "Shown as `information`.",
);
const KEYS_QUANTITY: Field = Field::required(
    "license_keys_quantity",
    Kind::Number(1, i64::MAX),
    "10",
    "How many licenses there may be under it at once.",
);
const STATUS: Field = Field::required(
    "status",
    Kind::Word(&["active", "inactive"]),
    "active",
    "Under an inactive contract nothing can be done.",
);
const GET_INFO: Field = Field::required("can_get_info", Kind::Flag, "1", "");
const GENERATE: Field = Field::required("can_generate", Kind::Flag, "1", "");
const DESTROY: Field = Field::required("can_destroy", Kind::Flag, "1", "");
const DESTROY_ALL: Field = Field::required("can_destroy_all", Kind::Flag, "0", "");

const INCORRECT: &[(&str, Shape)] =
    &[("errors", Shape::ErrorTexts(&[("status", "Status must be active or inactive")]))];

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/create-contract",
        asker: Asker::Shop,
        summary: "Lets somebody else make license keys of a product, up to a number",
        text: "Numbers are shown in the type in which they were sent.",
        fields: &[
            KEY,
            NAME,
            INFORMATION,
            PRODUCT_ID,
            KEYS_QUANTITY,
            STATUS,
            GET_INFO,
            GENERATE,
            DESTROY,
            DESTROY_ALL,
        ],
        answers: &[
            answer(ContractCreated, &[("contract", CREATED)]),
            answer(ContractIncorrectData, INCORRECT),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/update-contract",
        asker: Asker::Shop,
        summary: "Changes a contract",
        text: "What isn't sent stays.",
        fields: &[
            CONTRACT_ID,
            KEY.may_be_left_out(),
            NAME.may_be_left_out(),
            INFORMATION.may_be_left_out(),
            PRODUCT_ID.may_be_left_out(),
            KEYS_QUANTITY.may_be_left_out(),
            STATUS.may_be_left_out(),
            GET_INFO.may_be_left_out(),
            GENERATE.may_be_left_out(),
            DESTROY.may_be_left_out(),
            DESTROY_ALL.may_be_left_out(),
        ],
        answers: &[
            answer(ContractUpdated, &[("contract", UPDATED)]),
            answer(ContractIncorrectData, INCORRECT),
            plain(ContractNotFound),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/delete-contract",
        asker: Asker::Vendor,
        summary: "Deletes a contract",
        text: "The licenses under it stay; what was free is reserved.",
        fields: &[CONTRACT_ID],
        answers: &[plain(ContractDeleted), plain(ContractNotFound)],
        refusals: &[],
    },
    Endpoint {
        path: "/get-all-contracts",
        asker: Asker::Vendor,
        summary: "Lists all contracts by id",
        text: "",
        fields: &[],
        answers: &[answer(AllContracts, &[("contracts", Shape::List(&CONTRACT))])],
        refusals: &[],
    },
];

const ID: (&str, Shape) = ("id", Shape::Number(1));
const NAMED: (&str, Shape) = ("name", Shape::Text("Reseller"));
const INFORMED: (&str, Shape) = ("information", Shape::Text("Ten keys a year"));
const KEYED: (&str, Shape) = ("contract_key", Shape::Text("c0ffee00-0000-4000-8000-000000000001"));
const STATED: (&str, Shape) = ("status", Shape::Word(&["active", "inactive"]));
const COUNT: (&str, Shape) = ("license_keys_count", Shape::Number(0));

pub const CONTRACT: Shape = Shape::Object(&[
    ID,
    NAMED,
    INFORMED,
    KEYED,
    ("license_keys_quantity", Shape::Number(10)),
    ("product_id", Shape::Number(1)),
    ("can_get_info", Shape::Flag),
    ("can_generate", Shape::Flag),
    ("can_destroy", Shape::Flag),
    ("can_destroy_all", Shape::Flag),
    STATED,
    CREATED_AT,
    UPDATED_AT,
    COUNT,
]);

const SENT: [(&str, Shape); 6] = [
    ("license_keys_quantity", Shape::AsSent(10)),
    ("product_id", Shape::AsSent(1)),
    ("can_get_info", Shape::AsSent(1)),
    ("can_generate", Shape::AsSent(1)),
    ("can_destroy", Shape::AsSent(1)),
    ("can_destroy_all", Shape::AsSent(0)),
];

const UPDATED: Shape = Shape::Object(&[
    ID, NAMED, INFORMED, KEYED, SENT[0], SENT[1], SENT[2], SENT[3], SENT[4], SENT[5], STATED, CREATED_AT,
    UPDATED_AT, COUNT,
]);

const CREATED: Shape = Shape::Object(&[
    KEYED, NAMED, INFORMED, SENT[1], SENT[0], STATED, SENT[2], SENT[3], SENT[4], SENT[5], UPDATED_AT,
    CREATED_AT, ID, COUNT,
]);
