//! The scenario of many licenses that are stored at once.

use super::{NOW, license, license_of, product};
use crate::domain::{Actor, AuditFilter, CallerId, LicenseFilter, NewLicense, Page};
use crate::store::Tx;

pub(super) fn many_licenses(tx: &Tx<'_>) {
    let actor = Actor { at: NOW, caller: CallerId::CommandLine, address: None, action: "test".to_owned() };
    tx.act_as(actor);
    let product_id = product(tx);
    license(tx, product_id, "KEY-5");
    // More than one large batch, small ones, and a rest; with keys that exist, and that the list has twice.
    let many: Vec<NewLicense> = (0..1_047)
        .map(|number| match number {
            1_010 => license_of(product_id, "key-7"),
            1_046 => license_of(product_id, "KEY-1045"),
            _ => license_of(product_id, &format!("KEY-{number}")),
        })
        .collect();
    let ids = tx.add_licenses(&many, NOW).unwrap();
    let skipped: Vec<usize> = (0..ids.len()).filter(|place| ids[*place].is_none()).collect();
    assert_eq!(skipped, [5, 1_010, 1_046]);
    for place in [0, 7, 999, 1_000, 1_045] {
        let found = tx.license(ids[place].unwrap()).unwrap().unwrap();
        assert_eq!(found, many[place].clone().with_id(found.id, NOW));
    }
    assert!(ids.iter().flatten().is_sorted());
    let filter = AuditFilter { license_key: None, api_key_id: None, since: None, until: None, limit: 2_000 };
    let entries = tx.audit_entries(&filter).unwrap();
    let created: Vec<_> = entries.iter().filter(|entry| entry.change == "created").skip(2).collect();
    assert_eq!(created.len(), ids.len() - skipped.len());
    for (entry, id) in created.iter().zip(ids.iter().flatten()) {
        assert_eq!((entry.subject_id, entry.detail.as_deref()), (Some(*id), Some("available")));
    }
    let owned =
        LicenseFilter { owner_email: Some("JANE@example.com".to_owned()), ..LicenseFilter::default() };
    assert_eq!(tx.licenses_page(&owned, Page::ALL).unwrap().len(), 1 + created.len());
}
