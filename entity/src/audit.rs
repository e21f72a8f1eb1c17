//! Who changed what, for those who ask later. Only ever added to.

use sea_orm::entity::prelude::*;

/// Who changed what, for those who ask later. Only ever added to.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Milliseconds since 1970.
    pub at: i64,
    /// The user who did it.
    pub actor_id: Uuid,
    /// What the user was then; the CHECK lists the values.
    pub actor_role: String,
    /// What was done, such as `saga.retry`.
    pub action: String,
    /// What it was done to, such as `saga`.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: Uuid,
    /// JSON: what else there is to know. Never a secret.
    pub detail: String,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
