//! What only a server can do (go away in between) or tell (which rows were committed together).

use std::sync::Arc;

use globe_model::Journal;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;

use crate::bench::*;

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
