//! Asking for, taking and giving back the seats of a license, and its details.

use super::{ASSIGNED_AT, LICENSE_GATE, LICENSE_GATE_TO_ACTIVATE, META_DATA, OWNED_BY};
use crate::api::activations::MAX_POST_URL;
use crate::domain::Outcome::*;
use crate::reference::fields::{Field, IDENTIFIER, Kind, LICENSE_KEY, PRODUCT_ID};
use crate::reference::shape::Shape;
use crate::reference::{Asker, Endpoint, answer, plain};

pub const POST_URL: Field = Field::optional(
    "post_url",
    Kind::Text(MAX_POST_URL),
    "https://example.com/deactivated",
    "Gets a signed message when the activation ends otherwise than by its own client.",
);

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/verify",
        asker: Asker::Product,
        summary: "Whether a license key is valid where it is used",
        text: "Changes nothing. Ask it now and then; activate once.",
        fields: &[
            LICENSE_KEY,
            IDENTIFIER,
            PRODUCT_ID.may_be_left_out().saying(
                "The product that the key must be for: its id, its uuid or its slug. Another's key is 210.",
            ),
        ],
        answers: &[plain(LicenseValid)],
        refusals: LICENSE_GATE,
    },
    Endpoint {
        path: "/activate",
        asker: Asker::Product,
        summary: "Takes a seat of a license",
        text: "The same identifier again takes no second seat: it gets 301, also where no seat is left.",
        fields: &[LICENSE_KEY, IDENTIFIER, POST_URL],
        answers: &[plain(LicenseActivated), plain(LicenseAlreadyActive), plain(ActivationLimitReached)],
        refusals: LICENSE_GATE_TO_ACTIVATE,
    },
    Endpoint {
        path: "/deactivate",
        asker: Asker::Product,
        summary: "Gives a seat back",
        text: "Its success is the one `code` that is text: `\"400\"`. An expired license may be deactivated too.",
        fields: &[LICENSE_KEY, IDENTIFIER],
        answers: &[plain(LicenseDeactivated), plain(LicenseAlreadyInactive)],
        refusals: &[
            InvalidLicenseKey,
            ProductNotActive,
            IdentifierRequired,
            LicenseBlocked,
            LicenseNotAssigned,
        ],
    },
    Endpoint {
        path: "/get-license-key-details",
        asker: Asker::Product,
        summary: "A license and its product, for whoever holds an activation of it",
        text: "`expires_at` is `false` for a license without end.",
        fields: &[LICENSE_KEY, IDENTIFIER],
        answers: &[answer(LicenseDetails, &[("licenseKey", LICENSE), ("product", PRODUCT)])],
        refusals: LICENSE_GATE,
    },
];

const LICENSE: Shape = Shape::Object(&[
    ("id", Shape::Number(1)),
    ("license_key", Shape::Text("3a343c8a-38fe-4b6e-ad77-2222222")),
    OWNED_BY[0],
    OWNED_BY[1],
    ("activation_limit", Shape::Number(0)),
    ("validity", Shape::Number(365)),
    ASSIGNED_AT,
    META_DATA,
    ("expires_at", Shape::TextOrFalse("2027-02-27 03:05:31")),
]);

const PRODUCT: Shape = Shape::Object(&[
    ("id", Shape::Number(1)),
    ("external_reference", Shape::Text("")),
    ("source", Shape::Word(&["internal", "envato"])),
    ("name", Shape::Text("My product")),
    ("post_url", Shape::Text("")),
    ("description", Shape::Text("What I sell")),
    META_DATA,
]);
