//! The HTTP routes of the administration over messages.

use holdfast_contract::{
    operators::{Message, MessagePage, MessageStatus},
    problem::ProblemType,
};
use holdfast_domain::{ids::MessageId, message::Status};
use holdfast_entity::messages;
use poem_openapi::{
    OpenApi,
    param::{Path, Query},
};
use uuid::Uuid;

use super::api::Tag;
use crate::{
    access::Access,
    http::{auth::Caller, body::Json, page, problem::ApiProblem, time::rfc3339},
    kernel::base::Base,
    messages::operators::{self, ResendError},
};

#[derive(Debug, Clone)]
pub struct MessagesApi {
    pub access: Access,
    pub base: Base,
}

#[OpenApi(prefix_path = "/admin", tag = "Tag::Administration")]
impl MessagesApi {
    /// List the messages of the last 30 days, newest first.
    ///
    /// With `status=failed`, the list contains the messages that wait for an operator.
    #[oai(path = "/messages", method = "get")]
    async fn list_messages(
        &self,
        caller: Caller,
        /// Only messages with this status.
        status: Query<Option<MessageStatus>>,
        /// The page size, 1 to 100. Default: 20.
        limit: Query<Option<u64>>,
        /// The `next` value of the previous page.
        after: Query<Option<Uuid>>,
    ) -> Result<Json<MessagePage>, ApiProblem> {
        self.access.operator(&caller).await?;
        let limit = page::limit(limit.0)?;
        let (status, after) = (status.0.map(stored), after.0.map(MessageId));
        let mut rows = operators::list(&self.base.db, status, after, limit + 1).await?;
        let next = page::next(&mut rows, limit, |row| row.id.to_string());
        Ok(Json(MessagePage { items: rows.into_iter().map(wire).collect(), next }))
    }

    /// Send a failed message again.
    ///
    /// The server tries it as often as a new message.
    #[oai(path = "/messages/:id/retry", method = "post")]
    async fn retry_message(
        &self,
        caller: Caller,
        id: Path<Uuid>,
    ) -> Result<Json<Message>, ApiProblem> {
        let operator = self.access.operator(&caller).await?;
        let (base, id, actor) = (self.base.clone(), MessageId(id.0), operator.user().into());
        let resent = async move { operators::resend(&base, id, actor).await };
        Ok(Json(wire(self.base.tasks.run(resent).await??)))
    }
}

fn wire(row: messages::Model) -> Message {
    Message {
        id: row.id.0,
        kind: row.kind.as_str().to_owned(),
        subject_id: row.subject_id,
        recipient: row.recipient,
        status: shown(row.status),
        attempts: row.attempts,
        last_error: row.last_error,
        created_at: rfc3339(row.created_at),
        due_at: rfc3339(row.due_at),
    }
}

fn stored(status: MessageStatus) -> Status {
    match status {
        MessageStatus::Waiting => Status::Waiting,
        MessageStatus::Sent => Status::Sent,
        MessageStatus::Unneeded => Status::Unneeded,
        MessageStatus::Failed => Status::Failed,
    }
}

fn shown(status: Status) -> MessageStatus {
    match status {
        Status::Waiting => MessageStatus::Waiting,
        Status::Sent => MessageStatus::Sent,
        Status::Unneeded => MessageStatus::Unneeded,
        Status::Failed => MessageStatus::Failed,
    }
}

impl From<ResendError> for ApiProblem {
    fn from(error: ResendError) -> Self {
        match error {
            ResendError::NotFound => Self::not_found("message"),
            ResendError::NotFailed(status) => Self::new(
                ProblemType::IllegalTransition,
                format!("The message is {}: only a failed message is sent again.", status.as_str()),
            )
            .with_reasons(vec![status.as_str().to_owned()]),
            ResendError::Db(error) => error.into(),
        }
    }
}
