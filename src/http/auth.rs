//! The sender of a request: a signed-in user with a bearer token, a guest with `X-Guest-Token`, or an unknown
//! visitor.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_contract::{GUEST_TOKEN_HEADER, accounts::Adopted, problem::ProblemType};
use holdfast_domain::{
    access::Role,
    ids::{Buyer, GuestId, SessionId, UserId},
};
use poem::{FromRequest, Request, RequestBody, Result, http::header, web::Data};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, Tags,
    registry::{MetaSecurityScheme, Registry},
};

use super::{problem::ApiProblem, tokens::Tokens};
use crate::kernel::{actor::User, db::StoreError};

const SCHEME: &str = "bearer";

#[derive(Tags)]
pub enum AuthTag {
    /// Registration, sign-in, sessions and the caller's profile.
    Auth,
}

/// The languages that the server speaks; the first is the default.
pub const LOCALES: [&str; 2] = ["en", "fr"];

/// The sender of a request. A request with an invalid token is refused and never treated as a request without a
/// token: a guest whose token was cut short must not silently become another guest.
#[derive(Debug, Clone)]
pub struct Caller {
    pub user: Option<User>,
    /// The session of the user's access token.
    pub session: Option<SessionId>,
    pub guest: Option<GuestId>,
    /// The language in which the caller gets texts.
    pub locale: &'static str,
}

/// The sender of a request by its tokens alone. Nobody has asked whether the account is still active: this is for use
/// cases that read it in a statement of their own.
#[derive(Debug, Clone)]
pub struct Bearer {
    pub user: Option<UserId>,
    /// The session of the user's access token.
    pub session: Option<SessionId>,
    pub guest: Option<GuestId>,
    /// The language in which the sender gets texts.
    pub locale: &'static str,
}

/// The users in the database.
#[async_trait]
pub trait Users: Send + Sync + std::fmt::Debug {
    /// The role of the user, which may be a second old; `None` when the account does not exist or may not sign in.
    async fn role_of(&self, user: UserId) -> Result<Option<Role>, StoreError>;

    /// [`Self::role_of`], read at this moment.
    async fn role_now(&self, user: UserId) -> Result<Option<Role>, StoreError>;
}

/// Moves what a guest has to the user who the guest turned out to be: the request carries the tokens of both.
#[async_trait]
pub trait Adopt: Send + Sync + std::fmt::Debug {
    /// Gives the guest's holds, bookings and tickets to the user, as far as the limits of one buyer allow. `None` if
    /// something else is left that the next request moves.
    ///
    /// # Errors
    /// When the database fails.
    async fn adopt(
        &self,
        guest: GuestId,
        user: User,
        locale: &'static str,
    ) -> Result<Option<Adopted>, StoreError>;

    /// Gives the user what guests have bought under the user's address, which the user has proved. Whatever a guest still
    /// holds or pays for stays the guest's.
    ///
    /// # Errors
    /// When the database fails.
    async fn adopt_address(&self, user: User, locale: &'static str) -> Result<Adopted, StoreError>;
}

impl Bearer {
    /// Reads the tokens of the request.
    ///
    /// # Errors
    /// 401 when a token is invalid or has expired.
    pub async fn of(request: &Request) -> Result<Self> {
        // The limits have read valid tokens already.
        if let Some(known) = request.extensions().get::<Self>() {
            return Ok(known.clone());
        }
        let tokens = Data::<&Arc<Tokens>>::from_request_without_body(request).await?.0;
        let said = match request.headers().get(header::AUTHORIZATION) {
            None => None,
            Some(value) => {
                let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
                let said = token.and_then(|token| tokens.read_access(token));
                Some(said.ok_or_else(|| {
                    unauthorized("Authorization", "the token is invalid or has expired")
                })?)
            }
        };
        let guest = match request.headers().get(GUEST_TOKEN_HEADER) {
            None => None,
            Some(value) => {
                let guest = value.to_str().ok().and_then(|token| tokens.read_guest(token));
                let guest = guest
                    .ok_or_else(|| unauthorized(GUEST_TOKEN_HEADER, "the token is invalid"))?;
                Some(guest)
            }
        };
        let (user, session) = (said.map(|it| it.user), said.and_then(|it| it.session));
        Ok(Self { user, session, guest, locale: locale(request) })
    }

    /// Whether the request carries the tokens of a user and of a guest, so that the user adopts what the guest has.
    pub fn is_both(&self) -> bool {
        self.user.is_some() && self.guest.is_some()
    }

    /// The buyer: the signed-in user, otherwise the guest.
    pub fn buyer(&self) -> Option<Buyer> {
        self.user.map(Buyer::User).or_else(|| self.guest.map(Buyer::Guest))
    }

    /// The sender with the role that the user has at this moment. A guest who signed in adopts: see [`Adopt`].
    ///
    /// # Errors
    /// 401 when the user may no longer sign in.
    pub async fn caller(&self, users: &dyn Users, adopt: &dyn Adopt) -> Result<Caller, ApiProblem> {
        let caller = self.with_role(async |user| users.role_now(user).await).await?;
        caller.adopt_guest(adopt).await?;
        Ok(caller)
    }

