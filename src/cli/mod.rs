//! The command line: what it takes, and how a command ends. A file or a folder for each command.

mod api_key;
mod audit;
mod backup;
mod block;
mod callback;
mod check_reply;
mod config;
mod demo;
mod doctor;
mod download;
mod generator;
mod healthcheck;
mod init;
pub mod license;
mod manual;
mod product;
mod serve;
mod signing_key;
mod terminal;

use std::cell::RefCell;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::clock::now;
use crate::config::{self as settings, DataArg, File, LogArg, LogFormat, ServeArgs, Usage};
use crate::domain::{Actor, CallerId};
use crate::files::DataDir;
use crate::server::StartError;
use crate::store::{Store, Tx};
use terminal::logging;
use terminal::output::{self, Output};

/// How a command ends. Nobody looks into the error: it is text for the operator, who needs to know what,
/// where, why, and what next.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A license-key server in one binary, on one SQLite file, that signs every answer.
///
/// Try it:       keyseal demo
/// For real:     keyseal init; keyseal serve
#[derive(Parser)]
#[command(name = "keyseal", version, verbatim_doc_comment)]
struct Cli {
    #[command(flatten)]
    data: DataArg,

    #[command(flatten)]
    log: LogArg,

    /// Print one JSON value on standard output, and nothing else
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API
    ///
    /// Makes nothing: run "keyseal init" first. Prints one line on standard output once it accepts
    /// connections. Stops on SIGTERM or Ctrl-C, after finishing what is in flight. SIGHUP has it read the
    /// global signing key and the TLS certificate again.
    Serve(ServeArgs),
    /// Serve a throw-away sample world, and show a first signed answer
    ///
    /// Needs nothing and leaves nothing behind. With --data it makes its world there instead and keeps it.
    Demo(demo::Args),
    /// Make a new data directory: database, global signing key, and an API key that may do everything, shown once
    Init,
    /// Make, list, switch and delete API keys: who may call the API
    #[command(subcommand)]
    ApiKey(api_key::Command),
    /// Make, import and show signing keys: what clients verify answers with
    #[command(subcommand)]
    SigningKey(signing_key::Command),
    /// Make and list products
    #[command(subcommand)]
    Product(product::Command),
    /// Make, list, assign, activate, change and delete licenses; import and export them
    #[command(subcommand)]
    License(license::Command),
    /// Make, list, change and delete generators: how new license keys are made
    #[command(subcommand)]
    Generator(generator::Command),
    /// Add, list, publish and delete the versions that customers may download
    #[command(subcommand)]
    Download(download::Command),
    /// Block addresses, domains and identifiers
    #[command(subcommand)]
    Block(block::Command),
    /// List messages to other servers, and have them sent again
    #[command(subcommand)]
    Callback(callback::Command),
    /// Show who changed what, when and from where; forget what is old
    #[command(subcommand)]
    Audit(audit::Command),
    /// Copy the data directory while the server runs: database, signing keys, downloads
    ///
    /// The copy is one moment of it, verified before it gets its name. It holds the private keys: keep it as
    /// you keep them. A backup that is interrupted leaves at most a directory DEST.unfinished-…, which can be
    /// removed. Not in it are TLS files, and a file of settings outside of the data directory.
    Backup(backup::Args),
    /// Make a data directory from a backup, where there is none yet
    ///
    /// Everything is as it was in the moment of the backup, keyseal.toml too; TLS files are in no backup.
    /// What was not yet delivered then, as webhooks, is sent again.
    Restore(backup::restore::Args),
    /// Look at everything that a server needs, and say what mends what is wrong
    ///
    /// Changes nothing, and works beside a running server. Reads every file that customers download. Takes
    /// the flags of "serve". Ends with 1 if something is wrong; warnings are not.
    #[command(mut_args(healthcheck::show_own))]
    Doctor(ServeArgs),
    /// Verify a saved answer offline
    ///
    /// Says whether the signature holds and what was signed. Ends with 1 if it doesn't hold.
    CheckReply(check_reply::Args),
    /// Show the settings, and where each comes from
    #[command(subcommand)]
    Config(config::Command),
    /// Ask a running server on this machine whether it is ready
    ///
    /// Ends with 0 if it is, with 1 if it is not or gives no answer within 3 seconds.
    #[command(mut_args(healthcheck::show_own))]
    Healthcheck(healthcheck::Args),
    /// Print a script that completes commands and flags in a shell
    Completions(manual::CompletionsArgs),
    /// Print the man page
    Manpage(manual::ManpageArgs),
}

/// A command line that was understood, with all that its settings came from.
struct Given {
    cli: Cli,
    matches: ArgMatches,
    file: Option<File>,
    /// Why the file with the settings counts for nothing; `doctor` alone goes on without it, and tells.
    file_fault: Option<settings::Wrong>,
}

