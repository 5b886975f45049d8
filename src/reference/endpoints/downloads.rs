//! Downloads: the versions of a product that a license may fetch, and the links that fetch them.

use super::LICENSE_GATE;
use crate::domain::MAX_NAME;
use crate::domain::Outcome::*;
use crate::reference::fields::{Field, IDENTIFIER, Kind, LICENSE_KEY};
use crate::reference::shape::Shape;
use crate::reference::{Asker, Endpoint, answer, plain};

pub const DOWNLOAD: &str = "/download/{api_key}/{license_key}/{identifier}/{numeric_version}";

pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        path: "/access-downloadables",
        asker: Asker::Product,
        summary: "The published versions of a license's product, the newest first, with their links",
        text: "An expired license may list and download too, unless its product says `require_non_expired`.",
        fields: &[
            LICENSE_KEY,
            IDENTIFIER,
            Field::optional("version", Kind::Text(1024 * 1024), "1.0.2", "Only this version."),
        ],
        answers: &[answer(Downloads, &[("downloadables", Shape::List(&VERSION))])],
        refusals: LICENSE_GATE,
    },
    Endpoint {
        path: DOWNLOAD,
        asker: Asker::Product,
        summary: "A file, by a link of `access-downloadables`",
        text: "Answers ranges. Whatever is wrong with the license is 701. The link holds an API key: keep it out of logs.",
        fields: &[
            Field::required("api_key", Kind::Text(MAX_NAME), "2964c3c9-0b5d-4d89-b3ac-4668f30bc492", ""),
            LICENSE_KEY,
            Field::required(
                "identifier",
                Kind::Text(MAX_NAME),
                "ZG9tYWluLmx0ZA==",
                "In base64, standard or URL-safe, padded or not.",
            ),
            Field::required("numeric_version", Kind::Number(0, i64::MAX), "102", ""),
        ],
        answers: &[plain(FileNotFound), plain(DownloadNotPermitted)],
        refusals: &[],
    },
];

const VERSION: Shape = Shape::Object(&[
    ("id", Shape::Number(2)),
    ("product_id", Shape::Number(1)),
    ("numeric_version", Shape::Number(102)),
    ("version", Shape::Text("1.0.2")),
    ("update_summary", Shape::Text("Bugfixes")),
    ("changelog", Shape::Text("Starts twice as fast")),
    ("published", Shape::Flag),
    ("release_date", Shape::Text("2026-02-27 00:00:00")),
    ("download_counter", Shape::Number(0)),
    (
        "url",
        Shape::Text(
            "https://licenses.example.com/api/v1/download/2964c3c9-0b5d-4d89-b3ac-4668f30bc492/3a343c8a-38fe-4b6e-ad77-2222222/ZG9tYWluLmx0ZA%3D%3D/102",
        ),
    ),
]);
