//! The SQL of idempotency keys.

use holdfast_entity::idempotency_keys::{self, Column, Entity};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, UpdateMany, sea_query::ExprTrait as _,
};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Attempt, AttemptTrace, StoredAnswer};
use crate::kernel::db::{self, Bug, Expected, Sql, StoreError, Writes};

/// Inserts the claim of a key, unless the claim exists. Returns whether it was inserted. Waits for a transaction that
/// is inserting the same claim.
pub(super) async fn insert(
    sql: &impl Sql,
    attempt: &Attempt,
    subject: Option<Uuid>,
) -> Result<bool, StoreError> {
    let key = [Column::PrincipalId, Column::Route, Column::Key];
    db::insert_unless_known(sql, claim_of(attempt, subject), &[Column::CreatedAt], &key).await
}

/// Inserts the claims that do not exist, as [`insert`] does, in the order of their keys. Returns how many were inserted.
pub(super) async fn insert_all(
    sql: &impl Sql,
    attempts: &[(&Attempt, Uuid)],
) -> Result<u64, StoreError> {
    let mut attempts = attempts.to_vec();
    attempts.sort_unstable_by_key(|(it, _)| (it.principal, it.route, it.key.clone()));
    let claims = attempts.iter().map(|(attempt, subject)| claim_of(attempt, Some(*subject)));
    let otherwise = "ON CONFLICT (principal_id, route, key) DO NOTHING";
    db::put_all(sql, claims.collect(), &[Column::CreatedAt], otherwise).await
}

/// Deletes the claims for these subjects.
pub(super) async fn delete_of(to: &impl Writes, subjects: &[Uuid]) -> Result<(), StoreError> {
    let of_subjects = db::is_among(to, Column::SubjectId, subjects.iter().copied());
    let rows = subjects.len() as u64;
    let otherwise = "claims are not there".to_owned();
    db::write(to, Entity::delete_many().filter(of_subjects), Some(Expected { rows, otherwise }))
        .await
}

/// Deletes the answered claims of a principal.
pub(super) async fn delete_answered(sql: &impl Sql, principal: Uuid) -> Result<(), StoreError> {
    let answered = Entity::delete_many()
        .filter(Column::PrincipalId.eq(principal))
        .filter(Column::Status.is_not_null());
    db::change(sql, answered).await.map(|_| ())
}

fn claim_of(attempt: &Attempt, subject: Option<Uuid>) -> idempotency_keys::Model {
    idempotency_keys::Model {
        principal_id: attempt.principal,
        route: attempt.route.to_owned(),
        key: attempt.key.clone(),
        fingerprint: attempt.fingerprint.clone(),
        subject_id: subject,
        status: None,
        headers: None,
        body: None,
        created_at: 0,
        answered_at: None,
    }
}

/// The claim's fingerprint, with the subject and the answer as far as they are known.
pub(super) async fn find(
    sql: &impl Sql,
    attempt: &Attempt,
) -> Result<Option<(String, AttemptTrace)>, StoreError> {
    let key = (attempt.principal, attempt.route.to_owned(), attempt.key.clone());
    let found = Entity::find_by_id(key).one(sql.reading()).await?;
    let Some(row) = found else { return Ok(None) };
    let known = AttemptTrace { subject: row.subject_id, answer: answer_of(&row)? };
    Ok(Some((row.fingerprint, known)))
}

/// The stored response of the attempt that created this subject.
pub(super) async fn answer_to(
    sql: &impl Sql,
    subject: Uuid,
) -> Result<Option<StoredAnswer>, StoreError> {
    let of_subject = Entity::find().filter(Column::SubjectId.eq(subject));
    let found = of_subject.one(sql.reading()).await?;
    found.as_ref().map_or(Ok(None), answer_of)
}