    /// The sender with the role that `role_of` returns; `None` means that the user may no longer sign in.
    async fn with_role(
        &self,
        role_of: impl AsyncFnOnce(UserId) -> Result<Option<Role>, StoreError>,
    ) -> Result<Caller, ApiProblem> {
        let user = match self.user {
            None => None,
            Some(id) => {
                let role = role_of(id).await?.ok_or_else(no_longer_active)?;
                Some(User { id, role })
            }
        };
        let Self { session, guest, locale, .. } = *self;
        Ok(Caller { user, session, guest, locale })
    }
}

impl Caller {
    /// The sender of this request. A request that only reads may be answered with a role that is a second old; any
    /// other request reads the role at this moment. A guest who signed in adopts: see [`Adopt`].
    ///
    /// # Errors
    /// 401 when a token is invalid or has expired, or when its user may no longer sign in.
    pub async fn of(request: &Request) -> Result<Self> {
        let users = Data::<&Arc<dyn Users>>::from_request_without_body(request).await?.0;
        let adopt = Data::<&Arc<dyn Adopt>>::from_request_without_body(request).await?.0;
        let bearer = Bearer::of(request).await?;
        if !request.method().is_safe() {
            return Ok(bearer.caller(&**users, &**adopt).await?);
        }
        let caller = bearer.with_role(async |user| users.role_of(user).await).await?;
        // A failed adoption keeps nobody from reading.
        or_later(caller.adopt_guest(&**adopt).await);
        Ok(caller)
    }

    /// Moves what the guest has to the user, if this caller is both.
    async fn adopt_guest(&self, adopt: &dyn Adopt) -> Result<Option<Adopted>, StoreError> {
        match (self.user, self.guest) {
            (Some(user), Some(guest)) => adopt.adopt(guest, user, self.locale).await,
            _ => Ok(None),
        }
    }

    /// This caller with the role that the user has at this moment.
    ///
    /// # Errors
    /// 401 when the user may no longer sign in.
    pub async fn at_present(&self, users: &dyn Users) -> Result<Self, ApiProblem> {
        let Some(User { id, .. }) = self.user else { return Ok(self.clone()) };
        let role = users.role_now(id).await?.ok_or_else(no_longer_active)?;
        Ok(Self { user: Some(User { id, role }), ..self.clone() })
    }

    /// # Errors
    /// 401 when nobody is signed in.
    pub fn user(&self) -> Result<User, ApiProblem> {
        self.user.ok_or_else(|| ApiProblem::new(ProblemType::Unauthorized, "Sign in first."))
    }

    /// The buyer: the signed-in user, otherwise the guest.
    pub fn buyer(&self) -> Option<Buyer> {
        self.user.map(|user| Buyer::User(user.id)).or_else(|| self.guest.map(Buyer::Guest))
    }

    /// The buyer, for a route that needs one.
    ///
    /// # Errors
    /// 401 when nobody is signed in and the request has no guest token.
    pub fn known_buyer(&self) -> Result<Buyer, ApiProblem> {
        self.buyer().ok_or_else(|| {
            ApiProblem::new(
                ProblemType::Unauthorized,
                format!("Sign in, or send {GUEST_TOKEN_HEADER}."),
            )
        })
    }

    pub fn role(&self) -> Option<Role> {
        self.user.map(|user| user.role)
    }
}

/// The result of an adoption that keeps nobody from going on: if it failed, the next request with both tokens adopts.
pub fn or_later<T: Default>(adopted: Result<T, StoreError>) -> T {
    adopted.unwrap_or_else(|error| {
        tracing::warn!(%error, "what a guest has could not be moved");
        T::default()
    })
}

/// The response to a user whose account was suspended or erased.
pub fn no_longer_active() -> ApiProblem {
    unauthorized("Authorization", "the account is no longer active")
}

fn unauthorized(header: &str, message: &str) -> ApiProblem {
    ApiProblem::new(ProblemType::Unauthorized, format!("{header}: {message}")).with_errors(vec![
        holdfast_contract::problem::FieldError {
            field: header.to_owned(),
            message: message.to_owned(),
        },
    ])
}

/// The guest who signs in. A token that is no longer valid is no reason to refuse a sign-in.
pub fn guest_of(request: &Request, tokens: &Tokens) -> Option<GuestId> {
    let token = request.headers().get(GUEST_TOKEN_HEADER)?;
    tokens.read_guest(token.to_str().ok()?)
}

/// The first of [`LOCALES`] that `Accept-Language` names (RFC 9110, 12.5.4). The weights are ignored, because
/// browsers send the languages in falling order.
pub fn locale(request: &Request) -> &'static str {
    let wanted = request.header(header::ACCEPT_LANGUAGE).unwrap_or("");
    wanted
        .split(',')
        .filter_map(|part| part.trim().get(..2))
        .find_map(|wanted| LOCALES.into_iter().find(|ours| ours.eq_ignore_ascii_case(wanted)))
        .unwrap_or(LOCALES[0])
}

fn register_scheme(registry: &mut Registry) {
    registry.create_security_scheme(
        SCHEME,
        MetaSecurityScheme {
            ty: "http",
            description: Some("The access token from POST /auth/login, POST /auth/activate or POST /auth/refresh."),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: Some("JWT"),
            flows: None,
            openid_connect_url: None,
        },
    );
}

/// Makes an extractor of routes that accept an access token.
macro_rules! by_token {
    ($($sender:ty),*) => { $(
        impl<'a> ApiExtractor<'a> for $sender {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                register_scheme(registry);
            }

            fn security_schemes() -> Vec<&'static str> {
                vec![SCHEME]
            }

            fn has_security_fallback() -> bool {
                true
            }

            async fn from_request(
                request: &'a Request,
                _body: &mut RequestBody,
                _options: ExtractParamOptions<()>,
            ) -> Result<Self> {
                Self::of(request).await
            }
        }
    )* };
}

by_token!(Bearer, Caller);
