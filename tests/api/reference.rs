//! Every field that the server's document has is one that the server reads: left out or wrong, it makes a
//! difference, and under each of its other names it means the same.

use std::fs;

use keyseal::HttpStatus;
use serde_json::Value;

use crate::support::{Answer, Document, License, TestServer};

/// A request to an endpoint that gets the same code whenever it is sent: endpoint, what is sent before, and
/// the fields. `#` is another number each time.
const BASES: &[(&str, Steps, &str)] = &[
    ("/verify", &[], "license_key=ACTIVE&identifier=d"),
    ("/activate", &[], "license_key=FREE&identifier=d#"),
    ("/deactivate", &[("/activate", "license_key=FREE&identifier=d#")], "license_key=FREE&identifier=d#"),
    ("/get-license-key-details", &[], "license_key=ACTIVE&identifier=d"),
    ("/access-downloadables", &[], "license_key=ACTIVE&identifier=d"),
    ("/explain-license-key", &[], "license_key=ACTIVE&identifier=d&at=2027-01-01"),
    ("/assign-license-key", NEW_KEY, "license_key=K#"),
    ("/assign-and-activate-license-key", NEW_KEY, "license_key=K#&identifier=d&owner_email=o@x"),
    ("/random-assign-license-keys", &[], "product_id=1&generate=1"),
    ("/random-assign-license-keys-queued", &[], "product_id=1&generate=1&identifier=i#"),
    (
        "/create-license-keys",
        &[],
        "license_keys=[\"N#\"]&product_id=1&activation_limit=0&validity=0&status=available",
    ),
    ("/update-license-key", NEW_KEY, "license_key=K#"),
    ("/delete-license-key", NEW_KEY, "license_key=K#"),
    ("/get-license-key-activations", &[], "license_key=ACTIVE"),
    ("/renew-license-key", NEW_KEY_OF_A_YEAR, "license_key=K#&days=1"),
    (
        "/release-activation",
        &[("/activate", "license_key=FREE&identifier=d#")],
        "license_key=FREE&identifier=d#",
    ),
    ("/get-license-keys", &[], ""),
    ("/get-available-license-keys-count", &[], "product_id=1"),
    ("/create-license-key-meta", &[], "license_key=ACTIVE&identifier=d&key=k#&value=v"),
    ("/update-license-key-meta", &[], "license_key=ACTIVE&identifier=d&key=there&value=v"),
    (
        "/delete-license-key-meta",
        &[("/create-license-key-meta", "license_key=ACTIVE&identifier=d&key=k#&value=v")],
        "license_key=ACTIVE&identifier=d&key=k#",
    ),
    ("/create-product", &[], "name=N&description=D"),
    ("/update-product", &[], "product_id=2"),
    ("/delete-product", &[("/create-product", "name=N&description=D&slug=s#")], "product_id=s#"),
    ("/get-all-products", &[], ""),
    ("/get-product", &[], "product_id=1"),
    ("/get-product-meta", &[], "product_id=1"),
    ("/get-product-changelog", &[], "product_id=1"),
    ("/get-product-public-key", &[], "product_id=1"),
    ("/create-product-meta", &[], "product_id=1&key=k#&value=v"),
    ("/update-product-meta", &[], "product_id=1&key=there&value=v"),
    (
        "/delete-product-meta",
        &[("/create-product-meta", "product_id=1&key=k#&value=v")],
        "product_id=1&key=k#",
    ),
    ("/get-all-generators", &[], ""),
    ("/generate", &[], "generator_id=1&quantity=1"),
    ("/send-telemetry-data", &[], TELEMETRY),
    ("/get-telemetry-data", &[], ""),
    ("/create-contract", &[], CONTRACT),
    ("/update-contract", &[], "contract_id=1"),
    ("/delete-contract", &[("/create-contract", CONTRACT)], "contract_id=#"),
    ("/get-all-contracts", &[], ""),
    ("/contracts/get-info", &[], "contract_key=FIRST-0123456789abcdef"),
    ("/contracts/generate", &[], "contract_key=FIRST-0123456789abcdef&quantity=1"),
    ("/contracts/destroy", &[], "contract_key=FIRST-0123456789abcdef&license_key=KEY"),
    (
        "/contracts/destroy-all",
        &[("/contracts/generate", "contract_key=FIRST-0123456789abcdef&quantity=1")],
        "contract_key=FIRST-0123456789abcdef",
    ),
];

/// Requests to send first: endpoint and fields.
type Steps = &'static [(&'static str, &'static str)];

