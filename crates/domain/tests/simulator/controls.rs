//! Negative controls: each test removes one rule, and the checks must then fail for some seed of a bounded range. A
//! check that cannot fail proves nothing.

use crate::{
    Breach,
    faults::Off,
    rules::{Rule, Rules},
    run::{Failing, run_all},
};

/// The number of seeds within which the checks must notice the missing rule.
const BOUND: u64 = 4000;

/// Expects that the checks notice the missing rule, and that the message contains one of these texts.
fn check_is_caught(rule: Rule, words: &[&str]) {
    match run_all(0..BOUND, Rules::without(rule), Off::default()) {
        Err(Failing { seed, breach: Breach(breach) }) => {
            println!("without {rule:?}, seed {seed}: {breach}");
            let told = words.iter().any(|words| breach.contains(words));
            assert!(told, "without {rule:?}, seed {seed} breaks something else: {breach}");
        }
        Ok(_) => panic!("without {rule:?} no seed shows it: the checks are blind to it"),
    }
}

#[test]
fn records_without_the_fence_are_caught() {
    check_is_caught(
        Rule::RecordMindsFence,
        &[
            "payment",
            "not all is over",
            "tickets",
            "told",
            "heard",
            "cannot take in",
            "pending bookings",
            "seat",
        ],
    );
}

#[test]
fn no_answer_taken_for_a_no_is_caught() {
    check_is_caught(Rule::UnknownStaysUnknown, &["payment"]);
}

#[test]
fn a_gateway_without_keys_is_caught() {
    check_is_caught(Rule::CallsCarryKeys, &["payment", "paid"]);
}

#[test]
fn a_new_key_without_a_question_is_caught() {
    check_is_caught(Rule::AskBeforeNewKey, &["paid", "reserved", "payment"]);
}

#[test]
fn a_key_that_the_gateway_has_forgotten_is_caught() {
    check_is_caught(
        Rule::KeysGrowOld,
        &["paid", "reserved", "are kept", "not all is over", "payment"],
    );
}

#[test]
fn capture_before_the_sale_of_the_seats_is_caught() {
    check_is_caught(Rule::SeatsBeforeCapture, &["is Captured"]);
}

#[test]
fn a_charge_before_the_sale_of_the_seats_is_caught() {
    check_is_caught(Rule::SeatsBeforeCharge, &["is Captured"]);
}

#[test]
fn seats_freed_before_the_payment_is_void_are_caught() {
    check_is_caught(Rule::VoidBeforeFree, &["payment", "pending bookings"]);
}

#[test]
fn seats_freed_beside_a_payment_whose_id_was_never_stored_are_caught() {
    check_is_caught(Rule::FindBeforeFree, &["payment", "can still be captured"]);
}

#[test]
fn a_member_that_is_sold_what_it_lost_is_caught() {
    check_is_caught(Rule::WholeByMember, &["ticket", "payment", "tickets"]);
}

#[test]
fn a_beginning_that_keeps_what_a_refused_member_did_is_caught() {
    check_is_caught(Rule::BeginWithoutRefused, &["state: Paying"]);
}

#[test]
fn a_lease_on_the_clock_of_a_node_is_caught() {
    check_is_caught(Rule::DatabaseClock, &["not all is over", "is Authorized and its seat"]);
}

#[test]
fn seats_released_without_regard_to_their_owner_are_caught() {
    check_is_caught(Rule::ReleaseMindsOwner, &["kept back", "seat"]);
}

#[test]
fn a_hold_that_takes_what_was_free_is_caught() {
    check_is_caught(Rule::HoldMindsState, &["ticket", "payment", "seat"]);
}

#[test]
fn expiry_that_frees_what_was_lapsed_is_caught() {
    check_is_caught(Rule::ExpiryMindsState, &["pending bookings", "to Expired"]);
}

#[test]
fn a_limit_counted_without_the_lock_is_caught() {
    check_is_caught(Rule::LimitUnderLock, &["a buyer has"]);
}

#[test]
fn a_counter_that_moves_by_what_was_expected_is_caught() {
    check_is_caught(Rule::CounterMovesByRows, &["counts what is"]);
}

#[test]
fn a_counter_without_its_capacity_is_caught() {
    check_is_caught(Rule::CounterMindsCapacity, &["places"]);
}

#[test]
fn a_key_that_is_claimed_last_is_caught() {
    check_is_caught(Rule::ClaimWithBegin, &["unknown to it", "second one under the key"]);
}

#[test]
fn a_refund_that_is_started_afterwards_is_caught() {
    check_is_caught(Rule::RefundWithCancel, &["are kept", "is Captured"]);
}

#[test]
fn a_refund_under_a_new_key_without_a_look_is_caught() {
    check_is_caught(Rule::LookBeforeNewKey, &["are kept", "not all is over"]);
}

#[test]
fn a_look_for_a_refund_that_may_still_arrive_is_caught() {
    check_is_caught(Rule::SettleBeforeLook, &["are kept"]);
}

#[test]
fn a_refund_that_forgets_what_was_given_back_by_hand_is_caught() {
    check_is_caught(Rule::ByHandCounts, &["not all is over"]);
}

#[test]
fn webhooks_known_by_memory_alone_are_caught() {
    check_is_caught(Rule::HooksKnownByStore, &["in the ledger"]);
}

#[test]
fn a_payment_for_what_another_buyer_has_is_caught() {
    check_is_caught(Rule::BeginMindsBuyer, &["two buyers", "second one under the key"]);
}

#[test]
fn tickets_for_the_buyer_of_before_are_caught() {
    check_is_caught(Rule::IssueReadsBuyer, &["two buyers"]);
}

#[test]
fn an_adoption_beside_a_count_is_caught() {
    check_is_caught(Rule::AdoptionLocksBuyers, &["a buyer has"]);
}

#[test]
fn a_key_that_stays_behind_is_caught() {
    check_is_caught(
        Rule::KeysMoveAlong,
        &["is refused now", "two keys", "second one under the key"],
    );
}

/// This is not a negative control. The lock service decides nothing, so nothing breaks without it.
#[test]
fn locks_that_always_say_yes_are_harmless() {
    if let Err(failing) = run_all(0..400, Rules::without(Rule::LocksExclude), Off::default()) {
        panic!("something depends on the locks: {failing:?}");
    }
}
