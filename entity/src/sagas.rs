//! The sagas: persisted work in several steps, such as a checkout or a refund.

use holdfast_domain::saga::Status;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sagas")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The kind of saga, such as `checkout`.
    pub kind: String,
    /// The object that the saga works on, such as the booking.
    pub subject_id: Uuid,
    /// The format of `state`. A program does not touch a saga with a newer format.
    pub format: i32,
    /// A coarse word for the state, by which workers find sagas.
    pub status: Status,
    /// The state as JSON text, in the format `format`.
    pub state: String,
    /// Why an operator must look at the saga.
    pub reason: Option<String>,
    /// The last error of a step, in words.
    pub last_error: Option<String>,
    /// When a worker looks at the saga next.
    pub due_at: i64,
    /// The moment until which the worker that claimed the saga keeps it.
    pub lease_until: i64,
    pub fence: i64,
    pub version: i32,
    /// How often somebody woke the saga. If the count grows while a worker has the saga, the saga is due at once when
    /// the worker parks it.
    pub wakes: i32,
    /// 1 after the buyer asked to stop the checkout.
    pub cancel_requested: i32,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
