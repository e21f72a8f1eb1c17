//! Browsers and proxies may store nothing that belongs to one caller.

use holdfast_domain::access::Role;

use crate::support::{
    buyer::GuestBuyer,
    fixture::{account, app_with_event, seats},
};

#[tokio::test]
async fn personal_answers_are_kept_by_nobody() {
    let (app, event) = app_with_event().await;
    let buyer = GuestBuyer::holds(&app, &event, &seats(&[1])).await;
    let admin = account(&app, "admin", Role::Admin, None).await;
    let own = format!("/reservations/{}", buyer.reservation);
    let answers = [
        buyer.gets(&app, &own).await,
        buyer.gets(&app, "/bookings/me").await,
        buyer.gets(&app, &event.path("/purchase-eligibility")).await,
        app.as_user(&admin).get("/auth/profile").await,
        app.as_user(&admin).get("/admin/audit").await,
        app.post("/auth/login", &serde_json::json!({ "email": "x", "password": "y" })).await,
        app.get("/bookings/me").await,
    ];
    for answer in answers {
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{}", answer.text);
    }
    let all = app.get(&event.path("/seats?state=only")).await;
    assert_eq!(all.header("Cache-Control"), Some("no-cache"), "the same for everybody");
    app.finish().await;
}
