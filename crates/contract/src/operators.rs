//! Bodies of the administrators' views: sagas, messages, users and the audit log.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::accounts::{Membership, Role};

/// The status of a saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum SagaStatus {
    /// The saga has a step to run.
    Running,
    /// The saga waits for a person, for the gateway or for its due time.
    Waiting,
    /// The saga is undoing its completed steps.
    Undoing,
    /// The saga completed all its steps.
    Done,
    /// The saga undid all its completed steps and ended.
    Undone,
    /// The saga stopped. An operator must look at it.
    NeedsAttention,
}

/// Persisted work in several steps, such as a checkout. After a crash, any node continues it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Saga {
    /// The id of the saga, a UUIDv7.
    pub id: Uuid,
    /// The kind of saga, such as `checkout`.
    pub kind: String,
    /// The id of the object that the saga works on. For a checkout, this is the booking.
    pub subject_id: Uuid,
    /// The reference of the booking that the saga works on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_reference: Option<String>,
    /// Whether the saga runs, waits, has ended or needs an operator.
    pub status: SagaStatus,
    /// Why the saga needs attention. The runbook explains each reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The current step, or the step that a retry would continue with. Absent when this version of
    /// the program cannot read the saga because a newer version wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// How many times the step was tried, including a try that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// The last error of the step. A later try may have succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When the saga was created (RFC 3339).
    pub created_at: String,
    /// When the saga was last written (RFC 3339).
    pub updated_at: String,
    /// When a worker looks at the saga next (RFC 3339). Meaningless when the saga has ended or
    /// needs attention.
    pub due_at: String,
    /// How many seconds ago the saga was created.
    pub age_seconds: i64,
    /// How many seconds ago the saga was last written.
    pub idle_seconds: i64,
}

/// A page of sagas, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SagaPage {
    /// The sagas of this page.
    pub items: Vec<Saga>,
    /// The cursor of the next page: send it as `after`. `null` on the last page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// The progress of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// The message waits to be sent, or to be sent again.
    Waiting,
    /// The mail server has accepted the message.
    Sent,
    /// The occasion of the message has passed, so it is not sent.
    Unneeded,
    /// The message could not be sent. It needs an operator.
    Failed,
}

/// A mail to a person. The server writes the text when it sends the mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Message {
    /// The id of the message, a UUIDv7. The mail's `Message-ID` begins with it.
    pub id: Uuid,
    /// The kind of message, such as `booking_confirmed`.
    pub kind: String,
    /// The id of the object that the message is about, such as a booking.
    pub subject_id: Uuid,
    /// The address of the recipient.
    pub recipient: String,
    /// Whether the message waits, was sent or needs an operator.
    pub status: MessageStatus,
    /// How many times the message was tried.
    pub attempts: i32,
    /// Why the last attempt failed, in the words of the mail server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When the message was written (RFC 3339).
    pub created_at: String,
    /// When a waiting message is tried next (RFC 3339). Meaningless for other messages.
    pub due_at: String,
}

/// A page of messages, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct MessagePage {
    /// The messages of this page.
    pub items: Vec<Message>,
    /// The cursor of the next page: send it as `after`. `null` on the last page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// The status of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// The user has not proved the e-mail address yet.
    Inactive,
    /// The account is in use.
    Active,
    /// An administrator closed the account. Only an administrator opens it again.
    Suspended,
    /// The user erased the account.
    Erased,
}

/// A user as administrators see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct UserAccount {
    /// The id of the user, a UUIDv7.
    pub id: Uuid,
    /// The e-mail address of the account. An erased account has a word in its place.
    pub email: String,
    /// The user's given name. Empty after an erasure.
    pub first_name: String,
    /// The user's family name. Empty for people who have one name.
    pub last_name: String,
    /// The user's role in the whole installation.
    pub role: Role,
    /// Whether the account is in use.
    pub status: AccountStatus,
    /// The user's language as a BCP 47 tag.
    pub locale: String,
    /// When the user registered (RFC 3339).
    pub created_at: String,
    /// The organizations that the user is a member of.
    pub organizations: Vec<Membership>,
}

/// A page of users, the last one who registered first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct UserAccountPage {
    /// The users of this page.
    pub items: Vec<UserAccount>,
    /// The cursor of the next page: send it as `after`. `null` on the last page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// A change of a user by an administrator. An absent field stays as it is. Nobody changes their own role or status.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
#[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
#[serde(deny_unknown_fields)]
pub struct UserAccountChange {
    /// The role of an active user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// `suspended` closes an active account and ends its sessions. `active` opens a suspended account again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<AccountStatus>,
    /// Why, for the audit log: at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One action in the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AuditEntry {
    /// The id of the entry, a UUIDv7.
    pub id: Uuid,
    /// When the action happened (RFC 3339).
    pub at: String,
    /// The kind of actor: `user`, `guest`, `api_key`, `gate_device` or `system`.
    pub actor_kind: String,
    /// The id of the user, guest, API key or gate device. Absent for the system and for guests without
    /// a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<Uuid>,
    /// The role that the user had at that time. Absent for actors that are not users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_role: Option<String>,
    /// The network address of the request, where it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_address: Option<String>,
    /// The `User-Agent` of the request, where it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The action, such as `event.edit`.
    pub action: String,
    /// The kind of object that was changed, such as `event`.
    pub subject_kind: String,
    /// The id of the object that was changed.
    pub subject_id: Uuid,
    /// Details of the action as JSON in a string; `null` in the string when there are none.
    pub detail: String,
}

/// A page of the audit log, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AuditPage {
    /// The entries of this page.
    pub items: Vec<AuditEntry>,
    /// The cursor of the next page: send it as `after`. `null` on the last page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}
