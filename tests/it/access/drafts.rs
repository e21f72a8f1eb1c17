//! Strangers send every operation on an event to an event that was never published. A draft does not exist for them,
//! so each response is 404, and nothing changes. The rows of the draft exist: only the caller decides.

use holdfast::kernel::db;
use holdfast_domain::{event::Status, ids::EventId};
use holdfast_entity::publications;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::support::{
    fixture,
    harness::TestApp,
    world::{People, PolicyWorld, STREAM, Who, operations},
};

/// Callers without any relation to the event or its organization.
const STRANGERS: [Who; 5] =
    [Who::Nobody, Who::Guest, Who::Customer, Who::Organizer, Who::Controller];

/// Makes the event one that was never published, as if everything in it had happened before.
async fn conceal(app: &TestApp, world: &PolicyWorld, status: Status) {
    fixture::set_status(app, &world.event, status).await;
    let published = publications::Entity::delete_many()
        .filter(publications::Column::EventId.eq(EventId(world.event.id)));
    assert_eq!(db::change(&app.app.base.db, published).await.expect("a publication"), 1);
}

/// A pass ends the bookings of a called-off event, and the places of those that are being paid for become free.
async fn bookings_have_ended(app: &TestApp) {
    app.app.slices.cancellations.called_off_pass().await.expect("a pass");
    let live = "SELECT COUNT(*) FROM sagas WHERE status IN ('running', 'waiting', 'undoing')";
    app.until(live, 0).await;
}

async fn check_hidden(status: Status) {
    let app = TestApp::start().await;
    let people = People::gather(&app).await;
    let world = PolicyWorld::make(&app, &people, Who::Owner).await;
    conceal(&app, &world, status).await;
    // The first node remembers for a while that the event was published.
    let node = app.another_node().await;
    let is_on_event = |operation: &String| {
        let (_, path) = operation.split_once(' ').expect("a method and a path");
        path.starts_with("/events/{") || path.starts_with("/offers/{")
    };
    let mut operations: Vec<String> =
        operations(&app).await.into_iter().filter(is_on_event).collect();
    operations.push(STREAM.to_owned());
    assert!(operations.len() > 20, "{operations:?}");
    if status == Status::Cancelled {
        bookings_have_ended(&node).await;
    }
    let admin = people.call(&node, Who::Admin, &world);
    let before = world.shown_to(&admin).await;
    let mut wrong = Vec::new();
    for who in STRANGERS {
        for operation in &operations {
            let answer = world.ask(&people.call(&node, who, &world), operation).await;
            if answer.status != 404 {
                wrong.push(format!("{who:?} {operation}: {} {}", answer.status, answer.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(world.shown_to(&admin).await, before, "a refused operation changed the event");
    // Every path names an object that exists, because the administrator reaches each of them.
    world.is_reached_by(&admin, &operations).await;
    node.stop().await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_exists_for_strangers_through_no_operation() {
    check_hidden(Status::Draft).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_draft_exists_for_strangers_through_no_operation() {
    check_hidden(Status::Cancelled).await;
}
