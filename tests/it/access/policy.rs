//! The permissions for every operation: every kind of caller sends every operation of the document, and a table
//! contains the expected results.
//!
//! A new route fails this test until it has a row. A row contains an [`AccessRule`], and [`AccessRule::verdict`] says what the
//! rule means for each caller. Every request is valid and names objects that exist, so a 404 can only mean that the
//! caller may not know of the object.

use std::collections::BTreeSet;

use holdfast::kernel::db::Sql;
use strum::VariantArray as _;
use uuid::Uuid;

use crate::support::{
    answer::Answer,
    harness::{TestApp, users_are_read_anew},
    world::{People, PolicyWorld, STREAM, Who, operations},
};

/// The expected result of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AccessVerdict {
    /// The server performs the request, or refuses it for a reason that does not depend on the caller.
    Allowed,
    /// 401: the server does not know the caller.
    SignIn,
    /// 403: the caller may not perform the operation.
    Forbidden,
    /// 404: the caller may not know whether the object exists.
    Hidden,
}

/// The callers that may perform an operation.
#[derive(Debug, Clone, Copy)]
enum AccessRule {
    /// None of these callers: only a sender with the gateway's secret, if there is such a gateway (see `webhooks`).
    GatewayAlone,
    /// Every caller, with or without a token.
    Everybody,
    /// Nobody with these tokens: only a browser with the cookie of a session (see `identity::sessions`).
    CookieAlone,
    /// Nobody with these tokens: only the reader of a mail, with its link or its code (see `identity::recover`).
    ProofAlone,
    /// Every user who is signed in.
    Users,
    /// The user who owns the object. The object is hidden from other users.
    UserAlone,
    /// Every user who is signed in, and every guest.
    Buyers,
    /// The owners and managers of the organization, and administrators.
    Managers,
    /// The managers, sellers and viewers of the organization, and administrators.
    Readers,
    /// The members of the organization, and administrators. The organization is hidden from others.
    MembersAlone,
    /// The owners of the organization, and administrators. The organization is hidden from all but its members.
    OwnersOfOrganization,
    /// Only the administrators of the installation.
    Admins,
    /// The owner of the object, and administrators. The object is hidden from others.
    OwnerOrAdmin,
    /// Only the owner of the object. The object is hidden from others.
    OwnerAlone,
    /// The owner of the object, managers, sellers and viewers of the organization, and administrators. The object is hidden from
    /// others.
    OwnerOrReaders,
    /// The owner of the list, and administrators.
    OwnListOrAdmin,
}

impl AccessRule {
    fn verdict(self, who: Who) -> AccessVerdict {
        use AccessVerdict::{Allowed, Forbidden, Hidden, SignIn};
        use Who::{Admin, Guest, GuestOwner, Member, Nobody, Owner, Viewer};
        let unsigned = matches!(who, Nobody | Guest | GuestOwner);
        let owner = matches!(who, Owner | GuestOwner);
        let managers = matches!(who, Member | Admin);
        let readers = managers || who == Viewer;
        match self {
            Self::Everybody => Allowed,
            Self::GatewayAlone => Hidden,
            Self::CookieAlone | Self::ProofAlone => SignIn,
            Self::Users | Self::UserAlone if unsigned => SignIn,
            Self::Managers
            | Self::Readers
            | Self::MembersAlone
            | Self::OwnersOfOrganization
            | Self::Admins
                if unsigned =>
            {
                SignIn
            }
            _ if who == Nobody => SignIn,
            Self::Users | Self::Buyers => Allowed,
            Self::Managers | Self::OwnersOfOrganization if managers => Allowed,
            Self::Readers | Self::MembersAlone if readers => Allowed,
            Self::OwnersOfOrganization if readers => Forbidden,
            Self::MembersAlone | Self::OwnersOfOrganization => Hidden,
            Self::Admins if who == Admin => Allowed,
            Self::Managers | Self::Readers | Self::Admins => Forbidden,
            Self::OwnerOrAdmin if owner || who == Admin => Allowed,
            Self::OwnerAlone | Self::UserAlone if owner => Allowed,
            Self::OwnerOrReaders if owner || readers => Allowed,
            Self::OwnerOrAdmin | Self::OwnerAlone | Self::OwnerOrReaders | Self::UserAlone => {
                Hidden
            }
            Self::OwnListOrAdmin if who == Owner || who == Admin => Allowed,
            Self::OwnListOrAdmin => Forbidden,
        }
    }
}

