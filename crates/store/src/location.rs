//! Where the state lies, and what may be said of it.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use globe_model::JournalError;
use sqlx::postgres::PgConnectOptions;

/// The two kinds of database.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A file, by its absolute path.
    Sqlite(PathBuf),
    /// A server; never shown, since it holds the password.
    Postgres(Box<PgConnectOptions>),
}

/// A database and the text that names it without credentials.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    /// How to reach it.
    pub(crate) place: Place,
    /// For people.
    pub(crate) shown: String,
}

impl Location {
    /// Reads `postgres://...` or the path of a SQLite file.
    pub(crate) fn parse(text: &str) -> Result<Self, JournalError> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Self::server(text),
            Some((scheme, _)) => Err(JournalError::Unusable {
                database: format!("{scheme}://..."),
                reason: "globe keeps state in a SQLite file (give its path) or in PostgreSQL (postgres://...)".into(),
            }),
            None => Self::file(Path::new(text)),
        }
    }

    fn file(path: &Path) -> Result<Self, JournalError> {
        let shown = path.display().to_string();
        // An absolute path is never taken for one of SQLite's special names (`:memory:`, `file:...`).
        match std::path::absolute(path) {
            Ok(absolute) => Ok(Self { place: Place::Sqlite(absolute), shown }),
            Err(source) => Err(JournalError::Database {
                attempt: "find the directory".into(),
                database: shown,
                source: Box::new(source),
            }),
        }
    }

    fn server(url: &str) -> Result<Self, JournalError> {
        // The parser's own words are withheld: a password with a stray `/` or `@` can end up in them.
        let options = PgConnectOptions::from_str(url).map_err(|_| JournalError::Unusable {
            database: "postgres://...".into(),
            reason: "the address cannot be read; it looks like postgres://user:password@host:5432/database, with \
                     special characters of the password percent-encoded"
                .into(),
        })?;
        Ok(Self { shown: without_credentials(&options), place: Place::Postgres(Box::new(options)) })
    }
}

fn without_credentials(options: &PgConnectOptions) -> String {
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => options.get_host().to_owned(),
    };
    let database = options.get_database().unwrap_or_default();
    if database.contains('@') || host.contains('@') {
        // A password with an unescaped `/` was taken for the rest of the address.
        return "postgres://...".into();
    }
    format!("postgres://{host}:{}/{database}", options.get_port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credentials_are_shown() {
        for url in [
            "postgres://bob:hunter2@db.example.com:6543/globe",
            "postgresql://db.example.com:6543/globe?user=bob&password=hunter2",
        ] {
            let location = Location::parse(url).expect("reads");
            assert_eq!(location.shown, "postgres://db.example.com:6543/globe");
        }
    }

    #[test]
    fn a_password_that_breaks_the_address_is_not_shown() {
        for url in [
            "postgres://bob:hunter/2@db.example.com/globe",
            "postgres://bob:12/hunter2@db.example.com/globe",
            "postgres://bob:hunter2@db.example.com:port/globe",
            "mysql://bob:hunter2@db.example.com/globe",
        ] {
            let shown = match Location::parse(url) {
                Ok(location) => location.shown,
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains("hunter"), "{shown}");
        }
    }

    #[test]
    fn everything_else_is_a_file() {
        for path in [":memory:", "file:x.db", "state.db", ".globe/state.db"] {
            let location = Location::parse(path).expect("a path");
            assert_eq!(location.shown, path);
            assert!(matches!(location.place, Place::Sqlite(absolute) if absolute.is_absolute()));
        }
    }
}
