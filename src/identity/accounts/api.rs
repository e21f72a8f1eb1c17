//! The HTTP routes of accounts.

use std::sync::Arc;

use holdfast_contract::{
    accounts::{Credentials, Profile, Registration, Session},
    problem::{FieldError, ProblemType},
};
use holdfast_domain::access::Role;
use poem::Request;
use poem_openapi::{OpenApi, Tags};

use super::{
    Accounts,
    log_in::{self, LogInError},
    password::PasswordError,
    register::RegisterError,
};
use crate::{
    http::{
        auth::{self, Adopt, Caller},
        body::{Created, Json},
        problem::ApiProblem,
        tokens::{ACCESS_TOKEN_SECS, Tokens},
    },
    kernel::actor::User,
};

/// The time after which a client should try again when too many requests sign in, in seconds.
const BUSY_RETRY_AFTER_SECS: u64 = 3;

#[derive(Debug, Clone)]
pub struct AccountsApi {
    pub accounts: Accounts,
    pub tokens: Arc<Tokens>,
    pub adopt: Arc<dyn Adopt>,
}

#[derive(Tags)]
enum Tag {
    /// Registration, sign-in and the caller's profile.
    Auth,
}

#[OpenApi(prefix_path = "/auth", tag = "Tag::Auth")]
impl AccountsApi {
    /// Create an account and sign in.
    ///
    /// The guest's holds, bookings and tickets move to the account if the request carries the guest's token.
    #[oai(path = "/register", method = "post")]
    async fn register(
        &self,
        request: &Request,
        body: Json<Registration>,
    ) -> Result<Created<Session>, ApiProblem> {
        let accounts = self.accounts.clone();
        let tasks = &self.accounts.base.tasks;
        let made =
            tasks.run(async move { accounts.register(body.0, Role::Customer).await }).await??;
        let user = User { id: made, role: Role::Customer };
        Ok(Created(self.session(request, user).await?))
    }

    /// Sign in.
    ///
    /// The guest's holds, bookings and tickets move to the account if the request carries the guest's token.
    #[oai(path = "/login", method = "post")]
    async fn log_in(
        &self,
        request: &Request,
        body: Json<Credentials>,
    ) -> Result<Json<Session>, ApiProblem> {
        let user = log_in::log_in(&self.accounts.base.db, &self.accounts.passwords, body.0).await?;
        Ok(Json(self.session(request, user).await?))
    }

    /// Read the profile of the signed-in user.
    #[oai(path = "/profile", method = "get")]
    async fn profile(&self, caller: Caller) -> Result<Json<Profile>, ApiProblem> {
        Ok(Json(self.profile_of(caller.user()?).await?))
    }
}

impl AccountsApi {
    async fn session(&self, request: &Request, user: User) -> Result<Session, ApiProblem> {
        let guest = auth::guest_of(request, &self.tokens);
        Ok(Session {
            access_token: self.tokens.access(user),
            expires_in_seconds: ACCESS_TOKEN_SECS,
            profile: self.profile_of(user).await?,
            adopted: match guest {
                // The user is signed in, and a new account exists, whatever becomes of the guest's holds.
                Some(guest) => {
                    auth::or_later(self.adopt.adopt(guest, user, auth::locale(request)).await)
                }
                None => None,
            },
        })
    }

    async fn profile_of(&self, user: User) -> Result<Profile, ApiProblem> {
        log_in::profile(&self.accounts.base.db, user.id).await?.ok_or_else(|| {
            ApiProblem::new(
                ProblemType::Unauthorized,
                "The account no longer exists. Sign in again.",
            )
        })
    }
}

impl From<PasswordError> for ApiProblem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::new(
                ProblemType::Unavailable,
                "Too many people sign in at this moment. Try again.",
            )
            .retry_after(BUSY_RETRY_AFTER_SECS),
            PasswordError::Fault => Self::internal(&error),
        }
    }
}

impl From<LogInError> for ApiProblem {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::Wrong => Self::new(ProblemType::InvalidCredentials, ""),
            LogInError::Password(error) => error.into(),
            LogInError::Db(error) => error.into(),
        }
    }
}

impl From<RegisterError> for ApiProblem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Field(field, message) => Self::field(field, message),
            RegisterError::Weak(weakness) => {
                Self::new(ProblemType::WeakPassword, format!("The password {weakness}."))
                    .with_errors(vec![FieldError {
                        field: "password".to_owned(),
                        message: weakness.to_string(),
                    }])
            }
            RegisterError::Taken => Self::new(
                ProblemType::EmailTaken,
                "There is an account with this address. Sign in instead.",
            ),
            RegisterError::Password(error) => error.into(),
            RegisterError::Db(error) => error.into(),
        }
    }
}
