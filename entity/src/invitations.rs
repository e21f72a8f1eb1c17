//! The invitations to organizations. A link in a mail accepts one.

use holdfast_domain::{
    access::MembershipRole,
    ids::{InvitationId, OrganizationId, UserId},
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvitationId,
    pub organization_id: OrganizationId,
    /// The address of the invited person.
    pub email: String,
    /// The role that the person gets.
    pub role: MembershipRole,
    /// The user who has sent the invitation.
    pub invited_by: UserId,
    /// The user who has accepted the invitation.
    pub accepted_by: Option<UserId>,
    pub created_at: i64,
    pub expires_at: i64,
    /// When the invitation was accepted, withdrawn or replaced. NULL before.
    pub ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
