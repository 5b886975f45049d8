//! The commands and their help.

use clap::{ArgAction, CommandFactory as _, Parser, Subcommand};

use super::confirm::with_yes;
use super::{
    activity, api_key, audit, backup, block, check_reply, config, customer, demo, download, generator,
    healthcheck, license, manual, product, signing_key, telemetry, webhook,
};
use crate::config::{DataArg, GLOBAL_OPTIONS, LogArg, ServeArgs, show_computed_defaults};

/// License-key server: one binary, one SQLite database, signed answers
#[derive(Parser)]
#[command(
    name = "keyseal",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    after_help = "Examples:\n  keyseal demo\n  keyseal init && keyseal serve"
)]
pub struct Cli {
    #[command(flatten)]
    pub data: DataArg,

    #[command(flatten)]
    pub log: LogArg,

    /// Print the result as one JSON value on standard output
    #[arg(long, global = true, help_heading = GLOBAL_OPTIONS)]
    pub json: bool,

    /// Print help: -h in short, --help in full
    #[arg(short, long, action = ArgAction::Help, global = true, help_heading = GLOBAL_OPTIONS)]
    help: Option<bool>,

    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = GLOBAL_OPTIONS)]
    version: Option<bool>,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Serve the API
    ///
    /// Needs a data directory that "keyseal init" made. Prints one line on standard output once it accepts connections.
    /// SIGTERM or Ctrl-C stops it after the requests in progress. SIGHUP reloads the global signing key and the TLS
    /// certificate.
    #[command(
        after_help = "Example:\n  keyseal serve --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem"
    )]
    Serve(ServeArgs),
    /// Serve temporary sample data, and show a first signed answer
    ///
    /// Needs nothing and leaves nothing behind. With --data the sample data is written to that directory, and kept.
    #[command(after_help = "Example:\n  keyseal demo --seed 1 --clock 2027-01-01")]
    Demo(demo::Args),
    /// Create a data directory: database, global signing key, and an API key for every endpoint, shown once
    #[command(after_help = "Example:\n  keyseal init --data /var/lib/keyseal")]
    Init,
    /// Create, list, enable, disable and delete API keys, which clients call the API with
    #[command(
        subcommand,
        after_help = "Example:\n  keyseal api-key create --name \"web shop\" --capability shop"
    )]
    ApiKey(api_key::Command),
    /// Create, import, show and rotate signing keys, which clients verify answers with
    #[command(subcommand, after_help = "Example:\n  keyseal signing-key public --product 1")]
    SigningKey(signing_key::Command),
    /// Create, list, show, change and delete products
    #[command(subcommand, after_help = "Example:\n  keyseal product create --name \"My product\"")]
    Product(product::Command),
    /// Search, show, explain, create, assign, renew, block, change, import and export licenses
    #[command(subcommand, after_help = "Example:\n  keyseal license create --product 1 --validity 365")]
    License(license::Command),
    /// List, show, rename, merge and erase customers: the licenses of one e-mail address
    #[command(subcommand, after_help = "Example:\n  keyseal customer show zoe@shop.example")]
    Customer(customer::Command),
    /// Create, list, change and delete generators, the rules for new license keys
    #[command(subcommand, after_help = "Example:\n  keyseal generator list")]
    Generator(generator::Command),
    /// Add, list, publish and delete downloadable versions of products
    #[command(subcommand, after_help = "Example:\n  keyseal download list")]
    Download(download::Command),
    /// Block addresses, domains and identifiers
    #[command(subcommand, after_help = "Example:\n  keyseal block add --ip 203.0.113.0/24")]
    Block(block::Command),
    /// List, show, test and retry webhooks, the messages to other servers
    #[command(subcommand, alias = "callback", after_help = "Example:\n  keyseal webhook list --state failed")]
    Webhook(webhook::Command),
    /// Manage the reports that products send about their use
    #[command(subcommand, after_help = "Example:\n  keyseal telemetry prune --older-than 90")]
    Telemetry(telemetry::Command),
    /// Show what was activated, verified and refused
    ///
    /// Shows how often each refusal was answered, and which license keys, identifiers and addresses were refused most.
    /// A server writes this a second after its answers.
    #[command(after_help = "Example:\n  keyseal activity --since 7d")]
    Activity(activity::Args),
    /// Show who changed what, when and from where, and delete old entries
    #[command(subcommand, after_help = "Example:\n  keyseal audit list --since 2027-01-01")]
    Audit(audit::Command),
    /// Back up the data directory, also while the server runs
    ///
    /// Copies the database, the signing keys, the downloads and keyseal.toml as of one point in time, and verifies the
    /// copy before it gets its name. A backup holds the private keys: protect it like them. An interrupted backup
    /// leaves at most a directory DEST.unfinished-…, which can be deleted. TLS files, and a settings file outside of
    /// the data directory, are not included.
    #[command(after_help = "Example:\n  keyseal backup /backups/keyseal-2027-01-01")]
    Backup(backup::BackupArgs),
    /// Restore a backup into a new data directory
    ///
    /// Restores everything as of the backup, keyseal.toml too. TLS files are in no backup. Webhooks that were pending
    /// then are sent again.
    #[command(after_help = "Example:\n  keyseal restore /backups/keyseal-2027-01-01 --data /var/lib/keyseal")]
    Restore(backup::RestoreArgs),
    /// Upgrade the database of an earlier version
    ///
    /// A server does so when it starts. This command does it without serving, and prints how long each step took. The
    /// server must be stopped. A copy of the database, before-upgrade-N.db, is made in the data directory first; the
    /// newest two are kept.
    #[command(after_help = "Example:\n  keyseal upgrade --data /var/lib/keyseal")]
    Upgrade,
    /// Check everything that a server needs, and say how to fix what is wrong
    ///
    /// Changes nothing, and works while the server runs. Reads every downloadable file. Takes the flags of "serve".
    /// Ends with 1 if something is wrong; warnings don't count.
    #[command(
        mut_args(healthcheck::show_own),
        after_help = "Example:\n  keyseal doctor --data /var/lib/keyseal"
    )]
    Doctor(ServeArgs),
    /// Verify a saved answer offline
    ///
    /// Says whether the signature is valid, and what was signed. Ends with 1 if it is not valid.
    #[command(after_help = "Example:\n  keyseal check-reply answer.json --public-key global-public.pem")]
    CheckReply(check_reply::Args),
    /// Show the settings, and where each comes from
    #[command(subcommand, after_help = "Example:\n  keyseal config show")]
    Config(config::Command),
    /// Ask a running server on this machine whether it is ready
    ///
    /// Ends with 0 if it is ready, and with 1 if it is not or doesn't answer within 3 seconds.
    #[command(
        mut_args(healthcheck::show_own),
        after_help = "Example:\n  keyseal healthcheck https://127.0.0.1:8443"
    )]
    Healthcheck(healthcheck::Args),
    /// Print a completion script for a shell
    #[command(after_help = "Example:\n  keyseal completions bash")]
    Completions(manual::CompletionsArgs),
    /// Print the man page, or write a page for each command
    #[command(after_help = "Example:\n  keyseal manpage /usr/local/share/man/man1")]
    Manpage(manual::ManpageArgs),
}

