//! One row of the table: what was measured in turns, added up.

use std::time::Duration;

use crate::load::Load;

/// One call at one number of connections.
pub struct Row {
    pub connections: usize,
    pub load: Load,
    /// Megabytes.
    pub peak: f64,
    rounds: f64,
    cpu: Duration,
    cpu_of_all: Duration,
    ceilings: [f64; 3],
}

/// One turn.
pub struct Round {
    /// Processor time that the server used.
    pub cpu: Duration,
    /// Processor time that anybody used.
    pub cpu_of_all: Duration,
    pub load: Load,
    /// What the machine did just before, each in a second: bare HTTP, signatures, commits.
    pub ceilings: [f64; 3],
}

impl Row {
    pub fn new(connections: usize) -> Self {
        Self {
            connections,
            load: Load::default(),
            peak: 0.0,
            rounds: 0.0,
            cpu: Duration::ZERO,
            cpu_of_all: Duration::ZERO,
            ceilings: [0.0; 3],
        }
    }

    pub fn add(&mut self, round: Round) {
        self.load.add(round.load);
        self.rounds += 1.0;
        self.cpu += round.cpu;
        self.cpu_of_all += round.cpu_of_all;
        for (sum, ceiling) in self.ceilings.iter_mut().zip(round.ceilings) {
            *sum += ceiling;
        }
    }

    /// Answers in a second.
    pub fn rate(&self) -> f64 {
        self.load.rate()
    }

    /// What the machine did in between, each in a second: bare HTTP, signatures, commits.
    pub fn ceilings(&self) -> [f64; 3] {
        self.ceilings.map(|sum| sum / self.rounds)
    }

    /// Processors that the server used.
    pub fn cpu(&self) -> f64 {
        self.processors(self.cpu)
    }

    /// Processors that the client used.
    pub fn client(&self) -> f64 {
        self.processors(self.load.cpu)
    }

    /// Processors that others than the server and the client used: they had no part in it, but took theirs.
    pub fn others(&self) -> f64 {
        (self.processors(self.cpu_of_all) - self.cpu() - self.client()).max(0.0)
    }

    fn processors(&self, time: Duration) -> f64 {
        time.as_secs_f64() / self.load.elapsed_in_all.as_secs_f64()
    }
}
