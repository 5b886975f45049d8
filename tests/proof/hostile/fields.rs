//! What requests are filled with: the fields that each endpoint takes, and values that the sample world knows.

use fastrand::Rng;

/// The fields of each endpoint, by its capability.
const RECIPES: &[(&[&str], &[&str])] = &[
    (&["verify", "deactivate", "get-license-key-details"], &["license_key", "identifier"]),
    (&["activate"], &["license_key", "identifier", "post_url"]),
    (&["get-license-key-activations"], &["license_key", "product_id", "page", "items_per_page"]),
    (&["renew-license-key"], &["license_key", "days", "until"]),
    (&["release-activation"], &["license_key", "identifier", "product_id"]),
    (&["get-license-feature"], &["license_key", "feature"]),
    (&["explain-license-key"], &["license_key", "identifier", "product_id"]),
    (&["access-downloadables"], &["license_key", "identifier", "version"]),
    (&["assign-license-key"], &["license_key", "owner_name", "owner_email"]),
    (
        &["assign-and-activate-license-key"],
        &["license_key", "identifier", "owner_name", "owner_email", "post_url"],
    ),
    (
        &["create-license-keys"],
        &[
            "license_keys",
            "product_id",
            "activation_limit",
            "validity",
            "status",
            "owner_name",
            "owner_email",
            "assigned_at",
        ],
    ),
    (
        &["update-license-key"],
        &[
            "license_key",
            "product_id",
            "activation_limit",
            "validity",
            "status",
            "owner_name",
            "owner_email",
            "assigned_at",
        ],
    ),
    (&["delete-license-key"], &["license_key"]),
    (&["get-license-keys"], &["product_id", "status", "owner_name", "owner_email", "page", "items_per_page"]),
    (
        &[
            "get-available-license-keys-count",
            "delete-product",
            "get-product",
            "get-product-meta",
            "get-product-changelog",
            "get-product-public-key",
        ],
        &["product_id"],
    ),
    (
        &["random-assign-license-keys"],
        &["product_id", "quantity", "generate", "generator_id", "owner_name", "owner_email"],
    ),
    (
        &["random-assign-license-keys-queued"],
        &["product_id", "quantity", "generate", "webhook_url", "identifier", "owner_name", "owner_email"],
    ),
    (&["create-license-key-meta", "update-license-key-meta"], &["license_key", "identifier", "key", "value"]),
    (&["delete-license-key-meta"], &["license_key", "identifier", "key"]),
    (&["create-product"], &["name", "description", "status", "slug", "source", "features"]),
    (
        &["update-product"],
        &[
            "product_id",
            "name",
            "description",
            "status",
            "slug",
            "changelog_enabled",
            "require_non_expired",
            "features",
            "external_reference",
        ],
    ),
    (&["create-product-meta", "update-product-meta"], &["product_id", "key", "value"]),
    (&["delete-product-meta"], &["product_id", "key"]),
    (&["get-all-products", "get-all-contracts"], &[]),
    (&["get-all-generators"], &["product_id"]),
    (&["generate"], &["generator_id", "quantity", "activation_limit", "validity"]),
    (
        &["send-telemetry-data"],
        &[
            "product_id",
            "user_identifier",
            "license_key",
            "activation_identifier",
            "product_version",
            "data_type",
            "data_group",
            "numeric_data_single_value",
            "numeric_data_x",
            "numeric_data_y",
            "text_data",
            "flags",
        ],
    ),
    (
        &["get-telemetry-data"],
        &["data_type", "data_group", "product_id", "has_red_flags", "page", "items_per_page"],
    ),
    (
        &["create-contract"],
        &[
            "contract_key",
            "contract_name",
            "contract_information",
            "product_id",
            "license_keys_quantity",
            "status",
            "can_get_info",
            "can_generate",
            "can_destroy",
            "can_destroy_all",
        ],
    ),
    (
        &["update-contract"],
        &["contract_id", "contract_name", "license_keys_quantity", "status", "can_destroy"],
    ),
    (&["delete-contract"], &["contract_id"]),
    (&["contracts-get-info", "contracts-destroy-all"], &["contract_key"]),
    (&["contracts-generate"], &["contract_key", "quantity"]),
    (&["contracts-destroy"], &["contract_key", "license_key"]),
];

/// The fields of an endpoint. Panics if there is an endpoint that nobody wrote down here.
pub fn of(capability: &str) -> &'static [&'static str] {
    let recipe = RECIPES.iter().find(|(capabilities, _)| capabilities.contains(&capability));
    recipe.unwrap_or_else(|| panic!("which fields does {capability} take?")).1
}

/// The key that may do everything.
pub const API_KEY: &str = "2964c3c9-0b5d-4d89-b3ac-4668f30bc49f";

/// Those of the sample world that may less than everything, and one that nobody made.
pub const OTHER_API_KEYS: &[&str] = &[
    "c11e0000-0000-4000-8000-00000000000f",
    "50000000-0000-4000-8000-00000000000f",
    "0e000000-0000-4000-8000-00000000000f",
    "0ff00000-0000-4000-8000-00000000000f",
    "e15e0000-0000-4000-8000-00000000000f",
    "00000000-0000-4000-8000-00000000dead",
];

