//! Bodies of organizations, their members and invitations.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The application for an organization. The applicant becomes its owner when an administrator approves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct NewOrganization {
    /// The name that buyers see, 1 to 200 characters.
    pub name: String,
    /// The name in contracts and on invoices, 1 to 200 characters.
    pub legal_name: String,
    /// The e-mail address at which buyers reach the organization.
    pub contact_email: String,
    /// The address of the organization's website, which begins with `https://` or `http://`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
}

/// A change of what an organization says about itself. An absent field stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct OrganizationChange {
    /// The name that buyers see, 1 to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name in contracts and on invoices, 1 to 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    /// The e-mail address at which buyers reach the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// The address of the organization's website. An empty text removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
}

impl OrganizationChange {
    /// The names of the fields that the change names.
    pub fn fields(&self) -> Vec<&'static str> {
        let Self { name, legal_name, contact_email, website } = self;
        let named = [
            ("name", name.is_some()),
            ("legal_name", legal_name.is_some()),
            ("contact_email", contact_email.is_some()),
            ("website", website.is_some()),
        ];
        named.into_iter().filter(|(_, is_named)| *is_named).map(|(field, _)| field).collect()
    }
}

/// The status of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum OrganizationStatus {
    /// A user has applied for the organization. An administrator decides.
    Applied,
    /// The organization may have events.
    Active,
    /// An administrator has refused the application.
    Refused,
}

/// An organization as everybody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct PublicOrganization {
    /// The id of the organization, a UUIDv7.
    pub id: Uuid,
    /// The unique name of the organization in addresses.
    pub slug: String,
    /// The name that buyers see.
    pub name: String,
    /// The e-mail address at which buyers reach the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// The address of the organization's website.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
}

/// An organization as its members and administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Organization {
    /// The id of the organization, a UUIDv7.
    pub id: Uuid,
    /// The unique name of the organization in addresses.
    pub slug: String,
    /// The name that buyers see.
    pub name: String,
    /// The name in contracts and on invoices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    /// The e-mail address at which buyers reach the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// The address of the organization's website.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Whether the organization may have events.
    pub status: OrganizationStatus,
    /// Why an administrator has refused the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the organization was made, or applied for (RFC 3339).
    pub created_at: String,
}

/// A page of organizations, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct OrganizationPage {
    /// The organizations of this page.
    pub items: Vec<Organization>,
    /// The cursor of the next page: send it as `after`. `null` on the last page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// The decision on an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct OrganizationDecision {
    /// `active` approves the application, `refused` refuses it.
    pub status: OrganizationStatus,
    /// Why, for the applicant: at most 500 characters. Required for a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The role of a member in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// May do everything, including deciding who the other members are.
    Owner,
    /// Manages the organization's events and their bookings.
    Manager,
    /// Sees the organization's events and bookings, sells at the door and helps buyers.
    Seller,
    /// Sees the organization's events and bookings.
    Viewer,
    /// Admits people at the organization's gates.
    Controller,
}

/// A member of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Member {
    /// The id of the user.
    pub user_id: Uuid,
    /// The user's e-mail address.
    pub email: String,
    /// The user's given name.
    pub first_name: String,
    /// The user's family name. Empty for people who have one name.
    pub last_name: String,
    /// What the member may do for the organization.
    pub role: MemberRole,
}

/// The members of an organization and the open invitations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Members {
    /// The members, owners first.
    pub items: Vec<Member>,
    /// The invitations that nobody has accepted yet. Only owners and administrators see them.
    pub invitations: Vec<Invitation>,
}

/// Another role for a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct MemberChange {
    /// What the member may do from now on.
    pub role: MemberRole,
}

/// An invitation to an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// The e-mail address of the person. Only an account with this address can accept.
    pub email: String,
    /// What the person may do for the organization.
    pub role: MemberRole,
}

/// An invitation that nobody has accepted yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Invitation {
    /// The id of the invitation, a UUIDv7.
    pub id: Uuid,
    /// The e-mail address of the person.
    pub email: String,
    /// What the person may do for the organization.
    pub role: MemberRole,
    /// When the invitation was sent (RFC 3339).
    pub created_at: String,
    /// Until when it can be accepted (RFC 3339).
    pub expires_at: String,
}

/// The proof from the mail with an invitation.
#[derive(derive_more::Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct InvitationProof {
    /// The token of the link: the part of its address after `#`.
    #[debug("hidden")]
    pub token: String,
}
