//! Every operation with an event and a part of an event in its path, with the part of another event: a section, a seat
//! or a booking. The part does not exist in the event that the path names, whatever the caller may do with it there.

use holdfast::identity::memberships;
use holdfast_domain::{access::MembershipRole, ids::OrganizationId};

use crate::support::{
    fixture::{self, Like},
    harness::TestApp,
    world::{People, PolicyWorld, Who, operations, who_is},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_an_event_is_not_reached_through_another_event() {
    let app = TestApp::start().await;
    let people = People::gather(&app).await;
    let theirs = PolicyWorld::make(&app, &people, Who::Owner).await;
    // It has no seat with the number that the paths name.
    let ours = fixture::event(&app, Like { seats: 1, ..Like::default() }).await;
    let (db, organization) = (&app.app.base.db, OrganizationId(ours.organization));
    for manager in [who_is(&app, &people.organizer).await, people.member_id] {
        memberships::join(db, organization, manager, MembershipRole::Owner)
            .await
            .expect("a member");
    }
    let has_two_ids =
        |operation: &String| operation.contains(" /events/{") && operation.matches('{').count() > 1;
    let operations: Vec<String> = operations(&app).await.into_iter().filter(has_two_ids).collect();
    assert!(operations.len() > 5, "{operations:?}");
    let admin = people.call(&app, Who::Admin, &theirs);
    let before = theirs.shown_to(&admin).await;
    let mut wrong = Vec::new();
    for operation in &operations {
        let (_, template) = operation.split_once(' ').expect("a method and a path");
        let event = ours.id.to_string();
        let path = template.replace("{id}", &event).replace("{event_id}", &event);
        let path = theirs.path(&path);
        // One manages our event only; the others manage both.
        for who in [Who::Organizer, Who::Member, Who::Admin] {
            let caller = people.call(&app, who, &theirs);
            let answer = theirs.ask_at(&path, &caller, operation).await;
            if answer.status != 404 {
                wrong.push(format!("{who:?} {operation}: {} {}", answer.status, answer.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(theirs.shown_to(&admin).await, before, "a refused operation changed the part");
    // The parts exist in their own event.
    theirs.is_reached_by(&admin, &operations).await;
    app.finish().await;
}
