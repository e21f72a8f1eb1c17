//! The SQL of invitations.

use holdfast_domain::ids::{InvitationId, OrganizationId, UserId};
use holdfast_entity::invitations::{Column, Entity, Model};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, UpdateMany,
    sea_query::{ExprTrait, LockType},
};

use uuid::Uuid;

use crate::kernel::db::{self, Sql, StoreError, Tx};

/// The invitations that can be accepted.
fn open() -> Select<Entity> {
    Entity::find()
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.into_expr().gt(db::clock()))
}

fn end(invitations: UpdateMany<Entity>) -> UpdateMany<Entity> {
    invitations.filter(Column::EndedAt.is_null()).col_expr(Column::EndedAt, db::clock())
}

/// The invitation, if it can be accepted.
pub async fn find(sql: &impl Sql, id: InvitationId) -> Result<Option<Model>, StoreError> {
    db::find(sql, open().filter(Column::Id.eq(id))).await
}

/// [`find`], locked until the transaction ends.
pub async fn lock(tx: &Tx, id: InvitationId) -> Result<Option<Model>, StoreError> {
    db::find(tx, open().filter(Column::Id.eq(id)).lock(LockType::NoKeyUpdate)).await
}

/// The invitations of the organization that can be accepted, the newest first.
pub async fn list(sql: &impl Sql, organization: OrganizationId) -> Result<Vec<Model>, StoreError> {
    let of = open().filter(Column::OrganizationId.eq(organization));
    db::list(sql, of.order_by_desc(Column::Id)).await
}

/// Ends the invitation; returns whether it was one of the organization's and open.
pub async fn end_one(
    tx: &Tx,
    organization: OrganizationId,
    id: InvitationId,
) -> Result<bool, StoreError> {
    let one = Entity::update_many()
        .filter(Column::OrganizationId.eq(organization))
        .filter(Column::Id.eq(id));
    Ok(db::change(tx, end(one)).await? == 1)
}

/// Ends the invitation of this address to the organization.
pub async fn end_to(tx: &Tx, organization: OrganizationId, email: &str) -> Result<(), StoreError> {
    let to = Entity::update_many()
        .filter(Column::OrganizationId.eq(organization))
        .filter(Column::Email.eq(email));
    db::change(tx, end(to)).await.map(|_| ())
}

/// Ends the invitation, which the user has accepted.
pub async fn accept(tx: &Tx, id: InvitationId, user: UserId) -> Result<(), StoreError> {
    let one = Entity::update_many()
        .filter(Column::Id.eq(id))
        .col_expr(Column::AcceptedBy, Some(user).into());
    db::change(tx, end(one)).await.map(|_| ())
}

/// Deletes the invitations to this address, and those that the user has accepted. Returns their ids.
pub async fn delete_of(tx: &Tx, email: &str, user: UserId) -> Result<Vec<Uuid>, StoreError> {
    let of = Column::Email.eq(email).or(Column::AcceptedBy.eq(user));
    let found: Vec<Model> = db::list(tx, Entity::find().filter(of)).await?;
    let ids: Vec<Uuid> = found.into_iter().map(|invitation| invitation.id.0).collect();
    let gone = Entity::delete_many().filter(db::is_among(tx, Column::Id, ids.iter().copied()));
    db::change(tx, gone).await?;
    Ok(ids)
}

/// Deletes invitations that have been over for longer than `kept_ms`. Returns their number.
pub async fn forget(sql: &impl Sql, kept_ms: i64) -> Result<u64, StoreError> {
    db::forget(sql, Entity::find(), Column::ExpiresAt, kept_ms).await
}
