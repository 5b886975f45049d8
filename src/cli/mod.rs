//! The command line: what it takes, and how a command ends. One file a command.

mod api_key;
mod block;
mod callback;
mod check_reply;
mod demo;
mod demo_world;
mod generator;
mod init;
mod license;
mod license_change;
mod output;
mod product;
mod serve;
mod signing_key;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{DataArg, ServeArgs};
use crate::serve::now;
use crate::store::{DataDir, Store, Tx, Verdict};
use output::Output;

/// How a command ends. Nobody looks into the error: it is text for the operator, who needs to know what, where, why, and what next.
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
    /// Makes nothing: run "keyseal init" first. Prints one line on standard output once it accepts connections. Stops on SIGTERM or
    /// Ctrl-C, after finishing what is in flight.
    Serve(ServeArgs),
    /// Serve a throw-away sample world, and show a first signed answer
    ///
    /// Needs nothing and leaves nothing behind. With --data it makes its world there instead and keeps it.
    Demo(ServeArgs),
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
    /// Make, list, assign, activate, change and delete licenses
    #[command(subcommand)]
    License(license::Command),
    /// Make, list, change and delete generators: how new license keys are made
    #[command(subcommand)]
    Generator(generator::Command),
    /// Block addresses, domains and identifiers
    #[command(subcommand)]
    Block(block::Command),
    /// List messages to other servers, and have them sent again
    #[command(subcommand)]
    Callback(callback::Command),
    /// Verify a saved answer offline
    ///
    /// Says whether the signature holds and what was signed. Ends with 1 if it doesn't hold.
    CheckReply(check_reply::Args),
}

/// Runs the program: `arguments` as the system gives them, the program's name first. Results go to `out`, everything else to standard error.
///
/// Ends with 0 if it was done, 1 if it was refused or failed, 2 if the command line is wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(usage) => {
            // Also the way of --help and --version, which are no errors. With nowhere to print to, the code still tells.
            drop(usage.print());
            return if usage.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match dispatch(&cli, &mut Output::new(cli.json, out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr(), "keyseal: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(cli: &Cli, output: &mut Output<'_>) -> Result {
    match &cli.command {
        Command::Serve(args) => serve::run(cli.data.dir(), args, output),
        Command::Demo(args) => demo::run(cli.data.given().as_ref(), args, output),
        Command::Init => init::run(&cli.data.dir(), output),
        Command::ApiKey(command) => api_key::run(command, &cli.data.dir(), output),
        Command::SigningKey(command) => signing_key::run(command, &cli.data.dir(), output),
        Command::Product(command) => product::run(command, &cli.data.dir(), output),
        Command::License(command) => license::run(command, &cli.data.dir(), output),
        Command::Generator(command) => generator::run(command, &cli.data.dir(), output),
        Command::Block(command) => block::run(command, &cli.data.dir(), output),
        Command::Callback(command) => callback::run(command, &cli.data.dir(), output),
        Command::CheckReply(args) => check_reply::run(args, output),
    }
}

/// Opens the database for one command, beside a server or without one.
fn open(data: &DataDir) -> Result<Store> {
    Ok(Store::open(data, 1)?)
}

/// Makes a change: all of it is kept, or, if `job` refuses, none.
fn change<T: Send + 'static>(
    store: &Store,
    job: impl FnOnce(&Tx<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    store.write_blocking(move |tx| match job(tx) {
        Ok(value) => Verdict::Keep(Ok(value)),
        Err(refusal) => Verdict::Undo(Err(refusal)),
    })?
}
