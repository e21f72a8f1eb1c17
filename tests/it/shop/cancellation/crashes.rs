//! The real program is killed between any two steps of a refund. Another node completes the refund, and the money is
//! refunded once.

use super::*;
use crate::support::process::Node;

#[tokio::test]
async fn killed_at_any_point_of_a_refund_the_money_comes_back_once() {
    let (app, event) = app_with_event().await;
    let points = [
        "refund.before_effect",
        "refund.after_effect",
        "post_refund.before_record",
        "post_refund.after_record",
    ];
    let mut given = 0;
    for (at, point) in points.iter().enumerate() {
        println!("killed at {point}");
        let seat = i32::try_from(at).expect("few points") + 1;
        let paid = Paid::of(&app, &event, &seats(&[seat])).await;
        let failpoint = [("HOLDFAST_FAILPOINT", *point)];
        let mut doomed = Node::start_with(&app.app.config, &failpoint).await;
        let cancel = reqwest::Client::new()
            .post(doomed.url(&format!("/bookings/{}/cancel", paid.id())))
            .header("X-Guest-Token", &paid.buyer.token)
            .send();
        // The program may respond before it is killed in a later step.
        let answer = tokio::spawn(cancel);
        doomed.halts_at(point).await;
        doomed.kill().await;
        answer.await.expect("a task").ok();
        given += 4500;
        // The lease of the dead worker has to lapse.
        app.advance(Duration::from_secs(6)).await;
        all_refunded(&app).await;
        let read = paid.reads(&app).await;
        assert_eq!(
            (read.status, statuses(&read)),
            (BookingStatus::Cancelled, vec![TicketStatus::Refunded])
        );
        assert_eq!(books(&app).await, (given, given), "{point}");
    }
    app.finish().await;
}
