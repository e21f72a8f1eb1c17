//! A hold that is refused, or that meets a fault of the database, fails alone, although others share its transaction.

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

/// Some buyers want more persons than an order may have. That is found out in the shared transaction, after all seats are
/// locked. Their seats stay untouched.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_hold_is_left_out_and_the_others_of_its_transaction_hold() {
    let app = Arc::new(TestApp::start().await);
    let like = Like { seats: 200, max_per_order: 2, ..Like::default() };
    let event = fixture::event(&app, like).await;
    let is_refused = |n: usize| n.is_multiple_of(4);
    let wish = |n: usize| {
        let first = i32::try_from(n * 3).expect("few") + 1;
        let count = if is_refused(n) { 3 } else { 2 };
        seats(&(first..first + count).collect::<Vec<_>>())
    };
    let answers = storm(std::slice::from_ref(&app), &event, HOLDS, wish).await;
    let refused = (0..HOLDS).filter(|n| is_refused(*n)).count();
    let limit = |answer: &&crate::support::answer::Answer| {
        answer.status == 409 && answer.text.contains("/problems/limit-exceeded")
    };
    assert_eq!(answers.iter().filter(limit).count(), refused, "{:?}", answers[0].text);
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), HOLDS - refused);
    let taken = "SELECT COUNT(*) FROM seats WHERE status = 'held' AND version = 2 AND fence = 1";
    let touched = "SELECT COUNT(*) FROM seats WHERE version > 1";
    let held = i64::try_from(2 * (HOLDS - refused)).expect("few");
    assert_eq!((app.number(taken).await, app.number(touched).await), (held, held));
    let buyers = app.number("SELECT COUNT(*) FROM buyers").await;
    assert_eq!(buyers, held / 2, "a refused hold leaves no row of its buyer");
    Arc::into_inner(app).expect("the last").finish().await;
}
