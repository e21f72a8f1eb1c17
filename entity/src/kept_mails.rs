//! The mails that an installation without a mail server keeps and shows. Only development has such mails.

use holdfast_domain::ids::MessageId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "kept_mails")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub recipient: String,
    pub subject: String,
    /// The body for programs that show no HTML.
    pub text_body: String,
    pub html_body: String,
    /// The attached calendar file (RFC 5545).
    pub calendar: Option<String>,
    pub kept_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
