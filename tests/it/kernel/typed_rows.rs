//! Rows that were added through their entities are read back unchanged, whatever they contain, on both stores.

use holdfast::kernel::db::{self, ClockOffset, Db, Sql as _};
use holdfast_domain::{ids::EventId, webhook};
use holdfast_entity::{changes, webhook_events};
use holdfast_migration::{Migrator, MigratorTrait as _};
use sea_orm::{EntityTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _};
use serde::Serialize;
use uuid::Uuid;

use crate::support::harness::{bare_store, connect};

async fn store(folder: &tempfile::TempDir) -> Db {
    let url = bare_store(folder.path()).await;
    let db = connect(&url, 2, ClockOffset::Ignored).await;
    Migrator::up(db.writer(), None).await.expect("the schema");
    db
}

fn change(event: u128, seq: i64, payload: &str) -> changes::Model {
    let event_id = EventId(Uuid::from_u128(event));
    changes::Model { event_id, seq, payload: payload.to_owned(), created_at: 7 }
}

async fn changes_of(db: &Db, events: &[u128]) -> Vec<changes::Model> {
    let events = events.iter().map(|event| EventId(Uuid::from_u128(*event)));
    changes::Entity::find()
        .filter(db::is_among(db, changes::Column::EventId, events))
        .order_by_asc(changes::Column::EventId)
        .order_by_asc(changes::Column::Seq)
        .all(db.reading())
        .await
        .expect("the store answers")
}

#[tokio::test]
async fn many_rows_come_back_as_they_were_added() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = store(&folder).await;
    let rows = vec![
        change(1, 1, r#"it's "{now}", $1 and \ [[state: AND x]]"#),
        change(1, i64::MAX, ""),
        change(2, 1, "Größe 🎟"),
    ];
    db::insert_all(&db, rows.clone()).await.expect("rows are added");
    db::insert_all(&db, Vec::<changes::Model>::new()).await.expect("nothing is added");
    assert_eq!(changes_of(&db, &[1, 2, 3]).await, rows);
    assert_eq!(changes_of(&db, &[2]).await, rows[2..]);
    assert_eq!(changes_of(&db, &[]).await, []);
}

#[tokio::test]
async fn a_column_takes_the_stores_clock_where_it_is_asked_to() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = store(&folder).await;
    let before = db.now().await.expect("a clock");
    let at = [changes::Column::CreatedAt];
    db::insert_at(&db, change(1, 1, "one"), &at).await.expect("a row is added");
    db::insert_all_at(&db, vec![change(1, 2, "many")], &at).await.expect("rows are added");
    let after = db.now().await.expect("a clock");
    let found = changes_of(&db, &[1]).await;
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|row| (before..=after).contains(&row.created_at)), "{found:?}");
}

#[tokio::test]
async fn a_known_row_is_not_added_again() {
    use webhook_events::Column;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = store(&folder).await;
    let row = webhook_events::Model {
        provider: "p".to_owned(),
        event_id: "e".to_owned(),
        kind: "k".to_owned(),
        payment: Some("pi".to_owned()),
        account: None,
        status: webhook::Status::New,
        outcome: None,
        attempts: 0,
        received_at: 1,
        due_at: 2,
        settled_at: None,
    };
    let key = [Column::Provider, Column::EventId];
    for added in [true, false] {
        let again = webhook_events::Model { attempts: i32::from(!added), ..row.clone() };
        let done = db::insert_unless_known(&db, again, &[], &key).await.expect("it is tried");
        assert_eq!(done, added);
    }
    let found = webhook_events::Entity::find().all(db.reading()).await.expect("the store answers");
    assert_eq!(found, std::slice::from_ref(&row));
    let put = webhook_events::Model { attempts: 3, ..row };
    let otherwise = "ON CONFLICT (provider, event_id) DO UPDATE SET attempts = excluded.attempts";
    let written = db::put_all(&db, vec![put.clone()], &[], otherwise).await.expect("it is put");
    assert_eq!(written, 1);
    let found = webhook_events::Entity::find().all(db.reading()).await.expect("the store answers");
    assert_eq!(found, [put]);
}

#[tokio::test]
async fn rows_that_travel_as_one_value_arrive_as_they_were_sent() {
    #[derive(Debug, Clone, PartialEq, Serialize, FromQueryResult)]
    struct TypedRow {
        seat: i32,
        version: Option<i32>,
        buyer: Uuid,
        name: String,
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = store(&folder).await;
    let row = |seat, version, name: &str| TypedRow {
        seat,
        version,
        buyer: Uuid::now_v7(),
        name: name.to_owned(),
    };
    let sent = [row(1, None, "Ω \"' \\ $1 {now} [[state: a]]"), row(2, Some(7), "")];
    let text = "SELECT seat, version, buyer, name \
         FROM {rows $1 (seat int, version int, buyer uuid, name text)} ORDER BY seat";
    for sent in [&sent[..], &[]] {
        let values = vec![db::rows(sent).expect("JSON")];
        let read: Vec<TypedRow> = db.list(text, values).await.expect("the store answers");
        assert_eq!(read, sent);
    }
}
