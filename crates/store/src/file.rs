//! The SQLite file itself: who may read it, and whether it is at rest.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Makes the file, and the directories above it, for the owner alone. What exists is left as it is.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
        private_directories().create(parent)?;
    }
    match private_file().open(path) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}

/// Makes the file for the owner alone.
///
/// # Errors
/// Also when it exists.
pub(crate) fn create_new_private(path: &Path) -> io::Result<()> {
    private_file().open(path).map(drop)
}

fn private_directories() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Whether nobody may write to the file, root included (whom the system would let through).
pub(crate) fn is_read_only(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().readonly())
}

/// What tells one state of a resting file from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
}

/// The stamp of a database that no process has open and none left half-written: it has no files beside it. Such a
/// file can be read without locks, hence without leaving a trace; `None` when it cannot.
pub(crate) fn at_rest(path: &Path) -> Option<Stamp> {
    if ["-wal", "-shm", "-journal"].iter().any(|suffix| beside(path, suffix).exists()) {
        return None;
    }
    let metadata = fs::metadata(path).ok()?;
    Some(Stamp { length: metadata.len(), modified: metadata.modified().ok() })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
