//! Hostile requests in great numbers, over every route in every encoding: each gets a signed answer, and none
//! does any harm.
//!
//! A request is made up from the seed and its number alone, so that one that was answered badly can be sent
//! again; it is also kept as a file. What breaks HTTP itself is tried apart: it has no claim to an answer.

mod connection;
mod fields;
mod malformed;
mod odd_texts;
mod request;
mod verdict;
mod wire;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use fastrand::Rng;

use keyseal_test_support::RawAnswer;

use crate::support::{Form, Server};
use connection::Connection;
use request::{Piles, Request};
use verdict::{Judge, NO_CODE};
use world::HostileWorld;

/// Each world is of this many requests: in one that is much older, lists grow so long that all else stands
/// still. What grows by design is added by the first of them alone.
const REQUESTS: usize = 100_000;
const GROWING: usize = 30_000;
const GARBAGE: usize = 2_000;
const CLIENTS: usize = 12;
/// Requests that are sent before the first of them is answered, and how many bytes they may have: what a
/// socket takes whether or not anybody reads it.
const AT_ONCE: usize = 16;
const BYTES_AT_ONCE: usize = 32 * 1024;

/// How much more memory the server may hold after the second half of a world's requests than after the first,
/// in KiB. Both times it is idle, and gives back what it frees. Much less than a KiB for each request; more
/// than what its caches still grow by.
const MAX_GROWTH: u64 = 64 * 1024;

/// How often a request is retried that the server refuses for overload, after the time that it names.
const MAX_RETRIES: usize = 20;

/// The fewest distinct codes that tell that the requests got somewhere.
const MIN_CODES: usize = 80;

/// What came of the requests of one world.
#[derive(Default)]
struct Tally {
    codes: BTreeMap<i64, usize>,
    /// Endpoints that were reached behind the gate.
    reached: BTreeSet<&'static str>,
    /// The length of the longest answer, in bytes.
    longest: usize,
    retried: usize,
}

pub fn prove(form: &Form) -> String {
    let worlds = form.pick(1, 50);
    assert!(
        request::sweep() <= REQUESTS,
        "{} requests are needed to try each text in each field",
        request::sweep()
    );
    let mut total = Tally::default();
    let (mut memory, mut growth, mut answered, mut warnings) = (0, 0, 0, 0);
    for number in 0..worlds {
        let world = HostileWorld::new();
        let mut server = world.serve();
        let judge = Judge::new(&world.global_key, &world.product_key);
        let files = world::open_files(server.pid());
        let (first, half) = (number * REQUESTS, REQUESTS / 2);
        total.add(requests(&server, &judge, form, first..first + GROWING, Piles::Grow));
        total.add(requests(&server, &judge, form, first + GROWING..first + half, Piles::Stay));
        let early = server.memory("VmRSS");
        total.add(requests(&server, &judge, form, first + half..first + REQUESTS, Piles::Stay));
        let late = server.memory("VmRSS");
        assert!(
            late <= early + MAX_GROWTH,
            "it held {early} KiB after {half} requests and {late} KiB after as many more"
        );
        (memory, growth) = (late.max(memory), late.saturating_sub(early).max(growth));
        world.check_log(None);
        answered += garbage(&server, form, number * GARBAGE..(number + 1) * GARBAGE);
        check_health(&world, &mut server, &files);
        warnings += world.check_log(Some("actix_http::h1::dispatcher] stream error"));
    }
    total.check();
    format!(
        "{} requests to {} endpoints: {} distinct codes, {} not authorized, {} retried, 0 unsigned, 0 failures; {} \
         malformed requests, {answered} answered; {} MB of memory at the end, {} MB more than at half; longest answer \
         {} KB; {warnings} warnings, 0 errors, 0 files left open",
        worlds * REQUESTS,
        total.reached.len(),
        total.codes.len(),
        total.codes.range(100..=199).map(|(_, count)| count).sum::<usize>(),
        total.retried,
        worlds * GARBAGE,
        memory / 1024,
        growth / 1024,
        total.longest / 1024,
    )
}

impl Tally {
    fn note(&mut self, request: &Request, answer: &RawAnswer, code: i64) {
        self.longest = self.longest.max(answer.body.len());
        *self.codes.entry(code).or_default() += 1;
        if ((200..1900).contains(&code) || (1930..2000).contains(&code)) && !request.capability.is_empty() {
            self.reached.insert(request.capability);
        }
    }

    fn add(&mut self, other: Self) {
        for (code, count) in other.codes {
            *self.codes.entry(code).or_default() += count;
        }
        self.reached.extend(other.reached);
        self.longest = self.longest.max(other.longest);
        self.retried += other.retried;
    }

