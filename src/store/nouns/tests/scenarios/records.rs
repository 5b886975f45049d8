//! Scenarios of API keys, blocks, queues, telemetry and the audit trail.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::{LATER, NOW, license};
use crate::domain::{
    Actor, ApiKeyChange, ApiKeySecret, AuditFilter, Block, CallbackKind, CallbackState, CallerId,
    Capabilities, Fingerprint, Kept, LicenseKey, NewCallback, ProductKey, TelemetryFilter, TelemetryReport,
    Timestamp, UnderWay,
};
use crate::store::{GivenAnswer, NewApiKey, RepeatKey, Tx};

pub(super) fn api_keys_and_blocks(tx: &Tx<'_>) {
    let secret = ApiKeySecret::parse("secret").unwrap();
    let hash = secret.hash();
    let new = NewApiKey {
        name: "shop".to_owned(),
        secret,
        capabilities: Capabilities::from_stored("*".to_owned()),
        allow_ips: vec!["10.0.0.0/8".parse().unwrap()],
        active: true,
    };
    let id = tx.add_api_key(&new, NOW).unwrap().unwrap();
    assert_eq!(tx.add_api_key(&new, NOW).unwrap(), None);
    tx.touch_api_key(id, LATER).unwrap();
    tx.touch_api_key(id, NOW).unwrap();
    let found = tx.api_key_by_hash(&hash).unwrap().unwrap();
    assert_eq!((found.last_used_at, found.allow_ips.len()), (Some(LATER), 1));
    assert!(tx.api_keys_of(&[hash]).unwrap()[0].active);
    assert!(tx.set_api_key_active(id, false).unwrap() && !tx.set_api_key_active(99, false).unwrap());
    assert!(!tx.api_keys_of(&[hash]).unwrap()[0].active);
    assert_eq!(tx.api_keys().unwrap().len(), 1);
    let change = ApiKeyChange { name: Some("b".to_owned()), ..ApiKeyChange::default() };
    assert!(tx.set_api_key(id, &change, "").unwrap() && !tx.set_api_key(99, &change, "").unwrap());
    let found = tx.api_key(id).unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.capabilities.are_all(), found.allow_ips.len()), ("b", true, 1));
    let second = ApiKeySecret::parse("second").unwrap();
    assert!(tx.replace_api_key_text(id, &second, Some(LATER), NOW).unwrap());
    assert!(tx.api_key_by_hash(&hash).unwrap().is_none());
    let (key, former) = tx.api_key_by_former_hash(&hash).unwrap().unwrap();
    assert_eq!((key.id, former.api_key_id, former.valid_until), (id, id, LATER));
    tx.touch_former_api_key(former.id, NOW).unwrap();
    assert_eq!(tx.former_api_keys().unwrap()[0].last_used_at, Some(NOW));
    let third = ApiKeySecret::parse("third").unwrap();
    assert!(tx.replace_api_key_text(id, &third, None, LATER).unwrap());
    assert!(tx.former_api_keys().unwrap().is_empty());
    assert!(tx.delete_api_key(id).unwrap() && !tx.delete_api_key(id).unwrap());

    assert!(!tx.blocklist().unwrap().blocks_identifier("bad.example"));
    let block = Block::parse_domain("bad.example").unwrap();
    let id = tx.add_block(&block, NOW).unwrap().unwrap();
    assert_eq!(tx.add_block(&block, NOW).unwrap(), None);
    assert!(tx.blocklist().unwrap().blocks_identifier("bad.example"));
    assert_eq!(tx.blocks().unwrap(), [(id, block)]);
    assert!(tx.remove_block(id).unwrap() && !tx.remove_block(id).unwrap());
    assert!(!tx.read_blocklist().unwrap().blocks_identifier("bad.example"));
}

