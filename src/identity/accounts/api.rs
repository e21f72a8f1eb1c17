//! The HTTP routes of accounts.

use std::{future::Future, sync::Arc};

use cookie::Cookie;
use holdfast_contract::{
    accounts::{
        Activation, ActivationMail, Adopted, ChangedPassword, Credentials, ForgottenPassword,
        NewPassword, Registration, Session,
    },
    problem::{FieldError, ProblemType},
};
use holdfast_domain::{
    email::MAX_CHARS, ids::SessionId, link::LinkPurpose, session::SessionLength,
};
use poem::{Request, http::header};
use poem_openapi::OpenApi;

use super::{
    Accounts, known_devices,
    log_in::{LogInError, SignedIn},
    password::{PasswordError, Weakness},
    profile_api,
    proof::ProofError,
    register::RegisterError,
    sign_in_tries::SignInSender,
};
use crate::{
    http::{
        auth::{self, Adopt, AuthTag, Caller, Users},
        body::{Json, NoContent},
        client,
        cookie::WithCookies,
        own_page::OwnPage,
        problem::ApiProblem,
        tokens::{ACCESS_TOKEN_SECS, Tokens},
    },
    identity::sessions::{Device, RenewError, Sessions},
    kernel::{actor::User, backlog::Full, db::StoreError},
};

/// The time after which a client should try again when too many requests sign in, in seconds.
const BUSY_RETRY_AFTER_SECS: u64 = 3;

/// The reason of the refusal of sign-ins after too many wrong passwords.
const WRONG_PASSWORDS: &str = "wrong-passwords";

/// The time after which a user may try the present password again, in seconds.
const TRIES_RETRY_AFTER_SECS: u64 = 60 * 60;

#[derive(Debug, Clone)]
pub struct AccountsApi {
    pub accounts: Accounts,
    pub tokens: Arc<Tokens>,
    pub adopt: Arc<dyn Adopt>,
    pub users: Arc<dyn Users>,
}

#[OpenApi(prefix_path = "/auth", tag = "AuthTag::Auth")]
impl AccountsApi {
    /// Create an account.
    ///
    /// The account is inactive until its user has proved the address by the link or the code of a mail. The response is the
    /// same whether there is an account with this address or not; the mail says it. The cookie tells later that this
    /// browser has registered the account.
    #[oai(path = "/register", method = "post")]
    async fn register(
        &self,
        body: Json<Registration>,
    ) -> Result<WithCookies<NoContent>, ApiProblem> {
        let accounts = self.accounts.clone();
        let tasks = &self.accounts.base.tasks;
        let registered = tasks.run(async move { accounts.sign_up(body.0).await }).await??;
        // A mail that is sent again may have a younger link.
        let kept_ms = 2 * LinkPurpose::Activation.lasts_ms();
        let cookie = self.accounts.registered.kept(registered, kept_ms);
        Ok(WithCookies { cookies: vec![cookie], response: NoContent })
    }

    /// Prove the address of a new account, and sign in.
    ///
    /// The guest's holds, bookings and tickets move to the account if the request carries the guest's token.
    #[oai(path = "/activate", method = "post")]
    async fn activate(
        &self,
        request: &Request,
        body: Json<Activation>,
    ) -> Result<WithCookies<Json<Session>>, ApiProblem> {
        let accounts = self.accounts.clone();
        let registered = self.accounts.registered.read(request);
        let has_language = request.headers().contains_key(header::ACCEPT_LANGUAGE);
        let locale = has_language.then(|| auth::locale(request));
        let activate =
            async move { accounts.activate(body.0, registered.as_deref(), locale).await };
        let signed_in = self.accounts.base.tasks.run(activate).await??;
        self.begun(request, signed_in, SessionLength::Browser).await
    }

    /// Ask for the mail about a new account once more.
    ///
    /// The response is the same whether there is an account with this address or not.
    #[oai(path = "/activate/mail", method = "post")]
    async fn ask_activation(&self, body: Json<ActivationMail>) -> Result<NoContent, ApiProblem> {
        let ask = |accounts: Accounts, typed: String| async move {
            accounts.ask_activation(&typed).await
        };
        self.ask_mail(body.0.email, ask)
    }

    /// Sign in.
    ///
    /// The guest's holds, bookings and tickets move to the account if the request carries the guest's token.
    #[oai(path = "/login", method = "post")]
    async fn log_in(
        &self,
        request: &Request,
        body: Json<Credentials>,
    ) -> Result<WithCookies<Json<Session>>, ApiProblem> {
        let length =
            if body.0.remember { SessionLength::Remembered } else { SessionLength::Browser };
        let sender = SignInSender {
            address: client::address(request),
            devices: self.accounts.devices.read(request),
        };
        let accounts = self.accounts.clone();
        let log_in = async move { accounts.log_in(body.0, &sender).await };
        let signed_in = self.accounts.base.tasks.run(log_in).await??;
        self.begun(request, signed_in, length).await
    }

