//! The HTTP routes by which users look after their own account.

use std::sync::Arc;

use holdfast_contract::{
    accounts::{EmailProof, Erasure, NewEmail, Profile, ProfileChange},
    problem::ProblemType,
};
use poem_openapi::OpenApi;

use super::{Accounts, edit::EditError, erase::EraseAccountError, log_in};
use crate::{
    http::{
        auth::{self, AuthTag, Caller},
        body::{Json, NoContent},
        cookie::WithCookies,
        download::Zip,
        problem::ApiProblem,
    },
    kernel::{
        actor::User,
        personal::{ErasureObstacle, PersonalData},
    },
};

#[derive(Debug, Clone)]
pub struct ProfileApi {
    pub accounts: Accounts,
    pub personal: Vec<Arc<dyn PersonalData>>,
}

#[OpenApi(prefix_path = "/auth", tag = "AuthTag::Auth")]
impl ProfileApi {
    /// Read the profile of the signed-in user.
    #[oai(path = "/profile", method = "get")]
    async fn profile(&self, caller: Caller) -> Result<Json<Profile>, ApiProblem> {
        Ok(Json(profile_of(&self.accounts, caller.user()?).await?))
    }

    /// Change the names and the language of the signed-in user.
    #[oai(path = "/profile", method = "patch")]
    async fn edit_profile(
        &self,
        caller: Caller,
        body: Json<ProfileChange>,
    ) -> Result<Json<Profile>, ApiProblem> {
        let user = caller.user()?;
        let accounts = self.accounts.clone();
        let edit = async move { accounts.edit_profile(user, body.0).await };
        self.accounts.base.tasks.run(edit).await??;
        Ok(Json(profile_of(&self.accounts, user).await?))
    }

    /// Erase the account of the signed-in user.
    ///
    /// The books keep the bookings, and tickets stay valid; everything that names the person is deleted. A last mail says
    /// so. 409 with a reason: `administrator` (another administrator takes the role first), `last-owner` (an organization
    /// would have no owner), `payment-under-way`.
    #[oai(path = "/profile", method = "delete")]
    async fn erase(
        &self,
        caller: Caller,
        body: Json<Erasure>,
    ) -> Result<WithCookies<NoContent>, ApiProblem> {
        let user = caller.user()?;
        let (accounts, parts) = (self.accounts.clone(), self.personal.clone());
        let erase = async move { accounts.erase(parts, user, body.0.current_password).await };
        self.accounts.base.tasks.run(erase).await??;
        let cookie = self.accounts.sessions.cookie.removed();
        Ok(WithCookies { cookies: vec![cookie], response: NoContent })
    }

    /// Read everything that the server knows about the signed-in user: a zip with JSON files.
    #[oai(path = "/profile/export", method = "get")]
    async fn export(&self, caller: Caller) -> Result<Zip, ApiProblem> {
        let user = caller.user()?;
        // Everything at once is not for a token whose session has ended.
        let is_live = match caller.session {
            Some(session) => self.accounts.sessions.is_live(session).await?,
            None => false,
        };
        if !is_live {
            let detail = "The session is over. Sign in again.";
            return Err(ApiProblem::new(ProblemType::Unauthorized, detail));
        }
        let content = self.accounts.export(&self.personal, user).await?;
        Ok(Zip { name: "holdfast-account.zip", content })
    }

    /// Ask for another address for the account of the signed-in user.
    ///
    /// A mail to the new address has a link and a code that prove it; until then, the present address stays. The response
    /// is the same whether another account has the address or not.
    #[oai(path = "/email", method = "post")]
    async fn ask_new_email(
        &self,
        caller: Caller,
        body: Json<NewEmail>,
    ) -> Result<NoContent, ApiProblem> {
        let user = caller.user()?;
        let accounts = self.accounts.clone();
        let ask = async move { accounts.ask_new_email(user, body.0).await };
        self.accounts.base.tasks.run(ask).await??;
        Ok(NoContent)
    }

    /// Prove the new address of an account, or take its change back by the mail to the former address.
    ///
    /// Mails to both addresses tell of the change. Whoever takes it back gets a mail for a new password, and all sessions
    /// end.
    #[oai(path = "/email/confirm", method = "post")]
    async fn prove_email(&self, body: Json<EmailProof>) -> Result<NoContent, ApiProblem> {
        let accounts = self.accounts.clone();
        let prove = async move { accounts.prove_email(body.0).await };
        self.accounts.base.tasks.run(prove).await??;
        Ok(NoContent)
    }
}

/// The profile of the user on the wire.
pub(super) async fn profile_of(accounts: &Accounts, user: User) -> Result<Profile, ApiProblem> {
    log_in::profile(&accounts.base.db, user.id).await?.ok_or_else(|| {
        let detail = "The account no longer exists. Sign in again.";
        ApiProblem::new(ProblemType::Unauthorized, detail)
    })
}

impl From<EditError> for ApiProblem {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Field(field, message) => Self::field(field, message),
            EditError::NotActive => auth::no_longer_active(),
            EditError::Db(error) => error.into(),
        }
    }
}

impl From<EraseAccountError> for ApiProblem {
    fn from(error: EraseAccountError) -> Self {
        match error {
            EraseAccountError::Proof(error) => error.into(),
            EraseAccountError::Obstacle(obstacle) => {
                let detail = match obstacle {
                    ErasureObstacle::Administrator => {
                        "You are an administrator. Another administrator has to take the role from you first."
                    }
                    ErasureObstacle::LastOwner => {
                        "You are the only owner of an organization. Make another member an owner first."
                    }
                    ErasureObstacle::PaymentUnderWay => {
                        "You are paying for a booking. Wait until the payment has ended."
                    }
                };
                Self::new(ProblemType::IllegalTransition, detail)
                    .with_reasons(vec![obstacle.as_str().to_owned()])
            }
            EraseAccountError::Db(error) => error.into(),
        }
    }
}
