//! The third step: all older rows stay, the CHECKs accept each new word and no other, and the way back loses nothing.

use holdfast::kernel::db::{Db, Sql as _, StoreError};
use holdfast_domain::{
    access::{AccountStatus, MembershipRole, Role},
    actor, event,
    ids::BuyerKind,
    ledger,
    refund::{Reason, RefundMethod},
};
use holdfast_migration::{Migrator, MigratorTrait as _};
use sea_orm::DbErr;

use super::stored::{Columns, STEPS_BEFORE, before, open, run, schema, with_managers};
use crate::support::harness::bare_store;

async fn up(db: &Db) {
    Migrator::up(db.writer(), None).await.expect("up");
}

async fn down(db: &Db) -> Result<(), DbErr> {
    let steps = u32::try_from(Migrator::migrations().len()).expect("few");
    Migrator::down(db.writer(), Some(steps - STEPS_BEFORE)).await
}

#[tokio::test]
async fn rows_of_before_stay_on_the_way_up_and_back_and_up() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = before(&bare_store(folder.path()).await).await;
    let (columns, first_schema) = (Columns::of(&db).await, schema(&db).await);
    let first = columns.rows(&db).await;
    assert!(first.values().filter(|rows| !rows.is_empty()).count() >= 20, "{first:#?}");
    let upgraded = with_managers(first.clone());

    up(&db).await;
    assert_eq!(columns.rows(&db).await, upgraded);
    assert_eq!(holdfast::app::check(&db).await.expect("the check runs"), []);
    let room = schema(&db).await;
    assert_ne!(room, first_schema);

    down(&db).await.expect("no row needs the room");
    assert_eq!(columns.rows(&db).await, first);
    assert_eq!(schema(&db).await, first_schema);

    up(&db).await;
    assert_eq!(columns.rows(&db).await, upgraded);
    assert_eq!(schema(&db).await, room);
    orphans_are_refused(&db).await;

    let other = tempfile::tempdir().expect("a temporary folder");
    let fresh = open(&bare_store(other.path()).await).await;
    up(&fresh).await;
    assert_eq!(schema(&fresh).await, room, "a fresh store has the schema of an upgraded one");
}

/// Foreign keys are in force after the step.
async fn orphans_are_refused(db: &Db) {
    let orphan =
        "INSERT INTO memberships (organization_id, user_id, role) VALUES (#1, #99, 'owner')";
    let refused = run(db, orphan).await.expect_err("there is no such user");
    let StoreError::Database(error) = &refused else { panic!("{refused}") };
    let is_foreign_key =
        matches!(error.sql_err(), Some(sea_orm::SqlErr::ForeignKeyConstraintViolation(_)));
    assert!(is_foreign_key, "{refused}");
}

/// Tries a statement and rolls it back.
async fn tried(db: &Db, statement: &str) -> Result<u64, StoreError> {
    let tx = db.begin().await.expect("a transaction");
    let done = tx.run(&super::stored::with_ids(db, statement), vec![]).await;
    tx.rollback().await.ok();
    done
}

async fn is_taken(db: &Db, statement: &str) {
    assert_eq!(tried(db, statement).await.expect(statement), 1, "{statement}");
}

async fn is_refused(db: &Db, statement: &str) {
    let refused = tried(db, statement).await.expect_err(statement);
    assert!(refused.is_check_violation(), "{statement}: {refused}");
}

/// A column, one of its rows, and every word that the domain knows for it.
struct Vocabulary(&'static str, &'static str, Vec<&'static str>);

fn vocabularies() -> [Vocabulary; 12] {
    let buyers = BuyerKind::ALL.map(BuyerKind::as_str).to_vec();
    [
        Vocabulary(
            "users SET status",
            "id = #12",
            AccountStatus::ALL.map(AccountStatus::as_str).to_vec(),
        ),
        Vocabulary("users SET role", "id = #12", Role::ALL.map(Role::as_str).to_vec()),
        Vocabulary(
            "memberships SET role",
            "user_id = #12",
            MembershipRole::ALL.map(MembershipRole::as_str).to_vec(),
        ),
        Vocabulary(
            "events SET status",
            "id = #22",
            event::Status::ALL.map(event::Status::as_str).to_vec(),
        ),
        Vocabulary("buyers SET kind", "buyer_id = #61", buyers.clone()),
        Vocabulary("reservations SET buyer_kind", "id = #52", buyers.clone()),
        Vocabulary("bookings SET buyer_kind", "id = #82", buyers),
        Vocabulary("refunds SET reason", "id = #112", Reason::ALL.map(Reason::as_str).to_vec()),
        Vocabulary(
            "refunds SET method",
            "id = #112",
            RefundMethod::ALL.map(RefundMethod::as_str).to_vec(),
        ),
        Vocabulary(
            "ledger_entries SET account",
            "id = #131",
            ledger::Account::ALL.map(ledger::Account::as_str).to_vec(),
        ),
        Vocabulary(
            "ledger_entries SET kind",
            "id = #131",
            ledger::Kind::ALL.map(ledger::Kind::as_str).to_vec(),
        ),
        Vocabulary("audit SET actor_role", "id = #151", Role::ALL.map(Role::as_str).to_vec()),
    ]
}

#[tokio::test]
async fn the_store_takes_every_word_of_the_domain_and_no_other() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = before(&bare_store(folder.path()).await).await;
    up(&db).await;
    let all = vocabularies();
    let mut others: Vec<&str> = all.iter().flat_map(|known| known.2.clone()).collect();
    others.extend(["member", "Owner", "nonsense"]);
    for Vocabulary(column, row, known) in &all {
        for word in known {
            is_taken(&db, &format!("UPDATE {column} = '{word}' WHERE {row}")).await;
        }
        for word in others.iter().filter(|word| !known.contains(word)) {
            is_refused(&db, &format!("UPDATE {column} = '{word}' WHERE {row}")).await;
        }
    }
}