pub(super) fn jobs_and_webhooks(tx: &Tx<'_>) {
    let fingerprint = [7; 32];
    assert!(!tx.has_jobs().unwrap() && !tx.has_recent_job(&fingerprint, NOW).unwrap());
    tx.add_job(CallerId::ApiKey(4), "{}", &fingerprint, NOW).unwrap();
    assert!(tx.has_jobs().unwrap() && tx.has_recent_job(&fingerprint, NOW).unwrap());
    let job = tx.next_job().unwrap().unwrap();
    assert_eq!((job.params.as_str(), job.fingerprint, tx.count_jobs().unwrap()), ("{}", fingerprint, 1));
    tx.finish_job(job.id).unwrap();
    for _ in 0..2 {
        tx.remember_job(&job, NOW).unwrap();
    }
    assert!(tx.has_recent_job(&fingerprint, LATER).unwrap());
    assert!(!tx.has_recent_job(&fingerprint, Timestamp(NOW.0 + 300)).unwrap());

    let new = |url| NewCallback {
        kind: CallbackKind::Assignment,
        url,
        reply: "{}",
        product_id: None,
        license_id: Some(5),
    };
    tx.add_callback(&new("http://shop.example/a"), NOW, NOW).unwrap();
    tx.add_callback(&new("not a url"), NOW, NOW).unwrap();
    assert_eq!(tx.count_pending_callbacks().unwrap(), 1);
    assert_eq!(tx.next_callback_at(&[], None).unwrap(), Some(NOW));
    let due = tx.due_callback(&[], None, NOW).unwrap().unwrap();
    assert_eq!((due.target.as_str(), due.license_id), ("shop.example", Some(5)));
    for (target, license_id, is_there) in [
        (&*due.target, None, false),
        ("other:80", Some(5), false),
        ("other:80", Some(6), true),
        ("other:80", None, true),
    ] {
        let other = [UnderWay { kind: CallbackKind::Deactivation, target: target.to_owned(), license_id }];
        assert_eq!(tx.due_callback(&other, None, NOW).unwrap().is_some(), is_there, "{other:?}");
        assert_eq!(tx.next_callback_at(&other, None).unwrap().is_some(), is_there, "{other:?}");
    }
    for (except, is_there) in [(CallbackKind::Assignment, false), (CallbackKind::Deactivation, true)] {
        assert_eq!(tx.due_callback(&[], Some(except), NOW).unwrap().is_some(), is_there);
        assert_eq!(tx.next_callback_at(&[], Some(except)).unwrap().is_some(), is_there);
    }
    tx.begin_attempt(due.id, Some("bytes"), LATER, NOW).unwrap();
    tx.resume_callbacks(NOW).unwrap();
    let again = tx.due_callback(&[], None, NOW).unwrap().unwrap();
    assert_eq!((again.body.as_deref(), again.attempts), (Some("bytes"), 1));
    tx.callback_not_delivered(due.id, "refused", Some(LATER), NOW).unwrap();
    assert!(tx.due_callback(&[], None, NOW).unwrap().is_none());
    tx.callback_not_delivered(due.id, "refused", None, NOW).unwrap();
    assert_eq!(tx.callbacks(Some(CallbackState::Failed)).unwrap().len(), 2);
    assert_eq!(tx.failed_callbacks().unwrap(), (2, Some(NOW)));
    tx.retry_callback(due.id, NOW).unwrap();
    tx.callback_delivered(due.id, NOW).unwrap();
    let found = tx.callback(due.id).unwrap().unwrap();
    assert_eq!((found.callback.id, found.message.as_str(), found.body), (due.id, due.reply.as_str(), None));
    assert!(tx.callback(99).unwrap().is_none());
    assert_eq!(tx.callback_url(due.id).unwrap().as_deref(), Some("http://shop.example/a"));
    assert_eq!(tx.callbacks(None).unwrap()[0].state, CallbackState::Delivered);
    tx.callback_delivered(due.id, Timestamp(NOW.0 + 40 * 86_400)).unwrap();
    assert_eq!(tx.callbacks(None).unwrap().len(), 2);
    assert!(tx.wakes_worker());
    // Neither what is to be sent, nor what is newer.
    tx.add_callback(&new("http://other.example/"), NOW, NOW).unwrap();
    assert!(!tx.has_older(Kept::Webhooks, NOW, 10).unwrap() && tx.kept_bytes(Kept::Webhooks).unwrap() > 200);
    let forever = Timestamp(i64::MAX);
    assert_eq!(tx.delete_oldest(Kept::Webhooks, forever, 1).unwrap(), 1);
    assert_eq!(tx.delete_oldest(Kept::Webhooks, forever, 10).unwrap(), 1);
    assert_eq!((tx.kept_bytes(Kept::Webhooks).unwrap(), tx.callbacks(None).unwrap().len()), (0, 1));
}

