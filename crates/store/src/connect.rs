//! Opening connections.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgConnection};

use crate::fault::Fault;
use crate::file::{Stamp, at_rest};
use crate::location::Place;
use crate::session::Session;

/// How long to wait for a lock, or for a server to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everything.
    Write,
    /// Only read, and leave no trace.
    Read,
}

/// A connection, and what the file looked like when it was opened without locks.
pub(crate) struct Link {
    /// The connection.
    pub(crate) session: Session,
    resting: Option<Stamp>,
}

impl Link {
    /// Whether a file that is read without locks has changed meanwhile: what was read is then worth nothing.
    pub(crate) fn is_outdated(&self, place: &Place) -> bool {
        match (&self.resting, place) {
            (Some(stamp), Place::Sqlite(path)) => at_rest(path).as_ref() != Some(stamp),
            _ => false,
        }
    }
}

/// Connects.
pub(crate) async fn connect(place: &Place, access: Access) -> Result<Link, Fault> {
    match (place, access) {
        (Place::Sqlite(path), Access::Read) => to_resting_file(path).await,
        (Place::Sqlite(path), Access::Write) => {
            let options = sqlite(path).synchronous(SqliteSynchronous::Full);
            Ok(Link { session: Session::Sqlite(options.connect().await?), resting: None })
        }
        (Place::Postgres(options), _) => Ok(Link { session: to_server(options).await?, resting: None }),
    }
}

fn sqlite(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(PATIENCE)
}

/// Even a reader of a write-ahead log makes files beside the database, unless it promises that nobody writes to it.
/// The promise is made only for a file at rest, and whoever reads checks afterwards that it was kept.
async fn to_resting_file(path: &Path) -> Result<Link, Fault> {
    let resting = at_rest(path);
    let options = sqlite(path).read_only(true).immutable(resting.is_some());
    Ok(Link { session: Session::Sqlite(options.connect().await?), resting })
}

async fn to_server(options: &PgConnectOptions) -> Result<Session, Fault> {
    let connecting = PgConnection::connect_with(options);
    let connection = match tokio::time::timeout(PATIENCE, connecting).await {
        Ok(connection) => connection?,
        Err(_) => {
            let silence = std::io::Error::new(std::io::ErrorKind::TimedOut, "the server did not answer");
            return Err(sqlx::Error::Io(silence).into());
        }
    };
    let mut session = Session::Postgres(connection);
    // A server may be set up to answer before it has written; stronger settings than `on` are kept.
    const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false) AS setting \
                           WHERE current_setting('synchronous_commit') = 'off'";
    session.rows(DURABLE, &[]).await?;
    // A process that hangs inside a transaction must not hang the others.
    session.rows("SELECT set_config('lock_timeout', '10s', false) AS setting", &[]).await?;
    Ok(session)
}

/// Turns on SQLite's write-ahead log, which is a property of the file. SQLite does not wait for the lock it needs.
pub(crate) async fn use_write_ahead_log(session: &mut Session) -> Result<(), Fault> {
    if matches!(session, Session::Postgres(_)) {
        return Ok(());
    }
    let began = Instant::now();
    loop {
        match session.rows("PRAGMA journal_mode = WAL", &[]).await.map_err(Fault::from) {
            Ok(_) => return Ok(()),
            Err(fault) if fault.is_busy() && began.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(fault) => return Err(fault),
        }
    }
}
