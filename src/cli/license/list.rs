//! `keyseal license list`.

use super::filter::FilterArgs;
use super::{HEADING, cells, to_json};
use crate::cli::{Output, Result, now, open};
use crate::files::DataDir;

/// Number of licenses in memory at once.
const PAGE: i64 = 1_000;

/// List licenses, by id
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  keyseal license list --product 1 --status assigned\n  keyseal license list --expiring 30"
)]
pub struct Args {
    #[command(flatten)]
    filter: FilterArgs,
    /// Only the first N
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    limit: Option<i64>,
    /// Only licenses after the one with this id
    #[arg(long, value_name = "ID", default_value_t = 0, hide_default_value = true)]
    after: i64,
}

pub fn run(args: &Args, data: &DataDir, output: &mut Output<'_>) -> Result {
    let (query, now) = (args.filter.query(data)?, now());
    let (mut after, mut left) = (args.after, args.limit.unwrap_or(i64::MAX));
    open(data)?.try_read(|tx| {
        let mut page = tx.licenses_matching(&query, after, left.min(PAGE), now)?;
        if page.is_empty() && !output.is_json() {
            output.note("no license matches: see \"keyseal license list\" without options");
            return Ok(());
        }
        let mut list = output.begin_list(&HEADING);
        while let Some(last) = page.last() {
            (after, left) = (last.id, left.saturating_sub(i64::try_from(page.len())?));
            let rows: Vec<_> = page.iter().map(|license| (to_json(license), cells(license))).collect();
            list.add(&rows)?;
            page = tx.licenses_matching(&query, after, left.min(PAGE), now)?;
        }
        list.end()?;
        if left == 0 && !tx.licenses_matching(&query, after, 1, now)?.is_empty() {
            output.note(&format!("note: there are more, which --after {after} lists"));
        }
        Ok(())
    })
}
