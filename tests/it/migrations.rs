//! The migration of a store of an older version keeps its rows.

mod killed;
pub mod rolling;
mod room;
mod stored;

use holdfast::kernel::db::{ClockOffset, Sql as _};
use holdfast_migration::{Migrator, MigratorTrait as _};
use uuid::Uuid;

use crate::support::harness::{bare_store, connect};

#[tokio::test]
async fn refunds_of_before_are_looked_at_once_more() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = bare_store(folder.path()).await;
    let db = connect(&url, 1, ClockOffset::Ignored).await;
    Migrator::up(db.writer(), Some(1)).await.expect("the first schema");
    for (id, status, settled) in [(1, "done", Some(77_i64)), (2, "pending", None)] {
        let id = Uuid::from_u128(id);
        let name = settled.map(|_| "re_1".to_owned());
        db.run(
            "INSERT INTO refunds (id, booking_id, payment_id, organization_id, reason, amount_minor, \
             currency, status, gateway_refund_id, created_at, settled_at) \
             VALUES ($1, $1, $1, $1, 'buyer', 100, 'EUR', $2, $3, 1, $4)",
            vec![id.into(), status.into(), name.into(), settled.into()],
        )
        .await
        .expect("a refund");
    }
    // Up, down and up again: a step that was undone can run once more.
    Migrator::up(db.writer(), None).await.expect("up");
    let steps = u32::try_from(Migrator::migrations().len()).expect("few") - 1;
    Migrator::down(db.writer(), Some(steps)).await.expect("down");
    Migrator::up(db.writer(), None).await.expect("up again");
    let rows = db.all("SELECT look_at FROM refunds ORDER BY id", vec![]).await.expect("rows");
    let looks: Vec<Option<i64>> =
        rows.iter().map(|row| row.try_get("", "look_at").expect("a time")).collect();
    assert_eq!(looks, [Some(77), None]);
}
