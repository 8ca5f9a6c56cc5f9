//! What can go wrong inside a transaction, and how it is told.

use std::sync::Arc;

use globe_model::{JournalError, Scope, Timestamp, World};
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

use crate::connect::PATIENCE;

/// The lower byte of a SQLite error code, see <https://www.sqlite.org/rescode.html>.
const SQLITE_BUSY: i32 = 5;
const SQLITE_READONLY: i32 = 8;
const SQLITE_IOERR: i32 = 10;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_CANTOPEN: i32 = 14;
const SQLITE_NOTADB: i32 = 26;

/// A failure before it is known what was being attempted, and in which database.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The driver's error; shared, since one failed commit fails many operations.
    Sql(Arc<sqlx::Error>),
    /// The commit's own answer was an error: its effect is not known.
    Unsure(Arc<sqlx::Error>),
    /// [`JournalError::Leased`].
    Leased { stack: String, scope: Scope, holder: String, expires: Timestamp },
    /// [`JournalError::Fenced`].
    Fenced(Scope),
    /// [`JournalError::StalePlan`].
    Stale { parent: u64, head: u64, scope: Scope },
    /// [`JournalError::OtherState`].
    OtherState { parent: u64, head: u64 },
    /// [`JournalError::OtherAccount`].
    OtherAccount { stack: String, recorded: String, claimed: String },
    /// [`JournalError::OtherWorld`].
    OtherWorld { stack: String, recorded: World, claimed: World },
    /// [`JournalError::Occupied`]: the stack.
    Occupied(String),
    /// The request does not fit what is recorded; nothing was written.
    Misfit(String),
    /// What was read is not what globe writes, or cannot be used as it is.
    Unusable(String),
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(Arc::new(error))
    }
}

impl From<MigrateError> for Fault {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            other => Self::Unusable(other.to_string()),
        }
    }
}

/// Another process has the SQLite file locked.
#[derive(Debug, thiserror::Error)]
#[error("another process keeps it locked; gave up after {} s", PATIENCE.as_secs())]
struct Locked;

/// A write that the disk did not take.
#[derive(Debug, thiserror::Error)]
#[error("{0}: {1}")]
struct Untaken(&'static str, Arc<sqlx::Error>);

/// A request that does not fit what is recorded.
#[derive(Debug, thiserror::Error)]
#[error("{0}; nothing was written")]
struct Misfit(String);

impl Fault {
    /// A value in the database that cannot be read.
    pub(crate) fn damaged(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Unusable(format!("{what} is damaged: {error}; restore a copy, or rebuild from the events"))
    }

    /// Whether the connection is of no more use.
    pub(crate) fn is_lost(&self) -> bool {
        let (Self::Sql(error) | Self::Unsure(error)) = self else { return false };
        match error.as_ref() {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
            // Class 08: connection exceptions; 57P01 to 57P03: the server is shutting down or starting.
            _ if server_code(error).is_some_and(|code| code.starts_with("08") || code.starts_with("57P")) => true,
            _ => false,
        }
    }

    /// Whether another process holds SQLite's lock.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Sql(error) if sqlite_code(error) == Some(SQLITE_BUSY))
    }

    /// The port's error: `attempt` as in "commit an intent", `database` without credentials.
    pub(crate) fn into_error(self, attempt: &str, database: &str) -> JournalError {
        let (attempt, database) = (attempt.to_owned(), database.to_owned());
        match self {
            Self::Leased { stack, scope, holder, expires } => JournalError::Leased { stack, scope, holder, expires },
            Self::Fenced(scope) => JournalError::Fenced { scope },
            Self::Stale { parent, head, scope } => JournalError::StalePlan { parent, head, scope },
            Self::OtherState { parent, head } => JournalError::OtherState { parent, head },
            Self::OtherAccount { stack, recorded, claimed } => JournalError::OtherAccount { stack, recorded, claimed },
            Self::OtherWorld { stack, recorded, claimed } => JournalError::OtherWorld { stack, recorded, claimed },
            Self::Occupied(stack) => JournalError::Occupied { database, stack },
            Self::Misfit(what) => JournalError::Database { attempt, database, source: Box::new(Misfit(what)) },
            Self::Unusable(reason) => JournalError::Unusable { database, reason },
            Self::Unsure(source) => {
                let attempt = format!("{attempt} (its effect is not known: look before you repeat it)");
                of_driver(source, attempt, database)
            }
            Self::Sql(source) => of_driver(source, attempt, database),
        }
    }
}

/// PostgreSQL: the lock that `lock_timeout` waited for was not given.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Tells the driver's error in the words of somebody who looks at a file.
fn of_driver(source: Arc<sqlx::Error>, attempt: String, database: String) -> JournalError {
    if server_code(&source).is_some_and(|code| code == LOCK_NOT_AVAILABLE) {
        return JournalError::Database { attempt, database, source: Box::new(Locked) };
    }
    let untaken = |what| Box::new(Untaken(what, source.clone()));
    match sqlite_code(&source) {
        Some(SQLITE_FULL) => JournalError::Database { attempt, database, source: untaken("its disk is full") },
        Some(SQLITE_IOERR) => JournalError::Database {
            attempt,
            database,
            source: untaken("its disk does not take it (full, or failing)"),
        },
        Some(SQLITE_CANTOPEN) => JournalError::Unusable {
            database,
            reason: format!(
                "could not {attempt}: the file, or the -wal and -shm files that belong beside it, cannot be opened; its directory must be there and writable"
            ),
        },
        Some(SQLITE_BUSY) => JournalError::Database { attempt, database, source: Box::new(Locked) },
        Some(SQLITE_READONLY) => JournalError::Unusable {
            database,
            reason: format!("could not {attempt}: the file or its directory is read-only"),
        },
        Some(SQLITE_CORRUPT | SQLITE_NOTADB) => JournalError::Unusable {
            database,
            reason: format!(
                "could not {attempt}: it is damaged, cut short or no SQLite database ({source}); restore a copy"
            ),
        },
        _ => JournalError::Database { attempt, database, source: Box::new(source) },
    }
}

fn server_code(error: &sqlx::Error) -> Option<&str> {
    Some(error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?.code())
}

fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    let error = error.as_database_error()?.try_downcast_ref::<SqliteError>()?;
    let code: i32 = sqlx::error::DatabaseError::code(error)?.parse().ok()?;
    Some(code & 0xff)
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection, SqliteConnection};

    use super::*;

    /// A database that may not grow is what SQLite makes of a full disk.
    #[tokio::test]
    async fn a_full_disk_is_called_so() {
        let mut connection = SqliteConnection::connect(":memory:").await.expect("opens");
        sqlx::raw_sql("CREATE TABLE t (x TEXT); PRAGMA max_page_count = 3")
            .execute(&mut connection)
            .await
            .expect("makes");
        let fill = "INSERT INTO t VALUES (hex(randomblob(100000)))";
        let full = sqlx::raw_sql(fill).execute(&mut connection).await.expect_err("there is no room");
        let error = Fault::from(full).into_error("commit an intent", "state.db");
        let JournalError::Database { attempt, source, .. } = &error else { panic!("{error:?}") };
        assert_eq!(attempt, "commit an intent");
        assert!(source.to_string().starts_with("its disk is full: "), "{source}");
    }
}
