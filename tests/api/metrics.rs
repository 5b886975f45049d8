//! Metrics: what Prometheus reads after requests that are known.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use keyseal::{Rate, RateLimits};

use crate::support::{License, TestServer};

/// What a page holds: each series, labels included, with its number; and what each family says it is.
struct Page {
    series: BTreeMap<String, f64>,
    types: BTreeMap<String, String>,
    helps: BTreeSet<String>,
}

impl Page {
    fn read(server: &TestServer) -> Self {
        let (status, text) = server.get_url(&server.metrics_url().unwrap());
        assert_eq!(status, 200);
        assert!(text.ends_with("\n# EOF\n"), "{text}");
        let mut page = Self { series: BTreeMap::new(), types: BTreeMap::new(), helps: BTreeSet::new() };
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (family, help) = help.split_once(' ').unwrap();
                assert!(!help.trim().is_empty() && page.helps.insert(family.to_owned()), "{line}");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (family, kind) = kind.split_once(' ').unwrap();
                assert!(page.types.insert(family.to_owned(), kind.to_owned()).is_none(), "{line}");
            } else if !line.starts_with('#') {
                let (series, number) = line.rsplit_once(' ').unwrap();
                let number = number.parse().unwrap();
                assert!(page.series.insert(series.to_owned(), number).is_none(), "twice: {line}");
            }
        }
        page
    }

    fn get(&self, series: &str) -> f64 {
        *self.series.get(series).unwrap_or_else(|| panic!("no {series} in {:?}", self.series.keys()))
    }

    fn requests(&self, route: &str, code: u16) -> f64 {
        let series = format!("keyseal_requests_total{{route=\"{route}\",code=\"{code}\"}}");
        self.series.get(&series).copied().unwrap_or_default()
    }

    fn sum(&self, start: &str) -> f64 {
        self.series.iter().filter(|(series, _)| series.starts_with(start)).map(|(_, number)| number).sum()
    }
}

fn start(limits: RateLimits) -> TestServer {
    let server = TestServer::start_with(|config| {
        config.http.metrics_listen = Some("127.0.0.1:0".to_owned());
        config.limits.rates = limits;
    });
    server.add_license(&License::default());
    server
}

fn only(burst: u32) -> Rate {
    Rate { burst: NonZeroU32::new(burst).unwrap(), every: Duration::from_hours(1) }
}

#[test]
fn every_series_has_a_family_that_says_what_it_is() {
    let server = start(RateLimits::default());
    server.post("verify", &[("license_key", "KEY-1"), ("identifier", "domain.ltd")]);
    let page = Page::read(&server);
    for series in page.series.keys() {
        let name = series.split('{').next().unwrap();
        let family = ["_total", "_bucket", "_count", "_sum", ""].into_iter().find_map(|suffix| {
            let family = name.strip_suffix(suffix)?;
            page.types.get(family).map(|kind| (family, suffix, kind.as_str()))
        });
        let (family, suffix, kind) = family.unwrap_or_else(|| panic!("{series} has no type"));
        assert!(page.helps.contains(family), "{series} has no help");
        let suffixes: &[&str] = match kind {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_count", "_sum"],
            other => panic!("{series}: {other}"),
        };
        assert!(suffixes.contains(&suffix), "{series} is a {kind}");
        assert!(family.starts_with("keyseal_") || family.starts_with("process_"), "{series}");
    }
    assert!(page.types.len() > 15, "{:?}", page.types);
}

#[test]
fn requests_add_up_by_route_and_code() {
    let server = start(RateLimits::default());
    let verify = |identifier| server.post("verify", &[("license_key", "KEY-1"), ("identifier", identifier)]);
    for _ in 0..3 {
        assert_eq!(verify("domain.ltd").code, 200);
    }
    assert_eq!(verify("elsewhere").code, 202);
    // Another name of the same route.
    let fields = [("api_key", server.api_key.as_str())];
    assert_eq!(server.post_form("/v1/licenses/validate", &fields).code, 210);
    assert_eq!(server.get("/api/v1/verify").code, 1905);
    assert_eq!(server.get("/nowhere").code, 1904);
    assert_eq!(server.get("/v1/products/none/changelog").code, 551);
    assert_eq!(server.get("/v1/download/a/b/c/1").code, 100);
    let page = Page::read(&server);
    for (route, code, times) in [
        ("/verify", 200, 3.0),
        ("/verify", 202, 1.0),
        ("/verify", 210, 1.0),
        ("/verify", 1905, 1.0),
        ("(unknown)", 1904, 1.0),
        ("/products/changelog", 551, 1.0),
        ("/download", 100, 1.0),
        ("/activate", 300, 0.0),
    ] {
        assert!(
            (page.requests(route, code) - times).abs() < 0.1,
            "{route} {code}: {}",
            page.requests(route, code)
        );
    }
    for (series, times) in [
        ("keyseal_requests_total", 9.0),
        ("keyseal_request_duration_seconds_count", 9.0),
        ("keyseal_request_duration_seconds_count{route=\"/verify\"}", 6.0),
        ("keyseal_request_duration_seconds_bucket{le=\"+Inf\",route=\"/verify\"}", 6.0),
    ] {
        assert!((page.sum(series) - times).abs() < 0.1, "{series}: {}", page.sum(series));
    }
    assert!(page.sum("keyseal_request_duration_seconds_sum") > 0.0);
}