const NEW_KEY: Steps = &[(
    "/create-license-keys",
    "license_keys=[\"K#\"]&product_id=1&activation_limit=0&validity=0&status=available",
)];
const NEW_KEY_OF_A_YEAR: Steps = &[(
    "/create-license-keys",
    "license_keys=[\"K#\"]&product_id=1&activation_limit=0&validity=365&status=assigned",
)];
const TELEMETRY: &str = "product_id=1&user_identifier=u&license_key=ACTIVE&activation_identifier=d&\
    product_version=1.0.2&data_type=text&text_data=t&data_group=g";
const CONTRACT: &str = "contract_key=C#-0123456789abcdef&contract_name=N&contract_information=I&product_id=1&\
    license_keys_quantity=99&status=active&can_get_info=1&can_generate=1&can_destroy=1&can_destroy_all=1";

/// Other values that make a difference than one that is too long or nonsense, and what they make it to:
/// endpoint, field, changes to the base (`!` takes a field away), value.
const PROBES: &[(&str, &str, &str, &str)] = &[
    ("/access-downloadables", "version", "", "9.9"),
    (
        "/create-license-keys",
        "generator_id",
        "!license_keys=&!product_id=&licenses=[{}]&generator_id=1",
        "nonsense",
    ),
    ("/create-license-keys", "licenses", "!license_keys=", "[7]"),
    ("/get-license-keys", "page", "", "99"),
    ("/get-license-keys", "items_per_page", "", "1"),
    ("/get-telemetry-data", "page", "", "99"),
    ("/get-telemetry-data", "items_per_page", "", "1"),
    ("/get-telemetry-data", "is_correct_format", "", "0"),
    ("/get-telemetry-data", "license_key_exists", "", "0"),
    ("/get-telemetry-data", "product_exists", "", "0"),
    ("/get-telemetry-data", "product_version_exists", "", "0"),
    ("/get-telemetry-data", "has_red_flags", "", "1"),
    ("/send-telemetry-data", "numeric_data_single_value", SINGLE, "nonsense"),
    ("/send-telemetry-data", "numeric_data_x", AXES, "nonsense"),
    ("/send-telemetry-data", "numeric_data_y", AXES, "nonsense"),
];
const SINGLE: &str = "data_type=numeric-single-value&numeric_data_single_value=5";
const AXES: &str = "data_type=numeric-xy-axis&numeric_data_x=5&numeric_data_y=5";

/// What makes no difference to the answer: it is told to the webhook, where `queue` tests it.
const QUEUED: [&str; 7] =
    ["product_id", "quantity", "generate", "generator_id", "owner_name", "owner_email", "webhook_url"];

type Form = Vec<(String, String)>;

struct World {
    server: TestServer,
    count: u64,
}

impl World {
    fn new() -> Self {
        let server = TestServer::start();
        for (key, identifiers) in [("ACTIVE", &["d"][..]), ("FREE", &[])] {
            server.add_license(&License { key, identifiers, ..License::default() });
        }
        server.command(&["generator", "create", "--product", "1", "--method", "uuid"]);
        let path = server.data().join("app.zip");
        fs::write(&path, "app").unwrap();
        let version = ["--product", "1", "--version", "1.0.2", "--numeric-version", "102"];
        server.command(&[&["download", "add", path.to_str().unwrap()][..], &version].concat());
        let world = Self { server, count: 1 };
        let first = CONTRACT.replace("C#", "FIRST").replace("=99&", "=9999&");
        for (endpoint, fields) in [
            ("/create-contract", first.as_str()),
            ("/create-license-key-meta", "license_key=ACTIVE&identifier=d&key=there&value=v"),
            ("/create-product-meta", "product_id=1&key=there&value=v"),
            ("/send-telemetry-data", TELEMETRY),
            ("/send-telemetry-data", TELEMETRY),
        ] {
            world.send(endpoint, &form(fields));
        }
        world
    }

    fn send(&self, endpoint: &str, fields: &Form) -> Answer {
        let (method, _, _) = keyseal::paths().find(|(_, path, _)| *path == endpoint).unwrap();
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        if method == "GET" {
            return self.server.get(&format!("/api/v1{endpoint}?api_key={}&{text}", self.server.api_key));
        }
        self.server.post_body(&endpoint[1..], "application/x-www-form-urlencoded", text.as_bytes())
    }

