//! The real binary: flags, exit codes, files, signals.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

fn keyseal(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keyseal")).arg("--data").arg(data).args(arguments).output().unwrap()
}

/// Runs a command that must be done, with --json, and gives its result.
fn done(data: &Path, arguments: &[&str]) -> Value {
    let output = keyseal(data, &[&["--json"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs a command that must be refused with 1, and gives what it says.
fn refused(data: &Path, arguments: &[&str]) -> String {
    let output = keyseal(data, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
}

/// A directory that `init` made, with the test-only key so that none has to be generated.
fn initialized() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    import_test_key(data.path(), &[]);
    done(data.path(), &["init"]);
    data
}

fn import_test_key(data: &Path, options: &[&str]) {
    let outside = tempfile::tempdir().unwrap();
    let key = outside.path().join("key.pem");
    put_private(&golden_key("pkcs8.pem"), &key);
    done(data, &[&["signing-key", "import", key.to_str().unwrap()], options].concat());
}

fn golden_key(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/keys").join(name)).unwrap()
}

fn put_private(content: &[u8], path: &Path) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A server as a process; killed if the test fails before it ends.
struct Server {
    process: Child,
    out: BufReader<ChildStdout>,
    log: BufReader<ChildStderr>,
    line: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyseal"));
        Self::run(command.arg("--data").arg(data).args(["serve", "--listen", "127.0.0.1:0"]))
    }

    fn run(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        Self { process, out, log, line }
    }

    fn url(&self) -> &str {
        self.line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{:?}", self.line))
    }

    fn post(&self, fields: &[(&str, &str)]) -> Value {
        let url = format!("{}/api/v1/create-license-key-meta", self.url());
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        let mut response = agent.post(url).send_form(fields.iter().copied()).unwrap();
        serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap()
    }

    /// Reads the log up to the line that holds `text`.
    fn log_until(&mut self, text: &str) -> String {
        let mut log = String::new();
        while !log.contains(text) {
            assert!(self.log.read_line(&mut log).unwrap() > 0, "the log ended without {text:?}: {log}");
        }
        log
    }

    /// Ends it with a signal, and gives its exit code, what else it printed, and the rest of its log.
    fn end(mut self, signal: &str) -> (Option<i32>, String, String) {
        // The shell's own command: not every system has it as a program.
        let kill = Command::new("sh").args(["-c", &format!("kill {signal} {}", self.process.id())]).status();
        assert!(kill.unwrap().success());
        let (mut rest, mut log) = (String::new(), String::new());
        self.out.read_to_string(&mut rest).unwrap();
        self.log.read_to_string(&mut log).unwrap();
        (self.process.wait().unwrap().code(), rest, log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended, or the test has failed: either way there is nothing more to learn.
        drop((self.process.kill(), self.process.wait()));
    }
}

#[test]
fn init_makes_everything_once_and_privately() {
    let outside = tempfile::tempdir().unwrap();
    let data = outside.path().join("new/data");
    let made = done(&data, &["init"]);
    let keys: Vec<&str> = made.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["data", "api_key", "public_key"]);
    assert_eq!(made["api_key"].as_str().unwrap().len(), 36);
    contains(made["public_key"].as_str().unwrap(), &["-----BEGIN PUBLIC KEY-----\n"]);
    for (file, mode) in [("", 0o700), ("keys", 0o700), ("keyseal.db", 0o600), ("keys/global.pem", 0o600)] {
        let found = fs::metadata(data.join(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{file}");
    }
    contains(&refused(&data, &["init"]), &["keyseal.db exists already", "--data"]);
    let database = fs::read(data.join("keyseal.db")).unwrap();
    let secret = made["api_key"].as_str().unwrap().as_bytes();
    assert!(!database.windows(secret.len()).any(|window| window == secret), "an API key is in the database");
}

#[test]
fn the_json_shapes_are_those_that_scripts_rely_on() {
    let data = initialized();
    let data = data.path();
    let key = done(
        data,
        &["api-key", "create", "--name", "shop", "--capability", "verify", "--allow-ip", "10.0.0.1"],
    );
    assert_eq!(key["id"], 2);
    let rest =
        json!({ "name": "shop", "capabilities": ["verify"], "allow_ips": ["10.0.0.1/32"], "active": true });
    for (name, value) in rest.as_object().unwrap() {
        assert_eq!(&key[name], value);
    }
    assert!(key["api_key"].is_string());
    let product = done(data, &["product", "create", "--name", "P", "--description", "D", "--inactive"]);
    assert_eq!(
        product,
        json!({
            "id": 1, "name": "P", "description": "D", "status": "inactive", "own_key": false,
            "slug": null, "changelog_enabled": false, "require_non_expired": false,
        })
    );
    let license = done(
        data,
        &[
            "license",
            "create",
            "--product",
            "1",
            "--key",
            "K",
            "--validity",
            "30",
            "--assigned-at",
            "2024-02-27 03:05:31",
        ],
    );
    assert_eq!(
        license,
        json!({
            "id": 1, "license_key": "K", "product_id": 1, "status": "available", "activation_limit": 0, "validity": 30,
            "assigned_at": "2024-02-27 03:05:31", "expires_at": "2024-03-28 03:05:31", "owner_name": null, "owner_email": null,
        })
    );
    let assigned = done(data, &["license", "assign", "k", "--owner-name", "N", "--owner-email", "e@x"]);
    assert_eq!(
        (&assigned["status"], &assigned["owner_name"], &assigned["owner_email"]),
        (&json!("assigned"), &json!("N"), &json!("e@x"))
    );
    let active = done(data, &["license", "activate", "K", "--identifier", "I"]);
    assert_eq!(active, json!({ "id": 1, "license_key": "K", "identifier": "I", "was_active": false }));
    assert_eq!(done(data, &["license", "activate", "K", "--identifier", "i"])["was_active"], true);
    assert_eq!(
        done(data, &["block", "add", "--ip", "10.1.2.3/8"]),
        json!({ "id": 1, "kind": "ip", "value": "10.0.0.0/8" })
    );
    let generator =
        done(data, &["generator", "create", "--product", "1", "--method", "chunk-system", "--prefix", "A"]);
    let uuid = &generator["uuid"];
    assert_eq!(
        generator,
        json!({
            "id": 1, "uuid": uuid, "product_id": 1, "method": "chunk-system", "prefix": "A", "suffix": "", "template": "",
            "charset": "0123456789ABCDEF", "number_of_chunks": 4, "chunk_length": 4, "activation_limit": 0, "validity": 0,
            "active": true,
        })
    );
    for (list, length) in
        [("generator", 1), ("api-key", 2), ("product", 1), ("license", 1), ("block", 1), ("signing-key", 1)]
    {
        assert_eq!(done(data, &[list, "list"]).as_array().unwrap().len(), length, "{list}");
    }
    assert_eq!(done(data, &["license", "list", "--status", "available"]), json!([]));
}

#[test]
fn signing_key_public_prints_the_pem_alone() {
    let data = initialized();
    let pem = String::from_utf8(keyseal(data.path(), &["signing-key", "public"]).stdout).unwrap();
    assert!(
        pem.starts_with("-----BEGIN PUBLIC KEY-----\n") && pem.ends_with("-----END PUBLIC KEY-----\n"),
        "{pem}"
    );
    done(data.path(), &["product", "create", "--name", "P"]);
    let of_product = keyseal(data.path(), &["signing-key", "public", "--product", "1"]);
    assert_eq!(of_product.stdout, pem.as_bytes());
    contains(&String::from_utf8(of_product.stderr).unwrap(), &["the global key signs for it"]);
}

#[test]
fn a_product_gets_a_key_of_its_own_and_keeps_it() {
    let data = initialized();
    assert_eq!(done(data.path(), &["product", "create", "--name", "P", "--own-key"])["own_key"], true);
    let own = done(data.path(), &["signing-key", "public", "--product", "1"]);
    assert_eq!(own["private_key_used"], "product");
    assert_ne!(own["public_key"], done(data.path(), &["signing-key", "public"])["public_key"]);
    contains(
        &refused(data.path(), &["signing-key", "generate", "--product", "1"]),
        &["has a signing key already"],
    );
    contains(&refused(data.path(), &["signing-key", "generate"]), &["global.pem already"]);
    contains(&refused(data.path(), &["signing-key", "generate", "--product", "9"]), &["no product 9"]);
}

#[test]
fn what_cannot_be_done_is_refused_with_what_where_why_and_what_next() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    done(
        data,
        &[
            "license",
            "create",
            "--product",
            "1",
            "--key",
            "FULL",
            "--status",
            "assigned",
            "--activation-limit",
            "1",
        ],
    );
    done(data, &["license", "activate", "FULL", "--identifier", "a"]);
    done(data, &["license", "create", "--product", "1", "--key", "BLOCKED", "--status", "blocked"]);
    done(data, &["block", "add", "--domain", "x.example"]);
    for (arguments, parts) in [
        (&["license", "create", "--product", "7"][..], &["no product 7", "product list"][..]),
        (&["license", "create", "--product", "1", "--key", "full"], &["full exists already"]),
        (&["license", "assign", "NONE"], &["no license key NONE", "license list"]),
        (&["license", "assign", "FULL"], &["is assigned: only available and reserved"]),
        (&["license", "activate", "FULL", "--identifier", "b"], &["reached its activation limit of 1"]),
        (&["license", "activate", "FULL", "--identifier", " "], &["can't be an identifier: it is empty"]),
        (&["block", "add", "--domain", "X.example"], &["x.example is blocked already"]),
        (&["block", "add", "--ip", "10.0.0.300"], &["\"10.0.0.300\" is no address"]),
        (&["block", "remove", "9"], &["no block 9", "block list"]),
        (&["api-key", "disable", "9"], &["no API key 9", "api-key list"]),
        (
            &["api-key", "create", "--name", "x", "--capability", "verfy"],
            &["\"verfy\" is no capability", "\"verify\""],
        ),
        (&["serve", "--listen", "192.0.2.1:1"], &["can't listen on 192.0.2.1:1", "--listen"]),
    ] {
        contains(&refused(data, arguments), parts);
    }
    let nowhere = data.join("nowhere");
    for command in [&["serve"][..], &["product", "list"]] {
        contains(
            &refused(&nowhere, command),
            &["no database at", "nowhere/keyseal.db", "keyseal init", "--data"],
        );
    }
    assert!(!nowhere.exists(), "a mistyped directory was made");
}

#[test]
fn a_license_that_its_users_cannot_use_yet_may_be_activated_with_a_note() {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "P"]);
    done(data.path(), &["license", "create", "--product", "1", "--key", "K", "--status", "blocked"]);
    let output = keyseal(data.path(), &["license", "activate", "K", "--identifier", "b"]);
    assert!(output.status.success());
    contains(&String::from_utf8(output.stderr).unwrap(), &["204 \"License key blocked\""]);
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    let data = initialized();
    for arguments in [
        &["serv"][..],
        &["serve", "--workers", "0"],
        &["license", "create"],
        &["license", "create", "--product", "1", "--activation-limit", "-1"],
        &["license", "create", "--product", "1", "--assigned-at", "yesterday"],
        &["block", "add"],
        &["block", "add", "--ip", "10.0.0.1", "--domain", "x.example"],
        &["api-key", "create", "--name", "x", "--allow-ip", "10.0.0.300"],
    ] {
        let output = keyseal(data.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
    assert!(keyseal(data.path(), &["license", "create", "--help"]).status.success());
}

#[test]
fn a_key_that_cannot_be_used_is_refused_with_what_to_do() {
    let data = initialized();
    let key = data.path().join("keys/global.pem");
    let path = key.to_str().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    contains(&refused(data.path(), &serve), &["can be read by others", "chmod 600", path]);
    for (content, parts) in [
        (golden_key("rsa-1024.pem"), &["smaller than 2048 bits"][..]),
        (golden_key("p-256.pem"), &["not an RSA private key"]),
        (golden_key("encrypted-pkcs8.pem"), &["is encrypted", "openssl pkey"]),
        (golden_key("encrypted-pkcs8.der"), &["is encrypted", "openssl pkey"]),
        (golden_key("encrypted-pkcs1.pem"), &["is encrypted", "openssl pkey"]),
        (golden_key("public.pem"), &["\"PUBLIC KEY\", not an RSA private key"]),
        (b"nonsense".to_vec(), &["no RSA private key", "openssl pkey"]),
        (golden_key("pkcs8.pem")[..900].to_vec(), &["no RSA private key"]),
    ] {
        put_private(&content, &key);
        contains(&refused(data.path(), &serve), &[parts, &[path]].concat());
    }
    fs::remove_file(&key).unwrap();
    contains(&refused(data.path(), &serve), &["no signing key at", path, "signing-key generate"]);
}

#[test]
fn every_usual_encoding_of_a_key_is_read() {
    for name in ["pkcs8.pem", "pkcs8.der", "pkcs1.pem", "pkcs1.der"] {
        let data = tempfile::tempdir().unwrap();
        let key = data.path().join("import.key");
        put_private(&golden_key(name), &key);
        let imported = done(data.path(), &["signing-key", "import", key.to_str().unwrap()]);
        assert_eq!(imported["public_key"].as_str().unwrap().as_bytes(), golden_key("public.pem"), "{name}");
        contains(&fs::read_to_string(data.path().join("keys/global.pem")).unwrap(), &["-----BEGIN "]);
    }
}

#[test]
fn a_server_prints_one_line_logs_no_secret_and_stops_on_either_signal() {
    let data = initialized();
    let key =
        done(data.path(), &["api-key", "create", "--name", "all", "--capability", "*"])["api_key"].clone();
    for signal in ["-TERM", "-INT"] {
        let server = Server::start(data.path());
        let secret = key.as_str().unwrap();
        let answer = server.post(&[("api_key", secret), ("license_key", "SECRET-LICENSE")]);
        assert_eq!(answer["response"]["code"], 210);
        let (code, rest, log) = server.end(signal);
        assert_eq!((code, rest.as_str()), (Some(0), ""), "{log}");
        contains(&log, &["POST /create-license-key-meta 210 ", "127.0.0.1"]);
        assert!(!log.contains(secret) && !log.contains("SECRET-LICENSE"), "{log}");
    }
    // Written when the server stopped.
    assert!(done(data.path(), &["api-key", "list"])[1]["last_used_at"].is_string());
}

#[test]
fn a_second_server_is_refused_with_the_firsts_pid() {
    let data = initialized();
    let first = Server::start(data.path());
    let pid = first.process.id().to_string();
    contains(
        &refused(data.path(), &["serve", "--listen", "127.0.0.1:0"]),
        &["another server", &format!("pid {pid}")],
    );
    first.end("-KILL");
    assert_eq!(Server::start(data.path()).end("-TERM").0, Some(0));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "plays another program that changes the file")]
fn a_foreign_or_newer_database_is_refused() {
    let data = initialized();
    let path = data.path().join("keyseal.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    for (pragma, parts) in [
        ("user_version = 99", ["newer Keyseal", "schema 99"]),
        ("application_id = 7", ["is not Keyseal's", "another program"]),
    ] {
        database
            .pragma_update(None, pragma.split(' ').next().unwrap(), pragma.split(' ').next_back().unwrap())
            .unwrap();
        contains(&refused(data.path(), &["serve"]), &parts);
    }
    drop(database);
    fs::write(&path, vec![7; 8192]).unwrap();
    contains(&refused(data.path(), &["serve"]), &["can't be read", "keyseal.db"]);
}

#[test]
fn demo_shows_a_verified_answer_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyseal"));
    let mut demo =
        Server::run(command.args(["demo", "--listen", "127.0.0.1:0"]).env("TMPDIR", temporary.path()));
    let tour = demo.log_until("Stop with Ctrl-C");
    let verdict = "The signature holds under the public key of product 1";
    contains(&tour, &["--data-urlencode 'key=test-key'", "\"code\":453", verdict]);
    for (license_key, code) in [
        ("demo-plain-product", 453),
        ("demo-available", 201),
        ("demo-reserved", 201),
        ("demo-blocked", 204),
        ("demo-expired", 205),
        ("demo-full", 202),
        ("demo-retired-product", 203),
    ] {
        let fields = [
            ("api_key", "2964c3c9-0b5d-4d89-b3ac-4668f30bc492"),
            ("license_key", license_key),
            ("identifier", "domain.ltd"),
            ("key", "test-key"),
            ("value", "x"),
        ];
        assert_eq!(demo.post(&fields)["response"]["code"], code, "{license_key}");
    }
    let (code, rest, log) = demo.end("-TERM");
    assert_eq!((code, rest.as_str()), (Some(0), ""), "{log}");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

#[test]
fn a_generator_is_made_changed_switched_and_deleted() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    done(data, &["generator", "create", "--product", "1", "--method", "uuid", "--inactive"]);
    let words =
        ["--method", "custom", "--template", "{rand:9}", "--suffix", "/S", "--charset", "abcdefghijklmnop"];
    let changed = done(data, &[&["generator", "update", "1", "--validity", "30"], &words[..]].concat());
    for (name, value) in [
        ("method", json!("custom")),
        ("template", json!("{rand:9}")),
        ("suffix", json!("/S")),
        ("charset", json!("abcdefghijklmnop")),
        ("validity", json!(30)),
        ("active", json!(false)),
    ] {
        assert_eq!(changed[name], value);
    }
    let again = done(data, &["generator", "update", "1", "--active", "--activation-limit", "2"]);
    assert_eq!(
        (&again["active"], &again["activation_limit"], &again["validity"], &again["template"]),
        (&json!(true), &json!(2), &json!(30), &json!("{rand:9}"))
    );
    assert_eq!(done(data, &["generator", "update", "1", "--inactive"])["active"], false);
    assert_eq!(done(data, &["generator", "list", "--product", "2"]), json!([]));
    let create = ["generator", "create", "--product", "1", "--method", "custom"];
    for (arguments, parts) in [
        (&create[..], &["can't be a generator", "less than 32 random bits"][..]),
        (&["generator", "update", "1", "--charset", "aa"], &["holds 'a' twice"]),
        (&["generator", "update", "9"], &["no generator 9", "generator list"]),
        (&["generator", "create", "--product", "9", "--method", "uuid"], &["no product 9", "product list"]),
    ] {
        contains(&refused(data, arguments), parts);
    }
    assert_eq!(done(data, &["generator", "delete", "1"]), json!({ "id": 1, "deleted": true }));
    contains(&refused(data, &["generator", "delete", "1"]), &["no generator 1"]);
    for usage in [&["--method", "random"][..], &["--method", "uuid", "--validity", "2147483648"]] {
        let output = keyseal(data, &[&["generator", "create", "--product", "1"], usage].concat());
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn a_license_is_changed_taken_off_and_deleted() {
    let data = initialized();
    let data = data.path();
    done(data, &["product", "create", "--name", "P"]);
    done(data, &["license", "create", "--product", "1", "--key", "K", "--owner-name", "N"]);
    let update = |options: &[&str]| done(data, &[&["license", "update", "k"], options].concat());
    let license = update(&["--status", "assigned", "--activation-limit", "2", "--owner-email", " e@x "]);
    assert!(license["assigned_at"].is_string());
    for (name, value) in [
        ("status", json!("assigned")),
        ("activation_limit", json!(2)),
        ("validity", json!(0)),
        ("owner_name", json!("N")),
        ("owner_email", json!("e@x")),
    ] {
        assert_eq!(license[name], value);
    }
    let license = update(&["--owner-name", "", "--validity", "30"]);
    assert_eq!((&license["owner_name"], &license["validity"]), (&Value::Null, &json!(30)));

    done(data, &["license", "activate", "K", "--identifier", "I"]);
    for was_active in [true, false] {
        assert_eq!(
            done(data, &["license", "deactivate", "K", "--identifier", "i"]),
            json!({ "id": 1, "license_key": "K", "identifier": "i", "was_active": was_active })
        );
    }
    assert_eq!(
        done(data, &["license", "delete", "k"]),
        json!({ "id": 1, "license_key": "K", "deleted": true })
    );
    for words in
        [&["update", "K", "--validity", "1"][..], &["delete", "K"], &["deactivate", "K", "--identifier", "i"]]
    {
        contains(&refused(data, &[&["license"], words].concat()), &["no license key K", "license list"]);
    }
    for usage in
        [&[][..], &["--activation-limit", "-1"], &["--validity", "2147483648"], &["--status", "active"]]
    {
        let output = keyseal(data, &[&["license", "update", "K"], usage].concat());
        assert_eq!(output.status.code(), Some(2), "{usage:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "plays another program that wants to write")]
fn an_import_that_is_killed_leaves_all_or_nothing() {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "P"]);
    let file = data.path().join("many.csv");
    // Spread over the whole index, as real license keys are.
    let key = |n: u64| format!("{:x}-{n},1", n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let lines: Vec<String> = (0..30_000).map(key).collect();
    fs::write(&file, format!("license_key,product_id\n{}\n", lines.join("\n"))).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyseal"));
    command.arg("--data").arg(data.path()).args(["license", "import"]).arg(&file).stdout(Stdio::null());
    let mut import = command.spawn().unwrap();
    // Nobody else can begin to write while its one transaction is open: that is half-way.
    let other = rusqlite::Connection::open(data.path().join("keyseal.db")).unwrap();
    other.busy_timeout(std::time::Duration::ZERO).unwrap();
    while other.execute_batch("BEGIN IMMEDIATE; ROLLBACK").is_ok() && import.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    import.kill().unwrap();
    drop(other);
    import.wait().unwrap();
    let left = done(data.path(), &["license", "list"]).as_array().unwrap().len();
    assert!([0, 30_000].contains(&left), "{left}");
}

#[test]
fn a_download_leaves_no_key_in_the_log() {
    let data = initialized();
    done(data.path(), &["product", "create", "--name", "P"]);
    let key =
        done(data.path(), &["api-key", "create", "--name", "all", "--capability", "*"])["api_key"].clone();
    let server = Server::start(data.path());
    let path = format!("/download/{}/SECRET-LICENSE/U0VDUkVU/1", key.as_str().unwrap());
    for path in [format!("/v1{path}"), format!("/v1{path}/x"), format!("/v2{path}")] {
        assert!(ureq::get(format!("{}{path}", server.url())).call().is_err());
    }
    let (_, _, log) = server.end("-TERM");
    contains(&log, &["GET /download 701 ", "GET (unknown) 1904 "]);
    for secret in [key.as_str().unwrap(), "SECRET-LICENSE", "U0VDUkVU"] {
        assert!(!log.contains(secret), "{log}");
    }
}
