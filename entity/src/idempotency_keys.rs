//! One row for each request with an `Idempotency-Key`, and the response that is repeated for it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    /// The user or guest that sent the request. Without a guest token, the key itself determines the guest.
    #[sea_orm(primary_key, auto_increment = false)]
    pub principal_id: Uuid,
    /// The route to which the key belongs. Another route may use the same key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub route: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The SHA-256 of the request's body in hexadecimal. A request with the same key and another body is refused.
    pub fingerprint: String,
    /// The id of the object that the request created, such as the booking.
    pub subject_id: Option<Uuid>,
    /// The HTTP status of the stored response. NULL while the request is in progress.
    pub status: Option<i32>,
    /// The stored response's headers as a JSON object.
    pub headers: Option<String>,
    /// The body of the stored response.
    pub body: Option<String>,
    pub created_at: i64,
    pub answered_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
