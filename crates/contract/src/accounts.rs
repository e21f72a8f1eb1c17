//! Accounts: registering, signing in, the profile.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A new account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The address, unique without regard to case.
    pub email: String,
    /// At least 8 characters with a lower-case and an upper-case letter and a digit.
    pub password: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// A BCP 47 tag such as `en` or `fr`; English without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// An attempt to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
}

/// A signed-in session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Session {
    /// Sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// Seconds until it is worthless.
    pub expires_in_seconds: i64,
    /// Who is signed in.
    pub profile: Profile,
}

/// What a user is allowed in general.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys tickets.
    Customer,
    /// Manages the events of the organizations of which they are a member.
    Organizer,
    /// Admits people at the gate.
    Controller,
    /// Runs the installation.
    Admin,
}

/// An account as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Profile {
    /// The user.
    pub id: Uuid,
    /// The address.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What the user may do in general.
    pub role: Role,
    /// A BCP 47 tag.
    pub locale: String,
    /// The organizations of which the user is a member.
    pub organizations: Vec<Membership>,
}

/// A user's place in an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Membership {
    /// The organization.
    pub organization_id: Uuid,
    /// Its name.
    pub name: String,
    /// The user's role within it: `owner`, `manager`, `seller`, `viewer` or `controller`.
    pub role: String,
}
