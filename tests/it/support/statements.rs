//! The statements that the tests have sent, for `scripts/statements.py`, which finds those that no test sends.

use std::{
    collections::HashSet,
    env,
    fs::OpenOptions,
    io::Write as _,
    path::Path,
    process,
    sync::{Mutex, PoisonError},
};

use holdfast::kernel::db::{Db, Dialect, Sql as _};

static NOTED: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// Adds the statements of a server to the file of this process, each once. Does nothing unless a folder is named.
pub fn note(db: &Db) {
    let Some(folder) = env::var_os("HOLDFAST_TEST_STATEMENTS") else { return };
    let store = match db.writing().dialect() {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
    };
    let mut noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
    let noted = noted.get_or_insert_default();
    let path = Path::new(&folder).join(format!("{store}-{}.jsonl", process::id()));
    let file = OpenOptions::new().create(true).append(true).open(path);
    let mut file = file.expect("the folder of the statements");
    for text in db.sent_texts() {
        if noted.insert(text.clone()) {
            let line = serde_json::to_string(&text).expect("a text");
            writeln!(file, "{line}").expect("room for the statements");
        }
    }
}
