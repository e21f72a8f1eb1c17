//! Runs many seeds on all cores, runs one seed with its story, and shortens the story of a failing seed.

use std::{
    ops::Range,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use strum::VariantArray as _;

use crate::{
    Breach,
    coverage::Coverage,
    faults::{Fault, Off},
    rules::Rules,
    world::World,
};

/// The number of seeds after which a long run prints its progress.
const PROGRESS_SEEDS: u64 = 5_000;

/// Runs one seed with these rules and without the faults in `off`.
pub(crate) fn run(seed: u64, rules: Rules, off: Off) -> Result<Coverage, Breach> {
    World::new(seed, rules, off, false).run()
}

/// Runs one seed like [`run`] and prints what happens.
pub(crate) fn tell(seed: u64, rules: Rules, off: Off) -> Result<Coverage, Breach> {
    World::new(seed, rules, off, true).run()
}

/// A seed that breaks an invariant.
#[derive(Debug)]
pub(crate) struct Failing {
    pub(crate) seed: u64,
    pub(crate) breach: Breach,
}

/// The result of many seeds.
pub(crate) struct RunResult {
    pub(crate) coverage: Coverage,
    pub(crate) seeds_per_s: f64,
}

/// Runs the seeds on all cores. Returns the cases that they reached together, or the first seed that breaks an
/// invariant.
pub(crate) fn run_all(seeds: Range<u64>, rules: Rules, off: Off) -> Result<RunResult, Failing> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(seeds.start);
    let failing: Mutex<Option<Failing>> = Mutex::new(None);
    let all = Mutex::new(Coverage::default());
    let begun = Instant::now();
    let progress = |done: u64| {
        if done.is_multiple_of(PROGRESS_SEEDS) {
            let rate = done as f64 / begun.elapsed().as_secs_f64();
            println!("{done} of {} seeds, {rate:.0} seeds/s", seeds.end - seeds.start);
        }
    };
    let work = || {
        let mut mine = Coverage::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            match run(seed, rules, off) {
                Ok(one) => mine.add(&one),
                Err(breach) => {
                    // All seeds before this one are already taken, so no further seed is needed.
                    next.store(seeds.end, Ordering::Relaxed);
                    let mut first = failing.lock().expect("nobody panics here");
                    if first.as_ref().is_none_or(|first| seed < first.seed) {
                        *first = Some(Failing { seed, breach });
                    }
                }
            }
            progress(seed + 1 - seeds.start);
        }
        all.lock().expect("nobody panics here").add(&mine);
    };
    std::thread::scope(|scope| {
        (0..cores).for_each(|_| {
            scope.spawn(work);
        });
    });
    let failing = failing.into_inner().expect("nobody panics here");
    let seconds = begun.elapsed().as_secs_f64();
    match failing {
        Some(failing) => Err(failing),
        None => Ok(RunResult {
            coverage: all.into_inner().expect("nobody panics here"),
            seeds_per_s: (seeds.end - seeds.start) as f64 / seconds,
        }),
    }
}

/// Switches off, one after another, the faults without which the seed still fails.
pub(crate) fn shorten(seed: u64, rules: Rules) -> (Off, Option<Breach>) {
    let (mut off, mut last) = (Off::default(), None);
    for fault in Fault::VARIANTS.iter().copied() {
        if let Err(breach) = run(seed, rules, off.and(fault)) {
            off = off.and(fault);
            last = Some(breach);
        }
    }
    (off, last)
}

/// The command that replays a failing seed.
pub(crate) fn replay(seed: u64, off: Off) -> String {
    let without = match off.names() {
        names if names.is_empty() => String::new(),
        names => format!(" WITHOUT={names}"),
    };
    format!(
        "SEED={seed}{without} cargo test -p holdfast-domain --test simulator no_seed -- --nocapture"
    )
}
