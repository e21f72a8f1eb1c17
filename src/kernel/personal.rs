//! Personal data: what the parts of the program keep about a user, for the export and the erasure of an account (GDPR,
//! articles 15, 17 and 20). Each slice answers for its own tables.

use std::fmt::Debug;

use async_trait::async_trait;
use holdfast_domain::ids::UserId;
use serde::Serialize;

use crate::kernel::db::{Bug, StoreError, Tx, UseCaseError};

/// A user who asks for their data.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: UserId,
    /// The user's address, which the user has proved.
    pub email: String,
}

/// A file of an export.
#[derive(Debug, Clone)]
pub struct PersonalFile {
    /// The name of the file without its extension.
    pub name: &'static str,
    /// The content as JSON.
    pub content: Vec<u8>,
}

impl PersonalFile {
    /// A file with this value.
    ///
    /// # Errors
    /// When the value cannot be written as JSON, which is a bug.
    pub fn of(name: &'static str, value: &impl Serialize) -> Result<Self, StoreError> {
        let content = serde_json::to_vec_pretty(value);
        let content = content.map_err(|error| Bug::new(format!("{name}: {error}")))?;
        Ok(Self { name, content })
    }
}

/// Why an account cannot be erased now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasureObstacle {
    /// The user is an administrator. Another one takes the role first, so that an installation keeps an administrator.
    Administrator,
    /// The user is the only owner of an organization.
    LastOwner,
    /// The user is paying for a booking.
    PaymentUnderWay,
}

impl ErasureObstacle {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::LastOwner => "last-owner",
            Self::PaymentUnderWay => "payment-under-way",
        }
    }
}

/// Why data was not erased.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    #[error("the account cannot be erased now: {}", .0.as_str())]
    Obstacle(ErasureObstacle),
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for ErasureError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Obstacle(_) => None,
        }
    }
}

/// The personal data in the tables of a slice.
#[async_trait]
pub trait PersonalData: Send + Sync + Debug {
    /// What the slice knows about the person.
    ///
    /// # Errors
    /// When the database fails.
    async fn export(&self, person: &Person) -> Result<Vec<PersonalFile>, StoreError>;

    /// Deletes what names the person, in the transaction that erases the account. What the books need stays, without the
    /// person.
    ///
    /// # Errors
    /// When something stands in the way, or the database fails.
    async fn erase(&self, tx: &Tx, person: &Person) -> Result<(), ErasureError>;
}
