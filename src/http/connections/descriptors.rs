//! How many connections the system allows. Each is an open file, and the database, Redis and the log need files, too.

use std::fs;

/// Where Linux tells the limits of this process (proc(5)).
const LIMITS: &str = "/proc/self/limits";
const OPEN_FILES: &str = "Max open files";

/// `wanted`, or three quarters of the files that this process may open, if that is less.
pub(super) fn limited(wanted: u32) -> usize {
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let Some(files) = fs::read_to_string(LIMITS).ok().as_deref().and_then(open_files) else {
        return wanted;
    };
    let most = files / 4 * 3;
    if most < wanted {
        tracing::info!(files, most, "the limit of open files allows fewer than CONNECTIONS");
    }
    wanted.min(most)
}

/// The soft limit of open files.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix(OPEN_FILES))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_of_files_is_read() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max processes             31                   unlimited            processes \n\
                    Max open files            1024                 524288               files     \n";
        assert_eq!(open_files(text), Some(1024));
        assert_eq!(open_files("Max open files unlimited unlimited files"), None);
        assert_eq!(open_files(""), None);
        assert_eq!(limited(1), 1);
    }
}
