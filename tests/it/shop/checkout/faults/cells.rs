//! The table: each step of a checkout and each of its undo steps, and the faults that can hit the step.

use super::ending::ExpectedEnding;

/// The steps in their order, then their undos, then the steps that differ where the money is taken at once.
pub const STEPS: [&str; 10] = [
    "prepare",
    "authorize",
    "confirm_seats",
    "capture",
    "issue_tickets",
    "prepare, to void",
    "void",
    "release_seats",
    "confirm_seats, then authorize",
    "authorize, which takes",
];

/// The faults that can hit a step.
pub const FAULTS: [&str; 7] = [
    "refused",
    "unknown",
    "killed before",
    "killed after",
    "run twice",
    "undo fails",
    "undo twice",
];

/// A step, a fault, and the way to reach both.
pub struct Cell {
    pub step: &'static str,
    pub fault: &'static str,
    pub run: CellRun,
}

pub enum CellRun {
    /// The cell cannot exist, for this reason.
    Never(&'static str),
    Drive(Drive),
}

/// How a checkout is driven to the fault.
#[derive(Clone)]
pub struct Drive {
    /// The gateway's name for the payment method.
    pub method: &'static str,
    /// The faults of the program that takes the order (`HOLDFAST_FAULTS`).
    pub faults: &'static str,
    pub then: ProgramFate,
    /// Whether the buyer asks to stop while no program runs the checkout.
    pub cancelled: bool,
    /// The failpoint at which the next program is killed, too.
    pub again: &'static str,
    /// The faults of the program that is started afterwards.
    pub later: &'static str,
    pub ends: ExpectedEnding,
}

/// The fate of the program that takes the order.
#[derive(Clone, Copy)]
pub enum ProgramFate {
    /// The program responds, and is killed afterwards.
    Answers,
    /// The program is killed at this failpoint.
    KilledAt(&'static str),
    /// The program halts at this failpoint until its lease has lapsed. Another program finishes the checkout. Then
    /// the first program continues.
    OvertakenAt(&'static str),
}

const FORWARD_ONLY: &str = "the checkout never refunds a captured amount: after the pivot it only goes \
    forward, and a refund is a saga of its own";
const AT_REST: &str = "its transaction completes the checkout: no later step exists that could require \
    an undo";
const NO_RULE_ISSUE: &str = "no rule can refuse tickets that are paid: the step can only fail, and is then \
    retried";
const NO_RULE_RELEASE: &str = "no rule can refuse it: the step skips seats that no longer belong to the \
    reservation";
const IS_UNDO: &str = "it is itself an undo; its faults are in its own row";

const VISA: &str = "pm_card_visa";
const DECLINED: &str = "pm_card_chargeDeclined";
const UNCAPTURABLE: &str = "pm_sim_capture_fails";
const AT_ONCE: &str = "pm_sim_at_once";
const AT_ONCE_DECLINED: &str = "pm_sim_at_once_declined";

use ExpectedEnding::{Cancelled, CaptureRefused, Confirmed, Declined, SeatsLost};
use ProgramFate::{Answers, KilledAt, OvertakenAt};

fn drive(
    method: &'static str,
    faults: &'static str,
    then: ProgramFate,
    ends: ExpectedEnding,
) -> CellRun {
    CellRun::Drive(Drive { method, faults, then, cancelled: false, again: "", later: "", ends })
}

/// The program is killed at this point. Then the buyer asks to stop, and these faults hit the next program.
fn stopped(point: &'static str, later: &'static str, ends: ExpectedEnding) -> CellRun {
    stopped_by(VISA, point, later, ends)
}

fn stopped_by(
    method: &'static str,
    point: &'static str,
    later: &'static str,
    ends: ExpectedEnding,
) -> CellRun {
    let then = KilledAt(point);
    CellRun::Drive(Drive { method, faults: "", then, cancelled: true, again: "", later, ends })
}

/// The program is killed when the amount is reserved and nobody knows the payment's id. Then the buyer asks to stop, and
/// the program that learns the id is killed at this point.
fn stopped_twice(again: &'static str) -> CellRun {
    CellRun::Drive(Drive {
        method: VISA,
        faults: "",
        then: KilledAt("authorize.after_effect"),
        cancelled: true,
        again,
        later: "",
        ends: Cancelled,
    })
}

/// Every cell, row by row.
pub fn all() -> Vec<Cell> {
    let never = |why: &'static str| CellRun::Never(why);
    let rows: [[CellRun; 7]; 10] = [
        [
            drive("pm_nonsense", "", Answers, Declined),
            drive(VISA, "prepare=fault/lose", Answers, Confirmed),
            drive(VISA, "", KilledAt("prepare.before_record"), Confirmed),
            drive(VISA, "", KilledAt("prepare.after_record"), Confirmed),
            drive(VISA, "prepare=twice", Answers, Confirmed),
            stopped("authorize.before_effect", "void=drop/lose", Cancelled),
            stopped("authorize.before_effect", "void=twice", Cancelled),
        ],
        [
            drive(DECLINED, "", Answers, Declined),
            drive(VISA, "authorize=drop/lose", Answers, Confirmed),
            drive(VISA, "", KilledAt("authorize.before_record"), Confirmed),
            drive(VISA, "", KilledAt("authorize.after_record"), Confirmed),
            drive(VISA, "authorize=twice", Answers, Confirmed),
            drive(VISA, "confirm_seats=refuse,void=fault/lose", Answers, SeatsLost),
            drive(VISA, "confirm_seats=refuse", KilledAt("void.before_record"), SeatsLost),
        ],
        [
            drive(VISA, "confirm_seats=refuse", Answers, SeatsLost),
            drive(VISA, "confirm_seats=fail/fail", Answers, Confirmed),
            drive(VISA, "", KilledAt("confirm_seats.before_record"), Confirmed),
            drive(VISA, "", KilledAt("confirm_seats.after_record"), Confirmed),
            drive(VISA, "", OvertakenAt("authorize.after_effect"), Confirmed),
            drive(UNCAPTURABLE, "release_seats=fail/fail", Answers, CaptureRefused),
            drive(UNCAPTURABLE, "", OvertakenAt("void.after_effect"), CaptureRefused),
        ],
        [
            drive(UNCAPTURABLE, "", Answers, CaptureRefused),
            drive(VISA, "capture=drop/lose", Answers, Confirmed),
            drive(VISA, "", KilledAt("capture.before_record"), Confirmed),
            drive(VISA, "", KilledAt("capture.after_record"), Confirmed),
            drive(VISA, "capture=twice", Answers, Confirmed),
            never(FORWARD_ONLY),
            never(FORWARD_ONLY),
        ],
        [
            never(NO_RULE_ISSUE),
            drive(VISA, "issue_tickets=fail/fail", Answers, Confirmed),
            drive(VISA, "", KilledAt("issue_tickets.before_record"), Confirmed),
            drive(VISA, "", KilledAt("issue_tickets.after_record"), Confirmed),
            drive(VISA, "", OvertakenAt("capture.after_effect"), Confirmed),
            never(AT_REST),
            never(AT_REST),
        ],
        [
            stopped_by("pm_nonsense", "prepare.before_effect", "", Cancelled),
            stopped("authorize.after_effect", "prepare=drop/lose", Cancelled),
            stopped_twice("prepare.before_record"),
            stopped_twice("prepare.after_record"),
            stopped("authorize.after_effect", "prepare=twice", Cancelled),
            never(IS_UNDO),
            never(IS_UNDO),
        ],
        [
            // The amount is taken, nobody knows this yet, and the buyer asks to stop.
            stopped("capture.after_effect", "", Confirmed),
            drive(UNCAPTURABLE, "void=drop/lose", Answers, CaptureRefused),
            drive(UNCAPTURABLE, "", KilledAt("void.before_record"), CaptureRefused),
            drive(UNCAPTURABLE, "", KilledAt("void.after_record"), CaptureRefused),
            drive(UNCAPTURABLE, "void=twice", Answers, CaptureRefused),
            never(IS_UNDO),
            never(IS_UNDO),
        ],
        [
            never(NO_RULE_RELEASE),
            drive(DECLINED, "release_seats=fail/fail", Answers, Declined),
            drive(DECLINED, "", KilledAt("release_seats.before_record"), Declined),
            drive(DECLINED, "", KilledAt("release_seats.after_record"), Declined),
            drive(DECLINED, "", OvertakenAt("authorize.after_effect"), Declined),
            never(IS_UNDO),
            never(IS_UNDO),
        ],
        [
            drive(AT_ONCE, "confirm_seats=refuse", Answers, SeatsLost),
            drive(AT_ONCE, "confirm_seats=fail/fail", Answers, Confirmed),
            drive(AT_ONCE, "", KilledAt("confirm_seats.before_record"), Confirmed),
            drive(AT_ONCE, "", KilledAt("confirm_seats.after_record"), Confirmed),
            drive(AT_ONCE, "", OvertakenAt("prepare.after_effect"), Confirmed),
            drive(AT_ONCE_DECLINED, "release_seats=fail/fail", Answers, Declined),
            drive(AT_ONCE_DECLINED, "", OvertakenAt("authorize.after_effect"), Declined),
        ],
        [
            drive(AT_ONCE_DECLINED, "", Answers, Declined),
            drive(AT_ONCE, "authorize=drop/lose", Answers, Confirmed),
            drive(AT_ONCE, "", KilledAt("authorize.before_record"), Confirmed),
            drive(AT_ONCE, "", KilledAt("authorize.after_record"), Confirmed),
            drive(AT_ONCE, "authorize=twice", Answers, Confirmed),
            stopped_by(AT_ONCE, "authorize.before_effect", "void=drop/lose", Cancelled),
            // The amount is taken, nobody knows this yet, and the buyer asks to stop.
            stopped_by(AT_ONCE, "authorize.after_effect", "", Confirmed),
        ],
    ];
    let steps = STEPS.into_iter().zip(rows);
    steps
        .flat_map(|(step, row)| {
            FAULTS.into_iter().zip(row).map(move |(fault, run)| Cell { step, fault, run })
        })
        .collect()
}
