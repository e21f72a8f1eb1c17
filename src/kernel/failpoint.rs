//! Named points at which tests halt or kill the process, and faults that tests inject into the steps of sagas.
//! Compiled only with the feature `failpoints`; without it these functions do nothing.
//!
//! `HOLDFAST_FAILPOINT=capture.after_effect` halts the process when it reaches that point for the first time,
//! `…:3` for the third time. The process prints `failpoint capture.after_effect` on its error stream, and
//! continues when it reads a line from its standard input. A test that kills the process meanwhile kills it at
//! exactly that point. The names are `<step>.<moment>`: `before_effect` and `after_effect` around a call to
//! another system, `before_record` just before the transaction that records the step commits, `after_record` just
//! after that commit.
//!
//! `HOLDFAST_FAULTS` plans the faults of steps, see [`StepFault`]:
//! - `authorize=drop/lose,confirm_seats=fail`: the first authorization is dropped, the answer to the second
//!   authorization is lost, the first attempt to confirm seats fails; everything after that goes well.
//!   `void=drop*20` plans twenty drops. The process prints `fault authorize=drop` when that fault happens;
//! - `random:4711:10`: ten of a hundred steps meet a fault, drawn from the seed 4711;
//! - `hang:4711`: each saga hangs in one of its calls to another system; the call is drawn from the seed and the
//!   saga.

/// A moment of a step at which the process can halt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HaltMoment {
    /// Before a call to another system.
    BeforeEffect,
    /// After a call to another system, before its answer is recorded.
    AfterEffect,
    /// Before the transaction that records the step commits.
    BeforeRecord,
    /// After that transaction has committed.
    AfterRecord,
}

impl HaltMoment {
    /// The word for the moment in `HOLDFAST_FAILPOINT`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeEffect => "before_effect",
            Self::AfterEffect => "after_effect",
            Self::BeforeRecord => "before_record",
            Self::AfterRecord => "after_record",
        }
    }
}

/// A fault that hits a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepFault {
    /// `drop`: the call never arrives, and no response comes.
    Drop,
    /// `lose`: the call takes effect, but its response is lost.
    Lose,
    /// `fault`: the call has no effect, and the response is a fault, such as a gateway's 500.
    Faulted,
    /// `twice`: the call arrives twice with the same key. The second response counts.
    Twice,
    /// `slow`: the call takes longer than usual.
    Slow,
    /// `refuse`: the step is refused.
    Refuse,
    /// `fail`: the transaction of the step fails and is rolled back.
    Fail,
    /// The call never arrives, and the caller waits forever.
    Hang,
    /// The call takes effect, and the caller waits forever.
    HangAfter,
}

#[cfg(feature = "failpoints")]
pub use armed::{fault, reach};

#[cfg(feature = "failpoints")]
mod armed {
    use std::{
        collections::{HashMap, VecDeque},
        io::BufRead,
        sync::{
            Mutex, OnceLock, PoisonError,
            atomic::{AtomicU32, Ordering},
        },
    };

    use super::{HaltMoment, StepFault};

    /// The steps in which a saga can hang.
    const HANGING: [&str; 3] = ["prepare", "authorize", "capture"];

    /// Halts the process here if the test planned it.
    ///
    /// # Panics
    /// When `HOLDFAST_FAILPOINT` is not `name` or `name:count`.
    pub fn reach(step: &str, moment: HaltMoment) {
        static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
        static REACHED: AtomicU32 = AtomicU32::new(0);
        let wanted = WANTED.get_or_init(|| {
            let text = std::env::var("HOLDFAST_FAILPOINT").ok()?;
            let (name, count) = text.split_once(':').unwrap_or((&text, "1"));
            Some((name.to_owned(), count.parse().expect("HOLDFAST_FAILPOINT=name:count")))
        });
        if let Some((name, count)) = wanted
            && name.split_once('.') == Some((step, moment.as_str()))
            && REACHED.fetch_add(1, Ordering::SeqCst) + 1 == *count
        {
            eprintln!("failpoint {name}");
            // The other tasks of this thread move to another thread.
            tokio::task::block_in_place(halt);
        }
    }