    /// Sends the base of an endpoint after what comes before it, changed by `change`.
    fn ask(&mut self, endpoint: &str, context: &str, change: impl FnOnce(&mut Form)) -> Answer {
        let (_, before, base) = BASES.iter().find(|(path, _, _)| *path == endpoint).unwrap();
        self.count += 1;
        let mut number = self.count.to_string();
        let numbered = |text: &str, number: &str| form(&text.replace('#', number));
        for (endpoint, fields) in *before {
            let answer = self.send(endpoint, &numbered(fields, &number));
            if let Some(id) = answer.fields.get("contract").map(|contract| contract["id"].to_string()) {
                number = id;
            }
        }
        let mut fields = numbered(base, &number);
        if base.contains("license_key=KEY") {
            let made =
                self.send("/contracts/generate", &form("contract_key=FIRST-0123456789abcdef&quantity=1"));
            set(&mut fields, "license_key", made.fields["license_keys"][0].as_str().unwrap());
        }
        for (name, value) in form(context) {
            match name.strip_prefix('!') {
                Some(name) => remove(&mut fields, name),
                None => set(&mut fields, &name, &value),
            }
        }
        change(&mut fields);
        self.send(endpoint, &fields)
    }
}

fn form(text: &str) -> Form {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn set(fields: &mut Form, name: &str, value: &str) {
    remove(fields, name);
    fields.push((name.to_owned(), value.to_owned()));
}

fn remove(fields: &mut Form, name: &str) {
    fields.retain(|(other, _)| other != name);
}

/// One field as the document describes it.
#[derive(Debug)]
struct Described {
    endpoint: String,
    name: String,
    required: bool,
    aliases: Vec<String>,
    max_bytes: Option<usize>,
}

fn described() -> Vec<Described> {
    let api = &Document::of(HttpStatus::Envelope).api;
    let mut all = Vec::new();
    for (method, path, _) in keyseal::paths() {
        let operation = &api["paths"][path][method.to_lowercase()];
        if operation["deprecated"] == true {
            continue;
        }
        let mut add = |name: &str, required: bool, schema: &Value, field: &Value| {
            let aliases = field["x-aliases"].as_array().into_iter().flatten();
            all.push(Described {
                endpoint: path.to_owned(),
                name: name.to_owned(),
                required,
                aliases: aliases.map(|alias| alias.as_str().unwrap().to_owned()).collect(),
                max_bytes: schema["x-max-bytes"].as_u64().map(|bytes| usize::try_from(bytes).unwrap()),
            });
        };
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query" {
                let name = parameter["name"].as_str().unwrap();
                add(name, parameter["required"] == true, &parameter["schema"], parameter);
            }
        }
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let required = schema.get("required").unwrap_or(&schema["then"]["required"]);
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let is_required =
                required.as_array().is_some_and(|all| all.contains(&Value::from(name.as_str())));
            add(name, is_required, field, field);
        }
    }
    all
}

/// What an answer says, without what is another number each time.
fn said(answer: &Answer) -> (i64, Value) {
    (answer.code, answer.fields.clone().into())
}

#[test]
fn every_field_that_is_described_makes_a_difference_under_all_its_names() {
    let mut world = World::new();
    let fields = described();
    assert!(fields.len() > 130, "{}", fields.len());
    for field in fields {
        let Described { endpoint, name, .. } = &field;
        // The product that a path with fields takes beside them is tried in `sent_product`.
        if endpoint.contains('{') {
            continue;
        }
        if endpoint == "/random-assign-license-keys-queued" && QUEUED.contains(&name.as_str()) {
            continue;
        }
        let probe = PROBES.iter().find(|(path, of, ..)| path == endpoint && of == name);
        let context = probe.map_or("", |(_, _, context, _)| context);
        let too_much = field.max_bytes.filter(|bytes| *bytes <= 64 * 1024).map(|bytes| "x".repeat(bytes + 1));
        let wrong =
            probe.map(|(_, _, _, value)| (*value).to_owned()).or(too_much).unwrap_or("nonsense".to_owned());

        let good = world.ask(endpoint, context, |_| {});
        let again = world.ask(endpoint, context, |_| {});
        // Where the answer is another each time, only its code can show a difference.
        let is_other = |answer: &Answer| {
            answer.code != good.code || said(&good) == said(&again) && said(answer) != said(&good)
        };
        for called in std::iter::once(name).chain(&field.aliases) {
            let changed = world.ask(endpoint, context, |form| {
                remove(form, name);
                form.push((called.clone(), wrong.clone()));
            });
            assert!(is_other(&changed), "{endpoint}: a wrong {called} makes no difference: {changed:?}");
            if field.required {
                let renamed = world.ask(endpoint, context, |form| {
                    for pair in form.iter_mut().filter(|pair| pair.0 == *name) {
                        pair.0.clone_from(called);
                    }
                });
                assert_eq!(renamed.code, good.code, "{endpoint} {called}");
            }
        }
        if field.required {
            let missing = world.ask(endpoint, context, |form| remove(form, name));
            assert_ne!(missing.code, good.code, "{endpoint} succeeds without {name}");
        }
    }
}
