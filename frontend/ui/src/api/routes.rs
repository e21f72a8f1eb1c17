//! One function for each route of the API.

use holdfast_contract::{
    accounts::{
        Activation, ActivationMail, ChangedPassword, Credentials, DeviceSessions, EmailProof,
        Erasure, ForgottenPassword, NewEmail, NewPassword, Profile, ProfileChange, Registration,
        Session,
    },
    bookings::{Booking, PaymentConfig, SimulatedCompletion, SimulatedOutcome},
    catalogue::{Event, EventPage, OfferPage, SectionPage},
    legal::{LegalDocuments, LegalKind, LegalText},
    live::SeatStates,
    operators::{Saga, SagaPage, UserAccount, UserAccountChange, UserAccountPage},
    organizations::{
        Invitation, InvitationProof, MemberChange, MemberRole, Members, NewInvitation,
        NewOrganization, Organization, OrganizationChange, OrganizationDecision, OrganizationPage,
        PublicOrganization,
    },
    pages::requests::{self, LIST_LIMIT},
    reservations::{HoldRequest, ReleaseRequest, Reservation},
    seat_map::SeatMap,
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::client::{ApiCall, CallFailure, send, send_for_file, send_for_status};
use crate::browser;

/// The number of users or organizations on one page of a list.
const USERS_LIMIT: u32 = 20;

pub(super) fn json(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

async fn get<T: DeserializeOwned>(path: &str) -> Result<T, CallFailure> {
    send(ApiCall { path, ..ApiCall::default() }).await
}

async fn post<T: DeserializeOwned>(path: &str, body: Option<String>) -> Result<T, CallFailure> {
    send(ApiCall { method: "POST", path, body, ..ApiCall::default() }).await
}

/// `GET /events`: the first page of the published events.
pub async fn events() -> Result<EventPage, CallFailure> {
    get(&requests::events()).await
}

/// Which events a list contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedEvents {
    /// All published events, of every organization.
    Published,
    /// The drafts of the caller's organizations.
    Draft,
}

/// `GET /events`: one page of a list that the caller reads page by page.
pub async fn event_page(
    stage: ListedEvents,
    after: Option<&str>,
) -> Result<EventPage, CallFailure> {
    let stage = match stage {
        ListedEvents::Published => "",
        ListedEvents::Draft => "&status=draft",
    };
    get(&format!("/events?limit={LIST_LIMIT}{stage}{}", page_after(after))).await
}

pub(super) fn page_after(after: Option<&str>) -> String {
    after.map(|after| format!("&after={after}")).unwrap_or_default()
}

/// `GET /events/{id or slug}`: one event, if the visitor may see it.
pub async fn event(id_or_slug: &str) -> Result<Event, CallFailure> {
    get(&requests::event(&String::from(js_sys::encode_uri_component(id_or_slug)))).await
}

/// `GET /events/{id}/seats`: the layout of the seats, without their states.
pub async fn seat_map(event: Uuid) -> Result<SeatMap, CallFailure> {
    get(&requests::seat_map(event)).await
}

/// `GET /events/{id}/seats?state=only`: the seats that are not available.
pub async fn seat_states(event: Uuid) -> Result<SeatStates, CallFailure> {
    get(&requests::seat_states(event)).await
}

/// `GET /events/{id}/sections`: the sections with their free places.
pub async fn sections(event: Uuid) -> Result<SectionPage, CallFailure> {
    get(&requests::sections(event)).await
}

/// `GET /events/{id}/offers`: the offers with their prices.
pub async fn offers(event: Uuid) -> Result<OfferPage, CallFailure> {
    get(&requests::offers(event)).await
}

/// The address of the event stream, to which the number of the last known change is added.
pub fn stream_address(event: Uuid) -> String {
    format!("{}/events/{event}/stream?after=", super::BASE)
}

/// `POST /events/{id}/reservations`: holds seats and places for the visitor.
pub async fn hold(event: Uuid, wanted: &HoldRequest) -> Result<Reservation, CallFailure> {
    post(&format!("/events/{event}/reservations"), json(wanted)).await
}

/// `GET /reservations/{id}`: a reservation of the visitor.
pub async fn reservation(id: Uuid) -> Result<Reservation, CallFailure> {
    get(&format!("/reservations/{id}")).await
}

/// `POST /reservations/{id}/extend`: gives a reservation more time.
pub async fn extend(id: Uuid) -> Result<Reservation, CallFailure> {
    post(&format!("/reservations/{id}/extend"), None).await
}

/// `POST /reservations/{id}/release`: gives a part of a reservation back.
pub async fn release(id: Uuid, parts: &ReleaseRequest) -> Result<Reservation, CallFailure> {
    post(&format!("/reservations/{id}/release"), json(parts)).await
}

/// `DELETE /reservations/{id}`: cancels a reservation, so that its seats are free.
pub async fn cancel(id: Uuid) -> Result<(), CallFailure> {
    let path = format!("/reservations/{id}");
    send_for_status(ApiCall { method: "DELETE", path: &path, ..ApiCall::default() })
        .await
        .map(|_| ())
}

/// `GET /payments/config`: the payment gateway and its methods.
pub async fn payment_config() -> Result<PaymentConfig, CallFailure> {
    get("/payments/config").await
}

/// `POST /bookings/confirm`. A repetition must send the same body with the same key.
pub async fn confirm(body: &str, key: &str) -> Result<Booking, CallFailure> {
    send(ApiCall {
        method: "POST",
        path: "/bookings/confirm",
        body: Some(body.to_owned()),
        key: Some(key),
        ..ApiCall::default()
    })
    .await
}

/// `POST /payments/simulated/{client_secret}/complete`: ends the second step of the simulated gateway.
pub async fn complete_simulated(
    secret: &str,
    outcome: SimulatedOutcome,
) -> Result<(), CallFailure> {
    let path = format!("/payments/simulated/{}/complete", js_sys::encode_uri_component(secret));
    let body = json(&SimulatedCompletion { outcome });
    send_for_status(ApiCall { method: "POST", path: &path, body, ..ApiCall::default() })
        .await
        .map(|_| ())
}

/// `POST /auth/login`: exchanges an e-mail address and a password for a session.
pub async fn login(credentials: &Credentials) -> Result<Session, CallFailure> {
    post("/auth/login", json(credentials)).await
}

/// `POST /auth/password/forgot`: asks for a mail for a new password.
pub async fn forgot_password(email: String) -> Result<(), CallFailure> {
    done("POST", "/auth/password/forgot", json(&ForgottenPassword { email })).await
}

/// `POST /auth/password/reset`: sets a new password by the proof from the mail.
pub async fn reset_password(wanted: &NewPassword) -> Result<(), CallFailure> {
    done("POST", "/auth/password/reset", json(wanted)).await
}

/// Sends a request whose response has no body.
async fn done(method: &str, path: &str, body: Option<String>) -> Result<(), CallFailure> {
    send_for_status(ApiCall { method, path, body, ..ApiCall::default() }).await.map(|_| ())
}

/// `PATCH /auth/profile`: changes the names and the language of the signed-in user.
pub async fn edit_profile(change: &ProfileChange) -> Result<Profile, CallFailure> {
    let body = json(change);
    send(ApiCall { method: "PATCH", path: "/auth/profile", body, ..ApiCall::default() }).await
}

/// `GET /auth/profile`: the signed-in user as the server knows them.
pub async fn profile() -> Result<Profile, CallFailure> {
    get("/auth/profile").await
}

/// `GET /auth/profile/export`: has the browser save the signed-in user's data as a file.
pub async fn save_export() -> Result<(), CallFailure> {
    let call = ApiCall { path: "/auth/profile/export", ..ApiCall::default() };
    browser::save(&send_for_file(call).await?, "holdfast-account.zip");
    Ok(())
}

/// `DELETE /auth/profile`: erases the account of the signed-in user.
pub async fn erase_account(wanted: &Erasure) -> Result<(), CallFailure> {
    done("DELETE", "/auth/profile", json(wanted)).await
}

/// `POST /auth/email`: asks for another address of the signed-in user.
pub async fn ask_new_email(wanted: &NewEmail) -> Result<(), CallFailure> {
    done("POST", "/auth/email", json(wanted)).await
}

/// `POST /auth/email/confirm`: proves a new address by the mail to it, or takes its change back.
pub async fn prove_email(wanted: &EmailProof) -> Result<(), CallFailure> {
    done("POST", "/auth/email/confirm", json(wanted)).await
}

/// `PUT /auth/password`: sets a new password as the signed-in user.
pub async fn change_password(wanted: &ChangedPassword) -> Result<(), CallFailure> {
    done("PUT", "/auth/password", json(wanted)).await
}

/// `GET /auth/sessions`: the sessions of the signed-in user.
pub async fn sessions() -> Result<DeviceSessions, CallFailure> {
    get("/auth/sessions").await
}

/// `DELETE /auth/sessions/{id}`: signs out on one device.
pub async fn end_session(id: Uuid) -> Result<(), CallFailure> {
    done("DELETE", &format!("/auth/sessions/{id}"), None).await
}

/// `DELETE /auth/sessions`: signs out on all other devices.
pub async fn end_other_sessions() -> Result<(), CallFailure> {
    done("DELETE", "/auth/sessions", None).await
}

/// `POST /auth/register`: creates an account, which its user has to activate.
pub async fn register(registration: &Registration) -> Result<(), CallFailure> {
    done("POST", "/auth/register", json(registration)).await
}

/// `POST /auth/activate`: proves the address of a new account, and starts a session of its user.
pub async fn activate(wanted: &Activation) -> Result<Session, CallFailure> {
    post("/auth/activate", json(wanted)).await
}

/// `POST /auth/activate/mail`: asks for the mail about a new account once more.
pub async fn ask_activation(email: String) -> Result<(), CallFailure> {
    done("POST", "/auth/activate/mail", json(&ActivationMail { email })).await
}

/// `GET /admin/sagas`: the sagas that need attention.
pub async fn stuck_sagas(after: Option<&str>) -> Result<SagaPage, CallFailure> {
    let after = page_after(after);
    get(&format!("/admin/sagas?status=needs_attention&limit={LIST_LIMIT}{after}")).await
}

/// Which users a list contains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedUsers {
    /// Each of these words is a part of the address or of a name.
    pub words: String,
    /// The word of a role. Empty for all roles.
    pub role: String,
    /// The word of a status. Empty for every status.
    pub status: String,
}

