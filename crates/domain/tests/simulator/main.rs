//! A deterministic simulator of the checkout: the real decisions of `holdfast_domain::checkout` against a
//! model database and a model gateway, with crashes, lost answers, pauses and jumps of the clock.
//!
//! `SEEDS` sets how many seeds run (300 without); `SEED=n` replays one and prints what happens. The same
//! seed always tells the same story. The negative controls drop one rule each and expect the checker to
//! notice: a checker that cannot fail proves nothing.
#![expect(clippy::disallowed_methods, reason = "seeds a second are measured")]

mod checks;
mod gateway;
mod prng;
mod store;
mod worker;
mod world;

use world::{Tally, World};

/// An invariant that does not hold.
#[derive(Debug)]
struct Breach(String);

/// The rules that keep the promises. A negative control drops one.
#[derive(Debug, Clone, Copy)]
struct Rules {
    /// A record counts only under the fence and version that were read.
    record_minds_fence: bool,
    /// No answer is not taken for a no.
    unknown_stays_unknown: bool,
    /// The gateway knows a key again.
    gateway_minds_keys: bool,
    /// Seats are released by owner and fence, not by number.
    release_minds_owner: bool,
    /// A hold leaves seats in payment alone.
    hold_minds_state: bool,
}

const ALL_RULES: Rules = Rules {
    record_minds_fence: true,
    unknown_stays_unknown: true,
    gateway_minds_keys: true,
    release_minds_owner: true,
    hold_minds_state: true,
};

const DEFAULT_SEEDS: u64 = 300;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| {
        text.parse().unwrap_or_else(|_| panic!("{name} is a whole number, not {text:?}"))
    })
}

fn run(seed: u64, rules: Rules, trace: bool) -> Result<Tally, Breach> {
    let mut world = World::new(seed, rules, trace);
    world.run()?;
    world.count_endings();
    Ok(world.tally)
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.confirmed += other.confirmed;
        self.declined += other.declined;
        self.seats_lost += other.seats_lost;
        self.timed_out += other.timed_out;
        self.capture_refused += other.capture_refused;
        self.cancelled += other.cancelled;
        self.operator += other.operator;
        self.takeovers += other.takeovers;
        self.ticks += other.ticks;
    }
}

#[test]
fn no_seed_loses_money_or_seats() {
    let (first, last) = match setting("SEED") {
        Some(seed) => (seed, seed + 1),
        None => (0, setting("SEEDS").unwrap_or(DEFAULT_SEEDS)),
    };
    let replay = setting("SEED").is_some();
    let mut tally = Tally::default();
    let begun = std::time::Instant::now();
    for seed in first..last {
        match run(seed, ALL_RULES, replay) {
            Ok(one) => tally.add(one),
            Err(Breach(breach)) => panic!("seed {seed}: {breach} (replay it with SEED={seed})"),
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let seeds = last - first;
    println!("{seeds} seeds, {:.0} seeds/s: {tally:?}", f64::from(seeds as u32) / seconds);
    if seeds >= DEFAULT_SEEDS {
        let endings = [
            tally.confirmed,
            tally.declined,
            tally.seats_lost,
            tally.timed_out,
            tally.capture_refused,
            tally.cancelled,
            tally.takeovers,
        ];
        assert!(endings.iter().all(|&count| count > 0), "some ending never came: {tally:?}");
    }
}

#[test]
fn a_seed_always_tells_the_same_story() {
    for seed in 0..5 {
        let [one, two] = [(); 2].map(|()| format!("{:?}", run(seed, ALL_RULES, false)));
        assert_eq!(one, two);
    }
}

/// Expects that the checker notices within the seed range that a rule is gone.
fn check_is_caught(what: &str, rules: Rules) {
    let caught = (0..DEFAULT_SEEDS).find_map(|seed| {
        let breach = run(seed, rules, false).err()?;
        Some((seed, breach))
    });
    match caught {
        Some((seed, Breach(breach))) => println!("{what}: seed {seed} shows: {breach}"),
        None => panic!("{what}: no seed shows it, so the checker is blind to it"),
    }
}

#[test]
fn records_without_the_fence_are_caught() {
    check_is_caught("no fence", Rules { record_minds_fence: false, ..ALL_RULES });
}

#[test]
fn no_answer_taken_for_a_no_is_caught() {
    check_is_caught("unknown is no", Rules { unknown_stays_unknown: false, ..ALL_RULES });
}

#[test]
fn a_gateway_without_keys_is_caught() {
    check_is_caught("no keys", Rules { gateway_minds_keys: false, ..ALL_RULES });
}

#[test]
fn seats_released_without_regard_to_their_owner_are_caught() {
    check_is_caught("release by number", Rules { release_minds_owner: false, ..ALL_RULES });
}

#[test]
fn a_hold_that_takes_seats_in_payment_is_caught() {
    check_is_caught("hold takes all", Rules { hold_minds_state: false, ..ALL_RULES });
}
