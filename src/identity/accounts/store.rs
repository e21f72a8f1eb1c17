//! The SQL of accounts: reads users by id or address, and adds users.

use holdfast_domain::ids::UserId;
use holdfast_entity::users;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, SelectExt};

use crate::kernel::db::{self, Db, StoreError};

/// The user with this normalized e-mail address.
pub async fn user_by_email(
    db: &impl ConnectionTrait,
    email: &str,
) -> Result<Option<users::Model>, StoreError> {
    Ok(users::Entity::find().filter(users::Column::Email.eq(email)).one(db).await?)
}

/// Whether there is a user with one of these e-mail addresses.
pub async fn has_user(db: &impl ConnectionTrait, emails: Vec<String>) -> Result<bool, StoreError> {
    Ok(users::Entity::find().filter(users::Column::Email.is_in(emails)).exists(db).await?)
}

pub async fn user(
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<users::Model>, StoreError> {
    Ok(users::Entity::find_by_id(id).one(db).await?)
}

/// Inserts a user. A taken e-mail address is a unique violation.
pub async fn insert_user(db: &Db, user: users::Model) -> Result<(), StoreError> {
    db::insert(db, user).await
}
