//! `keyseal customer erase`.

use std::io::{self, BufRead as _, IsTerminal as _};

use serde_json::{Value, json};

use super::existing;
use crate::cli::terminal::progress::TerminalProgress;
use crate::cli::{Output, Result, actor, open};
use crate::domain::fold_owner;
use crate::files::DataDir;
use crate::maintenance::Progress as _;
use crate::maintenance::shell::command;
use crate::maintenance::units::{megabytes, number};
use crate::operations::{EraseError, Erased, Erasure, FileLimits, RecordKind, UnsentReason, Waiting};
use crate::store::{PersonalTable, RemainsError, Store};

#[derive(clap::Args)]
pub struct EraseArgs {
    /// E-mail address of the customer, in any case. He may have no license any more
    #[arg(long)]
    email: String,
    /// Wait until the running server has sent the webhooks and carried out the orders about the customer
    #[arg(long, conflicts_with = "drop_webhooks")]
    send_webhooks: bool,
    /// Erase webhooks and orders about the customer that still wait, unsent
    #[arg(long)]
    drop_webhooks: bool,
    /// Don't ask
    #[arg(long)]
    yes: bool,
}

pub fn erase(args: &EraseArgs, data: &DataDir, output: &mut Output<'_>) -> Result {
    let store = open(data)?;
    let email = args.email.trim();
    if !args.yes && !output.is_json() && io::stdin().is_terminal() {
        ask(&store, email, output)?;
    }
    let progress = TerminalProgress::new()?;
    let waiting = match (args.send_webhooks, args.drop_webhooks) {
        (true, _) => Some(Waiting::Send),
        (_, true) => Some(Waiting::Drop),
        _ => None,
    };
    let on_phase = |phase| progress.begin(phase, None);
    let limits = FileLimits::default();
    let erasure = Erasure { store: &store, data, actor: actor(), waiting, limits, on_phase: &on_phase };
    let erased = erasure.run(email);
    progress.end();
    match erased {
        Ok(erased) => report(email, &erased, output),
        // Nothing is stored of him: names those who may be meant.
        Err(EraseError::Nothing) => store.try_read(|tx| existing(tx, email)).map(drop),
        Err(error) => Err(in_words(&error, data).into()),
    }
}

/// Asks the operator to type the address.
fn ask(store: &Store, email: &str, output: &Output<'_>) -> Result {
    let customer = store.try_read(|tx| tx.customer(&fold_owner(email)))?;
    let licenses = number(customer.map_or(0, |customer| customer.licenses), "license", "licenses");
    output.note(&format!(
        "This erases all that is stored of {email} ({licenses}), and can't be undone. Type the address to go on:"
    ));
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed)?;
    if fold_owner(&typed) == fold_owner(email) { Ok(()) } else { Err("nothing was erased".into()) }
}

fn report(email: &str, erased: &Erased, output: &mut Output<'_>) -> Result {
    let rows: serde_json::Map<String, Value> =
        erased.rows.iter().map(|(kind, rows)| (kind.name.to_owned(), json!(rows))).collect();
    let copies: Vec<String> = erased.copies.iter().map(|copy| copy.display().to_string()).collect();
    let left: Vec<Value> = erased
        .unchangeable
        .iter()
        .map(|(kind, id, text)| json!({ "table": kind.name, "id": id, "text": text }))
        .collect();
    let value = json!({
        "erased": left.is_empty(), "licenses": erased.licenses, "seats_ended": erased.seats, "rows": rows,
        "upgrade_copies_deleted": copies, "file_rewritten": erased.is_rewritten, "left": left,
    });
    if !erased.unchangeable.is_empty() {
        if output.is_json() {
            output.result(&value, "")?;
        }
        let texts: Vec<String> =
            erased.unchangeable.iter().map(|(kind, id, text)| format!("{} {id}: {text}", kind.one)).collect();
        return Err(format!(
            "{email} is not erased completely: it is a part of what can't be changed without harm. Delete these or \
             make them anew, and run the command again: {}",
            texts.join("; ")
        )
        .into());
    }
    let mut lines =
        vec![format!("{email} is erased from {}", number(erased.licenses, "license", "licenses"))];
    let others: Vec<String> = erased.rows.iter().map(|(kind, rows)| in_numbers(*kind, *rows)).collect();
    let others = others.join(", ");
    lines.extend((!others.is_empty()).then(|| format!("deleted, or texts in them replaced: {others}")));
    let ended = number(erased.seats, "seat", "seats");
    lines.extend(
        (erased.seats > 0).then(|| format!("{ended} ended, because the identifier named the customer")),
    );
    lines.extend((!copies.is_empty()).then(|| format!("deleted: {}", copies.join(", "))));
    let rewritten = "the database file was rewritten, because its free space may have held deleted rows";
    lines.extend(erased.is_rewritten.then(|| rewritten.to_owned()));
    lines.push(
        "not reached: backups, and files that others keep of the server's log, of exports and of webhooks"
            .to_owned(),
    );
    output.result(&value, &lines.join("\n"))
}

fn in_numbers(kind: RecordKind, count: usize) -> String {
    number(count, kind.one, kind.many)
}

