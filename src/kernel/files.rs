//! Files and folders that only this program's user may read. They get their mode when they are created, so there is
//! no moment at which somebody else could open them.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{ErrorKind, Result},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

/// Makes the folder and the missing folders above it with the mode 0700. A folder that exists stays as it is.
///
/// # Errors
/// When the operating system refuses.
pub fn private_folder(folder: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes the file with the mode 0600, together with its folder. `None` when the file exists.
///
/// # Errors
/// When the operating system refuses.
pub fn private_file(file: &Path) -> Result<Option<File>> {
    if let Some(folder) = file.parent() {
        private_folder(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, sync::Arc};

    use super::*;
    use crate::{
        adapters::system::SystemClock,
        kernel::{
            db::{ClockOffset, Db, Sql as _},
            ports::Clock,
        },
    };

    fn mode(path: &Path) -> u32 {
        path.metadata().expect("it is there").permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn nobody_else_reads_the_data_folder_or_a_file_of_the_database() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("var/data");
        let file = data.join("holdfast.db");
        let url = format!("sqlite://{}", file.display());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let db = Db::connect(&url, 1, ClockOffset::Ignored, &clock).await.expect("a store");
        db.run("CREATE TABLE t (a TEXT)", vec![]).await.expect("a table");
        for folder in [folder.path().join("var"), data.clone()] {
            assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        }
        let mut files = 0;
        for entry in data.read_dir().expect("the folder").map(|entry| entry.expect("an entry")) {
            files += 1;
            assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
        }
        assert!(files >= 2, "the database and its log");
        assert!(private_file(&file).expect("it is there").is_none());
    }
}
