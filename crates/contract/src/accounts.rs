//! Bodies of registration, sign-in and the profile.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::legal::Acceptance;

/// The request body that creates an account.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The user's e-mail address, at most 254 characters. Upper and lower case count as equal.
    pub email: String,
    /// 8 to 128 characters that are hard to guess: no common password, and not made of the other fields. The shop may also
    /// require a lower-case letter, an upper-case letter and a digit.
    #[debug("hidden")]
    pub password: String,
    /// The user's given name, 1 to 100 characters.
    pub first_name: String,
    /// The user's family name, at most 100 characters. Empty for people who have one name.
    pub last_name: String,
    /// The user's language as a BCP 47 tag such as `en` or `fr`. Default: English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The version of the terms that the user has accepted. Required if `must_accept` of `GET /legal` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
}

/// The proof that an address is the user's, from the mail about the new account: `token`, or `email` and `code`.
///
/// The browser that has registered the account needs nothing else. Any other browser sends a password and a name, which
/// replace those of the registration: somebody else may have registered with this address.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct Activation {
    /// The token of the link: the part of its address after `#`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[debug("hidden")]
    pub token: Option<String>,
    /// The e-mail address of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The code of the mail: six digits. Ten codes can be tried within an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[debug("hidden")]
    pub code: Option<String>,
    /// The password of the account. The rule is that of a registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[debug("hidden")]
    pub password: Option<String>,
    /// The user's given name, 1 to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The user's family name, at most 100 characters. Empty for people who have one name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The user's language as a BCP 47 tag such as `en` or `fr`, if a password is sent. Default: that of
    /// `Accept-Language`, otherwise that of the registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The version of the terms that the user has accepted, if a password is sent. Required then if `must_accept` of
    /// `GET /legal` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
}

/// The address of a new account, whose user wants the mail once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct ActivationMail {
    /// The e-mail address of the account.
    pub email: String,
}

/// The request body of a sign-in.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The e-mail address of the account. Upper and lower case count as equal.
    pub email: String,
    /// The password of the account.
    #[debug("hidden")]
    pub password: String,
    /// Whether the session lasts for 30 days after its last use. Otherwise it ends when the browser is closed, and at the
    /// latest 12 hours after its last use.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", oai(default))]
    pub remember: bool,
}

/// The request for a mail with which a user who has forgotten the password sets a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct ForgottenPassword {
    /// The e-mail address of the account.
    pub email: String,
}

/// A new password, with the proof from the mail: `token`, or `email` and `code`.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The token of the link: the part of its address after `#`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[debug("hidden")]
    pub token: Option<String>,
    /// The e-mail address of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The code of the mail: six digits. Ten codes can be tried within an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[debug("hidden")]
    pub code: Option<String>,
    /// The new password. The rule is that of a registration.
    #[debug("hidden")]
    pub password: String,
}

/// A new password of a user who is signed in.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct ChangedPassword {
    /// The present password. Ten can be tried within an hour.
    #[debug("hidden")]
    pub current_password: String,
    /// The new password. The rule is that of a registration.
    #[debug("hidden")]
    pub new_password: String,
}

/// The response to an activation, a sign-in or a renewal. It also sets the cookie with the refresh token.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Session {
    /// The access token. The client sends it in the header `Authorization: Bearer …`.
    #[debug("hidden")]
    pub access_token: String,
    /// The number of seconds until the access token expires.
    pub expires_in_seconds: i64,
    /// The account of the user who signed in.
    pub profile: Profile,
    /// The reservations and bookings that moved from the guest to the user. Absent when the request had no guest token,
    /// or when something is left that the next request with both tokens moves: keep the guest token until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<Adopted>,
}

/// The reservations and bookings that a guest had and that the user now has. Only the reservations that `kept` names
/// stay the guest's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Adopted {
    /// The ids of the reservations that moved to the user.
    pub reservations: Vec<Uuid>,
    /// The ids of the bookings that moved to the user.
    pub bookings: Vec<Uuid>,
    /// The reservations that stay the guest's, because the user would exceed a limit.
    pub kept: Vec<KeptReservations>,
}

/// Reservations that stay the guest's, because the user would have more persons in the event than one buyer may. The
/// guest token still reads, cancels and confirms them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct KeptReservations {
    /// The ids of the reservations.
    pub reservations: Vec<Uuid>,
    /// The pending booking that pays for the reservations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<Uuid>,
    /// The event whose limit the user would exceed.
    pub event_id: Uuid,
    /// How many persons one buyer may have in the event.
    pub limit: i64,
    /// How many persons the user may still add in the event.
    pub remaining: i64,
}

/// A user's role in the whole installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A user who buys tickets and manages no events.
    Customer,
    /// A user who manages the events of the organizations they are a member of.
    Organizer,
    /// A user who admits people at the gate.
    Controller,
    /// A user who administers the installation.
    Admin,
}

/// An account as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Profile {
    /// The id of the user, a UUIDv7.
    pub id: Uuid,
    /// The e-mail address with which the user signs in.
    pub email: String,
    /// The user's given name, 1 to 100 characters.
    pub first_name: String,
    /// The user's family name. Empty for people who have one name.
    pub last_name: String,
    /// The user's role in the whole installation.
    pub role: Role,
    /// The user's language as a BCP 47 tag.
    pub locale: String,
    /// The organizations that the user is a member of.
    pub organizations: Vec<Membership>,
}

/// A change of a user's own profile. An absent field stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct ProfileChange {
    /// The user's given name, 1 to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The user's family name, at most 100 characters. Empty for people who have one name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The user's language as a BCP 47 tag such as `en` or `fr`. Mails about the account are in this language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// A user's membership of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Membership {
    /// The id of the organization, a UUIDv7.
    pub organization_id: Uuid,
    /// The name of the organization, for people.
    pub name: String,
    /// The user's role in the organization: `owner`, `manager`, `seller`, `viewer` or `controller`.
    pub role: String,
}

/// A session of the user on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeviceSession {
    /// The id of the session, a UUIDv7.
    pub id: Uuid,
    /// The browser as it described itself at the sign-in: its `User-Agent`. Empty if it did not.
    pub agent: String,
    /// The network address from which the user signed in. Absent if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// When the user signed in (RFC 3339).
    pub created_at: String,
    /// When the session was last renewed (RFC 3339). A page that is open renews it about every ten minutes.
    pub used_at: String,
    /// Whether this request belongs to the session.
    pub is_current: bool,
}

/// The sessions of a user that go on, the last one first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct DeviceSessions {
    /// The sessions.
    pub items: Vec<DeviceSession>,
}

/// A new address for the account of the signed-in user. The present address stays until the user has proved the new one.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct NewEmail {
    /// The new e-mail address, at most 254 characters. Upper and lower case count as equal.
    pub email: String,
    /// The present password. Ten can be tried within an hour.
    #[debug("hidden")]
    pub current_password: String,
}

/// The proof from a mail about a new address: `token`, or `email` and `code`.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct EmailProof {
    /// The token of the link: the part of its address after `#`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[debug("hidden")]
    pub token: Option<String>,
    /// The present e-mail address of the account, not the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The code of the mail: six digits. Ten codes can be tried within an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[debug("hidden")]
    pub code: Option<String>,
}

/// The erasure of the signed-in user's account.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// The present password. Ten can be tried within an hour.
    #[debug("hidden")]
    pub current_password: String,
}
