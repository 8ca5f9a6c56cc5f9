//! Copies of the SQLite file, for the owner alone.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::connect::{Access, connect};
use crate::fault::Fault;
use crate::file;
use crate::location::Place;

/// Copies a database that others may be using, as one moment of it, to a file that does not exist yet.
pub(crate) async fn copy(from: &Path, to: &Path) -> Result<(), Fault> {
    let io = |error: std::io::Error| Fault::Unusable(format!("could not write the copy {}: {error}", to.display()));
    file::create_new_private(to).map_err(io)?;
    let copied = vacuum(from, to).await;
    if copied.is_err() {
        // The failure to copy is what the user must know.
        let _leftover = std::fs::remove_file(to);
        return copied;
    }
    // SQLite does not wait until a copy is on the disk.
    File::open(to).and_then(|file| file.sync_all()).map_err(io)
}

async fn vacuum(from: &Path, to: &Path) -> Result<(), Fault> {
    let place = Place::Sqlite(from.to_owned());
    // A file that may be written is opened for writing, since a mere reader would leave files beside it.
    let access = match file::is_read_only(from) {
        Ok(true) => Access::Read,
        Ok(false) => Access::Write,
        Err(error) => return Err(sqlx::Error::Io(error).into()),
    };
    let mut link = connect(&place, access).await?;
    let done = link.session.execute("VACUUM INTO $1", &[to.display().to_string().into()]).await;
    link.session.close().await?;
    done?;
    Ok(())
}

/// Where the copy goes that is made before a migration: beside the file, named with the version it has.
pub(crate) fn before_migration(path: &Path, version: i64) -> PathBuf {
    let mut number = 1;
    loop {
        let mut name = OsString::from(path);
        name.push(match number {
            1 => format!(".v{version}.backup"),
            again => format!(".v{version}-{again}.backup"),
        });
        let candidate = PathBuf::from(name);
        if !candidate.exists() {
            return candidate;
        }
        number += 1;
    }
}
