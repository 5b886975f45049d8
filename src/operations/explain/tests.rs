//! Tests the texts of the steps, and the commands that help after a refusal.

use std::time::Duration;

use super::*;
use crate::domain::{
    Block, LicenseStatus, NewActivation, NewLicense, NewProduct, ProductChange, ProductStatus,
};
use crate::files::DataDir;
use crate::store::{Decision, Store, Tx};

const NOW: Timestamp = Timestamp(1_800_000_000);

fn license(key: &str) -> NewLicense {
    NewLicense {
        owner_email: Some("jane@example.com".to_owned()),
        assigned_at: Some(NOW.plus_days(-10)),
        ..NewLicense::sample(1, key)
    }
}

fn activate(tx: &Tx<'_>, license_id: i64, identifier: &str) {
    let identifier = &Identifier::parse(identifier).unwrap();
    tx.add_activation(&NewActivation { license_id, identifier, address: None, post_url: None }, NOW).unwrap();
}

fn make_world(tx: &Tx<'_>) {
    for (number, status) in (1..).zip([ProductStatus::Active, ProductStatus::Inactive]) {
        let uuid = format!("uuid-{number}");
        tx.add_product(&NewProduct { uuid, status, ..NewProduct::sample() }, NOW).unwrap();
    }
    let change = ProductChange { require_non_expired: Some(true), ..ProductChange::default() };
    tx.change_product(2, &change, NOW).unwrap();
    for license in [
        NewLicense { activation_limit: 2, ..license("GOOD") },
        NewLicense { validity: 7, activation_limit: 1, ..license("OVER") },
        NewLicense { status: LicenseStatus::Blocked, ..license("BLOCKED") },
        NewLicense { status: LicenseStatus::Reserved, assigned_at: None, ..license("POOL") },
        NewLicense { product_id: 2, ..license("SLEEPING") },
        NewLicense { product_id: 99, ..license("LEFT") },
        NewLicense { validity: 30, activation_limit: 1, ..license("FULL") },
    ] {
        tx.add_license(&license, NOW).unwrap().unwrap();
    }
    for (license_id, identifier) in [(1, "pc"), (2, "pc"), (7, "it's"), (3, "pc")] {
        activate(tx, license_id, identifier);
    }
    tx.add_block(&Block::parse_domain("pirate.example").unwrap(), NOW).unwrap();
    tx.add_block(&Block::parse_identifier("hwid").unwrap(), NOW).unwrap();
}

fn ask(key: &str, identifier: Option<&str>) -> Question {
    Question {
        endpoint: GateEndpoint::Verify,
        license_key: Some(LicenseKey::parse(key).unwrap()),
        product: None,
        identifier: identifier
            .map_or(ForIdentifier::Any, |text| ForIdentifier::Sent(Identifier::parse(text).unwrap())),
        at: None,
    }
}

fn explain(question: Question) -> Explanation {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::create(&DataDir::new(directory.path())).unwrap();
    let explained = store.write_blocking(move |tx| {
        make_world(tx);
        Decision::Rollback(Operation { tx, now: NOW, delivery_delay: Duration::ZERO }.explain(&question))
    });
    explained.unwrap().unwrap()
}

#[test]
fn a_request_that_passes_has_the_facts_of_each_step() {
    let explanation = explain(ask("good", Some("PC")));
    assert_eq!((explanation.outcome, explanation.fix.as_ref()), (Outcome::LicenseValid, None));
    assert_eq!(explanation.license_key.as_deref(), Some("GOOD"));
    assert!(explanation.refusal().is_none());
    let texts: Vec<&str> = explanation.steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "\"PC\" is not on the blocklist",
            "license 1 has this key",
            "product 1 \"P\" is active",
            "\"PC\" was sent",
            "the license is not blocked",
            "the license is assigned to jane@example.com since 2027-01-05 08:00:00",
            "the license never expires",
            "the license is active on \"PC\"",
        ]
    );
}

/// The refusing step's number and its text, the outcome's code, and the command that helps.
fn refused(question: Question) -> (usize, String, u16, String) {
    let explanation = explain(question);
    let (number, step) = explanation.refusal().unwrap();
    assert!(explanation.steps.iter().skip(number).all(|step| step.state == StepState::NotReached));
    let fix = explanation.fix.as_ref().map(shell_words::join).unwrap_or_default();
    (number, step.text.clone(), explanation.outcome.code(), fix)
}