impl Command {
    /// Whether no setting changes what the command does.
    pub fn needs_no_settings(&self) -> bool {
        matches!(self, Self::CheckReply(_) | Self::Completions(_) | Self::Manpage(_))
    }
}

/// The whole command line, as clap parses and prints it.
pub fn command() -> clap::Command {
    with_yes(show_computed_defaults(Cli::command()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each command below this one.
    fn all_below(command: &clap::Command) -> Vec<&clap::Command> {
        command.get_subcommands().flat_map(|below| [vec![below], all_below(below)].concat()).collect()
    }

    fn without_help(command: &clap::Command) -> Vec<String> {
        let silent = command.get_arguments().filter(|arg| arg.get_help().is_none());
        let silent = silent.map(|arg| format!("{} of {}", arg.get_id(), command.get_name()));
        silent.chain(command.get_subcommands().flat_map(without_help)).collect()
    }

    #[test]
    fn every_argument_of_every_command_has_a_help() {
        assert_eq!(without_help(&command()), Vec::<String>::new());
    }

    #[test]
    fn every_help_ends_with_the_global_options_and_an_example() {
        let mut all = command();
        all.build();
        for below in all_below(&all).into_iter().filter(|below| below.get_name() != "help") {
            if below.get_bin_name().is_some_and(|words| words.contains(" help ")) {
                continue;
            }
            let help = below.clone().render_long_help().to_string();
            let headings: Vec<&str> =
                help.lines().filter(|line| !line.starts_with(' ') && line.ends_with(':')).collect();
            let last = headings.get(headings.len().saturating_sub(2)..).unwrap();
            assert!(matches!(last, ["Global options:", "Example:" | "Examples:"]), "{headings:?}: {help}");
        }
    }

    #[test]
    fn every_command_has_an_example_that_the_command_line_accepts() {
        let all = command();
        let commands = all_below(&all);
        assert!(commands.len() > 50, "{}", commands.len());
        for subcommand in commands {
            let help = subcommand.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples = help.strip_prefix("Example:\n").or_else(|| help.strip_prefix("Examples:\n"));
            let examples = examples.unwrap_or_else(|| panic!("{} has none", subcommand.get_name()));
            for example in examples.lines() {
                let words = shell_words::split(example).unwrap();
                assert!(words.iter().any(|word| word == subcommand.get_name()), "{example}");
                let parsed = command().try_get_matches_from(words);
                assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
            }
        }
    }
}
