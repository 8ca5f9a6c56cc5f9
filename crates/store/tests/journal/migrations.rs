//! Forward from every earlier version. `versions/` holds, for each, what a globe of that version wrote.

use std::borrow::Cow;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use globe_model::{Journal, JournalError};
use globe_store::Store;
use sqlx::migrate::{Migrate, Migrator};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::bench::*;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

async fn known(database: &str) -> Migrator {
    Migrator::new(Path::new(ROOT).join("../../migrations").join(database)).await.expect("reads")
}

fn fixture(version: i64) -> PathBuf {
    Path::new(ROOT).join(format!("tests/journal/versions/{version}.sql"))
}

async fn apply<C: Migrate>(connection: &mut C, known: &Migrator, until: i64) {
    const TABLE: &str = "_sqlx_migrations";
    connection.ensure_migrations_table(TABLE).await.expect("makes");
    for migration in known.iter().filter(|migration| migration.version <= until) {
        connection.apply(TABLE, migration).await.expect("applies");
    }
}

/// The database as a globe of that version left it.
async fn write_as(bench: &Bench, version: i64) {
    let rows = std::fs::read_to_string(fixture(version)).expect("every version but the newest has a fixture");
    let rows = AssertSqlSafe(rows);
    if bench.location.starts_with("postgres") {
        let mut connection = PgConnection::connect(&bench.location).await.expect("connects");
        apply(&mut connection, &known("postgres").await, version).await;
        sqlx::raw_sql(rows).execute(&mut connection).await.expect("fills");
    } else {
        std::fs::create_dir_all(Path::new(&bench.location).parent().expect("a folder")).expect("makes");
        std::fs::write(&bench.location, "").expect("writes");
        let mut connection = SqliteConnection::connect(&bench.location).await.expect("connects");
        apply(&mut connection, &known("sqlite").await, version).await;
        sqlx::raw_sql(rows).execute(&mut connection).await.expect("fills");
        connection.close().await.expect("closes");
    }
}

/// What every fixture tells: a VPC that AWS has agreed to delete, one that is in use, an interrupted create.
async fn tells_the_story(store: &Store) {
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.seq, head.records.len(), head.open.len(), head.ledger.len()), (11, 2, 1, 0));
    assert_eq!(head.deleting, [(vpc("us-east-1"), "vpc-1".to_owned())].into());
    assert_eq!(store.verify(STACK).await.expect("compares"), Vec::<String>::new());
    let mine = lease(store, "ann@a 1", &["us-east-1"]).await;
    store.begin(&mine, &start(11)).await.expect("and it goes on");
}

async fn versions(database: &str) -> (Vec<i64>, i64) {
    let mut versions: Vec<i64> = known(database).await.iter().map(|migration| migration.version).collect();
    let newest = versions.pop().expect("there are migrations");
    (versions, newest)
}

#[tokio::test]
async fn both_databases_have_the_same_versions() {
    assert_eq!(versions("sqlite").await, versions("postgres").await);
}

#[tokio::test]
async fn sqlite_comes_forward_from_every_version_and_keeps_a_copy() {
    let (earlier, newest) = versions("sqlite").await;
    for version in earlier {
        let bench = Bench::sqlite();
        write_as(&bench, version).await;
        let looked = Store::open_existing(&bench.location, bench.clock.clone()).await.err();
        let Some(JournalError::Unusable { reason, .. }) = looked else { panic!("{looked:?}") };
        assert!(reason.contains("an older globe has written it"), "looking changes nothing: {reason}");
        let store = bench.open().await;
        let migrated = store.migrated().expect("it was older").clone();
        let copy = migrated.copy.expect("a file is copied first");
        assert_eq!((migrated.from, migrated.to), (version, newest));
        assert_eq!(copy.display().to_string(), format!("{}.v{version}.backup", bench.location));
        assert_eq!(std::fs::metadata(&copy).expect("there").permissions().mode() & 0o777, 0o600);
        tells_the_story(&store).await;
        store.close().await;
        assert!(bench.open().await.migrated().is_none(), "once is enough");
        // The copy is what it was, and comes forward itself.
        let copied = Store::open(&copy.display().to_string(), bench.clock.clone()).await.expect("opens");
        assert_eq!(copied.migrated().map(|migrated| migrated.from), Some(version));
        tells_the_story(&copied).await;
    }
}

#[tokio::test]
async fn a_second_copy_does_not_overwrite_the_first() {
    let (earlier, _) = versions("sqlite").await;
    let bench = Bench::sqlite();
    write_as(&bench, earlier[0]).await;
    let taken = format!("{}.v{}.backup", bench.location, earlier[0]);
    std::fs::write(&taken, "of an earlier attempt").expect("writes");
    let store = bench.open().await;
    let copy = store.migrated().and_then(|migrated| migrated.copy.clone()).expect("a copy");
    assert_eq!(copy.display().to_string(), format!("{}.v{}-2.backup", bench.location, earlier[0]));
    assert_eq!(std::fs::read_to_string(&taken).expect("reads"), "of an earlier attempt");
}

#[tokio::test]
async fn postgres_comes_forward_from_every_version() {
    let (earlier, newest) = versions("postgres").await;
    for version in earlier {
        let name = format!("postgres_comes_forward_{version}");
        let Some(bench) = Bench::postgres(&name).await else { return };
        write_as(&bench, version).await;
        let store = bench.open().await;
        let migrated = store.migrated().expect("it was older");
        assert_eq!((migrated.from, migrated.to, &migrated.copy), (version, newest, &None));
        tells_the_story(&store).await;
    }
}

#[tokio::test]
async fn two_may_bring_it_forward_at_once() {
    let (earlier, _) = versions("sqlite").await;
    for bench in [Some(Bench::sqlite()), Bench::postgres("two_may_bring_it_forward_at_once").await] {
        let Some(bench) = bench else { continue };
        write_as(&bench, earlier[0]).await;
        let (one, two) = tokio::join!(bench.open(), bench.open());
        assert_eq!(one.head(STACK).await.expect("reads"), two.head(STACK).await.expect("reads"));
        tells_the_story(&one).await;
    }
}

/// A globe that lacks the newest migration meets a database that has it: only the number is there to go by.
#[tokio::test]
async fn an_older_globe_names_the_version_that_it_does_not_know() {
    let bench = Bench::sqlite();
    bench.open().await.close().await;
    let migrations = known("sqlite").await;
    let mut renamed: Vec<_> = migrations.iter().cloned().collect();
    let last = renamed.last_mut().expect("there is one");
    last.version += 1;
    last.description = Cow::Borrowed("of tomorrow");
    last.sql = sqlx::SqlSafeStr::into_sql_str("CREATE TABLE tomorrow (day TEXT)");
    let mut connection = SqliteConnection::connect(&bench.location).await.expect("connects");
    connection.apply("_sqlx_migrations", last).await.expect("applies");
    connection.close().await.expect("closes");
    let refused = Store::open(&bench.location, bench.clock.clone()).await.err();
    let Some(JournalError::Unusable { reason, .. }) = refused else { panic!("{refused:?}") };
    assert!(reason.contains(&last.version.to_string()) && reason.contains("upgrade globe"), "{reason}");
}
