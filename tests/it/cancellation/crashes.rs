//! The real program, killed between any two steps of a refund: another node brings it to its end, and the money
//! comes back once.

use super::*;
use crate::checkout_crashes::Doomed;

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
        let doomed = Doomed::start(&app, point);
        doomed.cancels_and_dies(&paid.buyer.token, paid.id()).await;
        given += 4500;
        // The dead worker's lease has to lapse.
        app.advance(Duration::from_secs(6)).await;
        all_refunded(&app).await;
        let read = paid.reads(&app).await;
        assert_eq!((&read["status"], statuses(&read)), (&json!("cancelled"), vec!["refunded"]));
        assert_eq!(books(&app).await, (given, given), "{point}");
    }
    app.finish().await;
}
