//! What the owner of a contract does under it.

use super::LICENSE_KEYS;
use super::contracts::CONTRACT;
use crate::domain::MAX_NAME;
use crate::domain::Outcome::*;
use crate::reference::fields::{CONTRACT_ID, Field, Kind, LICENSE_KEY, QUANTITY};
use crate::reference::shape::Shape;
use crate::reference::{Asker, Endpoint, answer, plain};

const CONTRACT_KEY: Field = Field::optional(
    "contract_key",
    Kind::Text(MAX_NAME),
    "c0ffee00-0000-4000-8000-000000000001",
    "The owner's credential, where no API key is sent; else it names the contract.",
);
const NAMED: Field = CONTRACT_ID
    .may_be_left_out()
    .saying("The contract, for an API key: its id or its uuid. Comes before `contract_key`.");

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/contracts/get-info",
        asker: Asker::ContractOwner,
        summary: "The contract",
        text: "102 where the contract doesn't allow it.",
        fields: &[CONTRACT_KEY, NAMED],
        answers: &[answer(ContractFound, &[("contract", CONTRACT)]), plain(OwnContractNotFound)],
        refusals: &[],
    },
    Endpoint {
        path: "/contracts/generate",
        asker: Asker::ContractOwner,
        summary: "Makes new license keys under the contract",
        text: "They are nobody else's: no random assignment takes them. 102 where the contract doesn't allow it.",
        fields: &[CONTRACT_KEY, NAMED, QUANTITY],
        answers: &[
            answer(ContractLicenseKeysGenerated, &[("license_keys", LICENSE_KEYS)]),
            plain(OwnContractNotFound),
            plain(ContractProductNotFound),
            plain(ContractGeneratorNotFound),
            plain(ContractLimitReached),
            plain(ContractQuantityTooLarge),
        ],
        refusals: &[],
    },
    Endpoint {
        path: "/contracts/destroy",
        asker: Asker::ContractOwner,
        summary: "Deletes a license under the contract",
        text: "That makes room for another. For an API key that names no contract it is the license's. 102 where the contract doesn't allow it.",
        fields: &[CONTRACT_KEY, NAMED, LICENSE_KEY],
        answers: &[plain(ContractLicenseDeleted), plain(OwnContractNotFound), plain(ContractLicenseNotFound)],
        refusals: &[],
    },
    Endpoint {
        path: "/contracts/destroy-all",
        asker: Asker::ContractOwner,
        summary: "Deletes all licenses under the contract",
        text: "102 where the contract doesn't allow it.",
        fields: &[CONTRACT_KEY, NAMED],
        answers: &[
            answer(ContractLicensesDeleted, &[("count", Shape::Number(10))]),
            plain(OwnContractNotFound),
            plain(NoContractLicenses),
        ],
        refusals: &[],
    },
];
