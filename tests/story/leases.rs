//! Who may change what at the same time, and what a run does that was paused for too long.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::cloud::Cloud;
use crate::globe::{Place, Running, Served};
use crate::stops::SMALL;

/// Two regions that have nothing to do with each other.
const TWO: &str = r#"
stack = "two"
account = "123456789012"
primary = "us-east-1"

[regions.us-east-1]
cidr = "10.0.0.0/16"

[regions.eu-central-1]
cidr = "10.1.0.0/16"

[network.main]
zones = 2
nat = "none"
"#;

fn up(place: &Place, more: &[&str]) -> Running {
    Running::start(place.command(&[&["up", "--yes"], more].concat()))
}

/// A run that hangs in the middle, with the lease on its region.
fn up_held_at(place: &Place, served: &Served, rule: &str) -> Running {
    served.fault(rule);
    let running = up(place, &[]);
    served.wait_for_held(rule.split([':', '@']).next().expect("an action"));
    running
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_change_two_regions_at_the_same_time() {
    let served = Served::start();
    let place = Place::new(TWO, Some(&served.url));
    served.fault("CreateVpc@eu-central-1:hang-after");
    let there = up(&place, &["--region", "eu-central-1"]);
    served.wait_for_held("CreateVpc");
    place.globe(&["up", "--region", "us-east-1", "--yes", "--lock-timeout", "0"]).exits(0);
    assert!(!served.held().is_empty(), "the other run is still in the middle");
    served.release();
    there.end().exits(0);
    place.globe(&["diff", "--exit-code"]).exits(0);
    let cloud = Cloud::at(&served.url);
    for region in ["us-east-1", "eu-central-1"] {
        let census = cloud.census(region).await;
        assert_eq!((census.vpcs, census.subnets), (1, 6), "{region}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_same_region_the_second_waits_or_is_refused() {
    let served = Served::start();
    let place = Place::new(SMALL, Some(&served.url));
    let first = up_held_at(&place, &served, "CreateVpc:hang-after");
    let who = format!("process {}", first.id());
    let made = served.settled_writes();

    let refused = place.globe(&["up", "--yes", "--lock-timeout", "1"]).exits(4);
    for expected in [&who, "Waiting up to 1 s (--lock-timeout)", "us-east-1 is held by", "since 20", "last heard of"] {
        assert!(refused.stderr.contains(expected), "{expected} is missing:\n{}", refused.stderr);
    }
    assert_eq!(served.settled_writes(), made, "the refused run changed nothing");

    let second = up(&place, &[]);
    second.until("Waiting up to 60 s");
    assert!(second.so_far().contains(&who), "{}", second.so_far());
    served.release();
    first.end().exits(0);
    second.end().exits(0);
    place.globe(&["diff", "--exit-code"]).exits(0);
    let census = Cloud::at(&served.url).census("us-east-1").await;
    assert_eq!((census.vpcs, census.subnets, census.nat_gateways, census.addresses), (1, 6, 1, 1));
}

/// Stops a run, but not while it has the state locked: then nobody could take over, as long as it sleeps.
async fn pause(place: &Place, running: &Running) {
    let state = SqliteConnectOptions::new().filename(place.path().join(".globe/state.db"));
    loop {
        running.signal("STOP");
        let mut state = state.clone().busy_timeout(Duration::from_millis(100)).connect().await.expect("opens");
        if sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut state).await.is_ok() {
            sqlx::raw_sql("ROLLBACK").execute(&mut state).await.expect("unlocks");
            return;
        }
        running.signal("CONT");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Paused between two tries of one call, past the end of its lease: the very next thing it would do is that call.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_paused_past_its_lease_makes_no_further_change_and_says_who_took_over() {
    let served = Served::start();
    let place = Place::new(SMALL, Some(&served.url));
    served.fault("CreateVpc:throttled:1:12");
    served.fault("CreateNatGateway:hang-after");
    let mut command = place.command(&["up", "--yes", "--lease", "2"]);
    // In real time it waits a second and more between two tries, and can be stopped there.
    command.env("GLOBE_TIME_FACTOR", "1");
    let paused = Running::start(command);
    // By the third try, nothing else is in flight; the next comes seconds later.
    let tries = || served.writes().iter().filter(|call| call["action"] == "CreateVpc").count();
    crate::globe::patiently("CreateVpc", || tries() == 3);
    pause(&place, &paused).await;

    let other = up(&place, &[]);
    served.wait_for_held("CreateNatGateway");
    served.settled_writes();
    let made = served.writes();
    paused.signal("CONT");
    let who = format!("process {}", other.id());
    let said = paused.end();
    let said = if said.code() == 4 { said.exits(4) } else { said.exits(3) };
    let all = format!("{}{}", said.stdout, said.stderr);
    for expected in [&who, "took over us-east-1 at 20", "the lease on us-east-1 was lost", "ot tried", "ec2/vpc"] {
        assert!(all.contains(expected), "{expected} is missing:\n{all}");
    }
    served.settled_writes();
    assert_eq!(served.writes(), made, "it made no call after it had lost its lease");

    served.release();
    other.end().exits(0);
    place.globe(&["diff", "--exit-code"]).exits(0);
    let census = Cloud::at(&served.url).census("us-east-1").await;
    assert_eq!((census.vpcs, census.subnets, census.nat_gateways, census.addresses), (1, 6, 1, 1));
}

#[test]
fn unlock_shows_who_and_spares_a_run_that_is_at_work() {
    let served = Served::start();
    let place = Place::new(SMALL, Some(&served.url));
    let running = up_held_at(&place, &served, "CreateVpc:hang-after");
    let who = format!("process {}", running.id());

    let refused = place.globe(&["unlock", "--yes"]).exits(4);
    for expected in [&who, "us-east-1 is held by", "since 20", "last heard of", "at work"] {
        assert!(refused.stdout.contains(expected), "{expected} is missing:\n{}", refused.stdout);
    }
    assert!(refused.stderr.contains("--force"), "{}", refused.stderr);
    let lease = place.globe(&["--json", "unlock", "--yes"]).exits(4).json_of("lease");
    assert_eq!((&lease["scope"], &lease["alive"]), (&"us-east-1".into(), &true.into()));

    let forced = place.globe(&["unlock", "--force"]).exits(4);
    assert!(forced.stderr.contains("--yes"), "it asks: {}", forced.stderr);
    place.globe(&["unlock", "--yes", "--force"]).exits(0);
    served.release();
    let said = running.end();
    let said = if said.code() == 4 { said.exits(4) } else { said.exits(3) };
    assert!(said.stderr.contains("the lease on us-east-1 was lost"), "{}", said.stderr);
    place.globe(&["up", "--yes"]).exits(0);
    place.globe(&["diff", "--exit-code"]).exits(0);
}

#[test]
fn what_a_killed_run_held_is_free() {
    let served = Served::start();
    let place = Place::new(SMALL, Some(&served.url));
    up_held_at(&place, &served, "CreateVpc:hang-after").kill();
    let said = place.globe(&["unlock", "--yes"]).exits(0);
    assert!(said.stdout.contains("that process is gone"), "{}", said.stdout);
    let again = place.globe(&["unlock", "--yes"]).exits(0);
    assert!(again.stderr.contains("Nobody holds anything"), "{}", again.stderr);
    up_held_at(&place, &served, "CreateSubnet:hang-before").kill();
    place.globe(&["up", "--yes", "--lock-timeout", "0"]).exits(0);
    place.globe(&["diff", "--exit-code"]).exits(0);
}

#[test]
fn a_lease_lasts_as_long_as_the_user_says() {
    let place = Place::new(SMALL, None);
    for wrong in ["1", "0", "soon", "3601"] {
        place.globe(&["up", "--lease", wrong]).exits(64);
    }
    let served = Served::start();
    let place = Place::new(SMALL, Some(&served.url));
    served.fault("CreateVpc:hang-after");
    let mut command = place.command(&["up", "--yes"]);
    command.env("GLOBE_LEASE_SECONDS", "3000");
    let running = Running::start(command);
    served.wait_for_held("CreateVpc");
    let lease = place.globe(&["--json", "unlock", "--yes"]).exits(4).json_of("lease");
    let days: BTreeSet<&str> = ["last_heartbeat", "expires"].map(|when| lease[when].as_str().expect("a time")).into();
    assert_eq!(days.len(), 2, "{lease}");
    running.kill();
}