    /// Renew the access token.
    ///
    /// The refresh token is in the cookie, and a renewal replaces it. For 10 seconds, the replaced token and the new one both
    /// get the new one. After that, a replaced token that comes back ends the session, because somebody has a copy.
    #[oai(path = "/refresh", method = "post")]
    async fn refresh(
        &self,
        request: &Request,
        _page: OwnPage,
    ) -> Result<WithCookies<Json<Session>>, ApiProblem> {
        let sessions = self.sessions().clone();
        let token = sessions.cookie.read(request).ok_or_else(|| {
            ApiProblem::new(ProblemType::Unauthorized, "There is no session. Sign in.")
        })?;
        let renew = async move { sessions.renew(&token).await };
        let renewed = self.accounts.base.tasks.run(renew).await??;
        let role = self.users.role_now(renewed.user).await?;
        let role = role.ok_or_else(auth::no_longer_active)?;
        let user = User { id: renewed.user, role };
        let cookie = self.sessions().cookie.set(renewed.token, renewed.length);
        let session = self.session(user, renewed.id, None).await?;
        Ok(WithCookies { cookies: vec![cookie], response: Json(session) })
    }

    /// Ask for a mail with a link and a code for a new password.
    ///
    /// The response is the same whether there is an account with this address or not.
    #[oai(path = "/password/forgot", method = "post")]
    async fn forgot(&self, body: Json<ForgottenPassword>) -> Result<NoContent, ApiProblem> {
        self.ask_mail(body.0.email, |accounts, typed| async move { accounts.forgot(&typed).await })
    }

    /// Set a new password by the link or the code of the mail.
    ///
    /// All sessions of the user end, and a mail tells of the change. This browser is known from now on, and no other one.
    #[oai(path = "/password/reset", method = "post")]
    async fn reset(
        &self,
        request: &Request,
        body: Json<NewPassword>,
    ) -> Result<WithCookies<NoContent>, ApiProblem> {
        let (accounts, devices) = (self.accounts.clone(), self.accounts.devices.read(request));
        let reset = async move { accounts.reset(body.0, devices.as_deref()).await };
        let known = self.accounts.base.tasks.run(reset).await??;
        Ok(WithCookies { cookies: vec![self.known(known)], response: NoContent })
    }

    /// Set a new password as the signed-in user.
    ///
    /// All other sessions of the user end, and a mail tells of the change. This browser is known from now on, and no other one.
    #[oai(path = "/password", method = "put")]
    async fn change_password(
        &self,
        caller: Caller,
        request: &Request,
        body: Json<ChangedPassword>,
    ) -> Result<WithCookies<NoContent>, ApiProblem> {
        let (user, session) = (caller.user()?, caller.session);
        let (accounts, devices) = (self.accounts.clone(), self.accounts.devices.read(request));
        let change = async move {
            accounts.change_password(user, session, body.0, devices.as_deref()).await
        };
        let known = self.accounts.base.tasks.run(change).await??;
        Ok(WithCookies { cookies: vec![self.known(known)], response: NoContent })
    }
}

impl AccountsApi {
    /// Has a mail written to the address. Nobody waits for it, so that the time does not tell whether there is such an
    /// account.
    fn ask_mail<F>(
        &self,
        typed: String,
        ask: impl FnOnce(Accounts, String) -> F,
    ) -> Result<NoContent, ApiProblem>
    where
        F: Future<Output = Result<(), StoreError>> + Send + 'static,
    {
        if typed.trim().is_empty() || typed.chars().count() > MAX_CHARS {
            return Err(ApiProblem::field("email", "must be an e-mail address"));
        }
        let Accounts { base, asked, .. } = &self.accounts;
        let ask = ask(self.accounts.clone(), typed);
        let asking = async move {
            if let Err(error) = ask.await {
                tracing::error!(%error, "a mail about an account was not written");
            }
        };
        asked.start(&base.tasks, asking).map_err(|Full| PasswordError::Busy)?;
        Ok(NoContent)
    }

    fn sessions(&self) -> &Sessions {
        &self.accounts.sessions
    }

