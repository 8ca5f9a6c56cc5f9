//! The SQLite file: rights, damage, locks, and that looking leaves no trace.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use globe_model::{Journal, JournalError};
use globe_store::Store;
use sqlx::{Connection, SqliteConnection};

use crate::bench::*;

fn path(bench: &Bench) -> PathBuf {
    PathBuf::from(&bench.location)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

/// All files beside the database, with their contents and times.
fn directory(bench: &Bench) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let folder = path(bench).parent().expect("a folder").to_owned();
    let files = fs::read_dir(folder).expect("reads").map(|entry| entry.expect("reads").path());
    let whole = |file: &PathBuf| {
        let modified = fs::metadata(file).expect("there").modified().expect("a time");
        (fs::read(file).expect("reads"), modified)
    };
    files.map(|file| (file.clone(), whole(&file))).collect()
}

/// A closed database with one run in it.
async fn closed(bench: &Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    store.begin(&mine, &start(0)).await.expect("begins");
    store.close().await;
}

async fn reason(bench: &Bench) -> String {
    let opened = Store::open(&bench.location, bench.clock.clone()).await.err();
    let Some(JournalError::Unusable { database, reason }) = opened else { panic!("{opened:?}") };
    assert_eq!(database, bench.location);
    reason
}

#[tokio::test]
async fn only_the_owner_may_read_it() {
    let bench = Bench::sqlite();
    let store = bench.open().await;
    lease(&store, "ann@a 1", &["global"]).await;
    assert_eq!(mode(path(&bench).parent().expect("a folder")), 0o700);
    let files = directory(&bench);
    assert!(files.len() > 1, "the write-ahead log is there too");
    for file in files.keys() {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn looking_makes_nothing() {
    let bench = Bench::sqlite();
    assert!(bench.look().await.is_none());
    assert!(!path(&bench).parent().expect("a folder").exists());
}

#[tokio::test]
async fn looking_leaves_no_trace() {
    let bench = Bench::sqlite();
    closed(&bench).await;
    let before = directory(&bench);
    assert_eq!(before.len(), 1, "a closed database is one file");
    let reader = bench.look().await.expect("there is a state");
    assert_eq!(reader.head(STACK).await.expect("reads").seq, 1);
    assert_eq!(directory(&bench), before, "while it is open");
    reader.close().await;
    assert_eq!(directory(&bench), before);
}

#[tokio::test]
async fn looking_at_what_a_killed_process_left_changes_no_state() {
    let bench = Bench::sqlite();
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    store.begin(&mine, &start(0)).await.expect("begins");
    // The files as they are now, elsewhere: what a kill leaves.
    let crashed = Bench::sqlite();
    fs::create_dir_all(path(&crashed).parent().expect("a folder")).expect("makes");
    for file in directory(&bench).keys() {
        let name = file.file_name().expect("a name");
        fs::copy(file, path(&crashed).with_file_name(name)).expect("copies");
    }
    let state = |bench: &Bench| {
        let mut files = directory(bench);
        // Shared memory between processes, not state.
        files.remove(&path(bench).with_file_name("state.db-shm"));
        files
    };
    let before = state(&crashed);
    let reader = crashed.look().await.expect("there is a state");
    assert_eq!(reader.head(STACK).await.expect("reads").seq, 1, "from the write-ahead log");
    reader.close().await;
    assert_eq!(state(&crashed), before);
}

#[tokio::test]
async fn an_empty_file_is_no_state_yet() {
    let bench = Bench::sqlite();
    fs::create_dir_all(path(&bench).parent().expect("a folder")).expect("makes");
    fs::write(path(&bench), "").expect("writes");
    assert!(bench.look().await.is_none());
    assert_eq!(bench.open().await.head(STACK).await.expect("reads").seq, 0);
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_kept() {
    let bench = Bench::sqlite();
    fs::create_dir_all(path(&bench).parent().expect("a folder")).expect("makes");
    let text = "stack = \"acme\"\n".repeat(100);
    fs::write(path(&bench), &text).expect("writes");
    let reason = reason(&bench).await;
    assert!(reason.contains("no SQLite database"), "{reason}");
    assert_eq!(fs::read_to_string(path(&bench)).expect("reads"), text);
}

#[tokio::test]
async fn a_truncated_database_is_refused() {
    for keep in [50, 4096, 8192 + 100] {
        let bench = Bench::sqlite();
        closed(&bench).await;
        let whole = fs::read(path(&bench)).expect("reads");
        assert!(whole.len() > keep);
        fs::write(path(&bench), &whole[..keep]).expect("writes");
        let reason = reason(&bench).await;
        assert!(reason.contains("damaged, cut short"), "{keep}: {reason}");
    }
}

#[tokio::test]
async fn another_programs_database_is_refused() {
    let bench = Bench::sqlite();
    fs::create_dir_all(path(&bench).parent().expect("a folder")).expect("makes");
    fs::write(path(&bench), "").expect("writes");
    bench.tamper("CREATE TABLE bookmarks (url TEXT)").await.expect("makes");
    let before = fs::read(path(&bench)).expect("reads");
    let reason = reason(&bench).await;
    assert!(reason.contains("`bookmarks`"), "{reason}");
    assert_eq!(fs::read(path(&bench)).expect("reads"), before);
}

#[tokio::test]
async fn a_read_only_file_is_refused_for_writing_and_can_be_looked_at() {
    let bench = Bench::sqlite();
    closed(&bench).await;
    fs::set_permissions(path(&bench), Permissions::from_mode(0o400)).expect("sets");
    let reason = reason(&bench).await;
    assert!(reason.contains("read-only"), "{reason}");
    let reader = bench.look().await.expect("there is a state");
    assert_eq!(reader.head(STACK).await.expect("reads").seq, 1);
}

#[tokio::test]
async fn a_locked_database_says_so_and_is_used_once_free() {
    let bench = Bench::sqlite();
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    let mut other = SqliteConnection::connect(&bench.location).await.expect("connects");
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.expect("locks");
    let refused = store.intend(&mine, &create(&vpc("global"))).await;
    let Err(JournalError::Database { source, .. }) = refused else { panic!("{refused:?}") };
    assert!(source.to_string().contains("another process keeps it locked"), "{source}");
    assert_eq!(store.head(STACK).await.expect("reading does not wait").seq, 0);
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.expect("unlocks");
    store.intend(&mine, &create(&vpc("global"))).await.expect("free again");
}

#[tokio::test]
async fn a_backup_is_one_moment_for_the_owner_alone() {
    let bench = Bench::sqlite();
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    store.begin(&mine, &start(0)).await.expect("begins");
    let copy = path(&bench).with_file_name("copy.db");
    // While the store is open: what is only in the write-ahead log is copied too.
    Store::backup(&bench.location, &copy).await.expect("copies");
    assert_eq!(mode(&copy), 0o600);
    store.finish(&mine, &end()).await.expect("goes on");
    let copied = Store::open(&copy.display().to_string(), bench.clock.clone()).await.expect("opens");
    assert_eq!(copied.head(STACK).await.expect("reads").seq, 1);
    assert_eq!(copied.verify(STACK).await.expect("compares"), Vec::<String>::new());
    let again = Store::backup(&bench.location, &copy).await.expect_err("it exists").to_string();
    assert!(again.contains("copy.db") && again.contains("exists"), "{again}");
    assert_eq!(copied.head(STACK).await.expect("reads").seq, 1, "the first copy is as it was");
}

#[tokio::test]
async fn a_backup_of_nothing_or_of_a_server_is_refused_with_advice() {
    let bench = Bench::sqlite();
    let copy = std::env::temp_dir().join("globe-never-made.db");
    let nothing = Store::backup(&bench.location, &copy).await.expect_err("there is nothing").to_string();
    assert!(nothing.contains("no state yet"), "{nothing}");
    let server = Store::backup("postgres://localhost/globe", &copy).await.expect_err("its own tools").to_string();
    assert!(server.contains("pg_dump") && server.contains("globe state export"), "{server}");
    assert!(!copy.exists());
}

#[tokio::test]
async fn a_folder_that_is_none_is_named() {
    let bench = Bench::sqlite();
    let folder = path(&bench).parent().expect("a folder").to_owned();
    fs::write(&folder, "not a folder").expect("writes");
    let opened = Store::open(&bench.location, bench.clock.clone()).await.err();
    let Some(JournalError::Database { database, source, .. }) = opened else { panic!("{opened:?}") };
    assert_eq!(database, bench.location);
    assert!(source.to_string().to_lowercase().contains("not a directory"), "{source}");
}

/// Pages overwritten in the middle: what reads them says so, and writes nothing.
#[tokio::test]
async fn a_corrupted_page_is_refused() {
    let bench = Bench::sqlite();
    closed(&bench).await;
    let mut whole = fs::read(path(&bench)).expect("reads");
    whole[4096..].fill(0x5a);
    fs::write(path(&bench), &whole).expect("writes");
    let reason = reason(&bench).await;
    assert!(reason.contains("damaged"), "{reason}");
}
