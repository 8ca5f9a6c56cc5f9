//! What only a server can do: go away in between.

use globe_model::Journal;

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
