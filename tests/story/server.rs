//! A team's state on PostgreSQL.

use std::process::Stdio;
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

use crate::cloud::Cloud;
use crate::globe::{Place, Said, Served};
use crate::postgres;
use crate::stops::SMALL;

const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";

async fn events(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(connection).await.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_cut_in_the_middle_of_a_run_lose_nothing() {
    let Some(state) = postgres::database("story_of_a_cut_connection").await else { return };
    let served = Served::start();
    let place = Place::new(SMALL, Some(&served.url));
    let up = place.command(&["--state", &state, "up", "--yes"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let up = up.expect("starts");
    let mut eye = PgConnection::connect(&state).await.expect("connects");
    let began = Instant::now();
    let mut cut_at = Vec::new();
    while cut_at.len() < 4 && began.elapsed() < Duration::from_secs(60) {
        let count = events(&mut eye).await;
        if count > cut_at.last().copied().unwrap_or(2) + 4 {
            sqlx::query(CUT).execute(&mut eye).await.expect("cuts");
            cut_at.push(count);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Said::of(&up.wait_with_output().expect("ends")).exits(0);
    assert_eq!(cut_at.len(), 4, "{cut_at:?}");
    let globe = |arguments: &[&str]| place.globe(&[&["--state", state.as_str()], arguments].concat());
    globe(&["diff", "--exit-code"]).exits(0);
    globe(&["state", "verify"]).exits(0);
    let census = Cloud::at(&served.url).census("us-east-1").await;
    assert_eq!((census.vpcs, census.subnets, census.nat_gateways, census.addresses), (1, 6, 1, 1), "one of each");
    let refused = globe(&["state", "backup"]).exits(1);
    assert!(refused.stderr.contains("pg_dump"), "{}", refused.stderr);
    globe(&["state", "copy", "--to", "mine.db"]).exits(0);
    place.globe(&["--state", "mine.db", "down", "--regions", "all", "--yes"]).exits(0);
    place.globe(&["--state", "mine.db", "state", "verify"]).exits(0);
    globe(&["state", "verify"]).exits(0);
}
