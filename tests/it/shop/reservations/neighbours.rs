//! A hold that meets a fault of the database fails alone, although others share its transaction.

use std::sync::Arc;

use holdfast::kernel::db::{Dialect, Sql as _, Writes as _};

use crate::support::{
    crowd::storm,
    fixture::{self, Like, seats},
    harness::TestApp,
};

const HOLDS: usize = 60;
/// Every tenth hold has this many persons, which the store refuses.
const REFUSED: i32 = 3;

/// Lets the store fail for reservations of so many persons, as a fault of a disk or of a constraint would.
async fn let_some_fail(app: &TestApp) {
    let db = &app.app.base.db;
    let texts = match db.dialect() {
        Dialect::Sqlite => vec![format!(
            "CREATE TRIGGER faulty BEFORE INSERT ON reservations WHEN NEW.persons = {REFUSED} \
             BEGIN SELECT RAISE(ABORT, 'faulty'); END"
        )],
        Dialect::Postgres => vec![
            "CREATE FUNCTION faulty() RETURNS trigger AS $$ BEGIN RAISE 'faulty'; END $$ \
             LANGUAGE plpgsql"
                .to_owned(),
            format!(
                "CREATE TRIGGER faulty BEFORE INSERT ON reservations FOR EACH ROW \
                 WHEN (NEW.persons = {REFUSED}) EXECUTE FUNCTION faulty()"
            ),
        ],
    };
    for text in texts {
        db.run(&text, vec![]).await.expect("a trigger");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_one_hold_fails_none_that_shares_its_transaction() {
    let app = Arc::new(TestApp::start().await);
    let event = fixture::event(&app, Like { seats: 200, ..Like::default() }).await;
    let_some_fail(&app).await;
    let is_faulty = |n: usize| n.is_multiple_of(10);
    let wish = |n: usize| {
        let first = i32::try_from(n * 3).expect("few") + 1;
        let count = if is_faulty(n) { REFUSED } else { 1 };
        seats(&(first..first + count).collect::<Vec<_>>())
    };
    let answers = storm(std::slice::from_ref(&app), &event, HOLDS, wish).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    let faulty = (0..HOLDS).filter(|n| is_faulty(*n)).count();
    assert_eq!((count(201), count(500)), (HOLDS - faulty, faulty));
    Arc::into_inner(app).expect("the last").finish().await;
}