fn answer_of(row: &idempotency_keys::Model) -> Result<Option<StoredAnswer>, StoreError> {
    let Some(status) = row.status else { return Ok(None) };
    let headers = row.headers.as_deref();
    let headers: Value =
        headers.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    Ok(Some(StoredAnswer {
        status: u16::try_from(status).map_err(|error| Bug::new(error.to_string()))?,
        content_type: headers["content-type"].as_str().unwrap_or("application/json").to_owned(),
        body: row.body.clone().unwrap_or_default(),
        location: headers["location"].as_str().map(str::to_owned),
    }))
}

fn headers(answer: &StoredAnswer) -> String {
    json!({ "content-type": answer.content_type, "location": answer.location }).to_string()
}

/// A change that gives this answer to claims that have no answer.
fn change_open(answer: &StoredAnswer) -> UpdateMany<Entity> {
    let answered = idempotency_keys::ActiveModel {
        status: Set(Some(answer.status.into())),
        headers: Set(Some(headers(answer))),
        body: Set(Some(answer.body.clone())),
        ..Default::default()
    };
    Entity::update_many()
        .set(answered)
        .col_expr(Column::AnsweredAt, db::clock())
        .filter(Column::Status.is_null())
}

/// Stores the answer of an attempt. An earlier answer stays.
pub(super) async fn answer(
    sql: &impl Sql,
    attempt: &Attempt,
    answer: &StoredAnswer,
) -> Result<(), StoreError> {
    let change = change_open(answer)
        .filter(Column::PrincipalId.eq(attempt.principal))
        .filter(Column::Route.eq(attempt.route))
        .filter(Column::Key.eq(attempt.key.as_str()));
    db::change(sql, change).await.map(|_| ())
}

/// Stores the answers of the attempts that created these subjects.
pub(super) async fn answer_all(
    sql: &impl Writes,
    answers: &[(Uuid, StoredAnswer)],
) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct AnswerRow<'a> {
        subject_id: Uuid,
        status: u16,
        headers: String,
        body: &'a str,
    }
    let rows = answers.iter().map(|(subject, answer)| AnswerRow {
        subject_id: *subject,
        status: answer.status,
        headers: headers(answer),
        body: &answer.body,
    });
    let text = "UPDATE idempotency_keys SET status = rows.status, headers = rows.headers, body = rows.body, \
        answered_at = {now} FROM {rows $1 (subject_id uuid, status int, headers text, body text)} \
        WHERE idempotency_keys.subject_id {among_ids $2} \
        AND idempotency_keys.subject_id = rows.subject_id AND idempotency_keys.status IS NULL";
    // The subjects come twice, because PostgreSQL expects more of `rows` than of a set, and would read the whole table.
    let subjects = db::set(sql.dialect(), answers.iter().map(|(subject, _)| *subject));
    sql.write(text, vec![db::rows(rows)?, subjects], None).await
}

/// Copies keys of the principal `from` to the principal `to`: those of these subjects, and with `with_nameless` those
/// without a subject. A key that `to` already has on the route stays as it is.
pub(super) async fn copy(
    sql: &impl Sql,
    from: Uuid,
    to: Uuid,
    subjects: &[Uuid],
    with_nameless: bool,
) -> Result<u64, StoreError> {
    let mut copied = db::is_among(sql, Column::SubjectId, subjects.iter().copied());
    if with_nameless {
        copied = copied.or(Column::SubjectId.is_null());
    }
    let of_from = Entity::find().filter(Column::PrincipalId.eq(from)).filter(copied);
    let rows = of_from.all(sql.reading()).await?.into_iter();
    let rows = rows.map(|row| idempotency_keys::Model { principal_id: to, ..row }).collect();
    db::put_all(sql, rows, &[], "ON CONFLICT (principal_id, route, key) DO NOTHING").await
}

/// Deletes keys older than `kept_ms`, oldest first. Returns their number.
pub(super) async fn forget(sql: &impl Sql, kept_ms: i64) -> Result<u64, StoreError> {
    db::forget(sql, Entity::find(), Column::CreatedAt, kept_ms).await
}
