//! The points at which tests stop a migration: before each statement of a step that copies tables, and before the
//! commit. The points exist only with the feature `failpoints`; without it, [`reach`] does nothing.
//!
//! `HOLDFAST_FAILPOINT=migration.halt:17` halts the process before the 17th point and reports that on standard error. A
//! test that kills the process then kills it exactly at that point. `migration.fail:17` makes the migration fail at
//! that point instead.

use sea_orm_migration::sea_orm::DbErr;

/// Marks a point between two statements.
///
/// # Errors
/// If a test wants the migration to fail at this point.
#[cfg(not(feature = "failpoints"))]
#[allow(clippy::unnecessary_wraps, reason = "the signature of a build for tests")]
pub(crate) fn reach() -> Result<(), DbErr> {
    Ok(())
}

/// Marks a point between two statements.
///
/// # Errors
/// If a test wants the migration to fail at this point.
///
/// # Panics
/// If the environment variable names a point without a number.
#[cfg(feature = "failpoints")]
pub(crate) fn reach() -> Result<(), DbErr> {
    use std::sync::atomic::{AtomicU32, Ordering};

    static REACHED: AtomicU32 = AtomicU32::new(0);
    let Ok(wanted) = std::env::var("HOLDFAST_FAILPOINT") else { return Ok(()) };
    let Some((how, count)) = wanted.strip_prefix("migration.").and_then(|is| is.split_once(':'))
    else {
        return Ok(());
    };
    let count: u32 = count.parse().expect("HOLDFAST_FAILPOINT=migration.halt:number");
    if REACHED.fetch_add(1, Ordering::SeqCst) + 1 != count {
        return Ok(());
    }
    eprintln!("failpoint {wanted}");
    if how == "fail" {
        return Err(DbErr::Custom(format!("failpoint {wanted}")));
    }
    // Nobody wakes this thread: the test kills the process.
    loop {
        std::thread::park();
    }
}
