//! `keyseal license renew`: makes a license last longer.

use clap::builder::RangedI64ValueParser;

use super::{existing, expiry_in_short, license_key, refusal, to_json_with};
use crate::cli::{Output, Result, change, open, operation};
use crate::domain::{MAX_LICENSE_NUMBER, Renewal, Timestamp};
use crate::files::DataDir;

/// Renew a license, and print its old and its new expiry
///
/// The validity of a license is in whole days from its assignment, so the new one is rounded up. A license that is not
/// assigned yet is valid for more days from its assignment. One that never expires can't be renewed.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  keyseal license renew 3a343c8a-38fe-4b6e-ad77-2222222 --years 1\n  \
                  keyseal license renew 3a343c8a-38fe-4b6e-ad77-2222222 --until 2028-06-30")]
pub struct Args {
    /// License key
    key: String,
    #[command(flatten)]
    term: Term,
}

/// How much longer a license lasts.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("term").required(true))]
pub struct Term {
    /// Days more, from the expiry, or from now if that is later
    #[arg(long, value_name = "N", group = "term", value_parser = count(), allow_negative_numbers = true)]
    days: Option<i64>,
    /// Calendar years more, from the expiry, or from now if that is later
    #[arg(long, value_name = "N", group = "term", value_parser = count(), allow_negative_numbers = true)]
    years: Option<i64>,
    /// The last day on which it must be valid, in UTC. May be before its expiry: it expires earlier then
    #[arg(long, value_name = "YYYY-MM-DD", group = "term", value_parser = Timestamp::parse_end)]
    until: Option<Timestamp>,
}

fn count() -> RangedI64ValueParser {
    clap::value_parser!(i64).range(1..=MAX_LICENSE_NUMBER)
}

impl Term {
    /// The renewal that the options name; clap requires one of them.
    pub fn renewal(&self) -> Result<Renewal> {
        let days = self.days.map(Renewal::Days);
        let renewal = days.or(self.years.map(Renewal::Years)).or(self.until.map(Renewal::Until));
        Ok(renewal.ok_or("give --days, --years or --until")?)
    }
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    let key = license_key(&args.key)?;
    let renewal = args.term.renewal()?;
    let (before, license) = change(&open(data)?, move |tx| {
        let before = existing(tx, &key)?;
        let renewed = operation(tx).renew(&before, renewal);
        let license = renewed.map_err(|error| refusal(&before, "renewed", error))?;
        Ok((before, license))
    })?;
    let old_expiry = before.expires_at().map(|moment| moment.to_string());
    let old = [("old_validity", before.validity.into()), ("old_expires_at", old_expiry.into())];
    let value = to_json_with(&license, old);
    let text = format!(
        "license key {} {}\nold expiry {}\nnew expiry {}",
        license.license_key,
        if license.validity < before.validity { "expires earlier now" } else { "is renewed" },
        expiry_in_short(&before),
        expiry_in_short(&license)
    );
    output.result(&value, &text)
}