    /// The cookie by which the browser is known.
    fn known(&self, value: String) -> Cookie<'static> {
        self.accounts.devices.kept(value, known_devices::KEPT_MS)
    }

    /// Begins a session of the user, who has just signed in.
    async fn begun(
        &self,
        request: &Request,
        signed_in: SignedIn,
        length: SessionLength,
    ) -> Result<WithCookies<Json<Session>>, ApiProblem> {
        let (accounts, device) = (self.accounts.clone(), Device::of(request));
        let devices = accounts.devices.read(request);
        let (user, replaced) = (signed_in.user, self.sessions().cookie.read(request));
        let open = async move {
            // The new cookie replaces the one of an earlier session, which nobody could end any more.
            if let Some(replaced) = replaced {
                accounts.sessions.end_by(&replaced).await?;
            }
            accounts.begin_session(signed_in, length, device, devices).await
        };
        let begun = self.accounts.base.tasks.run(open).await??;
        // The user is signed in, and a new account exists, whatever becomes of what guests have.
        let locale = auth::locale(request);
        let of_guest = match auth::guest_of(request, &self.tokens) {
            Some(guest) => auth::or_later(self.adopt.adopt(guest, user, locale).await),
            None => None,
        };
        let of_address = auth::or_later(self.adopt.adopt_address(user, locale).await);
        let adopted = both(of_guest, of_address);
        let session = self.session(user, begun.session.id, adopted).await?;
        let cookies =
            vec![self.sessions().cookie.set(begun.session.token, length), self.known(begun.device)];
        Ok(WithCookies { cookies, response: Json(session) })
    }

    async fn session(
        &self,
        user: User,
        session: SessionId,
        adopted: Option<Adopted>,
    ) -> Result<Session, ApiProblem> {
        Ok(Session {
            access_token: self.tokens.access(user, session),
            expires_in_seconds: ACCESS_TOKEN_SECS,
            profile: profile_api::profile_of(&self.accounts, user).await?,
            adopted,
        })
    }
}

/// What came from the guest of this browser, and from guests with the user's address, if there was anything.
fn both(of_guest: Option<Adopted>, of_address: Adopted) -> Option<Adopted> {
    if of_address.bookings.is_empty() {
        return of_guest;
    }
    let mut all = of_guest.unwrap_or_default();
    all.reservations.extend(of_address.reservations);
    all.bookings.extend(of_address.bookings);
    Some(all)
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

impl From<ProofError> for ApiProblem {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::NoProof(field) => {
                let message =
                    "is wrong, has been used or has expired, or too many codes were tried";
                let detail = format!(
                    "{field}: {message}. After too many codes, the link of the mail still works."
                );
                Self::new(ProblemType::InvalidCredentials, detail).with_errors(vec![FieldError {
                    field: field.to_owned(),
                    message: message.to_owned(),
                }])
            }
            ProofError::RegisteredElsewhere(field) => Self::new(
                ProblemType::RegisteredElsewhere,
                "The account is not active yet, and another browser has registered it. Activate it with POST /auth/activate, a password and a first name; they replace those of the registration.",
            )
            .with_errors(vec![FieldError { field: field.to_owned(), message: "is required".to_owned() }]),
            ProofError::WrongPassword => Self::field("current_password", "is wrong"),
            ProofError::TooOften => {
                let detail = "The present password was tried too often. Try again in an hour.";
                Self::new(ProblemType::TooManyRequests, detail)
                    .with_errors(vec![FieldError {
                        field: "current_password".to_owned(),
                        message: "was tried too often".to_owned(),
                    }])
                    .retry_after(TRIES_RETRY_AFTER_SECS)
            }
            ProofError::Field(field, message) => Self::field(field, message),
            ProofError::NotActive => auth::no_longer_active(),
            ProofError::ChangedLately => Self::new(
                ProblemType::IllegalTransition,
                "The address was changed within the last three days. Only the former address can be chosen now.",
            )
            .with_reasons(vec!["changed-lately".to_owned()]),
            ProofError::Weak(field, weakness) => too_weak(field, &weakness),
            ProofError::Password(error) => error.into(),
            ProofError::Db(error) => error.into(),
        }
    }
}

fn too_weak(field: &str, weakness: &Weakness) -> ApiProblem {
    let error = FieldError { field: field.to_owned(), message: weakness.to_string() };
    ApiProblem::new(ProblemType::WeakPassword, format!("The password {weakness}."))
        .with_errors(vec![error])
}

impl From<RenewError> for ApiProblem {
    fn from(error: RenewError) -> Self {
        match error {
            RenewError::Over => {
                Self::new(ProblemType::Unauthorized, "The session is over. Sign in again.")
            }
            RenewError::Db(error) => error.into(),
        }
    }
}

impl From<LogInError> for ApiProblem {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::Wrong => Self::new(ProblemType::InvalidCredentials, ""),
            LogInError::TooOften { wait_ms } => {
                let secs = u64::try_from(wait_ms).unwrap_or_default().div_ceil(1000).max(1);
                let detail = format!(
                    "Too many wrong passwords were tried. Try again in {} min, sign in where you have signed in before, or choose a new password by mail.",
                    secs.div_ceil(60)
                );
                Self::new(ProblemType::TooManyRequests, detail)
                    .with_reasons(vec![WRONG_PASSWORDS.to_owned()])
                    .retry_after(secs)
            }
            LogInError::Password(error) => error.into(),
            LogInError::Db(error) => error.into(),
        }
    }
}

impl From<RegisterError> for ApiProblem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Field(field, message) => Self::field(field, message),
            RegisterError::Terms(refusal) => Self::field(refusal.field(), refusal.to_string()),
            RegisterError::Weak(weakness) => too_weak("password", &weakness),
            error @ RegisterError::Taken => Self::internal(&error),
            RegisterError::Password(error) => error.into(),
            RegisterError::Db(error) => error.into(),
        }
    }
}
