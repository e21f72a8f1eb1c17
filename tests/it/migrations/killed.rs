//! Programs that are killed during a migration, at every statement of the step that copies tables, and programs that
//! start together.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use holdfast::settings::Config;
use holdfast_migration::{Migrator, MigratorTrait as _};

use super::stored::{Columns, before, open, schema, with_managers};
use crate::support::{
    harness::{bare_store, config_over},
    process::program,
};

/// A number larger than the number of points in the step.
const MAX_POINTS: u32 = 500;
/// At every point whose number is a multiple of this, a second program fails instead of being killed.
const FAILS_EVERY: u32 = 5;

fn migrate(config: &Config) -> Command {
    let mut command = program(config, "migrate");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Waits until the program reports that it has reached the point, or ends. Returns its log.
fn reaches(process: &mut Child, point: &str) -> Result<(), String> {
    let mut log = String::new();
    for line in BufReader::new(process.stderr.take().expect("its log")).lines() {
        let line = line.expect("a text");
        if line.contains(&format!("failpoint {point}")) {
            return Ok(());
        }
        log.push_str(&line);
        log.push('\n');
    }
    Err(log)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_killed_at_any_statement_leaves_the_store_of_before() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = config_over(bare_store(folder.path()).await, folder.path());
    let db = before(config.database.url.expose()).await;
    let (columns, old_schema) = (Columns::of(&db).await, schema(&db).await);
    let old = columns.rows(&db).await;
    db.writer().close_by_ref().await.expect("closed");
    db.reader().pool().close_by_ref().await.expect("closed");

    let mut points = 0;
    for at in 1..=MAX_POINTS {
        let point = format!("migration.halt:{at}");
        let mut process =
            migrate(&config).env("HOLDFAST_FAILPOINT", &point).spawn().expect("it starts");
        let reached = reaches(&mut process, &point);
        if let Err(log) = reached {
            // No point halts this program: it has completed the migration.
            assert!(process.wait().expect("its end").success(), "{log}");
            points = at - 1;
            break;
        }
        process.kill().expect("SIGKILL");
        process.wait().expect("its end");
        if at % FAILS_EVERY == 0 {
            let point = format!("migration.fail:{at}");
            let failing = migrate(&config).env("HOLDFAST_FAILPOINT", &point).output();
            let failing = failing.expect("it runs");
            let log = String::from_utf8_lossy(&failing.stderr);
            assert!(
                !failing.status.success() && log.contains(&format!("failpoint {point}")),
                "{log}"
            );
        }
        let db = open(config.database.url.expose()).await;
        assert_eq!(columns.rows(&db).await, old, "killed at {point}");
        assert_eq!(schema(&db).await, old_schema, "killed at {point}");
        db.writer().close_by_ref().await.expect("closed");
        db.reader().pool().close_by_ref().await.expect("closed");
    }
    assert!(points >= 20, "the step has {points} statements");

    let db = open(config.database.url.expose()).await;
    assert_eq!(columns.rows(&db).await, with_managers(old));
    let pending = Migrator::get_pending_migrations(db.writer()).await.expect("the steps");
    assert!(pending.is_empty());
    let checked = program(&config, "check").output().expect("it runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_that_start_together_all_find_the_store_up_to_date() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = config_over(bare_store(folder.path()).await, folder.path());
    let db = before(config.database.url.expose()).await;
    let columns = Columns::of(&db).await;
    let old = columns.rows(&db).await;
    let started: Vec<Child> =
        (0..3).map(|_| migrate(&config).spawn().expect("it starts")).collect();
    for process in started {
        let ended = process.wait_with_output().expect("its end");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    assert_eq!(columns.rows(&db).await, with_managers(old));
}