/// `GET /admin/users`: the users, the last one who registered first.
pub async fn users(
    listed: &ListedUsers,
    after: Option<&str>,
) -> Result<UserAccountPage, CallFailure> {
    let filter = |name: &str, value: &str| match value.trim() {
        "" => String::new(),
        value => format!("&{name}={}", String::from(js_sys::encode_uri_component(value))),
    };
    let filters = [("q", &listed.words), ("role", &listed.role), ("status", &listed.status)];
    let filters: String = filters.iter().map(|(name, value)| filter(name, value)).collect();
    get(&format!("/admin/users?limit={USERS_LIMIT}{filters}{}", page_after(after))).await
}

/// `PATCH /admin/users/{id}`: changes a user as an administrator.
pub async fn edit_user(id: Uuid, change: &UserAccountChange) -> Result<UserAccount, CallFailure> {
    let (path, body) = (format!("/admin/users/{id}"), json(change));
    send(ApiCall { method: "PATCH", path: &path, body, ..ApiCall::default() }).await
}

/// `GET /organizations/{slug}`: what an organization says about itself.
pub async fn public_organization(slug: &str) -> Result<PublicOrganization, CallFailure> {
    get(&format!("/organizations/{}", String::from(js_sys::encode_uri_component(slug)))).await
}

