//! A long mixed history of one client, each answer compared with what a small model of licenses says.

mod model;

use std::time::Duration;

use fastrand::Rng;

use crate::support::{Client, Form, Server, World};
use model::{KEYS, Model, Operation};

/// Operations between two looks at all licenses, two changes of the blocklist, and two restarts.
const LIST_EVERY: usize = 500;
const BLOCK_EVERY: usize = 1_000;
const RESTART_EVERY: usize = 2_500;

pub fn prove(form: &Form) -> String {
    let operations = form.pick(20_000, 1_000_000);
    let mut rng = form.rng(0);
    let world = World::new();
    let mut server = world.serve();
    let mut client = server.client();
    let mut model = Model::default();
    let mut restarts = 0;
    for number in 1..=operations {
        let operation = Operation::any(&mut rng);
        let expected = model.expect(&operation);
        let fields = operation.fields();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = client.post(operation.endpoint(), &fields).unwrap();
        assert_eq!(answer.code, expected, "operation {number}: {operation:?} on {model:?}");
        if number % LIST_EVERY == 0 {
            compare(&mut client, &model, number);
        }
        if number % BLOCK_EVERY == 0 {
            change_blocklist(&world, &mut model, &mut rng);
        }
        if number % RESTART_EVERY == 0 {
            drop(client);
            restart(&world, &mut server, &mut rng);
            client = server.client();
            restarts += 1;
        }
    }
    compare(&mut client, &model, operations);
    format!("{operations} operations, {restarts} restarts, {} licenses: 0 differences", KEYS.len())
}

/// The server's list of licenses, but for what only it knows, is the model's.
fn compare(client: &mut Client, model: &Model, number: usize) {
    let answer = client.get("get-license-keys", "items_per_page=100").unwrap();
    let mut listed: Vec<_> =
        answer.response["license_keys"].as_array().unwrap().iter().map(model::shown).collect();
    listed.sort();
    assert_eq!(listed, model.list(), "after operation {number}");
}

fn change_blocklist(world: &World, model: &mut Model, rng: &mut Rng) {
    if let Some((_, id)) = model.blocked.take() {
        world.command(&["block", "remove", &id.to_string()]);
    } else {
        let identifier = model::any_identifier(rng);
        let added = world.command(&["block", "add", "--identifier", identifier]);
        model.blocked = Some((identifier, added["id"].as_i64().unwrap()));
    }
}

/// By force or by request.
fn restart(world: &World, server: &mut Server, rng: &mut Rng) {
    if rng.bool() {
        server.kill();
    } else {
        server.terminate();
        assert_eq!(server.exit_code(Duration::from_secs(30)), Some(0));
    }
    *server = world.serve();
}