    /// Panics unless the requests got behind the gate of every endpoint, and far.
    fn check(&self) {
        let all: BTreeSet<&str> = keyseal::paths().map(|(_, _, capability)| capability).collect();
        let missed: Vec<_> = all.difference(&self.reached).collect();
        assert!(missed.is_empty(), "never got behind the gate of {missed:?}");
        assert!(self.codes.len() >= MIN_CODES, "only {} codes: {:?}", self.codes.len(), self.codes);
        assert!(self.codes.contains_key(&NO_CODE), "no file was ever sent");
    }
}

/// Sends the requests of these numbers on several connections at once. Panics with the first that was answered badly.
fn requests(
    server: &Server,
    judge: &Judge,
    form: &Form,
    numbers: std::ops::Range<usize>,
    piles: Piles,
) -> Tally {
    let (next, failed) = (&AtomicUsize::new(numbers.start), &AtomicBool::new(false));
    let run = move || {
        let mut connection = Connection::new(server.address());
        let mut tally = Tally::default();
        while !failed.load(Ordering::Relaxed) {
            let start = next.fetch_add(AT_ONCE, Ordering::Relaxed);
            if start >= numbers.end {
                break;
            }
            let batch = (start..numbers.end.min(start + AT_ONCE))
                .map(|number| request::any(number, piles, &mut rng(form, number)))
                .collect::<Vec<_>>();
            if let Err(problem) = send(&mut connection, judge, &batch, &mut tally) {
                failed.store(true, Ordering::Relaxed);
                return Err(problem);
            }
        }
        Ok(tally)
    };
    let mut total = Tally::default();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(run)).collect();
        for client in clients {
            total.add(client.join().unwrap().unwrap_or_else(|problem| panic!("{problem}")));
        }
    });
    total
}

/// The same for the same seed and number, whoever sends it and when.
fn rng(form: &Form, number: usize) -> Rng {
    form.rng(number)
}

fn send(
    connection: &mut Connection,
    judge: &Judge,
    batch: &[Request],
    tally: &mut Tally,
) -> Result<(), String> {
    let mut rest = batch;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(together(rest));
        let answers =
            connection.exchange(now).map_err(|(at, problem)| verdict::report(&now[at], &problem, None))?;
        for (request, answer) in now.iter().zip(answers) {
            let answer = insist(connection, request, answer, tally)?;
            tally.note(request, &answer, judged(judge, request, &answer)?);
        }
        rest = later;
    }
    Ok(())
}

/// The answer to a request that is sent again while the server says that it has too much to do; the last of
/// those, if it says nothing else.
fn insist(
    connection: &mut Connection,
    request: &Request,
    mut answer: RawAnswer,
    tally: &mut Tally,
) -> Result<RawAnswer, String> {
    for _ in 0..MAX_RETRIES {
        let Some(seconds) = answer.header("retry-after").filter(|_| answer.status == 503) else { break };
        thread::sleep(Duration::from_secs(seconds.parse().map_err(|_| format!("retry after {seconds}?"))?));
        tally.retried += 1;
        let again = connection.exchange(std::slice::from_ref(request));
        answer = again.map_err(|(_, problem)| verdict::report(request, &problem, None))?.remove(0);
    }
    Ok(answer)
}

/// How many of these are sent before the first is answered.
fn together(requests: &[Request]) -> usize {
    let mut size = 0;
    let fit = requests.iter().take_while(|request| {
        size += request.bytes.len();
        size <= BYTES_AT_ONCE && !request.is_alone
    });
    fit.count().max(1)
}

fn judged(judge: &Judge, request: &Request, answer: &RawAnswer) -> Result<i64, String> {
    judge.judge(request, answer).map_err(|problem| verdict::report(request, &problem, Some(answer)))
}

/// Gives how many of these got an answer.
fn garbage(server: &Server, form: &Form, numbers: std::ops::Range<usize>) -> usize {
    let (next, answered) = (&AtomicUsize::new(numbers.start), &AtomicUsize::new(0));
    thread::scope(|scope| {
        let run = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= numbers.end {
                    break;
                }
                let bytes = malformed::any(number, &mut rng(form, number));
                match malformed::send(server.address(), &bytes) {
                    Ok(true) => drop(answered.fetch_add(1, Ordering::Relaxed)),
                    Ok(false) => {}
                    Err(problem) => panic!("garbage {number}: {problem}\n{}", bytes.escape_ascii()),
                }
            }
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(run)).collect();
        for client in clients {
            client.join().unwrap();
        }
    });
    answered.load(Ordering::Relaxed)
}

/// After all that: it is ready, holds no more files than before, stops as it should, and its database is whole.
fn check_health(world: &HostileWorld, server: &mut Server, files: &[String]) {
    world::check_open_files(server.pid(), files);
    server.check_ready();
    server.terminate();
    assert_eq!(server.exit_code(Duration::from_secs(30)), Some(0));
    world.database().check();
}