/// The error with what to do next.
fn in_words(error: &EraseError, data: &DataDir) -> String {
    let about_customer = |webhooks: usize, orders: usize| {
        let counts = [(PersonalTable::Callbacks, webhooks), (PersonalTable::Jobs, orders)];
        let some = counts.into_iter().filter(|(_, count)| *count > 0);
        let words: Vec<String> =
            some.map(|(table, count)| in_numbers(RecordKind::of(table), count)).collect();
        format!("{} about the customer", words.join(" and "))
    };
    let again = "what was erased stays erased; run the command again to finish";
    match *error {
        EraseError::Unsent { webhooks, orders, reason } => {
            let state = match reason {
                UnsentReason::NotChosen => {
                    "still wait: send them first with --send-webhooks, or drop them with --drop-webhooks"
                        .to_owned()
                }
                UnsentReason::NoServer => format!(
                    "wait, and no server runs that would send them: start it ({}), or give --drop-webhooks",
                    command("serve", data)
                ),
                UnsentReason::Timeout => "were not sent within a minute: see \"keyseal webhook list --state \
                                          pending\"; run the command again, or with --drop-webhooks"
                    .to_owned(),
            };
            format!("{} {state}. Nothing was erased", about_customer(webhooks, orders))
        }
        EraseError::RewriteWaits { bytes } => format!(
            "no table names the customer any more, but the free space of the database file may: it must be \
             rewritten, and with {} that would make changes wait for long. Stop the server and run the command again",
            megabytes(bytes)
        ),
        EraseError::Remains(RemainsError::LogInUse(ref log)) => format!(
            "{log} can't be emptied, because a backup, an export or the server's check of the database still reads \
             from it: {again}"
        ),
        EraseError::Remains(RemainsError::NoSpace { needed, free }) => format!(
            "the database file must be rewritten, for which {} are needed in {}, and {} are free: {again}",
            megabytes(needed),
            data.path().display(),
            megabytes(free)
        ),
        ref other => format!("{other}: {again}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::NewLicense;
    use crate::store::Tx;

    const EMAIL: &str = "jane@x.example";

    /// A data directory with a license of Jane, who is not erased yet.
    fn world() -> (tempfile::TempDir, DataDir, Store) {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::new(directory.path());
        let store = Store::create(&data).unwrap();
        let license = NewLicense {
            owner_name: Some("Jane Roe".to_owned()),
            owner_email: Some(EMAIL.to_owned()),
            ..NewLicense::sample(1, "JANES")
        };
        store.change_blocking(move |tx| tx.add_license(&license, crate::cli::now())).unwrap();
        (directory, data, store)
    }

    fn run(data: &DataDir, store: &Store, limits: FileLimits) -> std::result::Result<Erased, String> {
        let erasure = Erasure { store, data, actor: actor(), waiting: None, limits, on_phase: &|_| {} };
        erasure.run(EMAIL).map_err(|error| in_words(&error, data))
    }

    fn refused(data: &DataDir, store: &Store, limits: FileLimits, says: &[&str]) {
        let said = run(data, store, limits).unwrap_err();
        assert!(says.iter().all(|part| said.contains(part)), "{said}");
    }

    /// The next run finishes, although no table names Jane any more, and says that something was erased.
    fn finishes(data: &DataDir, store: &Store) {
        let customer = |tx: &Tx<'_>| tx.customer(EMAIL);
        assert!(store.try_read(customer).unwrap().is_none());
        let erased = run(data, store, FileLimits::default()).unwrap();
        assert!(erased.is_rewritten && erased.licenses == 0);
        refused(data, store, FileLimits::default(), &["nothing is stored"]);
    }

    #[test]
    fn too_little_space_on_the_disk_is_told_and_the_next_run_finishes() {
        let (_directory, data, store) = world();
        store.change_blocking(|tx| tx.note_erasure_begins()).unwrap();
        let limits = FileLimits { spare_space: 1 << 60, ..FileLimits::default() };
        let place = data.path().display().to_string();
        let says = [
            "must be rewritten, for which 115292150460",
            &place,
            "are free",
            "run the command again to finish",
        ];
        for _ in 0..2 {
            refused(&data, &store, limits, &says);
        }
        finishes(&data, &store);
    }

    #[test]
    fn a_large_file_is_rewritten_only_without_a_server() {
        let (_directory, data, store) = world();
        store.change_blocking(|tx| tx.note_erasure_begins()).unwrap();
        let limits = FileLimits { beside_server: 1, ..FileLimits::default() };
        let server = data.lock().unwrap();
        for _ in 0..2 {
            refused(
                &data,
                &store,
                limits,
                &["no table names the customer any more", "Stop the server and run"],
            );
        }
        drop(server);
        finishes(&data, &store);
        // A clean file is not rewritten, whatever its size.
        let (_directory, data, store) = world();
        let _server = data.lock().unwrap();
        assert!(!run(&data, &store, limits).unwrap().is_rewritten);
    }

    #[test]
    fn a_reader_of_the_log_is_told_and_the_next_run_finishes() {
        let (_directory, data, store) = world();
        let reading = Store::open(&data, 1, || Duration::ZERO).unwrap();
        let limits = FileLimits { log_timeout: Duration::ZERO, ..FileLimits::default() };
        let log = data.log().display().to_string();
        let says = [log.as_str(), "can't be emptied", "a backup", "run the command again to finish"];
        reading
            .read(|tx| {
                assert!(tx.customer(EMAIL).unwrap().is_some());
                refused(&data, &store, limits, &says);
                // Also the one that rewrites the file must empty the log.
                refused(&data, &store, limits, &says);
            })
            .unwrap();
        finishes(&data, &store);
    }
}
