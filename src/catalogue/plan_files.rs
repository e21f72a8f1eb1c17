//! Imports and exports plans as files, for `holdfast plan import` and `holdfast plan export`.

use holdfast_contract::catalogue::PlanAccepted;
use holdfast_domain::plan::{Plan, PlanFaults};

use super::{
    replace_plan::{PlanError, replace_plan},
    store,
};
use crate::{
    access::{Access, EventKey, Managed},
    kernel::{base::Base, db::StoreError},
};

/// Why a plan was neither imported nor exported.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    #[error("there is no event {0}")]
    NoEvent(String),
    #[error("the event {0} has no plan")]
    NoPlan(String),
    /// The plan was refused, for the reasons in the text.
    #[error("{0}")]
    Refused(String),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl From<PlanError> for PlanFileError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Db(error) => Self::Db(error),
            PlanError::InUse(in_use) => {
                let vanishing =
                    in_use.vanishing.iter().map(|(seat, _)| format!("\nseat {seat} would vanish"));
                let moved = in_use.moved.iter().map(|seat| {
                    format!("\nseat {} would move from {} to {}", seat.id, seat.from, seat.to)
                });
                Self::Refused(
                    vanishing.chain(moved).fold(in_use.to_string(), |text, line| text + &line),
                )
            }
            PlanError::LosesOffers(lost) => {
                let lines = lost.iter().map(|lost| {
                    format!("\nthe offer {} is for the {} {}", lost.offer, lost.kind, lost.name)
                });
                let head = "offers would lose what they are for".to_owned();
                Self::Refused(lines.fold(head, |text, line| text + &line))
            }
            refused @ (PlanError::NotFound
            | PlanError::Faults(_)
            | PlanError::Grid(_)
            | PlanError::Closed(_)) => Self::Refused(refused.to_string()),
        }
    }
}

impl From<PlanFaults> for PlanFileError {
    fn from(faults: PlanFaults) -> Self {
        Self::Refused(faults.to_string())
    }
}

/// Replaces the plan of the event with this id or slug by the plan in `file`, a JSON document.
///
/// # Errors
/// See [`PlanFileError`]. A faulty plan is refused with a list of all faults, one on each line.
pub async fn import(base: &Base, event: &str, file: &[u8]) -> Result<PlanAccepted, PlanFileError> {
    let event = find(base, event).await?;
    let plan = Plan::parse(file)?;
    Ok(replace_plan(base, event, plan).await?)
}

/// The plan of the event with this id or slug, unchanged since its import.
///
/// # Errors
/// See [`PlanFileError`].
pub async fn export(base: &Base, event: &str) -> Result<String, PlanFileError> {
    let id = find(base, event).await?.event();
    let plan = store::plans::document(&base.db, id, i32::MAX).await?;
    plan.ok_or_else(|| PlanFileError::NoPlan(event.to_owned()))
}

async fn find(base: &Base, event: &str) -> Result<Managed, PlanFileError> {
    let none = || PlanFileError::NoEvent(event.to_owned());
    let key = EventKey::parse(event).ok_or_else(none)?;
    Access::unattended(&base.db, &key).await?.ok_or_else(none)
}
