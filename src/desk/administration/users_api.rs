//! The HTTP routes of the administration over users.

use std::collections::HashMap;

use holdfast_contract::{
    accounts::{Membership, Role as WireRole},
    operators::{AccountStatus as WireStatus, UserAccount, UserAccountChange, UserAccountPage},
    problem::ProblemType,
};
use holdfast_domain::{
    access::{AccountStatus, Role},
    ids::UserId,
};
use holdfast_entity::users;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::api::Tag;
use crate::{
    access::Access,
    http::{auth::Caller, body::Json, page, problem::ApiProblem, time::rfc3339},
    identity::{
        accounts::{
            Accounts, UserFilter,
            administer::{UserEdit, UserEditError},
            log_in::wire_role,
        },
        memberships,
    },
};

/// The maximum length of a search text, in characters.
const MAX_SEARCH: usize = 100;
/// The maximum number of words in it.
const MAX_WORDS: usize = 5;

#[derive(Debug, Clone)]
pub struct UsersApi {
    pub access: Access,
    pub accounts: Accounts,
}

#[OpenApi(prefix_path = "/admin", tag = "Tag::Administration")]
impl UsersApi {
    /// List the users, the last one who registered first.
    #[oai(path = "/users", method = "get")]
    async fn list_users(
        &self,
        caller: Caller,
        /// Only users whose address or name contains each of these words, at most 100 characters and 5 words.
        q: Query<Option<String>>,
        /// Only users with this role.
        role: Query<Option<WireRole>>,
        /// Only users whose account has this status.
        status: Query<Option<WireStatus>>,
        /// The page size, 1 to 100. Default: 20.
        limit: Query<Option<u64>>,
        /// The `next` value of the previous page.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<UserAccountPage>, ApiProblem> {
        let manager = self.access.user_manager(&caller).await?;
        let limit = page::limit(limit.0)?;
        let typed = q.0.unwrap_or_default();
        let words: Vec<String> =
            typed.to_lowercase().split_whitespace().map(str::to_owned).collect();
        if typed.chars().count() > MAX_SEARCH || words.len() > MAX_WORDS {
            let rule = format!("must have at most {MAX_SEARCH} characters and {MAX_WORDS} words");
            return Err(ApiProblem::field("q", rule));
        }
        let filter = UserFilter {
            words,
            role: role.0.map(stored_role),
            status: status.0.map(stored_status),
            after: after.0.map(UserId),
        };
        let mut rows = self.accounts.users(manager, &filter, limit + 1).await?;
        let next = page::next(&mut rows, limit, |row| row.id.to_string());
        Ok(Json(UserAccountPage { items: self.shown(rows).await?, next }))
    }

    /// Read a user.
    #[oai(path = "/users/:id", method = "get")]
    async fn read_user(
        &self,
        caller: Caller,
        id: Path<Uuid>,
    ) -> Result<Json<UserAccount>, ApiProblem> {
        let manager = self.access.user_manager(&caller).await?;
        let user = self.accounts.user(manager, UserId(id.0)).await?.ok_or_else(no_user)?;
        self.one(user).await
    }

    /// Change the role of a user, or suspend or restore an account.
    ///
    /// A suspended user's sessions end at once; bookings and tickets stay as they are. 409 with a reason: `own-account`, or
    /// the status that does not allow the change.
    #[oai(path = "/users/:id", method = "patch")]
    async fn edit_user(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        body: Json<UserAccountChange>,
    ) -> Result<Json<UserAccount>, ApiProblem> {
        let manager = self.access.user_manager(&caller).await?;
        let UserAccountChange { role, status, reason } = body.0;
        let status = status.map(stored_status);
        if !matches!(status, None | Some(AccountStatus::Active | AccountStatus::Suspended)) {
            return Err(ApiProblem::field("status", "must be active or suspended"));
        }
        let edit = UserEdit { role: role.map(stored_role), status, reason };
        let (accounts, id) = (self.accounts.clone(), UserId(id.0));
        let edit = async move { accounts.edit_user(manager, id, edit).await };
        self.one(self.accounts.base.tasks.run(edit).await??).await
    }
}

impl UsersApi {
    async fn one(&self, user: users::Model) -> Result<Json<UserAccount>, ApiProblem> {
        let shown = self.shown(vec![user]).await?.pop();
        shown.map(Json).ok_or_else(no_user)
    }

    async fn shown(&self, rows: Vec<users::Model>) -> Result<Vec<UserAccount>, ApiProblem> {
        let ids: Vec<UserId> = rows.iter().map(|row| row.id).collect();
        let mut memberships = memberships::memberships_of(&self.accounts.base.db, &ids).await?;
        Ok(rows.into_iter().map(|row| wire(row, &mut memberships)).collect())
    }
}

fn wire(row: users::Model, memberships: &mut HashMap<UserId, Vec<Membership>>) -> UserAccount {
    UserAccount {
        id: row.id.0,
        email: row.email,
        first_name: row.first_name,
        last_name: row.last_name,
        role: wire_role(row.role),
        status: shown_status(row.status),
        locale: row.locale,
        created_at: rfc3339(row.created_at),
        organizations: memberships.remove(&row.id).unwrap_or_default(),
    }
}

fn no_user() -> ApiProblem {
    ApiProblem::not_found("user")
}

fn stored_role(role: WireRole) -> Role {
    match role {
        WireRole::Customer => Role::Customer,
        WireRole::Organizer => Role::Organizer,
        WireRole::Controller => Role::Controller,
        WireRole::Admin => Role::Admin,
    }
}

fn stored_status(status: WireStatus) -> AccountStatus {
    match status {
        WireStatus::Inactive => AccountStatus::Inactive,
        WireStatus::Active => AccountStatus::Active,
        WireStatus::Suspended => AccountStatus::Suspended,
        WireStatus::Erased => AccountStatus::Erased,
    }
}

fn shown_status(status: AccountStatus) -> WireStatus {
    match status {
        AccountStatus::Inactive => WireStatus::Inactive,
        AccountStatus::Active => WireStatus::Active,
        AccountStatus::Suspended => WireStatus::Suspended,
        AccountStatus::Erased => WireStatus::Erased,
    }
}

impl From<UserEditError> for ApiProblem {
    fn from(error: UserEditError) -> Self {
        match error {
            UserEditError::Unknown => no_user(),
            UserEditError::Status(status) => {
                let detail = format!("The account is {}.", status.as_str());
                Self::new(ProblemType::IllegalTransition, detail)
                    .with_reasons(vec![status.as_str().to_owned()])
            }
            UserEditError::Own => {
                let detail = "Another administrator has to change your role or status.";
                Self::new(ProblemType::IllegalTransition, detail)
                    .with_reasons(vec!["own-account".to_owned()])
            }
            UserEditError::NotAdmin => {
                Self::new(ProblemType::Forbidden, "Only an administrator may do this.")
            }
            UserEditError::Field(field, message) => Self::field(field, message),
            UserEditError::Db(error) => error.into(),
        }
    }
}
