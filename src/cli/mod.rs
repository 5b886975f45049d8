//! The command line: parses it, runs one command, prints the result. A file or a folder for each command.

mod activity;
mod api_key;
mod audit;
mod backup;
mod block;
mod check_reply;
mod commands;
mod config;
mod confirm;
mod customer;
mod database;
mod demo;
mod doctor;
mod download;
mod generator;
mod healthcheck;
mod init;
pub mod license;
mod manual;
mod parse;
mod product;
mod serve;
mod signing_key;
mod telemetry;
mod terminal;
mod upgrade;
mod webhook;

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use crate::clock::now;
use crate::config::{ConfigError, LogFormat, UsageError};
use crate::server::StartError;
use commands::{Command, command};
use database::{actor, change, delete_in_slices, open, operation};
use parse::ParsedCommandLine;
use terminal::output::{Output, join_lines, one_line, with_members};
use terminal::{failure, logging};

/// The result of a command. Its error is a message for the operator: what happened, where, why, and what to do next.
type Result<T = (), E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// Runs the program: `arguments` as the system gives them, with the program's name first. The result is
/// written to `out`, everything else to standard error, where the log goes too.
///
/// The exit code is 0 for success, 1 for a failure and 2 for a wrong command line or setting.
pub fn main(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> ExitCode {
    run_with(arguments, out, true, logging::start)
}

/// Like [`main`], but starts no log and asks nothing: for use inside another program.
pub fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> ExitCode {
    run_with(arguments, out, false, |_| {})
}

fn run_with(
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    asks: bool,
    start_log: impl FnOnce(LogFormat),
) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let line = match ParsedCommandLine::parse(&arguments) {
        Ok(line) => line,
        Err(UsageError::Clap(error)) if error.use_stderr() && asks_for_json(&arguments) => {
            failure::print_usage(&error);
            return ExitCode::from(2);
        }
        Err(UsageError::Clap(error)) => {
            // The texts of --help and --version come here too. If printing fails, the exit code still says it.
            drop(error.print());
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
        Err(UsageError::Config(error)) => return fail(&error, 2, asks_for_json(&arguments)),
    };
    start_log(line.cli.log.format);
    database::record_command(&line.matches);
    let confirmed = if asks { confirm::ask(&line.matches, &arguments) } else { Ok(()) };
    match confirmed.and_then(|()| dispatch(&line, &mut Output::new(line.cli.json, out))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            let is_of_settings =
                error.is::<ConfigError>() || error.downcast_ref().is_some_and(StartError::is_wrong_setting);
            fail(&*error, if is_of_settings { 2 } else { 1 }, line.cli.json)
        }
    }
}

fn fail(error: &dyn Error, code: u8, is_json: bool) -> ExitCode {
    failure::print(&error.to_string(), is_json);
    ExitCode::from(code)
}

/// Whether a command line that can't be parsed has `--json`.
fn asks_for_json(arguments: &[OsString]) -> bool {
    arguments.iter().take_while(|argument| *argument != "--").any(|argument| argument == "--json")
}

/// Whether the reader of standard output went away, as `head` does when it has its lines.
fn is_closed_pipe(error: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
    })
}

fn dispatch(line: &ParsedCommandLine, output: &mut Output<'_>) -> Result {
    let data = &line.cli.data.dir();
    match &line.cli.command {
        Command::Serve(args) => serve::run(data, args, output),
        Command::Demo(args) => demo::run(line.cli.data.named_dir().as_ref(), args, output),
        Command::Init => init::run(data, output),
        Command::ApiKey(command) => api_key::run(command, data, output),
        Command::SigningKey(command) => signing_key::run(command, data, output),
        Command::Product(command) => product::run(command, data, output),
        Command::License(command) => license::run(command, data, output),
        Command::Customer(command) => customer::run(command, data, output),
        Command::Generator(command) => generator::run(command, data, output),
        Command::Download(command) => download::run(command, data, output),
        Command::Block(command) => block::run(command, data, output),
        Command::Webhook(command) => webhook::run(command, data, output),
        Command::Telemetry(command) => telemetry::run(command, data, output),
        Command::Activity(args) => activity::run(args, data, output),
        Command::Audit(command) => audit::run(command, data, output),
        Command::Backup(args) => backup::create(args, data, output),
        Command::Restore(args) => backup::restore(args, data, output),
        Command::Upgrade => upgrade::run(data, output),
        Command::Doctor(args) => doctor::run(args, data, line.settings_file(), output),
        Command::CheckReply(args) => check_reply::run(args, output),
        Command::Healthcheck(args) => healthcheck::run(args, output),
        Command::Completions(args) => manual::completions(args, command(), output),
        Command::Manpage(args) => manual::manpage(args, command(), output),
        Command::Config(command) => config::run(command, &line.matches, line.file.as_ref(), output),
    }
}
