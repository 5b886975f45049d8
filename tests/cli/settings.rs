//! Settings: what flag, variable, file and default make of each other, and what is refused.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Server, contains, done, initialized, program};

/// `config show --json` over a file, variables and flags.
fn shown(data: &Path, variables: &[(&str, &str)], flags: &[&str]) -> Value {
    let output = show(data, variables, &[&["--json"], flags].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn show(data: &Path, variables: &[(&str, &str)], flags: &[&str]) -> Output {
    let mut command = program();
    command.args(["config", "show", "--data"]).arg(data).args(flags);
    command.envs(variables.iter().copied()).output().unwrap()
}

/// What is said of settings that are refused, by the code for a wrong command line.
fn refused(data: &Path, variables: &[(&str, &str)], flags: &[&str]) -> String {
    let output = show(data, variables, flags);
    assert_eq!(output.status.code(), Some(2), "{variables:?} {flags:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

fn write(data: &Path, text: &str) -> String {
    let file = data.join("keyseal.toml");
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_flag_wins_over_a_variable_that_over_the_file_and_that_over_the_default() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    let by_default = shown(data, &[], &[]);
    assert_eq!(by_default["listen"], json!({ "value": "127.0.0.1:8080", "source": "default" }));
    assert_eq!(by_default["workers"], json!({ "value": null, "source": "default" }));
    let file = write(data, "# all of it\n\nlisten = \"127.0.0.1:1\"\nworkers = 3\n");
    let by_file = shown(data, &[], &[]);
    assert_eq!(
        by_file["listen"],
        json!({ "value": "127.0.0.1:1", "source": "file", "file": file, "line": 3 })
    );
    assert_eq!(by_file["workers"], json!({ "value": 3, "source": "file", "file": file, "line": 4 }));
    let variables = [("KEYSEAL_LISTEN", "127.0.0.1:2")];
    let by_variable = json!({ "value": "127.0.0.1:2", "source": "environment", "name": "KEYSEAL_LISTEN" });
    assert_eq!(shown(data, &variables, &[])["listen"], by_variable);
    let by_flag = json!({ "value": "127.0.0.1:3", "source": "flag", "name": "--listen" });
    assert_eq!(shown(data, &variables, &["--listen", "127.0.0.1:3"])["listen"], by_flag);
    assert_eq!(shown(data, &variables, &["--listen", "127.0.0.1:3"])["workers"], by_file["workers"]);
    let output = show(data, &variables, &["--body-timeout", "7"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    for line in [
        &["SETTING", "VALUE", "FROM"][..],
        &["listen", "127.0.0.1:2", "environment", "variable", "KEYSEAL_LISTEN"],
        &["workers", "3", &format!("{file}:4")],
        &["body-timeout", "7", "flag", "--body-timeout"],
        &["http-status", "envelope", "default"],
    ] {
        assert!(lines.iter().any(|shown| shown == line), "no {line:?} in {text}");
    }
}

#[test]
fn an_empty_variable_is_not_given() {
    let data = tempfile::tempdir().unwrap();
    let file = write(data.path(), "listen = \"127.0.0.1:1\"\nno-changelog = true\n");
    let empty = [
        ("KEYSEAL_LISTEN", ""),
        ("KEYSEAL_NO_CHANGELOG", ""),
        ("KEYSEAL_WORKERS", ""),
        ("KEYSEAL_CONFIG", ""),
    ];
    let shown = shown(data.path(), &empty, &[]);
    for (name, line) in [("listen", 1), ("no-changelog", 2)] {
        assert_eq!((&shown[name]["file"], &shown[name]["line"]), (&json!(file), &json!(line)));
    }
    assert_eq!(shown["workers"]["source"], "default");
}

#[test]
fn lists_and_switches_are_arrays_and_booleans_in_the_file() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    write(data, "trusted-proxy = [\"10.0.0.0/8\", \"::1/128\"]\nno-changelog = true\nunsigned = false\n");
    let by_file = shown(data, &[], &[]);
    assert_eq!(by_file["trusted-proxy"]["value"], json!(["10.0.0.0/8", "::1/128"]));
    assert_eq!(
        (&by_file["no-changelog"]["value"], &by_file["unsigned"]["value"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(by_file["unsigned"]["source"], "file");
    let variables = [("KEYSEAL_NO_CHANGELOG", "false"), ("KEYSEAL_TRUSTED_PROXIES", "192.0.2.0/24")];
    let over = shown(data, &variables, &["--unsigned"]);
    assert_eq!(over["no-changelog"]["value"], false);
    assert_eq!(over["trusted-proxy"]["value"], json!(["192.0.2.0/24"]));
    assert_eq!(over["unsigned"], json!({ "value": true, "source": "flag", "name": "--unsigned" }));
    write(data, "trusted-proxy = []\n");
    assert_eq!(shown(data, &[], &[])["trusted-proxy"]["value"], json!([]));
}

#[test]
fn what_the_file_can_not_say_is_refused_with_its_line_and_what_was_expected() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    for (text, parts) in [
        (
            "\n\nlisen = \"x\"",
            &["unknown setting \"lisen\" in ", "keyseal.toml line 3: did you mean \"listen\"?"][..],
        ),
        ("http_status = \"envelope\"", &["\"http_status\"", "line 1: did you mean \"http-status\"?"]),
        ("trusted-proxies = []", &["did you mean \"trusted-proxy\"?"]),
        ("colour = 1", &["unknown setting \"colour\"", "line 1", "keyseal serve --help"]),
        ("config = \"x\"", &["unknown setting \"config\""]),
        ("[serve]\nlisten = \"x\"", &["unknown setting \"serve\"", "no sections"]),
        ("workers = 3\nworkers = 4", &["line 2", "duplicate key"]),
        ("listen = \"x", &["keyseal.toml line 1: "]),
        ("listen = \"8080\"", &["line 1: \"listen\" can't be \"8080\"", "127.0.0.1:8080"]),
        ("metrics-listen = \"127.0.0.1\"", &["\"metrics-listen\" can't be", "the port is missing"]),
        ("public-url = \"foo.example.com\"", &["\"public-url\" can't be", "https://"]),
        ("workers = \"4\"", &["line 1: \"workers\" must be a whole number, not a string"]),
        ("workers = 4.5", &["\"workers\" must be a whole number"]),
        ("\nworkers = 300", &["line 2: \"workers\" can't be \"300\": 300 is not in 1..=256"]),
        ("workers = -1", &["\"workers\" can't be \"-1\": -1 is not in 1..=256"]),
        (
            "http-status = \"real\"",
            &["\"http-status\" can't be \"real\": it must be one of envelope, documented"],
        ),
        ("listen = 8080", &["line 1: \"listen\" must be a string in quotes, not a number"]),
        ("no-changelog = \"yes\"", &["line 1: \"no-changelog\" must be true or false, not a string"]),
        ("trusted-proxy = \"10.0.0.0/8\"", &["\"trusted-proxy\" must be a list of strings"]),
        ("trusted-proxy = [\"10.0.0.0/8\", 5]", &["\"trusted-proxy\" must be a list of strings"]),
        ("trusted-proxy = [\"10.0.0.300\"]", &["\"trusted-proxy\" can't be \"10.0.0.300\": "]),
        ("data = \"x\"", &["line 1: \"data\" can't be set in the data directory itself", "--config"]),
    ] {
        write(data, text);
        let refusal = refused(data, &[], &[]);
        contains(&refusal, parts);
        assert!(refusal.starts_with("keyseal: ") && refusal.trim_end().lines().count() == 1, "{refusal}");
    }
    fs::write(data.join("keyseal.toml"), [0xff, b'\n']).unwrap();
    contains(&refused(data, &[], &[]), &["can't read the settings file", "keyseal.toml"]);
}

#[test]
fn an_unknown_variable_is_refused_with_the_one_that_was_meant() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path();
    for (name, parts) in [
        ("KEYSEAL_LISEN", &["unknown environment variable KEYSEAL_LISEN: did you mean KEYSEAL_LISTEN?"][..]),
        ("KEYSEAL_TRUSTED_PROXY", &["did you mean KEYSEAL_TRUSTED_PROXIES?"]),
        (
            "KEYSEAL_7Q",
            &["unknown environment variable KEYSEAL_7Q: unset it, or see \"keyseal serve --help\""],
        ),
    ] {
        contains(&refused(data, &[(name, "x")], &[]), parts);
    }
    let of_kubernetes = [
        ("KEYSEAL_SERVICE_HOST", "10.0.0.1"),
        ("KEYSEAL_SERVICE_PORT_HTTP", "8080"),
        ("KEYSEAL_PORT", "tcp://10.0.0.1:8080"),
        ("KEYSEAL_PORT_8080_TCP_ADDR", "10.0.0.1"),
    ];
    assert_eq!(shown(data, &of_kubernetes, &[])["listen"]["source"], "default");
    assert!(refused(data, &[("KEYSEAL_PORT", "8080")], &[]).contains("KEYSEAL_PORT"));
}

#[test]
fn a_wrong_value_is_refused_with_the_variable_or_the_flag_that_has_it() {
    let data = tempfile::tempdir().unwrap();
    let said = refused(data.path(), &[("KEYSEAL_WORKERS", "300")], &[]);
    contains(&said, &["environment variable KEYSEAL_WORKERS can't be \"300\": 300 is not in 1..=256"]);
    contains(&refused(data.path(), &[], &["--workers", "300"]), &["--workers", "300 is not in 1..=256"]);
    let said = refused(data.path(), &[("KEYSEAL_NO_DOCS", "yes")], &[]);
    contains(&said, &["environment variable KEYSEAL_NO_DOCS can't be \"yes\": it must be true or false"]);
    // What a flag overrides is not looked at.
    let shown = shown(data.path(), &[("KEYSEAL_WORKERS", "300")], &["--workers", "2"]);
    assert_eq!(shown["workers"]["value"], 2);
}

#[test]
fn a_file_that_is_named_must_be_there_and_may_name_the_data_directory() {
    let (data, outside) = (initialized(), tempfile::tempdir().unwrap());
    let file = outside.path().join("my.toml");
    let named = |arguments: &[&str]| program().arg("--config").arg(&file).args(arguments).output().unwrap();
    let missing = named(&["product", "list"]);
    assert_eq!(missing.status.code(), Some(2));
    contains(
        &String::from_utf8(missing.stderr).unwrap(),
        &["can't read the settings file", "my.toml", "--config"],
    );
    fs::write(&file, format!("data = {:?}\n", data.path().to_str().unwrap())).unwrap();
    let keys: Value = serde_json::from_slice(&named(&["--json", "api-key", "list"]).stdout).unwrap();
    assert_eq!(keys.as_array().unwrap().len(), 1);
    // Then the one in the data directory counts for nothing.
    write(data.path(), "lisen = 1");
    assert!(named(&["product", "list"]).status.success());
    let by_variable = program().args(["product", "list"]).env("KEYSEAL_CONFIG", &file).output().unwrap();
    assert!(by_variable.status.success());
}

#[test]
fn a_server_runs_by_its_file() {
    let data = initialized();
    write(data.path(), "listen = \"127.0.0.1:0\"\nhttp-status = \"documented\"\n");
    let mut command = program();
    let server = Server::run(command.arg("serve").env("KEYSEAL_DATA", data.path()));
    let answer = ureq::post(format!("{}/api/v1/verify", server.url())).send_form([("api_key", "none")]);
    assert!(matches!(answer, Err(ureq::Error::StatusCode(401))), "{answer:?}");
    assert_eq!(server.end("-TERM").code, Some(0));
    assert_eq!(done(data.path(), &["config", "show"])["http-status"]["value"], "documented");
}

#[test]
fn an_address_that_can_not_be_one_is_refused_wherever_it_stands() {
    let data = initialized();
    for wrong in ["8080", "127.0.0.1", ":8080", "http://127.0.0.1:8080", "127.0.0.1:99999"] {
        contains(&refused(data.path(), &[], &["--listen", wrong]), &["--listen", wrong]);
        contains(
            &refused(data.path(), &[("KEYSEAL_METRICS_LISTEN", wrong)], &[]),
            &["KEYSEAL_METRICS_LISTEN", wrong],
        );
        let served =
            program().arg("--data").arg(data.path()).args(["serve", "--listen", wrong]).output().unwrap();
        assert_eq!(served.status.code(), Some(2), "{wrong}");
    }
    for wrong in ["foo.example.com", "https://x?y", "ftp://x"] {
        contains(
            &refused(data.path(), &[("KEYSEAL_PUBLIC_URL", wrong)], &[]),
            &["KEYSEAL_PUBLIC_URL", wrong],
        );
    }
    let flags = [
        "--listen",
        "[::1]:80",
        "--metrics-listen",
        "localhost:9464",
        "--public-url",
        "https://x.example.com/a",
    ];
    assert_eq!(shown(data.path(), &[], &flags)["listen"]["value"], "[::1]:80");
}
