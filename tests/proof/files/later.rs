//! A database too large to be looked through before it is served: damage is found meanwhile, said where an
//! operator looks, and ends all verdicts.

use std::fmt::Write as _;
use std::fs;

use super::DATABASE;
use crate::support::{ServerProcess, World, serving};

const LICENSES: usize = 150_000;
const IDENTIFIER: &str = "the-last.example";

pub fn prove() -> String {
    let world = World::new();
    import(&world);
    damage(&world);
    let mut server = ServerProcess::try_run(&mut serving(world.data()))
        .unwrap_or_else(|refused| panic!("it was found before it was served: {}", refused.log));
    let log = server.log_until_any(&["is whole", "is damaged"]);
    assert!(
        log.contains("the database is damaged: table activations") && log.contains("keyseal restore"),
        "{log}"
    );
    let mut client = server.client(&world.api_key);
    assert_eq!(client.exchange(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap(), "not ready\n");
    let body = format!("api_key={}&license_key=KEY-0&identifier=x", world.api_key);
    let request = format!(
        "POST /api/v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = client.exchange(request.as_bytes()).unwrap();
    assert!(answer.starts_with("{\"response\":{\"code\":1901,"), "{answer}");
    assert_eq!(server.stop(), Some(0));
    format!("damage among {LICENSES} licenses found while serving, from then on 503 and 1901")
}

fn import(world: &World) {
    let mut csv = "license_key,product_id,status,identifiers\n".to_owned();
    for number in 0..LICENSES {
        let identifier = if number + 1 == LICENSES { IDENTIFIER } else { "shop.example" };
        writeln!(csv, "KEY-{number},1,assigned,\"[\"\"{identifier}\"\"]\"").unwrap();
    }
    world.import(&csv);
}

/// Changes one letter of an identifier in the one of the two places that hold it: the row or its index.
fn damage(world: &World) {
    let path = world.data().join(DATABASE);
    let mut content = fs::read(&path).unwrap();
    let at = content.windows(IDENTIFIER.len()).position(|bytes| bytes == IDENTIFIER.as_bytes()).unwrap();
    content[at] ^= 1;
    fs::write(path, content).unwrap();
}
