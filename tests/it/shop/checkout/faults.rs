//! Every fault of each step of a checkout, on the real program over a real store: the step is refused, its call is
//! lost, the program is killed before or after the record, the step runs twice; and the same faults in the undo
//! steps. `docs/FAULTS.md` contains the table. The test performs every cell and compares the results with the table.
//!
//! `cells` is the table; `drive` takes a checkout to the fault and starts the program again; `ending` checks the
//! result; `page` is the document.

mod alone;
mod attention;
mod cells;
mod drive;
mod ending;
mod page;
mod record;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Instant,
};

use self::{
    cells::{Cell, CellRun},
    ending::ExpectedEnding,
};
use crate::support::{
    fixture::{self, Like},
    harness::TestApp,
};

/// The number of stores that the test uses at once, each with one or two programs.
const LANES: usize = 4;

/// The cells that cannot exist. The table gives the reason for each of them.
const NEVER: [(&str, &str); 12] = [
    ("capture", "undo fails"),
    ("capture", "undo twice"),
    ("issue_tickets", "refused"),
    ("issue_tickets", "undo fails"),
    ("issue_tickets", "undo twice"),
    ("prepare, to void", "undo fails"),
    ("prepare, to void", "undo twice"),
    ("void", "undo fails"),
    ("void", "undo twice"),
    ("release_seats", "refused"),
    ("release_seats", "undo fails"),
    ("release_seats", "undo twice"),
];

#[test]
fn the_table_has_every_step_and_fault_and_names_what_cannot_be() {
    let cells = cells::all();
    for step in cells::STEPS {
        for fault in cells::FAULTS {
            let found = cells.iter().filter(|cell| (cell.step, cell.fault) == (step, fault));
            assert_eq!(found.count(), 1, "{step}, {fault}");
        }
    }
    assert_eq!(cells.len(), cells::STEPS.len() * cells::FAULTS.len());
    let never: Vec<_> = cells
        .iter()
        .filter(|cell| matches!(cell.run, CellRun::Never(_)))
        .map(|cell| (cell.step, cell.fault))
        .collect();
    assert_eq!(never, NEVER);
}

/// The result of one cell: its ending in words, or the difference from the expected ending.
type CellResult = (&'static str, &'static str, Result<String, String>);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_at_every_step_ends_as_the_table_says() {
    let started = Instant::now();
    let cells: VecDeque<Cell> =
        cells::all().into_iter().filter(|cell| matches!(cell.run, CellRun::Drive(_))).collect();
    let (wanted, left) = (cells.len(), Arc::new(Mutex::new(cells)));
    let lanes = (0..LANES).map(|_| tokio::spawn(lane(Arc::clone(&left))));
    let lanes: Vec<_> = lanes.collect();
    let mut came: Vec<CellResult> = Vec::new();
    for lane in lanes {
        came.extend(lane.await.expect("a lane"));
    }
    assert_eq!(came.len(), wanted);
    let table = page::table(&cells::all(), &came);
    println!("{table}\n{wanted} cells in {:?}", started.elapsed());
    let wrong: Vec<String> = came
        .iter()
        .filter_map(|(step, fault, came)| {
            came.as_ref().err().map(|why| format!("{step}, {fault}: {why}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    page::compare(&table);
}

/// Performs cells until none is left, all over one store.
async fn lane(left: Arc<Mutex<VecDeque<Cell>>>) -> Vec<CellResult> {
    let app = Arc::new(TestApp::apart().await);
    let mut came = Vec::new();
    loop {
        let next = left.lock().expect("the cells").pop_front();
        let Some(Cell { step, fault, run: CellRun::Drive(drive) }) = next else { break };
        let event = fixture::event(&app, Like::default()).await;
        let this = Arc::clone(&app);
        // A cell that fails must not hide the others.
        let cell = tokio::spawn(async move { drive::cell(&this, &event, &drive).await });
        let ended = match cell.await {
            Ok(ended) => ended,
            Err(panic) => Err(panicked(panic)),
        };
        let breaches = app.breaches().await;
        let ended = match ended {
            Ok(_) if !breaches.is_empty() => Err(format!("{breaches:#?}")),
            ended => ended,
        };
        if let Err(why) = &ended {
            println!("{step}, {fault}: {why}");
        }
        came.push((step, fault, ended));
    }
    came
}

#[tokio::test]
async fn a_checkout_that_ends_otherwise_is_found() {
    let app = TestApp::apart().await;
    let event = fixture::event(&app, Like::default()).await;
    let declined = cells::all().into_iter().find_map(|cell| match cell.run {
        CellRun::Drive(drive) if (cell.step, cell.fault) == ("authorize", "refused") => Some(drive),
        _ => None,
    });
    let mut drive = declined.expect("the cell");
    drive.ends = ExpectedEnding::Confirmed;
    drive::cell(&app, &event, &drive).await.expect_err("it was declined");
    drive.ends = ExpectedEnding::Declined;
    drive.faults = "authorize=drop,void=lose";
    let unmet = drive::cell(&app, &fixture::event(&app, Like::default()).await, &drive).await;
    assert!(unmet.expect_err("nothing is voided").contains("void=lose"));
    app.finish().await;
}

fn panicked(error: tokio::task::JoinError) -> String {
    let payload = error.into_panic();
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "it panicked".to_owned())
}
