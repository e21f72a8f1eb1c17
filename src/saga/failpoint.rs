//! Named points at which tests kill the process: `HOLDFAST_FAILPOINT=capture.after_effect` aborts there the
//! first time, `…:3` the third. Compiled with the feature `failpoints` alone; else these calls are nothing.
//!
//! The names are `<step>.<moment>`: `before_effect` and `after_effect` around a call outside,
//! `before_record` just before a transaction that records the step commits, `after_record` just after.

/// A moment of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before a call outside.
    BeforeEffect,
    /// After it.
    AfterEffect,
    /// Before the record commits.
    BeforeRecord,
    /// After it.
    AfterRecord,
}

impl Moment {
    /// Every moment.
    pub const ALL: [Self; 4] =
        [Self::BeforeEffect, Self::AfterEffect, Self::BeforeRecord, Self::AfterRecord];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeEffect => "before_effect",
            Self::AfterEffect => "after_effect",
            Self::BeforeRecord => "before_record",
            Self::AfterRecord => "after_record",
        }
    }
}

/// Ends the process without a word, as `kill -9` would, where the test wants it.
#[cfg(feature = "failpoints")]
pub fn reach(step: &str, moment: Moment) {
    use std::sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    };

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
        std::process::abort();
    }
}

/// Nothing, in a program that is not built for tests.
#[cfg(not(feature = "failpoints"))]
pub fn reach(_step: &str, _moment: Moment) {}