#[tokio::test]
async fn actors_have_the_columns_of_their_kind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = before(&bare_store(folder.path()).await).await;
    up(&db).await;
    for kind in actor::Kind::ALL {
        for (id, role) in [("#7", "NULL"), ("NULL", "NULL"), ("#7", "'admin'"), ("NULL", "'admin'")]
        {
            let statement = format!(
                "INSERT INTO audit (id, at, actor_kind, actor_id, actor_role, network_address, user_agent, \
                 action, subject_kind, subject_id, detail) VALUES (#159, 3, '{}', {id}, {role}, \
                 '2001:db8::1', 'curl', 'a', 'b', #1, 'null')",
                kind.as_str()
            );
            let id = (id != "NULL").then(|| uuid::Uuid::from_u128(7));
            let role = (role != "NULL").then_some(Role::Admin);
            match actor::Actor::stored(kind, id, role) {
                Some(_) => is_taken(&db, &statement).await,
                None => is_refused(&db, &statement).await,
            }
        }
    }
    is_refused(&db, "UPDATE audit SET actor_kind = 'robot' WHERE id = #151").await;
}

#[tokio::test]
async fn refunds_without_a_gateway_and_lines_with_tax_have_room() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = before(&bare_store(folder.path()).await).await;
    up(&db).await;
    let refund = |values: &str| {
        format!(
            "INSERT INTO refunds (id, booking_id, organization_id, reason, amount_minor, currency, status, \
             created_at, settled_at, method, payment_id, gateway_refund_id, look_at) VALUES \
             (#119, #81, #1, 'organizer', 100, 'EUR', {values})"
        )
    };
    for values in [
        "'pending', 1, NULL, 'cash', NULL, NULL, NULL",
        "'done', 1, 2, 'cash', NULL, NULL, NULL",
        "'done', 1, 2, 'bank', #121, NULL, NULL",
        "'done', 1, 2, 'gateway', #121, 're_2', 9",
    ] {
        is_taken(&db, &refund(values)).await;
    }
    for values in [
        "'done', 1, 2, 'gateway', #121, NULL, NULL",
        "'done', 1, 2, 'cash', NULL, 're_2', NULL",
        "'pending', 1, NULL, 'gateway', NULL, NULL, NULL",
        "'done', 1, 2, 'cash', NULL, NULL, 9",
    ] {
        is_refused(&db, &refund(values)).await;
    }
    let line = |tax: i32, returned: i32| {
        format!(
            "UPDATE booking_lines SET tax_minor = {tax}, refunding_minor = {returned} WHERE id = #91"
        )
    };
    is_taken(&db, &line(855, 5355)).await;
    is_refused(&db, &line(855, 5356)).await;
    is_refused(&db, &line(0, 4501)).await;
    is_taken(&db, "UPDATE users SET password_hash = NULL WHERE id = #12").await;
}

#[tokio::test]
async fn what_only_the_room_can_hold_keeps_the_schema_from_going_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = before(&bare_store(folder.path()).await).await;
    up(&db).await;
    let (columns, room) = (Columns::of(&db).await, schema(&db).await);
    for (change, undo, named) in [
        (
            "users SET status = 'suspended' WHERE id = #12",
            "users SET status = 'inactive' WHERE id = #12",
            "users.status = suspended (1 rows)",
        ),
        (
            "users SET password_hash = NULL WHERE id = #12",
            "users SET password_hash = 'x' WHERE id = #12",
            "users.password_hash without a value (1 rows)",
        ),
        (
            "memberships SET role = 'viewer' WHERE user_id = #12",
            "memberships SET role = 'manager' WHERE user_id = #12",
            "memberships.role = viewer (1 rows)",
        ),
        (
            "events SET status = 'archived'",
            "events SET status = 'draft'",
            "events.status = archived (3 rows)",
        ),
        (
            "bookings SET buyer_kind = 'door' WHERE id = #82",
            "bookings SET buyer_kind = 'guest' WHERE id = #82",
            "bookings.buyer_kind = door (1 rows)",
        ),
        (
            "ledger_entries SET account = 'cash' WHERE id = #131",
            "ledger_entries SET account = 'captured' WHERE id = #131",
            "ledger_entries.account = cash (1 rows)",
        ),
        (
            "refunds SET method = 'bank' WHERE id = #112",
            "refunds SET method = 'gateway' WHERE id = #112",
            "refunds.method other than gateway (1 rows)",
        ),
        (
            "booking_lines SET tax_minor = 900, refunding_minor = 5400 WHERE id = #91",
            "booking_lines SET tax_minor = 0, refunding_minor = 1000 WHERE id = #91",
            "booking_lines.booking_lines_returned (1 rows)",
        ),
        (
            "audit SET actor_kind = 'system', actor_id = NULL, actor_role = NULL WHERE id = #151",
            "audit SET actor_kind = 'user', actor_id = #11, actor_role = 'organizer' WHERE id = #151",
            "audit.actor_kind other than user (1 rows)",
        ),
    ] {
        run(&db, &format!("UPDATE {change}")).await.expect(change);
        let held = columns.rows(&db).await;
        let refused = down(&db).await.expect_err(change).to_string();
        assert!(refused.contains(named), "{refused}");
        assert_eq!((columns.rows(&db).await, schema(&db).await), (held, room.clone()));
        run(&db, &format!("UPDATE {undo}")).await.expect(undo);
    }
    down(&db).await.expect("nothing stands in the way any more");
    let pending = Migrator::get_pending_migrations(db.writer()).await.expect("the steps");
    assert_eq!(pending.len(), Migrator::migrations().len() - STEPS_BEFORE as usize);
}
