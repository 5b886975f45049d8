//! Metadata on licenses.

use super::LICENSE_GATE;
use crate::domain::Outcome::*;
use crate::reference::fields::{IDENTIFIER, LICENSE_KEY, META_KEY, META_VALUE};
use crate::reference::shape::Shape;
use crate::reference::{Asker, Endpoint, answer, plain};

const META_ID: (&str, Shape) = ("meta_id", Shape::Number(1));

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/create-license-key-meta",
        asker: Asker::Product,
        summary: "Adds an entry to a license",
        text: "A license has at most 1,000 entries, of 1 MiB together with their keys; one more, or more, is 1913 with `field` `key` or `value`.",
        fields: &[LICENSE_KEY, IDENTIFIER, META_KEY, META_VALUE],
        answers: &[
            answer(LicenseMetaCreated, &[META_ID]),
            plain(LicenseMetaKeyRequired),
            plain(LicenseMetaValueRequired),
            plain(LicenseMetaKeyExists),
        ],
        refusals: LICENSE_GATE,
    },
    Endpoint {
        path: "/update-license-key-meta",
        asker: Asker::Product,
        summary: "Changes an entry of a license",
        text: "A license has at most 1,000 entries, of 1 MiB together with their keys; one more, or more, is 1913 with `field` `key` or `value`.",
        fields: &[LICENSE_KEY, IDENTIFIER, META_KEY, META_VALUE],
        answers: &[
            answer(LicenseMetaUpdated, &[META_ID]),
            plain(UpdateLicenseMetaKeyRequired),
            plain(UpdateLicenseMetaValueRequired),
            plain(UpdateLicenseMetaKeyMissing),
        ],
        refusals: LICENSE_GATE,
    },
    Endpoint {
        path: "/delete-license-key-meta",
        asker: Asker::Product,
        summary: "Takes an entry from a license",
        text: "",
        fields: &[LICENSE_KEY, IDENTIFIER, META_KEY],
        answers: &[
            plain(LicenseMetaDeleted),
            plain(DeleteLicenseMetaKeyRequired),
            plain(DeleteLicenseMetaKeyMissing),
        ],
        refusals: LICENSE_GATE,
    },
];
