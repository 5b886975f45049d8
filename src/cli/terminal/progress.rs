//! The progress bar of a long command, on standard error if that is a terminal.

use std::cell::RefCell;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Result;
use crate::maintenance::Progress;

pub struct TerminalProgress {
    bar: RefCell<ProgressBar>,
    style: ProgressStyle,
}

impl TerminalProgress {
    pub fn new() -> Result<Self> {
        let style = ProgressStyle::with_template("{prefix} {wide_bar} {bytes}/{total_bytes} {eta}")?;
        Ok(Self { bar: RefCell::new(ProgressBar::hidden()), style })
    }
}

impl Progress for TerminalProgress {
    fn begin(&self, phase: &'static str, bytes: Option<u64>) {
        self.end();
        // The bar hides itself if standard error is not a terminal.
        let bar = bytes.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        if bytes.is_some() {
            bar.set_style(self.style.clone());
            bar.set_prefix(phase);
        } else {
            bar.set_message(phase);
        }
        bar.tick();
        self.bar.replace(bar);
    }

    fn advance(&self, bytes: u64) {
        self.bar.borrow().inc(bytes);
    }

    fn set(&self, done: u64, total: u64) {
        let bar = self.bar.borrow();
        bar.set_length(total);
        bar.set_position(done);
    }

    fn end(&self) {
        self.bar.borrow().finish_and_clear();
    }
}
