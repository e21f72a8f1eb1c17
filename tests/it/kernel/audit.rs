//! The audit log keeps its entries for two years.

use std::time::Duration;

use holdfast::kernel::{
    audit::{self, AuditRecord, KEPT_MS},
    base::Base,
};
use holdfast_contract::operators::AuditPage;
use holdfast_domain::{access::Role, actor::Actor};
use uuid::Uuid;

use crate::support::{fixture::account, harness::TestApp};

async fn record(base: &Base, subject: Uuid) -> Uuid {
    let tx = base.db.begin().await.expect("a transaction");
    let entry = AuditRecord::new(&*base.entropy, Actor::System, "test.act", ("test", subject), &());
    audit::record(&tx, &entry).await.expect("recorded");
    tx.commit().await.expect("committed");
    entry.id
}

#[tokio::test]
async fn entries_that_are_too_old_are_deleted_and_the_others_stay() {
    let app = TestApp::start().await;
    let (base, subject) = (&app.app.base, Uuid::now_v7());
    let old = [record(base, subject).await, record(base, subject).await];
    let kept = Duration::from_millis(KEPT_MS.unsigned_abs());
    let minute = Duration::from_secs(60);
    app.advance(kept - minute).await;
    let young = record(base, subject).await;
    assert_eq!(audit::retention_pass(&base.db).await.expect("a pass"), 0, "nothing is too old");
    app.advance(minute * 2).await;
    assert_eq!(audit::retention_pass(&base.db).await.expect("a pass"), 2);
    assert_eq!(audit::retention_pass(&base.db).await.expect("a pass"), 0);
    let admin = account(&app, "admin", Role::Admin, None).await;
    let listed = app.as_user(&admin).get(&format!("/admin/audit?subject_id={subject}")).await;
    let left: Vec<Uuid> = listed.read::<AuditPage>().items.iter().map(|entry| entry.id).collect();
    assert_eq!(left, [young], "{old:?} are old");
    app.finish().await;
}
