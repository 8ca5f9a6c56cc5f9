//! One connection to either database, so that every statement is written once.
//!
//! Both databases understand `$1`, `ON CONFLICT`, `RETURNING` and savepoints, and all columns are `BIGINT` or `TEXT`.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Postgres, Row as _, Sqlite, SqliteConnection};

/// A bound parameter.
#[derive(Clone, Debug)]
pub(crate) enum Param {
    /// A `BIGINT`.
    Int(i64),
    /// A `TEXT`.
    Text(String),
    /// A `TEXT` that may be absent.
    Maybe(Option<String>),
}

impl From<i64> for Param {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Param {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Param {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Option<String>> for Param {
    fn from(value: Option<String>) -> Self {
        Self::Maybe(value)
    }
}

/// A row of either database.
pub(crate) enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// A `BIGINT NOT NULL` column.
    pub(crate) fn int(&self, column: &str) -> Result<i64, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    /// A `TEXT NOT NULL` column.
    pub(crate) fn text(&self, column: &str) -> Result<String, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    /// A `TEXT` column that may be NULL.
    pub(crate) fn maybe(&self, column: &str) -> Result<Option<String>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }
}

/// A connection to either database.
pub(crate) enum Session {
    /// To SQLite.
    Sqlite(SqliteConnection),
    /// To PostgreSQL.
    Postgres(PgConnection),
}

/// Binds `$params` to `$sql` for the database `$db`.
macro_rules! bound {
    ($db:ty, $sql:expr, $params:expr) => {
        $params.iter().fold(sqlx::query::<$db>($sql), |query, param| match param {
            Param::Int(value) => query.bind(*value),
            Param::Text(value) => query.bind(value.clone()),
            Param::Maybe(value) => query.bind(value.clone()),
        })
    };
}

/// Rows that one statement inserts at most: databases limit a statement's parameters, and prepared ones are kept.
const ROWS: usize = 64;

/// `($1, $2), ($3, $4)`.
fn places(rows: usize, columns: usize) -> String {
    let row =
        |row: usize| (1..=columns).map(|column| format!("${}", row * columns + column)).collect::<Vec<_>>().join(", ");
    (0..rows).map(|index| format!("({})", row(index))).collect::<Vec<_>>().join(", ")
}

impl Session {
    /// Runs one statement; answers how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: &'static str, params: &[Param]) -> Result<u64, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute(bound!(Sqlite, sql, params)).await?.rows_affected()),
            Self::Postgres(connection) => Ok(connection.execute(bound!(Postgres, sql, params)).await?.rows_affected()),
        }
    }

    /// Inserts rows, many with a statement; `into` is an `INSERT` up to its columns.
    pub(crate) async fn insert<const N: usize>(
        &mut self,
        into: &'static str,
        rows: &[[Param; N]],
    ) -> Result<(), sqlx::Error> {
        for some in rows.chunks(ROWS) {
            let sql = AssertSqlSafe(format!("{into} VALUES {}", places(some.len(), N)));
            let params = some.as_flattened();
            match self {
                Self::Sqlite(connection) => connection.execute(bound!(Sqlite, sql, params)).await.map(drop)?,
                Self::Postgres(connection) => connection.execute(bound!(Postgres, sql, params)).await.map(drop)?,
            }
        }
        Ok(())
    }

    /// All rows of a query.
    pub(crate) async fn rows(&mut self, sql: &'static str, params: &[Param]) -> Result<Vec<Row>, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => {
                let rows = connection.fetch_all(bound!(Sqlite, sql, params)).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Self::Postgres(connection) => {
                let rows = connection.fetch_all(bound!(Postgres, sql, params)).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The first row of a query, if there is one.
    pub(crate) async fn row(&mut self, sql: &'static str, params: &[Param]) -> Result<Option<Row>, sqlx::Error> {
        Ok(self.rows(sql, params).await?.into_iter().next())
    }

    /// Starts a transaction. A writing one takes SQLite's write lock at once: upgrading a read later could fail.
    pub(crate) async fn begin(&mut self, writes: bool) -> Result<(), sqlx::Error> {
        let sql = match (&self, writes) {
            (Self::Sqlite(_), true) => "BEGIN IMMEDIATE",
            (Self::Sqlite(_), false) => "BEGIN",
            // Writers serialise on the stack's row and must see what was committed before they got it.
            (Self::Postgres(_), true) => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
            // One snapshot for all statements of a read.
            (Self::Postgres(_), false) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        self.execute(sql, &[]).await.map(drop)
    }

    /// Ends the connection in good order; SQLite's last one folds the write-ahead log into the file.
    pub(crate) async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
    }
}