pub(super) fn telemetry(tx: &Tx<'_>) {
    let report = TelemetryReport {
        user_identifier: "Jane".to_owned(),
        license_key: "K".to_owned(),
        activation_identifier: "PC".to_owned(),
        product_id: 1,
        product_version: "1.0".to_owned(),
        data_type: "text".to_owned(),
        data_group: "g".to_owned(),
        data: "d".to_owned(),
        is_correct_format: true,
        license_key_exists: true,
        product_exists: false,
        product_version_exists: false,
    };
    tx.add_telemetry(&report, "{}", NOW).unwrap();
    let found = |filter: TelemetryFilter| tx.telemetry(&filter, 10, 0).unwrap().unwrap().len();
    assert_eq!(found(TelemetryFilter::default()), 1);
    let text = |text: &str| Some(text.to_owned());
    let filter = TelemetryFilter {
        data_type: text("text"),
        data_group: text("g"),
        product_id: Some(1),
        user_identifier: text("jANE"),
        license_key: text("k"),
        activation_identifier: text("pc"),
        product_version: text("1.0"),
        is_correct_format: Some(true),
        license_key_exists: Some(true),
        product_exists: Some(false),
        product_version_exists: Some(false),
        has_red_flags: Some(report.has_red_flags()),
    };
    assert_eq!(found(filter.clone()), 1);
    assert_eq!(found(TelemetryFilter { product_version: text("2"), ..filter.clone() }), 0);
    assert_eq!(found(TelemetryFilter { has_red_flags: Some(!report.has_red_flags()), ..filter }), 0);
    // More than one list may hold.
    let large = TelemetryReport { data: "x".repeat(4 * 1024 * 1024), ..report };
    tx.add_telemetry(&large, "{}", NOW).unwrap();
    assert!(tx.telemetry(&TelemetryFilter::default(), 10, 0).unwrap().is_none());
    assert_eq!(tx.telemetry(&TelemetryFilter::default(), 1, 0).unwrap().unwrap().len(), 1);
    let kept = tx.kept_bytes(Kept::Telemetry).unwrap();
    assert!((4 * 1024 * 1024..5 * 1024 * 1024).contains(&kept), "{kept}");
    assert!(
        !tx.has_older(Kept::Telemetry, NOW, 10).unwrap() && tx.has_older(Kept::Telemetry, LATER, 10).unwrap()
    );
    assert_eq!(tx.delete_oldest(Kept::Telemetry, NOW, 10).unwrap(), 0);
    assert_eq!(tx.delete_oldest(Kept::Telemetry, LATER, 1).unwrap(), 1);
    assert_eq!(tx.delete_oldest(Kept::Telemetry, LATER, 10).unwrap(), 1);
    assert_eq!(tx.kept_bytes(Kept::Telemetry).unwrap(), 0);
}

pub(super) fn audit_idempotency_and_savepoints(tx: &Tx<'_>) {
    let actor = Actor {
        at: NOW,
        caller: CallerId::CommandLine,
        address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        action: "license create".to_owned(),
    };
    tx.act_as(actor);
    license(tx, 1, "KEY");
    tx.begin_audit_as_one();
    license(tx, 1, "OTHER");
    tx.end_audit_as_one("created", "1 license").unwrap();
    let all = AuditFilter { limit: 10, ..AuditFilter::default() };
    let entries = tx.audit_entries(&all).unwrap();
    let changes: Vec<_> =
        entries.iter().map(|entry| (entry.license_key.as_deref(), entry.detail.as_deref())).collect();
    assert_eq!(changes, [(Some("KEY"), Some("available")), (None, Some("1 license"))]);
    let of_key = AuditFilter {
        license_key: Some(LicenseKey::parse("key").unwrap()),
        since: Some(NOW),
        until: Some(LATER),
        ..all.clone()
    };
    assert_eq!(tx.audit_entries(&of_key).unwrap().len(), 1);
    assert!(tx.audit_entries(&AuditFilter { api_key_id: Some(1), ..all.clone() }).unwrap().is_empty());
    assert_eq!(tx.audit_size().unwrap(), (2, Some(NOW)));

    tx.savepoint().unwrap();
    license(tx, 1, "GONE");
    tx.rollback_to_savepoint().unwrap();
    tx.savepoint().unwrap();
    license(tx, 1, "STAYS");
    tx.release_savepoint().unwrap();
    let exists = |key| tx.license_by_key(&LicenseKey::parse(key).unwrap()).unwrap().is_some();
    assert!(!exists("GONE") && exists("STAYS"));
    assert_eq!((tx.delete_oldest(Kept::Audit, LATER, 10).unwrap(), tx.audit_size().unwrap()), (3, (0, None)));

    let key = RepeatKey {
        caller: CallerId::Contract(3),
        route: "/activate",
        idempotency_key: "order-1".to_owned(),
        params_hash: [1; 32],
    };
    assert!(tx.given_answer(&key, NOW).unwrap().is_none());
    let signer = ProductKey { product_id: 1, fingerprint: Fingerprint(Arc::from("ff")) };
    let answer = GivenAnswer { code: 400, response: "{}".to_owned(), signing_product: Some(signer) };
    for _ in 0..2 {
        tx.keep_answer(&key, &answer, NOW).unwrap();
    }
    let given = tx.given_answer(&key, LATER).unwrap().unwrap();
    assert_eq!((given.code, given.signing_product.unwrap().product_id), (400, 1));
    assert!(tx.given_answer(&key, Timestamp(NOW.0 + 86_400)).unwrap().is_none());
    let other = RepeatKey { params_hash: [2; 32], ..key.clone() };
    assert!(tx.given_answer(&other, NOW).unwrap().is_none());
    tx.keep_answer(&other, &answer, LATER).unwrap();
    assert!((200..1_000).contains(&tx.kept_bytes(Kept::Answers).unwrap()));
    assert!(
        !tx.has_older(Kept::Answers, NOW, 10).unwrap() && tx.has_older(Kept::Answers, LATER, 10).unwrap()
    );
    assert_eq!(tx.delete_oldest(Kept::Answers, LATER, 10).unwrap(), 1);
    assert!(
        tx.given_answer(&key, NOW).unwrap().is_none() && tx.given_answer(&other, LATER).unwrap().is_some()
    );
}