#[test]
fn each_change_is_in_one_batch_and_each_batch_is_one_commit() {
    let server = start(RateLimits::default());
    let before = Page::read(&server);
    for number in 0..5 {
        let identifier = format!("device-{number}");
        let activated = server.post("activate", &[("license_key", "KEY-1"), ("identifier", &identifier)]);
        assert_eq!(activated.code, 300);
    }
    let page = Page::read(&server);
    let more = |series: &str| page.get(series) - before.get(series);
    assert!((more("keyseal_writer_batch_changes_sum") - 5.0).abs() < 0.1);
    let commits = more("keyseal_writer_commit_duration_seconds_count");
    assert!((1.0..=5.0).contains(&commits));
    assert!((more("keyseal_writer_batch_changes_count") - commits).abs() < 0.1);
    assert!(more("keyseal_writer_commit_duration_seconds_sum") > 0.0);
    for series in ["keyseal_database_size_bytes", "process_start_time_seconds"] {
        assert!(page.get(series) > 4096.0, "{series}");
    }
    for series in ["keyseal_writer_queue_changes", "keyseal_jobs_pending", "keyseal_callbacks_pending"] {
        assert!(page.get(series).abs() < 0.1, "{series}");
    }
    assert!((page.sum("keyseal_build_info{version=") - 1.0).abs() < 0.1);
}

#[test]
fn a_callback_that_waits_is_pending() {
    let server = TestServer::start_with(|config| {
        config.http.metrics_listen = Some("127.0.0.1:0".to_owned());
        config.webhooks.delays = vec![Duration::from_hours(1)];
    });
    let pool = License { status: "available", identifiers: &[], ..License::default() };
    server.add_license(&pool);
    let order =
        [("product_id", "1"), ("quantity", "1"), ("generate", "0"), ("webhook_url", "http://192.0.2.1/")];
    assert_eq!(server.post("random-assign-license-keys-queued", &order).code, 807);
    // The job is carried out beside the request: then its message is there.
    let has_come = (0..10_000).any(|_| Page::read(&server).get("keyseal_callbacks_pending") > 0.0);
    assert!(has_come, "no callback after many looks");
    assert!(Page::read(&server).get("keyseal_jobs_pending").abs() < 0.1);
}

#[test]
fn a_callback_that_was_given_up_is_counted() {
    let server = TestServer::start_with(|config| {
        config.http.metrics_listen = Some("127.0.0.1:0".to_owned());
        config.webhooks.allow_private_targets = false;
    });
    server.add_license(&License { status: "available", identifiers: &[], ..License::default() });
    assert!(Page::read(&server).get("keyseal_callbacks_failed").abs() < 0.1);
    let order =
        [("product_id", "1"), ("quantity", "1"), ("generate", "0"), ("webhook_url", "http://127.0.0.1/")];
    assert_eq!(server.post("random-assign-license-keys-queued", &order).code, 807);
    let has_failed = (0..10_000).any(|_| Page::read(&server).get("keyseal_callbacks_failed") > 0.0);
    assert!(has_failed, "no failed callback after many looks");
}

#[test]
fn a_flood_of_refusals_costs_a_signature_a_second() {
    let server =
        start(RateLimits { address: Some(only(1)), guesses: Some(only(1)), ..RateLimits::default() });
    let verify = || server.post("verify", &[("license_key", "KEY-1"), ("identifier", "domain.ltd")]);
    assert_eq!(verify().code, 200);
    let before = Page::read(&server);
    let seconds: BTreeSet<i64> = (0..300)
        .map(|_| {
            let refused = verify();
            assert_eq!(refused.code, 1929);
            refused.timestamp
        })
        .collect();
    let page = Page::read(&server);
    let more = |series: &str| page.get(series) - before.get(series);
    let seconds = f64::from(u32::try_from(seconds.len()).unwrap());
    assert!((more("keyseal_signatures_made_total") - seconds).abs() < 0.1);
    assert!((more("keyseal_signatures_requested_total") - 300.0).abs() < 0.1);
    assert!((more("keyseal_rate_limit_refusals_total{limit=\"address\"}") - 300.0).abs() < 0.1);
    assert!(more("keyseal_rate_limit_refusals_total{limit=\"guesses\"}").abs() < 0.1);
    assert!((page.requests("/verify", 1929) - 300.0).abs() < 0.1);
}

#[test]
fn metrics_have_a_port_of_their_own_or_none() {
    let server = start(RateLimits::default());
    let metrics = server.metrics_url().unwrap();
    let base = metrics.strip_suffix("/metrics").unwrap();
    for path in ["/", "/livez", "/api/v1/get-all-products", "/metrics/x"] {
        assert_eq!(server.get_url(&format!("{base}{path}")).0, 404, "{path}");
    }
    assert_eq!(server.get("/metrics").code, 1904);
    assert_eq!(TestServer::start().metrics_url(), None);
}

#[test]
fn a_long_changelog_is_signed_once_a_second_however_many_read_it() {
    let server = start(RateLimits::default());
    server.command(&["product", "create", "--name", "App", "--slug", "app", "--changelog"]);
    let file = server.data().join("app.zip");
    std::fs::write(&file, "1").unwrap();
    let (file, news) = (file.to_str().unwrap(), "News. ".repeat(1_000));
    let words = ["download", "add", file, "--product", "3", "--numeric-version", "1", "--version", "1"];
    server.command(&[&words[..], &["--changelog", &news]].concat());
    let before = Page::read(&server).get("keyseal_signatures_made_total");
    let mut seconds: Vec<i64> = (0..100)
        .map(|_| {
            let answer = server.get("/v1/products/app/changelog");
            assert!(answer.code == 1600 && answer.response.len() > news.len());
            answer.timestamp
        })
        .collect();
    seconds.dedup();
    let made = Page::read(&server).get("keyseal_signatures_made_total") - before;
    assert!(
        (made - f64::from(u32::try_from(seconds.len()).unwrap())).abs() < 0.1,
        "{made} in {} seconds",
        seconds.len()
    );
}
