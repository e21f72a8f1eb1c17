//! The HTTP routes of the administration.

use std::{collections::HashMap, sync::Arc};

use holdfast_contract::{
    operators::{AuditEntry, AuditPage, Saga, SagaPage, SagaStatus},
    problem::ProblemType,
};
use poem_openapi::{
    OpenApi, Tags,
    param::{Path, Query},
};
use uuid::Uuid;

use crate::{
    access::Access,
    http::{auth::Caller, body::Json, page, problem::ApiProblem, time::rfc3339},
    kernel::{
        audit,
        base::Base,
        db::StoreError,
        saga::{
            Status,
            attention::{self, Attended, ListedSaga, RetryError, SagaFilter},
        },
    },
    shop::bookings::Bookings,
};

#[derive(Debug, Clone)]
pub struct AdministrationApi {
    pub access: Access,
    pub base: Base,
    pub sagas: Vec<Arc<dyn Attended>>,
    pub bookings: Bookings,
}

#[derive(Tags)]
pub(super) enum Tag {
    /// Administration of the installation: sagas, messages, users and the audit log.
    Administration,
}

#[OpenApi(prefix_path = "/admin", tag = "Tag::Administration")]
impl AdministrationApi {
    /// List the sagas, newest first.
    ///
    /// With `status=needs_attention`, the list contains the sagas that wait for an operator.
    #[oai(path = "/sagas", method = "get")]
    async fn list_sagas(
        &self,
        caller: Caller,
        /// Only sagas with this status.
        status: Query<Option<SagaStatus>>,
        /// Only sagas of this kind, such as `checkout`.
        kind: Query<Option<String>>,
        /// The page size, 1 to 100. Default: 20.
        limit: Query<Option<u64>>,
        /// The `next` value of the previous page.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<SagaPage>, ApiProblem> {
        self.access.operator(&caller).await?;
        if let Some(kind) = &kind.0
            && !self.sagas.iter().any(|saga| saga.kind() == kind)
        {
            let kinds: Vec<&str> = self.sagas.iter().map(|saga| saga.kind()).collect();
            return Err(ApiProblem::field("kind", format!("must be one of {}", kinds.join(", "))));
        }
        let limit = page::limit(limit.0)?;
        let filter = SagaFilter { status: status.0.map(stored), kind: kind.0, after: after.0 };
        let mut rows = attention::list(&self.base.db, &filter, limit + 1).await?;
        let next = page::next(&mut rows, limit, |row| row.id.to_string());
        Ok(Json(SagaPage { items: self.show(rows).await?, next }))
    }

    /// Retry a saga that needs attention, from the step at which it stopped.
    #[oai(path = "/sagas/:id/retry", method = "post")]
    async fn retry_saga(&self, caller: Caller, id: Path<Uuid>) -> Result<Json<Saga>, ApiProblem> {
        let operator = self.access.operator(&caller).await?;
        let id = id.0;
        let row = attention::find(&self.base.db, id).await?.ok_or_else(no_saga)?;
        let saga = self.sagas.iter().find(|saga| saga.kind() == row.kind).ok_or_else(no_saga)?;
        let saga = Arc::clone(saga);
        self.base.tasks.run(async move { saga.retry(id, operator.user().into()).await }).await??;
        let row = attention::find(&self.base.db, id).await?.ok_or_else(no_saga)?;
        Ok(Json(self.show(vec![row]).await?.pop().ok_or_else(no_saga)?))
    }

    /// List the audit log, newest first.
    #[oai(path = "/audit", method = "get")]
    async fn list_audit(
        &self,
        caller: Caller,
        /// Only entries about the object with this id: an event, an offer, a section or a saga.
        subject_id: Query<Option<Uuid>>,
        /// Only entries of the user, guest, API key or gate device with this id.
        actor_id: Query<Option<Uuid>>,
        /// The page size, 1 to 100. Default: 20.
        limit: Query<Option<u64>>,
        /// The `next` value of the previous page.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<AuditPage>, ApiProblem> {
        self.access.operator(&caller).await?;
        let limit = page::limit(limit.0)?;
        let filter =
            audit::AuditFilter { subject: subject_id.0, actor: actor_id.0, after: after.0 };
        let mut rows = audit::list(&self.base.db, filter, limit + 1).await?;
        let next = page::next(&mut rows, limit, |row| row.id.to_string());
        let items = rows.into_iter().map(shown_entry);
        Ok(Json(AuditPage { items: items.collect(), next }))
    }
}

