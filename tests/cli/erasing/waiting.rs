//! Webhooks about the customer that wait to be sent.

use keyseal_test_support::Receiver;

use super::{EMAIL, erase, execute, found_in, world};
use crate::support::{Server, contains, refused};

#[test]
fn webhooks_that_wait_are_sent_first_or_dropped_as_told() {
    let data = world();
    let data = data.path();
    let receiver = Receiver::answering(&[200]);
    let wait = |license: i64| {
        let sql = format!(
            "INSERT INTO callbacks (url, target, reply, kind, state, next_attempt, created_at, updated_at, license_id)
             VALUES ('{}', '127.0.0.1:1', '{{\"code\":1}}', 'deactivation', 'pending', 0, 0, 0, {license})",
            receiver.url("/hook")
        );
        execute(data, &sql);
    };
    wait(1);
    wait(2);
    for (options, says) in [
        (&[][..], "1 webhook about the customer still wait: send them first with --send-webhooks"),
        (&["--send-webhooks"], "no server runs that would send them"),
    ] {
        let command = [&["customer", "erase", "--email", EMAIL, "--yes"], options].concat();
        contains(&refused(data, &command), &[says, "Nothing was erased"]);
    }
    assert!(!found_in(data).is_empty());
    let server = Server::start_with(data, &["--allow-private-targets"]);
    assert_eq!(erase(data, &["--send-webhooks"])["licenses"], 1);
    assert_eq!(
        (receiver.next().line.as_str(), receiver.next().line.as_str()),
        ("POST /hook HTTP/1.1", "POST /hook HTTP/1.1")
    );
    assert_eq!(found_in(data), Vec::<String>::new());
    drop(server);
}
