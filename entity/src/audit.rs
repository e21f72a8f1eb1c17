//! Who changed what, for those who ask later. Only ever added to.

use holdfast_domain::{access::Role, actor::Kind};
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
    /// What kind of actor did it.
    pub actor_kind: Kind,
    /// Which user, guest, API key or gate device; the system has no id.
    pub actor_id: Option<Uuid>,
    /// The role that the user had then. Only users have one.
    pub actor_role: Option<Role>,
    /// From which network address.
    pub network_address: Option<String>,
    /// With which program, as its `User-Agent` says.
    pub user_agent: Option<String>,
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
