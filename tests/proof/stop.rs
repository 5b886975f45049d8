//! SIGTERM under load: every request that was accepted is answered, every answer is on disk, and the server
//! ends well and soon.
//!
//! What counts as accepted: a request that was sent to its end on an open connection before the signal; and
//! whatever the server began to carry out. From outside the second shows in what a request does: one that got
//! no answer must have left nothing behind. A request that a client sends on an idle connection while the
//! server is closing it meets a closed door with any server; if it left nothing behind and was sent after the
//! signal, it is turned away, counted, and not lost: it can be sent again. An answer that ends midway is
//! always lost.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::support::{Client, Cut, Form, Server, World};

const CLIENTS: usize = 32;
const KEY: &str = "UNLIMITED";
/// What the server promises its operator.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What became of the requests of one client.
#[derive(Default)]
struct Account {
    answered: Vec<String>,
    /// The last answer said that the connection ends with it.
    is_closed: bool,
    /// The last one, if it got no whole answer: what it was about, when it had been sent, and how far things got.
    cut: Option<(String, Instant, Cut)>,
}

pub fn prove(form: &Form) -> String {
    let rounds = form.pick(5, 100);
    let world = World::new();
    world.command(&["license", "create", "--product", "1", "--key", KEY, "--status", "assigned"]);
    let (mut answered, mut closed, mut turned_away, mut logs, mut slowest) = (0, 0, 0, 0, Duration::ZERO);
    for round in 0..rounds {
        let mut server = world.serve();
        let (accounts, signalled, exited) = load_and_stop(&mut server, round, &mut form.rng(round));
        // Before anything else opens the database, and takes the log in.
        logs += usize::from(world.has_log());
        slowest = slowest.max(exited);
        turned_away += check(&world, &accounts, signalled, round);
        closed += accounts.iter().filter(|account| account.is_closed).count();
        answered += accounts.iter().map(|account| account.answered.len()).sum::<usize>();
    }
    format!(
        "{rounds} stops under {CLIENTS} clients, {answered} activations answered, 0 lost, 0 cut; connections: {closed} \
         closed with an answer, {turned_away} between two; {logs} write-ahead logs left; slowest exit {slowest:.0?}, \
         always code 0"
    )
}

/// Gives what the clients saw, the moment just before the signal, and how long the server took from there to its end.
fn load_and_stop(server: &mut Server, round: usize, rng: &mut Rng) -> (Vec<Account>, Instant, Duration) {
    let clients: Vec<Client> = (0..CLIENTS).map(|_| server.client()).collect();
    let ready = &Barrier::new(CLIENTS + 1);
    thread::scope(|scope| {
        let clients: Vec<_> = clients
            .into_iter()
            .enumerate()
            .map(|(number, client)| {
                // Some are busy, some pause, and some are idle for longer than a server takes to stop.
                let pause = Duration::from_millis([0, 5, 0, 400][number % 4]);
                scope.spawn(move || {
                    ready.wait();
                    activate_until_the_end(client, &format!("{round}:{number}"), pause)
                })
            })
            .collect();
        ready.wait();
        thread::sleep(Duration::from_millis(rng.u64(50..=500)));
        let signalled = Instant::now();
        server.terminate();
        let code = server.exit_code(TIMEOUT);
        let exited = signalled.elapsed();
        assert_eq!(code, Some(0), "round {round}: after {exited:?}");
        (clients.into_iter().map(|client| client.join().unwrap()).collect(), signalled, exited)
    })
}

/// Ends when the server says that it closes the connection, or when it just does.
fn activate_until_the_end(mut client: Client, name: &str, pause: Duration) -> Account {
    let mut account = Account::default();
    for number in 0.. {
        let identifier = format!("{name}:{number}");
        match client.post("activate", &[("license_key", KEY), ("identifier", &identifier)]) {
            Ok(answer) => {
                assert_eq!(answer.code, 300, "{identifier}");
                account.answered.push(identifier);
                account.is_closed = client.is_closing;
                if client.is_closing {
                    break;
                }
            }
            Err(cut) => {
                account.cut = Some((identifier, client.sent, cut));
                break;
            }
        }
        thread::sleep(pause);
    }
    account
}

/// Panics if anything accepted was lost; gives how many were turned away.
fn check(world: &World, accounts: &[Account], signalled: Instant, round: usize) -> usize {
    let database = world.database();
    database.check();
    let found: BTreeSet<String> = database
        .rows("SELECT identifier FROM activations")
        .into_iter()
        .map(|[identifier]| identifier)
        .collect();
    for identifier in accounts.iter().flat_map(|account| &account.answered) {
        assert!(found.contains(identifier), "round {round}: {identifier} was acknowledged and is lost");
    }
    let cut: Vec<_> = accounts.iter().filter_map(|account| account.cut.as_ref()).collect();
    for (identifier, sent, cut) in &cut {
        let when = sent.saturating_duration_since(signalled);
        let what = format!("round {round}: {identifier}, sent {when:?} after the signal ({cut:?}),");
        assert_ne!(*cut, Cut::Midway, "{what} got half an answer");
        assert!(!found.contains(identifier), "{what} was carried out and not answered");
        let is_older = *cut == Cut::Unanswered && *sent < signalled;
        assert!(!is_older, "{what} that is before it, was not answered");
    }
    cut.len()
}
