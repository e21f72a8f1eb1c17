//! Which version of a document somebody has accepted, and when. The row names the person by id alone.

use holdfast_domain::legal::{Kind, SubjectKind};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "acceptances")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub subject_kind: SubjectKind,
    /// The id of the user who has registered, or of the booking.
    pub subject_id: Uuid,
    pub document: Kind,
    pub version: String,
    /// The language of the text that was shown, as a BCP 47 tag.
    pub language: String,
    pub accepted_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
