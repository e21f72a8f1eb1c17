//! Whether a user may act at this moment. A token only says who signed in within the last ten minutes. Since then, the role
//! may have changed, and the account may have been suspended or erased.

use std::time::Duration;

use async_trait::async_trait;
use holdfast_domain::{access::Role, ids::UserId};
use moka::future::Cache;

use super::store;
use crate::{
    http::auth::Users,
    kernel::db::{Db, StoreError},
};

/// The maximum time for which a node acts on the user data that it read, even if no other node can report a change to
/// it.
const REMEMBERED: Duration = Duration::from_secs(1);
const MAX_USERS: u64 = 100_000;

/// The users in the database. Each user is read at most once a second.
#[derive(Debug, Clone)]
pub struct StoredUsers {
    db: Db,
    roles: Cache<UserId, Option<Role>>,
}

impl StoredUsers {
    pub fn new(db: Db) -> Self {
        let roles = Cache::builder().max_capacity(MAX_USERS).time_to_live(REMEMBERED).build();
        Self { db, roles }
    }
}

#[async_trait]
impl Users for StoredUsers {
    async fn role_of(&self, user: UserId) -> Result<Option<Role>, StoreError> {
        self.roles
            .try_get_with(user, self.role_now(user))
            .await
            .map_err(|error: std::sync::Arc<StoreError>| (*error).clone())
    }

    async fn role_now(&self, user: UserId) -> Result<Option<Role>, StoreError> {
        let found = store::user(self.db.reader(), user).await?;
        Ok(found.filter(|user| user.status.may_sign_in()).map(|user| user.role))
    }
}
