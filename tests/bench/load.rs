//! The load: many connections on one thread. In a closed loop each sends its next request when it has its
//! answer; in an open loop requests come at a fixed rate, whether or not the ones before are answered, and
//! each one's latency counts from when it was due.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use crate::client::{Client, MayBe, Received};
use crate::latencies::{Latencies, per_second};
use crate::support::processor_time_of;

/// Runs before the measurement and is not counted: caches fill, TCP windows grow.
const WARM_UP: Duration = Duration::from_millis(300);

/// The longest that an open loop sleeps between two looks at the clock.
const TICK: Duration = Duration::from_micros(100);

/// The tick under overload: requests are sent in small groups, so that this client takes less of the processors that it
/// shares with the server.
const COARSE_TICK: Duration = Duration::from_millis(1);

/// How long to wait for an answer before the run fails.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy)]
pub struct Plan {
    pub connections: usize,
    /// Requests a second in an open loop; a closed loop has none.
    pub rate: Option<f64>,
    pub measured: Duration,
    pub may_be: MayBe,
}

#[derive(Default)]
pub struct Load {
    /// Of the expected answers.
    pub latencies: Latencies,
    /// How many requests were refused for overload (1901).
    pub refused: usize,
    elapsed: Duration,
    /// With the warm-up and the last answers.
    pub elapsed_in_all: Duration,
    /// Processor time that this client used.
    pub cpu: Duration,
}

impl Load {
    pub fn rate(&self) -> f64 {
        per_second(self.latencies.count(), self.elapsed)
    }

    /// Adds what was measured at another time.
    pub fn add(&mut self, other: Self) {
        self.latencies.add(other.latencies);
        self.refused += other.refused;
        self.elapsed += other.elapsed;
        self.elapsed_in_all += other.elapsed_in_all;
        self.cpu += other.cpu;
    }

    /// Processors that this client used.
    pub fn processors(&self) -> f64 {
        self.cpu.as_secs_f64() / self.elapsed_in_all.as_secs_f64()
    }

    pub fn refused_rate(&self) -> f64 {
        per_second(self.refused, self.elapsed)
    }
}

/// Writes a request, given the connection and how many that connection has sent.
pub type Requests<'a> = dyn FnMut(usize, usize, &mut Vec<u8>) + 'a;

/// Loads the server. The n-th answer on a connection must begin as the n-th of `expected`, taken in turn.
pub fn run(address: &str, plan: Plan, expected: &[&str], requests: &mut Requests<'_>) -> Load {
    let mut poll = Poll::new().unwrap();
    let clients = (0..plan.connections)
        .map(|number| Client::connect(address, poll.registry(), Token(number)))
        .collect();
    let cpu = processor_time_of("self");
    let started = Instant::now();
    let counts_from = started + WARM_UP;
    let mut run = Run {
        clients,
        requests,
        out: Vec::new(),
        latencies: Latencies::default(),
        refused: 0,
        counts_from,
        may_be: plan.may_be,
    };
    let ends = counts_from + plan.measured;
    match plan.rate {
        None => run.closed(&mut poll, expected, ends),
        Some(rate) => run.open(&mut poll, expected, ends, rate),
    }
    let elapsed_in_all = started.elapsed();
    run.latencies.sort();
    Load {
        latencies: run.latencies,
        refused: run.refused,
        elapsed: plan.measured,
        elapsed_in_all,
        cpu: processor_time_of("self").saturating_sub(cpu),
    }
}

struct Run<'a> {
    clients: Vec<Client>,
    requests: &'a mut Requests<'a>,
    out: Vec<u8>,
    latencies: Latencies,
    refused: usize,
    counts_from: Instant,
    may_be: MayBe,
}

impl Run<'_> {
    fn send(&mut self, number: usize, due: Instant) {
        self.out.clear();
        let client = &mut self.clients[number];
        (self.requests)(number, client.sent, &mut self.out);
        client.send(&self.out, due);
    }

    /// What the connection has got, once it has its answer.
    fn receive(&mut self, number: usize, expected: &[&str]) -> Option<Received> {
        let client = &mut self.clients[number];
        client.receive(expected[(client.sent - 1) % expected.len()], self.may_be)
    }

    fn note(&mut self, received: &Received, latency: Duration) {
        match received {
            Received::Expected => self.latencies.note(latency),
            Received::Refused => self.refused += 1,
        }
    }

    fn closed(&mut self, poll: &mut Poll, expected: &[&str], ends: Instant) {
        let mut events = Events::with_capacity(self.clients.len());
        for number in 0..self.clients.len() {
            self.send(number, Instant::now());
        }
        let mut on_the_way = self.clients.len();
        while on_the_way > 0 {
            poll.poll(&mut events, Some(TIMEOUT)).unwrap();
            assert!(!events.is_empty(), "no answer within {TIMEOUT:?}");
            for event in &events {
                let Token(number) = event.token();
                let Some(received) = self.receive(number, expected) else { continue };
                let now = Instant::now();
                if now >= ends {
                    on_the_way -= 1;
                    continue;
                }
                if now >= self.counts_from {
                    self.note(&received, now - self.clients[number].due);
                }
                self.send(number, now);
            }
        }
    }

    fn open(&mut self, poll: &mut Poll, expected: &[&str], ends: Instant, rate: f64) {
        let mut events = Events::with_capacity(self.clients.len());
        let interval = Duration::from_secs_f64(1.0 / rate);
        // In turn, so that none is left alone so long that the server ends it.
        let mut free: VecDeque<usize> = (0..self.clients.len()).collect();
        let mut waiting: VecDeque<Instant> = VecDeque::new();
        let mut next = Instant::now();
        loop {
            let now = Instant::now();
            while next <= now && next < ends {
                waiting.push_back(next);
                next += interval;
            }
            while let (Some(due), Some(number)) = (waiting.front().copied(), free.front().copied()) {
                waiting.pop_front();
                free.pop_front();
                self.send(number, due);
            }
            if next >= ends && waiting.is_empty() && free.len() == self.clients.len() {
                return;
            }
            assert!(now < ends + TIMEOUT, "no answer within {TIMEOUT:?}");
            poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
            for event in &events {
                let Token(number) = event.token();
                let Some(received) = self.receive(number, expected) else { continue };
                let due = self.clients[number].due;
                if due >= self.counts_from {
                    self.note(&received, due.elapsed());
                }
                free.push_back(number);
            }
            if self.may_be == MayBe::Refused {
                std::thread::sleep(COARSE_TICK);
            } else if events.is_empty() {
                std::thread::sleep(next.saturating_duration_since(Instant::now()).min(TICK));
            }
        }
    }
}
