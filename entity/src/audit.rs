//! The audit log: one row for each change that a person or program made. Rows are only added, and deleted by age.

use holdfast_domain::{access::Role, actor::Kind};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: i64,
    pub actor_kind: Kind,
    /// The id of the user, guest, API key or gate device. The system has no id.
    pub actor_id: Option<Uuid>,
    /// The role that the user had at that time. Only users have a role.
    pub actor_role: Option<Role>,
    /// The network address of the request.
    pub network_address: Option<String>,
    /// The `User-Agent` header of the request.
    pub user_agent: Option<String>,
    /// The action that was done, such as `saga.retry`.
    pub action: String,
    /// The kind of object that was changed, such as `saga`.
    pub subject_kind: String,
    /// The id of the object that was changed.
    pub subject_id: Uuid,
    /// Further details as JSON. Never contains a secret.
    pub detail: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
