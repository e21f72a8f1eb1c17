//! The plans by which SQLite executes the statements of the tests. SQLite keeps no statistics here, so a plan depends on
//! the statement and the indexes alone, and is the same in a hall of 20,000 seats.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use holdfast::kernel::db::{Db, Dialect, Sql as _};

/// Tables that grow with the sale. Not here: `sagas`, whose newest rows administrators page through, and the books of the
/// simulated gateway. The rest of the tables have few rows, or rows that soon disappear.
const GROWING: [&str; 19] = [
    "acceptances",
    "adopted_reservations",
    "audit",
    "booking_lines",
    "booking_reservations",
    "bookings",
    "buyers",
    "changes",
    "idempotency_keys",
    "ledger_entries",
    "payments",
    "refund_lines",
    "refunds",
    "reservation_items",
    "reservations",
    "seats",
    "tickets",
    "users",
    "webhook_events",
];
/// Parts of the statements that are allowed to look at all rows.
const ALLOWED: [&str; 6] = [
    // Administrators page through the newest entries of everybody, which end with the page.
    "FROM \"audit\" ORDER BY \"audit\".\"id\" DESC LIMIT",
    // Administrators page through the newest users, and search them by parts of names.
    "ORDER BY \"users\".\"id\" DESC LIMIT",
    // An organizer removes a section of standing places: does somebody have one?
    "FROM \"reservation_items\" WHERE \"reservation_items\".\"event_id\" = ? AND \"reservation_items\".\"section_id\"",
    // Statements of the tests themselves.
    "SELECT e.amount_minor FROM ledger_entries",
    "WHERE payment_id = (SELECT id FROM payments WHERE intent_id",
    "SELECT COUNT(*) FROM tickets WHERE buyer_id",
];

static EXPLAINED: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// Fails if a statement that has values looks at all rows of a growing table, or a statement with a set of values looks
/// at all seats of an event. Statements without values check everything on purpose.
pub async fn check(db: &Db) {
    if db.writing().dialect() != Dialect::Sqlite {
        return;
    }
    for text in db.sent_texts().into_iter().filter(|text| is_to_explain(text)) {
        let explained = db.all(&format!("EXPLAIN QUERY PLAN {text}"), vec![]).await;
        let rows = explained.unwrap_or_else(|error| panic!("{error}: {text}"));
        let plan: Vec<String> =
            rows.iter().map(|row| row.try_get("", "detail").expect("a step")).collect();
        let wrong = wrong_steps(&text, &plan);
        assert!(wrong.is_empty(), "{text}\nis executed by\n{}\n{wrong:#?}", plan.join("\n"));
    }
}

/// Whether the statement has values, and was not explained before by this process.
fn is_to_explain(text: &str) -> bool {
    let begins = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
    let has_values = text.contains('$') || text.contains('?');
    let is_allowed = ALLOWED.iter().any(|part| text.contains(part));
    if !begins.iter().any(|it| text.starts_with(it)) || !has_values || is_allowed {
        return false;
    }
    let mut explained = EXPLAINED.lock().unwrap_or_else(PoisonError::into_inner);
    explained.get_or_insert_default().insert(text.to_owned())
}

/// The table with this alias in a statement.
fn table<'t>(text: &'t str, alias: &'t str) -> &'t str {
    let words: Vec<&str> =
        text.split([' ', '(', ')', ',']).map(|word| word.trim_matches('"')).collect();
    let named = words.windows(2).find(|pair| pair[1] == alias && GROWING.contains(&pair[0]));
    named.map_or(alias, |pair| pair[0])
}

fn wrong_steps<'p>(text: &str, plan: &'p [String]) -> Vec<&'p str> {
    let has_set = text.contains("json_each");
    let is_wrong = |step: &&str| {
        let mut words = step.split(' ');
        let (Some(verb), Some(alias)) = (words.next(), words.next()) else { return false };
        let table = table(text, alias);
        match verb {
            "SCAN" => GROWING.contains(&table),
            "SEARCH" if !step.contains("(event_id=?)") => false,
            // All seats of the event, for each value of the set or each with a look through the set.
            "SEARCH" if table == "seats" => has_set,
            // All lines of the event, for one booking.
            "SEARCH" if table == "booking_lines" => text.contains("\"booking_id\" = ?"),
            _ => false,
        }
    };
    plan.iter().map(String::as_str).filter(is_wrong).collect()
}

#[test]
fn a_plan_that_looks_at_too_many_rows_is_seen() {
    let steps = |text: &str, plan: &[&str]| {
        let plan: Vec<String> = plan.iter().map(|step| (*step).to_owned()).collect();
        wrong_steps(text, &plan).len()
    };
    let all_seats = "SEARCH s USING COVERING INDEX sqlite_autoindex_seats_1 (event_id=?)";
    let set = "SELECT 1 FROM json_each($1) JOIN seats s ON s.event_id = $2 AND s.seat_id = value";
    assert_eq!(steps(set, &[all_seats, "SCAN json_each VIRTUAL TABLE INDEX 1:"]), 1);
    let one = "SEARCH s USING INDEX sqlite_autoindex_seats_1 (event_id=? AND seat_id=?)";
    assert_eq!(steps(set, &["SCAN json_each VIRTUAL TABLE INDEX 1:", one]), 0);
    assert_eq!(steps("SELECT 1 FROM seats s WHERE s.event_id = $1", &[all_seats]), 0);
    let lines = "SEARCH booking_lines USING INDEX booking_lines_event (event_id=?)";
    let line = "SELECT 1 FROM \"booking_lines\" WHERE \"booking_lines\".\"booking_id\" = ?";
    assert_eq!(steps(line, &[lines]), 1);
    assert_eq!(steps("SELECT 1 FROM \"booking_lines\" WHERE \"event_id\" = ?", &[lines]), 0);
    let scan = "SCAN reservations USING INDEX sqlite_autoindex_reservations_1";
    assert_eq!(steps("SELECT id FROM reservations WHERE expires_at < $1 ORDER BY id", &[scan]), 1);
    assert_eq!(steps("SELECT 1 FROM \"bookings\" b WHERE b.email = ?", &["SCAN b"]), 1);
    assert_eq!(steps("SELECT 1 FROM outbox b WHERE b.event_id = $1", &["SCAN b"]), 0);
}
