//! What operators see of the work that goes on by itself.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Where a saga stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum))]
#[cfg_attr(feature = "openapi", oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum SagaStatus {
    /// Something is to be done.
    Running,
    /// It waits for somebody or for its time.
    Waiting,
    /// What was done is being undone.
    Undoing,
    /// It ended as it should.
    Done,
    /// It ended with everything undone.
    Undone,
    /// An operator must look at it.
    NeedsAttention,
}

/// Work in several steps that goes on after any crash, such as a checkout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct Saga {
    /// The saga.
    pub id: Uuid,
    /// Which kind, such as `checkout`.
    pub kind: String,
    /// What it is about: a checkout's booking.
    pub subject_id: Uuid,
    /// What people call the booking that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_reference: Option<String>,
    /// Where it stands.
    pub status: SagaStatus,
    /// Why it needs attention; the runbook says what each reason means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is being done, or goes on when it is sent on again. Absent where this version of the program cannot
    /// read the saga: then a newer one has it in hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// How often that was tried, the try under way included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// What went wrong last; it may have gone well since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it was begun, RFC 3339.
    pub created_at: String,
    /// When something was written down last, RFC 3339.
    pub updated_at: String,
    /// When somebody looks again, RFC 3339; means nothing once it is over or needs attention.
    pub due_at: String,
    /// How long ago it was begun, in seconds.
    pub age_seconds: i64,
    /// How long ago something was written down last, in seconds.
    pub idle_seconds: i64,
}

/// A page of sagas, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SagaPage {
    /// The sagas.
    pub items: Vec<Saga>,
    /// The cursor of the next page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AuditEntry {
    /// The entry.
    pub id: Uuid,
    /// When, RFC 3339.
    pub at: String,
    /// Who did it: `user`, `guest`, `api_key`, `gate_device` or `system`.
    pub actor_kind: String,
    /// Which user, guest, API key or gate device. Absent for the system and for guests without a token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<Uuid>,
    /// The role that the user had then. Absent for everybody but users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_role: Option<String>,
    /// The network address from which it was done, where it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_address: Option<String>,
    /// The `User-Agent` of the program with which it was done, where it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// What, such as `event.edit`.
    pub action: String,
    /// What it was done to, such as `event`.
    pub subject_kind: String,
    /// Which one.
    pub subject_id: Uuid,
    /// What else there is to know: JSON in a text, `null` where there is nothing.
    pub detail: String,
}

/// A page of the audit, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct AuditPage {
    /// The entries.
    pub items: Vec<AuditEntry>,
    /// The cursor of the next page.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub next: Option<String>,
}
