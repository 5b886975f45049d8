//! What is printed.

use std::time::Duration;

use crate::ceilings::Disk;
use crate::load::Load;
use crate::requests::{Bound, Case};
use crate::row::Row;

/// One size of database.
#[derive(Default)]
pub struct Grown {
    pub licenses: u64,
    pub import: Duration,
    pub bytes: u64,
    pub ready: Duration,
    /// Processors that the server uses when nobody asks anything.
    pub idle: f64,
    pub rates: Vec<f64>,
    pub peak: f64,
}

pub fn print_ceilings(disk: &Disk, signatures: f64) {
    println!("this machine, in a second:");
    let library = if cfg!(feature = "aws-lc") { "AWS-LC" } else { "ring" };
    println!("{:<46} {signatures:>9.0}", format!("  RSA-2048 signatures, {library}, all processors"));
    println!("{:<46} {:>9.0}", "  commits of one row, WAL, synchronous=FULL", disk.commits);
    println!("{:<46} {:>9.0}", "  syncs of one page (fdatasync)", disk.syncs);
}

pub fn print_header() {
    println!("\neach beside its ceilings, measured in turn with it; * is the one that bounds it:");
    println!(
        "{:<30} {:>5} {:>9} {:>8} {:>8} {:>8} {:>5} {:>6} {:>6} {:>7} {:>8} {:>7} {:>7} {:>8}",
        "",
        "conn.",
        "answers/s",
        "p50 ms",
        "p99 ms",
        "p99.9",
        "CPU",
        "client",
        "others",
        "peak MB",
        "/livez",
        "/HTTP",
        "/sign",
        "/commit"
    );
}

pub fn print(case: &Case, row: &Row) {
    let (rate, ceilings) = (row.rate(), row.ceilings());
    let bounds = [Bound::Http, Bound::Signatures, Bound::Commits].into_iter().zip(ceilings);
    let ratio =
        |(bound, ceiling)| format!(" {:>6.2}{}", rate / ceiling, if bound == case.bound { "*" } else { " " });
    let ratios: String = bounds.map(ratio).collect();
    println!(
        "{:<30} {:>5} {rate:>9.0} {} {:>5.2} {:>6.2} {:>6.2} {:>7.1} {:>8.0}{ratios}",
        case.name,
        row.connections,
        latencies(&row.load),
        row.cpu(),
        row.client(),
        row.others(),
        row.peak,
        ceilings[0],
    );
}

pub fn print_open_header() {
    println!(
        "\nat a fixed rate of arrivals, in turn with the best that it is a share of; a latency counts from when its \
         request was due:"
    );
    println!(
        "{:<30} {:>5} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8} {:>9} {:>6}",
        "", "load", "due/s", "answers/s", "to best", "p50 ms", "p99 ms", "p99.9", "refused/s", "client"
    );
}

pub fn print_open(case: &Case, percent: u32, best: f64, load: &Load) {
    let due = best * f64::from(percent) / 100.0;
    println!(
        "{:<30} {:>4}% {due:>9.0} {:>9.0} {:>8.2} {} {:>9.0} {:>6.2}",
        case.name,
        percent,
        load.rate(),
        load.rate() / best,
        latencies(load),
        load.refused_rate(),
        load.processors()
    );
}

/// The ratio is to the database that all else is measured on.
pub fn print_growth(grown: &[Grown]) {
    println!("\nverify, one product, 32 connections, on databases of different sizes:");
    println!(
        "{:>12} {:>9} {:>10} {:>9} {:>9} {:>10} {:>6} {:>7}",
        "licenses", "answers/s", "to 100,000", "made in", "bytes/lic", "ready ms", "idle", "peak MB"
    );
    let base =
        grown.iter().find(|grown| grown.licenses == 100_000).map_or(f64::NAN, |grown| middle(&grown.rates));
    for grown in grown {
        let rate = middle(&grown.rates);
        println!(
            "{:>12} {rate:>9.0} {:>10.2} {:>7.1} s {:>9} {:>10.1} {:>6.2} {:>7.1}",
            grown.licenses,
            rate / base,
            grown.import.as_secs_f64(),
            grown.bytes / grown.licenses,
            grown.ready.as_secs_f64() * 1e3,
            grown.idle,
            grown.peak
        );
    }
}

/// The median.
fn middle(rates: &[f64]) -> f64 {
    let mut rates = rates.to_vec();
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

fn latencies(load: &Load) -> String {
    let point = |permille| format!("{:>8.2}", load.latencies.milliseconds(permille));
    [point(500), point(990), point(999)].join(" ")
}