#[test]
fn a_refusal_has_its_facts_and_the_command_that_helps() {
    let endpoint = |endpoint, question| Question { endpoint, ..question };
    let product = |product: &str, question| Question { product: Some(product.to_owned()), ..question };
    let not_sent = |question| Question { identifier: ForIdentifier::NotSent, ..question };
    for (question, number, code, text, fix) in [
        (
            ask("GOOD", Some("www.pirate.example")),
            1,
            150,
            "\"www.pirate.example\" is blocked: the domain \"pirate.example\" is on the blocklist",
            "block remove --domain pirate.example",
        ),
        (
            ask("GOOD", Some("HWID")),
            1,
            150,
            "\"HWID\" is blocked: the identifier is on the blocklist",
            "block remove --identifier hwid",
        ),
        (ask("NOBODY", Some("pc")), 2, 210, "no license has this key", ""),
        (Question { license_key: None, ..ask("x", None) }, 2, 210, "no license key was sent", ""),
        (
            product("2", ask("GOOD", Some("pc"))),
            2,
            210,
            "the license is of product 1 \"P\", not of product 2 \"P\"",
            "license move GOOD --product 2",
        ),
        (
            product("none", ask("LEFT", Some("pc"))),
            2,
            210,
            "the license is of product 99, and there is no product \"none\"",
            "",
        ),
        (ask("SLEEPING", Some("pc")), 3, 203, "product 2 \"P\" is inactive", "product update 2 --active"),
        (product("99", ask("LEFT", Some("pc"))), 3, 203, "product 99 does not exist any more", ""),
        (not_sent(ask("GOOD", None)), 4, 215, "no identifier was sent", ""),
        (ask("BLOCKED", Some("pc")), 5, 204, "the license is blocked", "license unblock BLOCKED"),
        (
            ask("POOL", None),
            6,
            201,
            "the license is reserved: it is not assigned to a customer yet",
            "license assign POOL --owner-email EMAIL",
        ),
        (
            ask("OVER", None),
            7,
            205,
            "the license expired 3 days ago, on 2027-01-12 08:00:00",
            "license renew OVER --days 7",
        ),
        (
            Question { at: Some(NOW.plus_days(-2)), ..ask("OVER", None) },
            7,
            205,
            "the license expires 1 day before then, on 2027-01-12 08:00:00",
            "license renew OVER --days 7",
        ),
        (
            ask("GOOD", Some("other one")),
            8,
            202,
            "the license is not active on \"other one\": it is active on \"pc\"",
            "license activate GOOD --identifier 'other one'",
        ),
        (
            endpoint(GateEndpoint::Deactivate, ask("OVER", Some("other"))),
            7,
            401,
            "the license is not active on \"other\": it is active on \"pc\"",
            "",
        ),
        (
            endpoint(GateEndpoint::Activate, ask("FULL", None)),
            8,
            302,
            "1 of 1 seat is taken: it is active on \"it's\"",
            "license release FULL --oldest",
        ),
    ] {
        let expected = (number, text.to_owned(), code, fix.to_owned());
        assert_eq!(refused(question), expected);
    }
}

#[test]
fn without_an_identifier_the_last_one_or_a_new_one_is_assumed() {
    let text_of = |question, step| {
        let explanation = explain(question);
        let found = explanation.steps.iter().find(|explained| explained.step == step).unwrap();
        (explanation.outcome.code(), explanation.identifier.clone(), found.text.clone())
    };
    let last = "none was given: \"pc\" is assumed, which was activated last".to_owned();
    assert_eq!(text_of(ask("GOOD", None), Step::Identifier), (200, Some("pc".to_owned()), last));
    let new = "none was given: a new one is assumed".to_owned();
    let to_activate = Question { endpoint: GateEndpoint::Activate, ..ask("GOOD", None) };
    assert_eq!(text_of(to_activate.clone(), Step::Identifier), (300, None, new.clone()));
    let seats = "1 of 2 seats is taken: it is active on \"pc\"".to_owned();
    assert_eq!(text_of(to_activate, Step::Seat), (300, None, seats));
    assert_eq!(text_of(ask("POOL", None), Step::Blocklist).1, None);
}

#[test]
fn an_activation_tells_of_its_seat_and_a_download_of_its_product() {
    let last_text = |endpoint, key, identifier| {
        let explanation = explain(Question { endpoint, ..ask(key, Some(identifier)) });
        (explanation.outcome.code(), explanation.steps.last().unwrap().text.clone())
    };
    let already = "the license is active on \"it's\" already".to_owned();
    assert_eq!(last_text(GateEndpoint::Activate, "FULL", "it's"), (301, already));
    let explanation = explain(Question { endpoint: GateEndpoint::Downloads, ..ask("OVER", Some("pc")) });
    assert_eq!(explanation.outcome, Outcome::Downloads);
    assert_eq!(
        explanation.steps[6].text,
        "the license expired 3 days ago, on 2027-01-12 08:00:00, and its product permits downloads after that"
    );
}