/// `POST /organizations`: applies for an organization. A repetition must send the same body with the same key.
pub async fn apply(wanted: &NewOrganization, key: &str) -> Result<Organization, CallFailure> {
    let (body, key) = (json(wanted), Some(key));
    let call = ApiCall { method: "POST", path: "/organizations", body, key, ..ApiCall::default() };
    send(call).await
}

/// `GET /organizations/{id}/details`: an organization of which the user is a member.
pub async fn organization(id: Uuid) -> Result<Organization, CallFailure> {
    get(&format!("/organizations/{id}/details")).await
}

/// `PATCH /organizations/{id}`: changes what an organization says about itself.
pub async fn edit_organization(
    id: Uuid,
    change: &OrganizationChange,
) -> Result<Organization, CallFailure> {
    let (path, body) = (format!("/organizations/{id}"), json(change));
    send(ApiCall { method: "PATCH", path: &path, body, ..ApiCall::default() }).await
}

/// `GET /admin/organizations`: the organizations with this status; all if the word is empty.
pub async fn organizations(
    status: &str,
    after: Option<&str>,
) -> Result<OrganizationPage, CallFailure> {
    let status = if status.is_empty() { String::new() } else { format!("&status={status}") };
    get(&format!("/admin/organizations?limit={USERS_LIMIT}{status}{}", page_after(after))).await
}