    fn halt() {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        // The input has ended, so nobody can let the process continue.
        while !matches!(read, Ok(bytes) if bytes > 0) {
            std::thread::park();
        }
    }

    enum FaultPlan {
        Script(HashMap<String, VecDeque<(String, StepFault)>>),
        Random { state: u64, percent: u64 },
        Hang { seed: u64 },
    }

    /// The planned fault of this step of the saga, if it is one of the faults that are possible for the step.
    ///
    /// # Panics
    /// When `HOLDFAST_FAULTS` has none of its forms.
    pub fn fault(step: &str, saga: &str, possible: &[StepFault]) -> Option<StepFault> {
        static PLAN: OnceLock<Option<Mutex<FaultPlan>>> = OnceLock::new();
        let plan = PLAN.get_or_init(|| {
            let text = std::env::var("HOLDFAST_FAULTS").ok()?;
            Some(Mutex::new(plan(&text).expect("HOLDFAST_FAULTS in one of its forms")))
        });
        let mut plan = plan.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *plan {
            FaultPlan::Script(script) => {
                let faults = script.get_mut(step)?;
                let (word, next) = faults.pop_front_if(|(_, fault)| possible.contains(fault))?;
                eprintln!("fault {step}={word}");
                Some(next)
            }
            FaultPlan::Random { state, percent } => {
                let drawn = mixed(state);
                let which = usize::try_from((drawn / 100) % possible.len() as u64).ok()?;
                let drawn = (drawn % 100 < *percent).then_some(possible[which])?;
                // In a run of many sagas, a saga that never ends would prove nothing.
                (!matches!(drawn, StepFault::Hang | StepFault::HangAfter)).then_some(drawn)
            }
            FaultPlan::Hang { seed } => {
                let mut state = saga.bytes().fold(*seed, |state, byte| {
                    state.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte)
                });
                let drawn = mixed(&mut state);
                let at = HANGING[usize::try_from(drawn % 3).ok()?];
                let how = if drawn & 0x100 == 0 { StepFault::Hang } else { StepFault::HangAfter };
                (at == step && possible.contains(&how)).then_some(how)
            }
        }
    }

    fn plan(text: &str) -> Option<FaultPlan> {
        if let Some(rest) = text.strip_prefix("random:") {
            let (seed, percent) = rest.split_once(':')?;
            return Some(FaultPlan::Random {
                state: seed.parse().ok()?,
                percent: percent.parse().ok()?,
            });
        }
        if let Some(seed) = text.strip_prefix("hang:") {
            return Some(FaultPlan::Hang { seed: seed.parse().ok()? });
        }
        let mut script = HashMap::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (step, faults) = part.split_once('=')?;
            let queue: &mut VecDeque<_> = script.entry(step.to_owned()).or_default();
            for part in faults.split('/') {
                let (word, times) = part.split_once('*').unwrap_or((part, "1"));
                for _ in 0..times.parse().ok()? {
                    queue.push_back((word.to_owned(), named(word)?));
                }
            }
        }
        Some(FaultPlan::Script(script))
    }

    fn named(name: &str) -> Option<StepFault> {
        Some(match name {
            "drop" => StepFault::Drop,
            "lose" => StepFault::Lose,
            "fault" => StepFault::Faulted,
            "twice" => StepFault::Twice,
            "slow" => StepFault::Slow,
            "refuse" => StepFault::Refuse,
            "fail" => StepFault::Fail,
            _ => return None,
        })
    }

    /// SplitMix64 (Steele, Lea and Flood 2014): small, and the same everywhere.
    fn mixed(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Does nothing, in a program that is not built for tests.
#[cfg(not(feature = "failpoints"))]
pub fn reach(_step: &str, _moment: HaltMoment) {}

/// No fault, in a program that is not built for tests.
#[cfg(not(feature = "failpoints"))]
pub fn fault(_step: &str, _saga: &str, _possible: &[StepFault]) -> Option<StepFault> {
    None
}