impl AdministrationApi {
    async fn show(&self, rows: Vec<ListedSaga>) -> Result<Vec<Saga>, ApiProblem> {
        let subjects: Vec<Uuid> = rows.iter().map(|row| row.subject_id).collect();
        let references = self.bookings.references(&subjects).await?;
        rows.into_iter().map(|row| Ok(self.saga(row, &references)?)).collect()
    }

    fn saga(
        &self,
        row: ListedSaga,
        references: &HashMap<Uuid, String>,
    ) -> Result<Saga, StoreError> {
        let kind = self.sagas.iter().find(|saga| saga.kind() == row.kind);
        let progress = kind.and_then(|saga| saga.progress(&row.state));
        let status = row.status;
        Ok(Saga {
            id: row.id,
            kind: row.kind,
            subject_id: row.subject_id,
            booking_reference: references.get(&row.subject_id).cloned(),
            status: shown(status),
            reason: row.reason,
            step: progress.as_ref().map(|progress| progress.step.to_owned()),
            attempts: progress.map(|progress| progress.attempts),
            last_error: row.last_error,
            created_at: rfc3339(row.created_at),
            updated_at: rfc3339(row.updated_at),
            due_at: rfc3339(row.due_at),
            age_seconds: (row.now - row.created_at).max(0) / 1000,
            idle_seconds: (row.now - row.updated_at).max(0) / 1000,
        })
    }
}

/// An entry of the audit log on the wire.
pub(super) fn shown_entry(row: holdfast_entity::audit::Model) -> AuditEntry {
    AuditEntry {
        id: row.id,
        at: rfc3339(row.at),
        actor_kind: row.actor_kind.as_str().to_owned(),
        actor_id: row.actor_id,
        actor_role: row.actor_role.map(|role| role.as_str().to_owned()),
        network_address: row.network_address,
        user_agent: row.user_agent,
        action: row.action,
        subject_kind: row.subject_kind,
        subject_id: row.subject_id,
        detail: row.detail,
    }
}

fn no_saga() -> ApiProblem {
    ApiProblem::not_found("saga")
}

fn stored(status: SagaStatus) -> Status {
    match status {
        SagaStatus::Running => Status::Running,
        SagaStatus::Waiting => Status::Waiting,
        SagaStatus::Undoing => Status::Undoing,
        SagaStatus::Done => Status::Done,
        SagaStatus::Undone => Status::Undone,
        SagaStatus::NeedsAttention => Status::NeedsAttention,
    }
}

fn shown(status: Status) -> SagaStatus {
    match status {
        Status::Running => SagaStatus::Running,
        Status::Waiting => SagaStatus::Waiting,
        Status::Undoing => SagaStatus::Undoing,
        Status::Done => SagaStatus::Done,
        Status::Undone => SagaStatus::Undone,
        Status::NeedsAttention => SagaStatus::NeedsAttention,
    }
}

impl From<RetryError> for ApiProblem {
    fn from(error: RetryError) -> Self {
        match error {
            RetryError::NotFound => no_saga(),
            RetryError::NotStuck(status) => Self::new(
                ProblemType::IllegalTransition,
                format!(
                    "The saga is {}: it continues by itself or has ended.",
                    status.as_str().replace('_', " ")
                ),
            )
            .with_reasons(vec![status.as_str().to_owned()]),
            RetryError::Unreadable => Self::new(
                ProblemType::IllegalTransition,
                "This version of the program cannot read the saga.",
            )
            .with_reasons(vec!["unreadable".to_owned()]),
            RetryError::Db(error) => error.into(),
        }
    }
}