/// The table. A query belongs to the request and not to the operation.
const TABLE: &[(&str, AccessRule)] = &[
    ("POST /auth/register", AccessRule::Everybody),
    ("POST /auth/activate", AccessRule::ProofAlone),
    ("POST /auth/activate/mail", AccessRule::Everybody),
    ("POST /auth/login", AccessRule::Everybody),
    ("POST /auth/password/forgot", AccessRule::Everybody),
    ("POST /auth/password/reset", AccessRule::ProofAlone),
    ("PUT /auth/password", AccessRule::Users),
    ("POST /auth/refresh", AccessRule::CookieAlone),
    ("POST /auth/logout", AccessRule::Everybody),
    ("GET /auth/profile", AccessRule::Users),
    ("PATCH /auth/profile", AccessRule::Users),
    ("DELETE /auth/profile", AccessRule::Users),
    ("GET /auth/profile/export", AccessRule::Users),
    ("POST /auth/email", AccessRule::Users),
    ("POST /auth/email/confirm", AccessRule::ProofAlone),
    ("GET /auth/sessions", AccessRule::Users),
    ("DELETE /auth/sessions", AccessRule::Users),
    ("DELETE /auth/sessions/{id}", AccessRule::UserAlone),
    ("GET /events", AccessRule::Everybody),
    ("POST /events", AccessRule::Managers),
    ("GET /events/{id}", AccessRule::Everybody),
    ("PATCH /events/{id}", AccessRule::Managers),
    ("DELETE /events/{id}", AccessRule::Admins),
    ("POST /events/{id}/publish", AccessRule::Managers),
    ("POST /events/{id}/cancel", AccessRule::Managers),
    ("GET /events/{id}/inventory", AccessRule::Everybody),
    ("GET /events/{id}/purchase-eligibility", AccessRule::Everybody),
    (STREAM, AccessRule::Everybody),
    ("GET /events/{id}/sections", AccessRule::Everybody),
    ("POST /events/{id}/sections", AccessRule::Managers),
    ("PATCH /events/{id}/sections/{section_id}", AccessRule::Managers),
    ("DELETE /events/{id}/sections/{section_id}", AccessRule::Managers),
    ("GET /events/{id}/seats", AccessRule::Everybody),
    ("GET /events/{id}/sections/{section_id}/seats", AccessRule::Everybody),
    ("PATCH /events/{id}/seats/{seat_id}", AccessRule::Managers),
    ("GET /events/{id}/plan", AccessRule::Everybody),
    ("PUT /events/{id}/plan", AccessRule::Managers),
    ("GET /offers", AccessRule::Everybody),
    ("GET /events/{id}/offers", AccessRule::Everybody),
    ("POST /events/{id}/offers", AccessRule::Managers),
    ("PATCH /offers/{id}", AccessRule::Managers),
    ("DELETE /offers/{id}", AccessRule::Managers),
    ("POST /events/{event_id}/reservations", AccessRule::Everybody),
    ("GET /events/{event_id}/reservations", AccessRule::Buyers),
    ("GET /events/{event_id}/reservations?user_id={owner}", AccessRule::OwnListOrAdmin),
    ("GET /reservations/{id}", AccessRule::OwnerOrAdmin),
    ("DELETE /reservations/{id}", AccessRule::OwnerAlone),
    ("POST /reservations/{id}/extend", AccessRule::OwnerAlone),
    ("POST /reservations/{id}/release", AccessRule::OwnerAlone),
    ("POST /bookings/confirm", AccessRule::OwnerAlone),
    ("GET /bookings/me", AccessRule::Buyers),
    ("GET /bookings/reference/{reference}", AccessRule::OwnerOrReaders),
    ("GET /bookings/{id}", AccessRule::OwnerOrReaders),
    ("POST /bookings/{id}/cancel", AccessRule::OwnerAlone),
    ("POST /bookings/lookup", AccessRule::Everybody),
    ("POST /bookings/{id}/link", AccessRule::OwnerAlone),
    ("POST /bookings/{id}/mail", AccessRule::OwnerAlone),
    ("POST /bookings/{id}/code", AccessRule::OwnerAlone),
    ("POST /bookings/{id}/code/proof", AccessRule::OwnerAlone),
    ("GET /events/{id}/bookings", AccessRule::Readers),
    ("POST /events/{id}/bookings/{booking_id}/cancel", AccessRule::Managers),
    ("POST /events/{id}/bookings/{booking_id}/refund", AccessRule::Managers),
    ("GET /legal", AccessRule::Everybody),
    ("GET /legal/{kind}", AccessRule::Everybody),
    ("GET /payments/config", AccessRule::Everybody),
    ("POST /payments/webhooks/stripe", AccessRule::GatewayAlone),
    // The secret is the credential.
    ("POST /payments/simulated/{client_secret}/complete", AccessRule::Everybody),
    ("GET /admin/audit", AccessRule::Admins),
    ("GET /admin/messages", AccessRule::Admins),
    ("POST /admin/messages/{id}/retry", AccessRule::Admins),
    ("POST /organizations", AccessRule::Users),
    ("GET /organizations/{id}", AccessRule::Everybody),
    ("GET /organizations/{id}/details", AccessRule::MembersAlone),
    ("PATCH /organizations/{id}", AccessRule::OwnersOfOrganization),
    ("GET /organizations/{id}/members", AccessRule::MembersAlone),
    ("PATCH /organizations/{id}/members/{user_id}", AccessRule::OwnersOfOrganization),
    ("DELETE /organizations/{id}/members/{user_id}", AccessRule::OwnersOfOrganization),
    ("POST /organizations/{id}/invitations", AccessRule::OwnersOfOrganization),
    ("DELETE /organizations/{id}/invitations/{invitation_id}", AccessRule::OwnersOfOrganization),
    ("POST /invitations/accept", AccessRule::ProofAlone),
    ("GET /admin/organizations", AccessRule::Admins),
    ("PATCH /admin/organizations/{id}", AccessRule::Admins),
    ("GET /admin/users", AccessRule::Admins),
    ("GET /admin/users/{id}", AccessRule::Admins),
    ("PATCH /admin/users/{id}", AccessRule::Admins),
    ("GET /admin/sagas", AccessRule::Admins),
    ("POST /admin/sagas/{id}/retry", AccessRule::Admins),
];

