//! The pages that show the kept mails: `/development/mail`. Programs get the same mails as JSON.

use askama::Template;
use holdfast_entity::kept_mails;
use poem::{
    Error, Request, Response, Result, Route, get, handler,
    http::StatusCode,
    web::{Data, Path},
};
use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{for_this_machine, store};
use crate::{
    http::{problem::ApiProblem, time::rfc3339},
    kernel::db::Db,
};

/// A mail that was kept instead of being sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
pub struct KeptMail {
    /// The id of the message.
    pub id: Uuid,
    /// The address of the recipient.
    pub to: String,
    pub subject: String,
    /// The body as plain text.
    pub text: String,
    /// The body as an HTML document.
    pub html: String,
    /// The addresses in the text, in their order.
    pub links: Vec<String>,
    /// The attached calendar file (RFC 5545).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// When the mail would have been sent (RFC 3339).
    pub kept_at: String,
}

/// The kept mails, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
pub struct KeptMailList {
    /// At most 100 mails.
    pub items: Vec<KeptMail>,
}

impl From<kept_mails::Model> for KeptMail {
    fn from(row: kept_mails::Model) -> Self {
        let links = row.text_body.split_whitespace().filter(|word| word.starts_with("http"));
        Self {
            id: row.id.0,
            links: links.map(|link| link.trim_end_matches('.').to_owned()).collect(),
            to: row.recipient,
            subject: row.subject,
            text: row.text_body,
            html: row.html_body,
            calendar: row.calendar,
            kept_at: rfc3339(row.kept_at),
        }
    }
}

#[derive(Template)]
#[template(path = "mails.html", config = "src/app/development/askama.toml")]
struct MailsPage {
    mails: Vec<KeptMail>,
}

#[derive(Template)]
#[template(path = "mail.html", config = "src/app/development/askama.toml")]
struct MailPage {
    mail: KeptMail,
}

pub fn mount(routes: Route, db: &Db) -> Route {
    use poem::EndpointExt as _;
    routes
        .at("/development/mail", get(show_all).data(db.clone()))
        .at("/development/mail/:id", get(show).data(db.clone()))
        .at("/development/mail/:id/html", get(show_html).data(db.clone()))
}

#[handler]
async fn show_all(request: &Request, db: Data<&Db>) -> Result<Response> {
    for_this_machine(request)?;
    let mails = list(db.0, None).await?.items;
    page(&MailsPage { mails })
}

#[handler]
async fn show(request: &Request, db: Data<&Db>, id: Path<Uuid>) -> Result<Response> {
    page(&MailPage { mail: mail(request, db.0, id.0).await? })
}

#[handler]
async fn show_html(request: &Request, db: Data<&Db>, id: Path<Uuid>) -> Result<Response> {
    Ok(html(mail(request, db.0, id.0).await?.html))
}

/// The newest mails, of all recipients or of one.
pub(super) async fn list(db: &Db, to: Option<&str>) -> Result<KeptMailList, ApiProblem> {
    let mails = store::mails(db, to).await?;
    Ok(KeptMailList { items: mails.into_iter().map(KeptMail::from).collect() })
}

async fn mail(request: &Request, db: &Db, id: Uuid) -> Result<KeptMail> {
    for_this_machine(request)?;
    let found = store::mail(db, id).await.map_err(ApiProblem::from)?;
    Ok(found.ok_or_else(|| ApiProblem::not_found("mail"))?.into())
}

fn page(template: &impl Template) -> Result<Response> {
    let text = template.render();
    text.map(html).map_err(|error| Error::new(error, StatusCode::INTERNAL_SERVER_ERROR))
}

fn html(text: String) -> Response {
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header("Cache-Control", "no-store")
        .body(text)
}
