//! Migrations, and whether a database is one that this globe understands.

use std::borrow::Cow;
use std::path::PathBuf;

use sqlx::migrate::{Migrate, Migrator};
use sqlx::{Connection, SqliteConnection};

use crate::backup;
use crate::fault::Fault;
use crate::location::Place;
use crate::session::Session;

/// Where sqlx keeps the applied migrations.
const TABLE: &str = "_sqlx_migrations";
static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// How a database compares with the migrations that this globe has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// Nothing is in it yet.
    Empty,
    /// Some migrations are missing; the last that it has.
    Older(i64),
    /// As this globe writes it.
    Current,
}

/// Looks without writing.
///
/// # Errors
/// The database is newer, changed, or another program's.
pub(crate) async fn inspect(session: &mut Session) -> Result<Age, Fault> {
    let (known, tables) = match session {
        Session::Sqlite(_) => (&SQLITE, "SELECT name FROM sqlite_master WHERE type = 'table'"),
        // Only the schema in which our tables would be made.
        Session::Postgres(_) => (
            &POSTGRES,
            "SELECT table_name::TEXT AS name FROM information_schema.tables WHERE table_schema = current_schema()",
        ),
    };
    let rows = session.rows(tables, &[]).await?;
    let names = rows.iter().map(|row| row.text("name")).collect::<Result<Vec<_>, _>>()?;
    if names.iter().any(|name| name == TABLE) {
        return compare(known, &applied(session).await?);
    }
    match names.first() {
        None => Ok(Age::Empty),
        Some(name) => Err(Fault::Unusable(format!(
            "it holds another program's tables (`{name}`); give globe a database of its own"
        ))),
    }
}

/// The applied migrations: version and checksum.
async fn applied(session: &mut Session) -> Result<Vec<(i64, Vec<u8>)>, Fault> {
    const SQL: &str = "SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version";
    Ok(match session {
        Session::Sqlite(connection) => sqlx::query_as(SQL).fetch_all(connection).await?,
        Session::Postgres(connection) => sqlx::query_as(SQL).fetch_all(connection).await?,
    })
}

/// The last migration that this globe has, of either database.
pub(crate) fn newest() -> i64 {
    SQLITE.iter().map(|migration| migration.version).max().unwrap_or_default()
}

fn compare(known: &Migrator, applied: &[(i64, Vec<u8>)]) -> Result<Age, Fault> {
    for (version, checksum) in applied {
        let Some(migration) = known.iter().find(|migration| migration.version == *version) else {
            return Err(Fault::Unusable(format!("a newer globe has written it (migration {version}); upgrade globe")));
        };
        if migration.checksum != Cow::Borrowed(checksum.as_slice()) {
            return Err(Fault::Unusable(format!(
                "its migration {version} is not the one that this globe knows; use the globe that wrote it"
            )));
        }
    }
    match applied.len() {
        0 => Ok(Age::Empty),
        some if some < known.iter().count() => Ok(Age::Older(applied.last().map_or(0, |(version, _)| *version))),
        _ => Ok(Age::Current),
    }
}

/// Brings the database up to date; answers where the copy is that was made of an older file first. Two processes may do
/// so at once.
pub(crate) async fn migrate(session: &mut Session, place: &Place) -> Result<Option<PathBuf>, Fault> {
    let mut copy = None;
    match session {
        Session::Sqlite(connection) => {
            // sqlx does not lock SQLite while it migrates.
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            // Nobody else can write from here on, so the copy is what is about to be changed.
            copy = keep_older(&mut transaction, place).await?;
            apply_missing(&SQLITE, &mut *transaction).await?;
            transaction.commit().await?;
        }
        Session::Postgres(connection) => {
            connection.lock().await?;
            apply_missing(&POSTGRES, connection).await?;
            connection.unlock().await?;
        }
    }
    Ok(copy)
}

/// A copy of a file that an earlier globe wrote. What has no migrations yet has nothing to keep.
async fn keep_older(connection: &mut SqliteConnection, place: &Place) -> Result<Option<PathBuf>, Fault> {
    connection.ensure_migrations_table(TABLE).await?;
    let applied = connection.list_applied_migrations(TABLE).await?;
    let missing = SQLITE.iter().any(|known| !applied.iter().any(|done| done.version == known.version));
    match (place, applied.last()) {
        (Place::Sqlite(path), Some(last)) if missing => {
            let copy = backup::before_migration(path, last.version);
            backup::copy(path, &copy).await?;
            Ok(Some(copy))
        }
        _ => Ok(None),
    }
}

/// What `Migrator::run` does; its own future is not `Send` for every lifetime, so it cannot be awaited in a task.
async fn apply_missing<C: Migrate + Send>(known: &Migrator, connection: &mut C) -> Result<(), Fault> {
    connection.ensure_migrations_table(TABLE).await?;
    let applied = connection.list_applied_migrations(TABLE).await?;
    for migration in known.iter() {
        if !applied.iter().any(|done| done.version == migration.version) {
            connection.apply(TABLE, migration).await?;
        }
    }
    Ok(())
}