/// `PATCH /admin/organizations/{id}`: decides on an application.
pub async fn decide_organization(
    id: Uuid,
    decision: &OrganizationDecision,
) -> Result<Organization, CallFailure> {
    let (path, body) = (format!("/admin/organizations/{id}"), json(decision));
    send(ApiCall { method: "PATCH", path: &path, body, ..ApiCall::default() }).await
}

/// `GET /organizations/{id}/members`: the members of an organization, and its open invitations.
pub async fn members(organization: Uuid) -> Result<Members, CallFailure> {
    get(&format!("/organizations/{organization}/members")).await
}

/// `PATCH /organizations/{id}/members/{user_id}`: gives a member another role.
pub async fn change_member(
    organization: Uuid,
    user: Uuid,
    role: MemberRole,
) -> Result<(), CallFailure> {
    let path = format!("/organizations/{organization}/members/{user}");
    done("PATCH", &path, json(&MemberChange { role })).await
}

/// `DELETE /organizations/{id}/members/{user_id}`: ends a membership.
pub async fn remove_member(organization: Uuid, user: Uuid) -> Result<(), CallFailure> {
    done("DELETE", &format!("/organizations/{organization}/members/{user}"), None).await
}

/// `POST /organizations/{id}/invitations`: invites somebody by a mail.
pub async fn invite(organization: Uuid, wanted: &NewInvitation) -> Result<Invitation, CallFailure> {
    post(&format!("/organizations/{organization}/invitations"), json(wanted)).await
}

/// `DELETE /organizations/{id}/invitations/{invitation_id}`: withdraws an invitation.
pub async fn withdraw_invitation(organization: Uuid, id: Uuid) -> Result<(), CallFailure> {
    done("DELETE", &format!("/organizations/{organization}/invitations/{id}"), None).await
}

/// `POST /invitations/accept`: makes the signed-in user a member.
pub async fn accept_invitation(proof: &InvitationProof) -> Result<Organization, CallFailure> {
    post("/invitations/accept", json(proof)).await
}

/// `GET /legal`: the legal documents that the shop has.
pub async fn legal_documents() -> Result<LegalDocuments, CallFailure> {
    get("/legal").await
}

/// `GET /legal/{kind}`: a legal document with its text.
pub async fn legal_text(kind: LegalKind, language: &str) -> Result<LegalText, CallFailure> {
    get(&format!("/legal/{}?language={language}", kind.as_str())).await
}

/// `POST /admin/sagas/{id}/retry`: continues a saga that needs attention.
pub async fn retry_saga(id: Uuid) -> Result<Saga, CallFailure> {
    post(&format!("/admin/sagas/{id}/retry"), None).await
}
