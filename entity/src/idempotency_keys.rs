//! One row an attempt that carries an Idempotency-Key.

use sea_orm::entity::prelude::*;

/// One row an attempt that carries an Idempotency-Key.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// Principal id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub principal_id: Uuid,
    /// Route.
    #[sea_orm(primary_key, auto_increment = false)]
    pub route: String,
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Fingerprint.
    pub fingerprint: String,
    /// Subject id.
    pub subject_id: Option<Uuid>,
    /// Where it stands; the CHECK lists the values.
    pub status: Option<i32>,
    /// Headers.
    pub headers: Option<String>,
    /// Body.
    pub body: Option<String>,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Answered at, milliseconds since 1970.
    pub answered_at: Option<i64>,
}

/// None: what belongs together is read by key.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
