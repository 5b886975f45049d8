//! Texts with the customer's address that can't be changed.

use serde_json::{Value, json};

use super::{EMAIL, erase, execute, world};
use crate::support::{contains, done, keyseal, refused};

#[test]
fn what_cannot_be_changed_without_harm_is_told_and_nothing_is_called_erased() {
    let data = world();
    let data = data.path();
    done(data, &["license", "create", "--product", "1", "--key", "jane.roe@mail.example-1"]);
    done(data, &["license", "create", "--product", "1", "--key", "KEY/jane.roe@mail.example"]);
    let said = refused(data, &["customer", "erase", "--email", EMAIL, "--yes"]);
    contains(&said, &["is not erased completely", "license 4: KEY/jane.roe@mail.example"]);
    done(data, &["license", "delete", "KEY/jane.roe@mail.example"]);
    execute(
        data,
        "INSERT INTO contracts (uuid, name, information, contract_key, license_keys_quantity, product_id, can_get_info,
                can_generate, can_destroy, can_destroy_all, status, created_at, updated_at)
         VALUES ('u', 'Reseller', '', 'for/Jane.Roe@mail.example', 1, 1, 1, 1, 1, 1, 'active', 0, 0)",
    );
    let command = ["customer", "erase", "--email", EMAIL, "--yes"];
    for _ in 0..2 {
        contains(
            &refused(data, &command),
            &["is not erased completely", "Delete these", "contract 1: for/Jane.Roe@mail.example"],
        );
    }
    let output = keyseal(data, &[&["--json"], &command[..]].concat());
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let left = json!([{ "table": "contracts", "id": 1, "text": "for/Jane.Roe@mail.example" }]);
    assert_eq!((&value["erased"], &value["left"], output.status.code()), (&json!(false), &left, Some(1)));
    execute(data, "DELETE FROM contracts");
    assert_eq!(erase(data, &[])["erased"], json!(true));
}
