//! How far a long command is, on standard error, if that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Result;

pub struct Progress {
    bar: ProgressBar,
    style: ProgressStyle,
}

impl Progress {
    pub fn new() -> Result<Self> {
        let style = ProgressStyle::with_template("{prefix} {wide_bar} {bytes}/{total_bytes} {eta}")?;
        Ok(Self { bar: ProgressBar::hidden(), style })
    }

    /// Ends what was done so far and begins the next part: of so many bytes, or of nobody knows how many.
    pub fn next(&mut self, doing: &'static str, bytes: Option<u64>) {
        self.bar.finish_and_clear();
        // It hides by itself where standard error is no terminal.
        self.bar = bytes.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        if bytes.is_some() {
            self.bar.set_style(self.style.clone());
        } else {
            self.bar.set_message(doing);
        }
        self.bar.set_prefix(doing);
        self.bar.tick();
    }

    pub fn add(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    pub fn set(&self, done: u64, all: u64) {
        self.bar.set_length(all);
        self.bar.set_position(done);
    }

    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
