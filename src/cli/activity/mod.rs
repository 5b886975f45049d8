//! `keyseal activity`: what the server answered, and what it refused most.

mod since;

use serde_json::{Value, json};

use super::{Output, Result, now, open, with_members};
use crate::domain::{AnswerCount, Hour, OftenRefused, Outcome, RefusedBy, Timestamp, journaled};
use crate::files::DataDir;
use since::Since;

#[derive(clap::Args)]
pub struct Args {
    /// The beginning: today (in UTC), a number of days or hours such as 7d or 12h, or a time in UTC. Counted by whole
    /// hours
    #[arg(long, value_name = "TIME", default_value = "today", value_parser = Since::parse)]
    since: Since,
    /// Show the N most refused
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(i64).range(1..=1000))]
    top: i64,
}

/// What is shown.
struct Activity {
    since: Timestamp,
    answers: Vec<AnswerCount>,
    /// By what they have in common: the license key, the identifier, the address.
    often_refused: [(RefusedBy, Vec<OftenRefused>); 3],
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    let hour = Hour::of(args.since.before(now()));
    let activity = open(data)?.try_read(|tx| {
        let often = |by| Ok::<_, crate::store::Error>((by, tx.often_refused(by, hour, args.top)?));
        Ok::<_, crate::store::Error>(Activity {
            since: hour.start(),
            answers: tx.answers_since(hour)?,
            often_refused: [
                often(RefusedBy::LicenseKey)?,
                often(RefusedBy::Identifier)?,
                often(RefusedBy::Address)?,
            ],
        })
    })?;
    if activity.answers.is_empty() && !output.is_json() {
        let since = activity.since;
        output.note(&format!(
            "nothing was counted since {since}: a server counts unless it has --no-usage-log"
        ));
    }
    output.result(&activity.to_json(), &activity.to_text())
}

impl Activity {
    fn count(&self, is_counted: impl Fn(&AnswerCount) -> bool) -> i64 {
        self.answers.iter().filter(|answer| is_counted(answer)).map(|answer| answer.count).sum()
    }

    fn activations(&self) -> i64 {
        self.count(|answer| answer.code == Outcome::LicenseActivated.code())
    }

    fn verifications(&self) -> i64 {
        // A download has the HTTP status 200.
        self.count(|answer| answer.code == Outcome::LicenseValid.code() && answer.endpoint == "/verify")
    }

    /// The refusals by outcome, the most frequent first.
    fn refusals(&self) -> Vec<(Outcome, i64)> {
        let mut refusals: Vec<(Outcome, i64)> = Vec::new();
        for answer in &self.answers {
            let Some(outcome) = journaled(answer.code) else { continue };
            match refusals.iter_mut().find(|(other, _)| *other == outcome) {
                Some((_, count)) => *count += answer.count,
                None => refusals.push((outcome, answer.count)),
            }
        }
        refusals.sort_by_key(|(outcome, count)| (std::cmp::Reverse(*count), outcome.code()));
        refusals
    }

    fn to_json(&self) -> Value {
        let refusals = self.refusals();
        let refusals = refusals.iter().map(|(outcome, count)| {
            json!({ "code": outcome.code(), "message": outcome.message(), "count": count })
        });
        let value = json!({
            "since": self.since.to_string(), "answers": self.count(|_| true),
            "activations": self.activations(), "verifications": self.verifications(),
            "refusals": refusals.collect::<Vec<_>>(),
        });
        let lists = self.often_refused.iter().map(|(by, often)| {
            let (list, _) = names(*by);
            (list, often.iter().map(|often| often_to_json(*by, often)).collect())
        });
        with_members(value, lists)
    }

    fn to_text(&self) -> String {
        let mut text = format!(
            "since {}\n\nactivations    {}\nverifications  {}\n",
            self.since,
            self.activations(),
            self.verifications()
        );
        let refusals = self.refusals();
        let rows: Vec<Vec<String>> = refusals
            .iter()
            .map(|(outcome, count)| {
                vec![count.to_string(), outcome.code().to_string(), outcome.message().to_owned()]
            })
            .collect();
        text.push_str(&table(&["refused", "code", "message"], &rows));
        for (by, often) in &self.often_refused {
            let (_, heading) = names(*by);
            let rows: Vec<Vec<String>> = often.iter().map(cells).collect();
            text.push_str(&table(&["refused", "code", heading, "last"], &rows));
        }
        text
    }
}

/// The names of a list: in JSON, and as a heading.
fn names(by: RefusedBy) -> (&'static str, &'static str) {
    match by {
        RefusedBy::LicenseKey => ("license_keys", "license key"),
        RefusedBy::Identifier => ("identifiers", "identifier"),
        RefusedBy::Address => ("addresses", "address"),
    }
}

fn often_to_json(by: RefusedBy, often: &OftenRefused) -> Value {
    let message = journaled(often.code).map(Outcome::message);
    let value = json!({
        "code": often.code, "message": message, "count": often.count, "last_at": often.last_at.to_string(),
    });
    let what = often.what.clone().into();
    match by {
        RefusedBy::LicenseKey => {
            with_members(value, [("license_key", what), ("key_start", often.key_start.clone().into())])
        }
        RefusedBy::Identifier => with_members(value, [("identifier", what)]),
        RefusedBy::Address => with_members(value, [("address", what)]),
    }
}

fn cells(often: &OftenRefused) -> Vec<String> {
    let what = match (&often.what, &often.key_start) {
        (Some(what), _) => what.clone(),
        (None, Some(start)) => format!("{start}… (unknown)"),
        (None, None) => "(deleted)".to_owned(),
    };
    vec![often.count.to_string(), often.code.to_string(), what, often.last_at.to_string()]
}

/// A table after an empty line; nothing without rows.
fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        String::new()
    } else {
        format!("\n{}\n", super::terminal::output::table(heading, rows))
    }
}
