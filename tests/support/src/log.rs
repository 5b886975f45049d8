//! The log of a process, read by a thread while the process runs.

use std::io::{BufRead as _, BufReader};
use std::process::ChildStderr;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// How long a test waits for a line.
const TIMEOUT: Duration = Duration::from_secs(30);

pub struct Log {
    /// In a mutex so that clients on other threads can share the server process.
    lines: Mutex<Receiver<String>>,
    text: String,
    /// Up to which byte of `text` a test has waited.
    waited: usize,
}

impl Log {
    /// The log of a process whose standard error is a pipe; otherwise an empty one.
    pub fn of(pipe: Option<ChildStderr>) -> Self {
        let (sender, lines) = channel();
        if let Some(pipe) = pipe {
            thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Self { lines: Mutex::new(lines), text: String::new(), waited: 0 }
    }

    /// Waits for a line with one of these texts. Gives what came since the line that was waited for before, with it.
    pub fn until(&mut self, texts: &[&str]) -> String {
        loop {
            let new = &self.text[self.waited..];
            let found = texts.iter().filter_map(|text| new.find(text)).min();
            if let Some(end) = found.and_then(|at| Some(at + new[at..].find('\n')? + 1)) {
                let new = new[..end].to_owned();
                self.waited += end;
                return new;
            }
            match self.next(TIMEOUT) {
                Some(line) => self.push(&line),
                None => panic!("no line with {texts:?} in the log: {}", self.text),
            }
        }
    }

    pub fn so_far(&mut self) -> &str {
        while let Some(line) = self.next(Duration::ZERO) {
            self.push(&line);
        }
        &self.text
    }

    /// What came since the line that was last waited for, until the process has closed its log.
    pub fn rest(&mut self) -> String {
        while let Some(line) = self.next(Duration::MAX) {
            self.push(&line);
        }
        self.text[self.waited..].to_owned()
    }

    /// The next line; none after `timeout` or at the end.
    fn next(&mut self, timeout: Duration) -> Option<String> {
        self.lines.get_mut().unwrap().recv_timeout(timeout).ok()
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}