pub const LICENSES: &[&str] = &[
    "3a343c8a-38fe-4b6e-ad77-2222222",
    "demo-plain-product",
    "demo-not-activated",
    "demo-full",
    "demo-expired",
    "demo-available",
    "demo-reserved",
    "demo-blocked",
    "demo-retired-product",
];

/// The first of them are active on the first of the identifiers, and stay so: else few requests would get
/// further than to a gate.
const IN_USE: usize = 2;

/// What ends an activation or a license.
const ENDING: &[&str] = &["delete-license-key", "update-license-key", "deactivate", "release-activation"];

pub const IDENTIFIERS: &[&str] =
    &["domain.ltd", "DOMAIN.ltd", "other.domain.ltd", "shop.pirate.example", "stolen-device-1", "device-1"];

/// None of them leads off this machine: addresses of documentation, of loopback and of clouds, and what is no URL.
const URLS: &[&str] = &[
    "http://192.0.2.1/hook",
    "http://127.0.0.1:9/",
    "https://[::1]/",
    "http://169.254.169.254/latest",
    "file:///etc/passwd",
    "http://",
];

/// A value as it goes into a body: text, which need not be UTF-8, or a piece of JSON.
#[derive(Clone)]
pub enum Value {
    Text(Vec<u8>),
    Json(String),
}

impl Value {
    /// As a form holds it.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text,
            Self::Json(json) => json.as_bytes(),
        }
    }
}

/// A value for this field that the endpoint may well take.
pub fn likely(capability: &str, field: &str, rng: &mut Rng) -> Value {
    let text = match field {
        "license_key" => license_key(capability, rng),
        "license_keys" => {
            let keys: Vec<String> = (0..rng.usize(1..=4)).map(|_| license_key(capability, rng)).collect();
            return Value::Json(serde_json::to_string(&keys).unwrap());
        }
        "identifier" | "activation_identifier" | "user_identifier" => match rng.u8(..10) {
            0..4 => IDENTIFIERS[0].to_owned(),
            4..7 => any_of(IDENTIFIERS, rng),
            _ => format!("device-{}", rng.u8(..40)),
        },
        // The first three are what the rest of the world hangs on.
        "product_id" if capability == "delete-product" => number(4..=400, rng),
        "product_id" => number(1..=6, rng),
        "contract_id" | "generator_id" => number(1..=4, rng),
        "contract_key" => format!("CONTRACT-0123456-{}", rng.u8(..6)),
        "quantity" | "page" | "numeric_data_x" | "numeric_data_y" => number(1..=3, rng),
        "items_per_page" | "license_keys_quantity" | "validity" | "days" => number(1..=30, rng),
        "activation_limit" => number(0..=3, rng),
        // A product that is not active is the end of the way for all that asks for its licenses.
        "status" if capability == "update-product" && rng.u8(..20) > 0 => "active".to_owned(),
        "status" => any_of(&["available", "assigned", "reserved", "blocked", "active", "inactive"], rng),
        "key" => format!("meta-{}", rng.u8(..30)),
        "slug" => format!("slug-{}", rng.u8(..30)),
        "post_url" | "webhook_url" => any_of(URLS, rng),
        "version" => any_of(&["1.0.0", "latest", "102"], rng),
        "data_type" => any_of(&["numeric-single-value", "numeric-xy-axis", "text"], rng),
        "until" => any_of(&["2099-12-31", "2030-02-28 12:00:00", "2024-02-29"], rng),
        "assigned_at" => any_of(&["2024-02-27 03:05:31", "1970-01-01 00:00:00", "2026-01-01T00:00:00Z"], rng),
        "generate" | "has_red_flags" | "changelog_enabled" | "require_non_expired" => {
            any_of(&["0", "1", "true", "false"], rng)
        }
        may if may.starts_with("can_") => any_of(&["1", "1", "1", "0"], rng),
        other => format!("{other} {}", rng.u8(..20)),
    };
    Value::Text(text.into_bytes())
}

/// A value for this field with which the request gets as far as its others let it.
pub fn sure(capability: &str, field: &str, rng: &mut Rng) -> Value {
    match field {
        "license_key" if !ENDING.contains(&capability) => Value::Text(LICENSES[0].into()),
        "identifier" => Value::Text(IDENTIFIERS[0].into()),
        _ => likely(capability, field, rng),
    }
}

/// Often one that is in use, but not where that would put an end to it.
fn license_key(capability: &str, rng: &mut Rng) -> String {
    match rng.u8(..10) {
        0..4 if !ENDING.contains(&capability) => any_of(&LICENSES[..IN_USE], rng),
        0..7 => any_of(&LICENSES[IN_USE..], rng),
        _ => format!("hostile-{}", rng.u8(..48)),
    }
}

fn number(range: std::ops::RangeInclusive<u32>, rng: &mut Rng) -> String {
    rng.u32(range).to_string()
}

pub fn any_of(texts: &[&str], rng: &mut Rng) -> String {
    texts[rng.usize(..texts.len())].to_owned()
}
