//! The passes over the kernel's own tables.

use std::time::Duration;

use super::{audit, db::Db, idempotency, passes::Pass, saga::attention};

/// `kinds` are the kinds of sagas of this program.
pub fn passes(db: &Db, kinds: &[&'static str], retention_every: Duration) -> Vec<Pass> {
    vec![
        Pass::on(
            "saga-gauges",
            attention::GAUGES_EVERY,
            &(db.clone(), kinds.to_vec()),
            |on| async move { attention::gauges_pass(&on.0, &on.1).await },
        ),
        Pass::on("audit-retention", retention_every, db, |db| async move {
            audit::retention_pass(&db).await
        }),
        Pass::on("idempotency-retention", retention_every, db, |db| async move {
            idempotency::retention_pass(&db).await
        }),
    ]
}
