//! Persisted checkouts.

use sea_orm::entity::prelude::*;

/// Persisted checkouts.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sagas")]
pub struct Model {
    /// The key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// What kind; the CHECK lists the values.
    pub kind: String,
    /// Subject id.
    pub subject_id: Uuid,
    /// The format of the state.
    pub format: i32,
    /// Where it stands; the CHECK lists the values.
    pub status: String,
    /// JSON, or where it stands.
    pub state: String,
    /// Why an operator must look at it.
    pub reason: Option<String>,
    /// What went wrong last, in words.
    pub last_error: Option<String>,
    /// Due at, milliseconds since 1970.
    pub due_at: i64,
    /// Lease until.
    pub lease_until: i64,
    /// Grows with every owner; what was written under an older one does not stand.
    pub fence: i64,
    /// Grows with every change.
    pub version: i32,
    /// How often somebody wanted it to be looked at.
    pub wakes: i32,
    /// 1 once somebody wants it to stop.
    pub cancel_requested: i32,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Milliseconds since 1970.
    pub updated_at: i64,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