fn verdict(answer: &Answer) -> AccessVerdict {
    match answer.status {
        401 => AccessVerdict::SignIn,
        403 => AccessVerdict::Forbidden,
        404 => AccessVerdict::Hidden,
        _ => AccessVerdict::Allowed,
    }
}

#[tokio::test]
async fn every_operation_has_a_row_and_every_row_an_operation() {
    let app = TestApp::start().await;
    let mut served = BTreeSet::from([STREAM.to_owned()]);
    served.extend(operations(&app).await);
    let rows: BTreeSet<String> = TABLE
        .iter()
        .map(|(row, _)| row.split('?').next().expect("an operation").to_owned())
        .collect();
    assert_eq!(served, rows, "a row for each operation in TABLE, and no other");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let app = TestApp::start().await;
    let people = People::gather(&app).await;
    let mut wrong = Vec::new();
    for who in Who::VARIANTS.iter().copied() {
        let read = PolicyWorld::make(&app, &people, who).await;
        for (operation, rule) in TABLE {
            // An operation that changes rows gets separate objects, so that it does not affect the next operation.
            let answer = if operation.starts_with("GET") {
                read.ask(&people.call(&app, who, &read), operation).await
            } else {
                let world = PolicyWorld::make(&app, &people, who).await;
                world.ask(&people.call(&app, who, &world), operation).await
            };
            // Every member may end their own membership.
            let leaves =
                who == Who::Viewer && operation.starts_with("DELETE /organizations/{id}/members");
            let expected = if leaves { AccessVerdict::Allowed } else { rule.verdict(who) };
            let came = verdict(&answer);
            if expected != came {
                wrong.push(format!("{who:?} {operation}: {expected:?}, but {came:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_a_manager_or_administrator_is_read_at_that_moment() {
    let app = TestApp::start().await;
    let people = People::gather(&app).await;
    let world = PolicyWorld::make(&app, &people, Who::Owner).await;
    let mut wrong = Vec::new();
    for (operation, rule) in TABLE {
        let who = match rule {
            AccessRule::Managers
            | AccessRule::Readers
            | AccessRule::MembersAlone
            | AccessRule::OwnersOfOrganization => Who::Member,
            AccessRule::Admins => Who::Admin,
            _ => continue,
        };
        // The node remembers the account as it was.
        let profile = loop {
            let profile = people.call(&app, who, &world).get("/auth/profile").await;
            if profile.status == 200 {
                break profile;
            }
            users_are_read_anew().await;
        };
        set_status(&app, profile.id(), "suspended").await;
        let came = verdict(&world.ask(&people.call(&app, who, &world), operation).await);
        if came != AccessVerdict::SignIn {
            wrong.push(format!("{who:?} {operation}: {came:?}"));
        }
        set_status(&app, profile.id(), "active").await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    app.finish().await;
}

async fn set_status(app: &TestApp, user: Uuid, status: &str) {
    let text = "UPDATE users SET status = $1 WHERE id = $2";
    let set = app.app.base.db.run(text, vec![status.into(), user.into()]).await;
    assert_eq!(set.expect("the store works"), 1);
}
