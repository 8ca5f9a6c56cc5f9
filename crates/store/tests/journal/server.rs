//! What only a server can do (go away in between) or tell (which rows were committed together).

use std::sync::Arc;
use std::time::Duration;

use globe_model::{Journal, JournalError, Outcome};
use globe_store::Store;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;

use crate::bench::*;
use crate::wire::{Cut, Wire};

#[tokio::test]
async fn a_cut_connection_is_made_anew() {
    let Some(bench) = Bench::postgres("a_cut_connection_is_made_anew").await else { return };
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    bench.tamper(cut).await.expect("cuts");
    store.intend(&mine, &create(&vpc("global"))).await.expect("nothing was under way, so nothing is in doubt");
    assert_eq!(store.head(STACK).await.expect("reads").open.len(), 1);
}

#[tokio::test]
async fn concurrent_intents_share_commits() {
    let Some(bench) = Bench::postgres("concurrent_intents_share_commits").await else { return };
    let store = Arc::new(bench.open().await);
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    let mut tasks = JoinSet::new();
    for _ in 0..300 {
        let (store, mine) = (store.clone(), mine.clone());
        tasks.spawn(async move { store.intend(&mine, &create(&vpc("global"))).await.expect("intends") });
    }
    tasks.join_all().await;
    // A savepoint's rows carry the commit time of the whole transaction.
    let count = "SELECT count(*), count(DISTINCT pg_xact_commit_timestamp(xmin)) FROM events";
    let mut connection = PgConnection::connect(&bench.location).await.expect("connects");
    let (events, commits): (i64, i64) = sqlx::query_as(count).fetch_one(&mut connection).await.expect("counts");
    assert_eq!(events, 300);
    assert!((1..30).contains(&commits), "{commits} commits");
}

/// Ends all connections but the one that says so.
const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test]
async fn connections_cut_in_the_middle_of_a_run_lose_nothing() {
    let Some(bench) = Bench::postgres("connections_cut_in_the_middle_of_a_run").await else { return };
    let store = Arc::new(bench.open().await);
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    store.begin(&mine, &start(0)).await.expect("begins");
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (store, mine) = (store.clone(), mine.clone());
        tasks.spawn(async move {
            for number in 0..20 {
                let intent = create(&vpc("global"));
                store.intend(&mine, &intent).await.expect("is made good");
                let outcome = Outcome::Created { id: format!("vpc-{number}-{}", intent.token) };
                store.conclude(&mine, &intent, &outcome).await.expect("is made good");
            }
        });
    }
    // Ten times, whenever something has been written since the last time.
    let mut eye = PgConnection::connect(&bench.location).await.expect("connects");
    let (mut cuts, mut seen) = (0, 0);
    while cuts < 10 {
        let seq: i64 = sqlx::query_scalar("SELECT seq FROM stacks").fetch_one(&mut eye).await.expect("reads");
        if seq > seen {
            sqlx::query(CUT).execute(&mut eye).await.expect("cuts");
            (cuts, seen) = (cuts + 1, seq);
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    assert!(seen < 801, "it was cut in the middle");
    tasks.join_all().await;
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.seq, head.records.len() + head.deposed.len(), head.open.len()), (801, 400, 0), "each once");
    assert_eq!(store.verify(STACK).await.expect("compares"), Vec::<String>::new());
}

#[tokio::test]
async fn after_a_cut_the_fence_is_checked_anew() {
    let Some(bench) = Bench::postgres("after_a_cut_the_fence_is_checked").await else { return };
    let (store, other) = (bench.open().await, bench.open().await);
    let old = lease(&store, "ann@a 1", &["global"]).await;
    store.intend(&old, &create(&vpc("global"))).await.expect("holds");
    bench.tamper(CUT).await.expect("cuts");
    bench.clock.advance(TTL);
    lease(&other, "bob@b 2", &["global"]).await;
    let refused = store.intend(&old, &create(&vpc("global"))).await;
    assert!(matches!(refused, Err(JournalError::Fenced { .. })), "{refused:?}");
    assert_eq!(store.head(STACK).await.expect("reads").open.len(), 1);
}

#[tokio::test]
async fn a_commit_without_an_answer_happens_once() {
    for (name, cut) in [("commit_lost_before", Cut::Before), ("commit_lost_after", Cut::After)] {
        let Some(bench) = Bench::postgres(name).await else { return };
        let mut wire = Wire::to(&bench.location).await;
        let store = Store::open(&wire.location, bench.clock.clone()).await.expect("opens");
        let mine = lease(&store, "ann@a 1", &["global"]).await;
        wire.arm(cut);
        store.intend(&mine, &create(&vpc("global"))).await.expect("is made good");
        assert!(wire.was_cut(), "{name}");
        let direct = bench.open().await;
        let head = direct.head(STACK).await.expect("reads");
        assert_eq!((head.seq, head.open.len()), (1, 1), "{name}: once");
        assert_eq!(direct.verify(STACK).await.expect("compares"), Vec::<String>::new());
    }
}
