//! The messages to people: one row for each mail that is to be sent or was sent. The text is made when the mail is
//! sent, so the row contains only the address and the subject.

use holdfast_domain::{
    ids::MessageId,
    message::{Kind, Status},
};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub kind: Kind,
    /// The cause of the message. The same cause writes no second message.
    pub cause: String,
    /// The object that the message is about, such as a booking.
    pub subject_id: Uuid,
    /// What the message says besides the subject, as JSON of its kind.
    pub detail: Option<String>,
    /// The address of the recipient.
    pub recipient: String,
    /// The recipient's language as a BCP 47 tag.
    pub locale: String,
    pub status: Status,
    /// How often the message was tried.
    pub attempts: i32,
    /// Why the last attempt failed, in the words of the mail server.
    pub last_error: Option<String>,
    pub created_at: i64,
    /// When the message is sent, or tried again.
    pub due_at: i64,
    pub settled_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