/// Runs the program: `arguments` as the system gives them, the program's name first. Results go to `out`,
/// everything else to standard error, the log included.
///
/// Ends with 0 if it was done, 1 if it was refused or failed, 2 if the command line is wrong.
pub fn main(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> ExitCode {
    run_with(arguments, out, logging::start)
}

/// Runs the program inside another, which has a log of its own or none: all else is as [`main`].
pub fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> ExitCode {
    run_with(arguments, out, |_| {})
}

fn run_with(
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut dyn Write,
    start_log: impl FnOnce(LogFormat),
) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let given = match understand(&arguments) {
        Ok(given) => given,
        Err(Usage::Clap(usage)) => {
            // Also the way of --help and --version, which are no errors. With nowhere to print to, the code
            // still tells.
            drop(usage.print());
            return if usage.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
        Err(Usage::Wrong(wrong)) => {
            drop(writeln!(io::stderr(), "keyseal: {}", output::plain(&wrong.to_string())));
            return ExitCode::from(2);
        }
    };
    start_log(given.cli.log.format);
    WORDS.set(words(&given.matches));
    match dispatch(&given, &mut Output::new(given.cli.json, out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr(), "keyseal: {}", output::plain(&error.to_string())));
            // Settings that don't fit together, or name what isn't there, are as wrong as one that can't be read.
            let of_settings = error.downcast_ref().is_some_and(StartError::is_of_settings);
            if of_settings || error.is::<settings::Wrong>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// Reads the command line twice: the first time tells where the file with the settings is, the second has it
/// below the rest.
fn understand(arguments: &[OsString]) -> std::result::Result<Given, Usage> {
    let matches = settings::read(Cli::command(), arguments)?;
    let cli = Cli::from_arg_matches(&matches)?;
    if cli.command.needs_no_settings() {
        return Ok(Given { cli, matches, file: None, file_fault: None });
    }
    let data = match cli.command {
        // Its world is a temporary one: what is set for another is not meant for it.
        Command::Demo(_) => cli.data.given(),
        _ => Some(cli.data.dir()),
    };
    let (file, file_fault) = match cli.data.file(data.as_ref()) {
        Err(fault) if matches!(cli.command, Command::Doctor(_)) => (None, Some(fault)),
        file => (file?, None),
    };
    let matches = settings::read_over(Cli::command(), arguments, file.as_ref())?;
    Ok(Given { cli: Cli::from_arg_matches(&matches)?, matches, file, file_fault })
}

impl Given {
    /// The file with the settings, if there is one, or why it counts for nothing.
    fn settings(&self) -> std::result::Result<Option<&File>, &settings::Wrong> {
        self.file_fault.as_ref().map_or(Ok(self.file.as_ref()), Err)
    }
}

impl Command {
    /// Whether it does the same whatever is set.
    fn needs_no_settings(&self) -> bool {
        matches!(self, Self::CheckReply(_) | Self::Completions(_) | Self::Manpage(_))
    }
}

fn dispatch(given: &Given, output: &mut Output<'_>) -> Result {
    let cli = &given.cli;
    match &cli.command {
        Command::Serve(args) => serve::run(&cli.data.dir(), args, output),
        Command::Demo(args) => demo::run(cli.data.given().as_ref(), args, output),
        Command::Init => init::run(&cli.data.dir(), output),
        Command::ApiKey(command) => api_key::run(command, &cli.data.dir(), output),
        Command::SigningKey(command) => signing_key::run(command, &cli.data.dir(), output),
        Command::Product(command) => product::run(command, &cli.data.dir(), output),
        Command::License(command) => license::run(command, &cli.data.dir(), output),
        Command::Generator(command) => generator::run(command, &cli.data.dir(), output),
        Command::Download(command) => download::run(command, &cli.data.dir(), output),
        Command::Block(command) => block::run(command, &cli.data.dir(), output),
        Command::Callback(command) => callback::run(command, &cli.data.dir(), output),
        Command::Audit(command) => audit::run(command, &cli.data.dir(), output),
        Command::Backup(args) => backup::run(args, &cli.data.dir(), output),
        Command::Restore(args) => backup::restore::run(args, &cli.data.dir(), output),
        Command::Doctor(args) => doctor::run(args, &cli.data.dir(), given.settings(), output),
        Command::CheckReply(args) => check_reply::run(args, output),
        Command::Healthcheck(args) => healthcheck::run(args, output),
        Command::Completions(args) => manual::completions(args, output),
        Command::Manpage(args) => manual::manpage(args, output),
        Command::Config(command) => config::run(command, &given.matches, given.file.as_ref(), output),
    }
}

/// Opens the database for one command, beside a server or without one.
fn open(data: &DataDir) -> Result<Store> {
    Ok(Store::open(data, 1, || Duration::ZERO)?)
}

thread_local! {
    /// The words of the command that this thread runs, for the audit trail.
    static WORDS: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The names of a command and its subcommands, as they were given: "license block".
fn words(matches: &ArgMatches) -> String {
    let mut words = Vec::new();
    let mut at = matches.subcommand();
    while let Some((name, matches)) = at {
        words.push(name);
        at = matches.subcommand();
    }
    words.join(" ")
}

/// Makes a change: all of it is kept, or, if `job` refuses, none.
fn change<T: Send + 'static>(
    store: &Store,
    job: impl Fn(&Tx<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let action = WORDS.with_borrow(String::clone);
    store.change_blocking(move |tx| {
        tx.act_as(Actor { at: now(), caller: CallerId::CommandLine, address: None, action: action.clone() });
        job(tx)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helpless(command: &clap::Command) -> Vec<String> {
        let silent = command.get_arguments().filter(|arg| arg.get_help().is_none());
        let silent = silent.map(|arg| format!("{} of {}", arg.get_id(), command.get_name()));
        silent.chain(command.get_subcommands().flat_map(helpless)).collect()
    }

    #[test]
    fn every_argument_of_every_command_has_a_help() {
        assert_eq!(helpless(&Cli::command()), Vec::<String>::new());
    }
}
