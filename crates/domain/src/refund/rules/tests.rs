//! Tests of the rules of cancellation and of refunded amounts.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const START: i64 = 1_000_000;

fn line(id: u128, paid_minor: i64, returned_minor: i64) -> Line {
    Line {
        id: LineId(Uuid::from_u128(id)),
        paid_minor,
        returned_minor,
        standing: LineStatus::Live,
        terms: CancelTerms::Refundable,
        admission: Admission::Unused,
        occasion: Occasion::StartsAt(START),
    }
}

fn check(asker: Asker, line: Line, now_ms: i64, expected: Option<CancelObstacle>) {
    assert_eq!(line.obstacle(asker, now_ms), expected, "{asker:?} {line:?} at {now_ms}");
}

#[test]
fn a_buyer_cancels_what_can_be_given_back_until_the_event_begins() {
    let refundable = line(1, 4500, 0);
    let last = Line { terms: CancelTerms::Final, ..refundable };
    let free = Line { paid_minor: 0, ..last };
    check(Asker::Buyer, refundable, START - 1, None);
    check(Asker::Buyer, refundable, START, Some(CancelObstacle::Started));
    check(Asker::Buyer, last, START - 1, Some(CancelObstacle::NotRefundable));
    check(Asker::Buyer, free, START - 1, None);
    check(Asker::Buyer, free, START, Some(CancelObstacle::Started));
}

#[test]
fn an_organizer_cancels_always_but_not_from_under_somebody() {
    let last = Line { terms: CancelTerms::Final, ..line(1, 4500, 0) };
    let used = Line { admission: Admission::Used, ..last };
    check(Asker::Organizer, last, START + 1, None);
    check(Asker::Organizer, used, START - 1, Some(CancelObstacle::Used));
    check(
        Asker::Buyer,
        Line { terms: CancelTerms::Refundable, ..used },
        0,
        Some(CancelObstacle::Used),
    );
}

#[test]
fn a_called_off_event_gives_everything_back_to_anybody_who_asks() {
    let line = Line {
        terms: CancelTerms::Final,
        admission: Admission::Used,
        occasion: Occasion::CalledOff,
        ..line(1, 4500, 0)
    };
    for asker in [Asker::Buyer, Asker::Organizer, Asker::CalledOff] {
        check(asker, line, START + 1, None);
    }
}

#[test]
fn lines_are_cancelled_all_or_none_and_never_twice() {
    let (one, two) = (line(1, 4500, 500), line(2, 2000, 0));
    let last = Line { terms: CancelTerms::Final, ..two };
    let gone = Line { standing: LineStatus::Cancelled, ..two };
    let share = |line: Line, minor| Share { line: line.id, minor };
    assert_eq!(cancel(Asker::Buyer, &[one, two], 0), Ok(vec![share(one, 4000), share(two, 2000)]));
    let refused = cancel(Asker::Buyer, &[one, last], 0);
    assert_eq!(refused, Err(vec![(last.id, CancelObstacle::NotRefundable)]));
    assert_eq!(cancel(Asker::Buyer, &[gone, one], 0), Ok(vec![share(one, 4000)]));
    assert_eq!(cancel(Asker::Buyer, &[gone], 0), Ok(vec![]));
}

proptest! {
    #[test]
    fn shares_sum_to_the_amount_and_none_is_more_than_is_left(
        lines in prop::collection::vec((0_i64..1_000_000, 0_i64..=100), 1..12),
        wanted in -10_i64..12_000_000,
    ) {
        let lines: Vec<Line> = lines
            .into_iter()
            .enumerate()
            .map(|(at, (paid, percent))| line(at as u128, paid, paid * percent / 100))
            .collect();
        let left: i64 = lines.iter().map(Line::left_minor).sum();
        match share(&lines, wanted) {
            Err(TooMuch { left_minor }) => {
                prop_assert_eq!(left_minor, left);
                prop_assert!(wanted <= 0 || wanted > left);
            }
            Ok(shares) => {
                prop_assert_eq!(shares.iter().map(|share| share.minor).sum::<i64>(), wanted);
                for share in shares {
                    let of = lines.iter().find(|line| line.id == share.line).expect("a line");
                    prop_assert!(share.minor > 0 && share.minor <= of.left_minor());
                }
            }
        }
    }

    #[test]
    fn what_is_cancelled_never_brings_back_more_than_was_paid(
        paid in 0_i64..1_000_000, percent in 0_i64..=100, kindness in 0_i64..1_000_000,
    ) {
        let mut one = line(1, paid, paid * percent / 100);
        if let Ok(shares) = share(&[one], kindness) {
            one.returned_minor += shares.iter().map(|share| share.minor).sum::<i64>();
        }
        let shares = cancel(Asker::Organizer, &[one], 0).expect("it can be cancelled");
        prop_assert_eq!(one.returned_minor + shares[0].minor, paid);
    }
}

#[test]
fn a_line_of_which_nothing_comes_back_has_no_share() {
    let shares = share(&[line(1, 0, 0), line(2, 4500, 0), line(3, 900, 900)], 100);
    assert_eq!(shares, Ok(vec![Share { line: line(2, 0, 0).id, minor: 100 }]));
}

#[test]
fn all_that_is_left_can_be_given_back_and_not_a_cent_more() {
    let lines = [line(1, 4500, 500), line(2, 900, 0)];
    let all: Vec<i64> =
        share(&lines, 4900).expect("it is left").iter().map(|it| it.minor).collect();
    assert_eq!(all, [4000, 900]);
    for amount in [4901, 0, -1] {
        assert_eq!(share(&lines, amount), Err(TooMuch { left_minor: 4900 }));
    }
}

#[test]
fn obstacles_have_their_names_on_the_wire() {
    let names = [CancelObstacle::NotRefundable, CancelObstacle::Started, CancelObstacle::Used]
        .map(CancelObstacle::as_str);
    assert_eq!(names, ["not-refundable", "event-started", "ticket-used"]);
}
