//! Runs, their history and what they leave behind.

use std::time::Duration;

use globe_model::{
    Action, Address, Head, IntentAction, Journal, JournalError, LeaseRequest, Outcome, Pace, Region, RunEnd, RunStart,
    Scope, Work,
};
use serde_json::json;

use crate::bench::*;

pub async fn a_stale_plan_is_refused(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    store.begin(&mine, &start(0)).await.expect("begins");
    store.intend(&mine, &create(&vpc("global"))).await.expect("changes something");
    for parent in [0, 3] {
        let refused = store.begin(&mine, &start(parent)).await;
        let Err(JournalError::OtherState { parent: told, head } | JournalError::StalePlan { parent: told, head, .. }) =
            refused
        else {
            panic!("{refused:?}")
        };
        assert_eq!((told, head), (parent, 2));
    }
    store.begin(&mine, &start(2)).await.expect("the head's child");
}

pub async fn a_plan_is_stale_by_its_own_scopes_and_those_it_reads(bench: Bench) {
    let store = bench.open().await;
    let (here, there) =
        (lease(&store, "ann@a 1", &["eu-central-1"]).await, lease(&store, "bob@b 2", &["global"]).await);
    store.begin(&there, &start(0)).await.expect("begins");
    store.intend(&there, &create(&vpc("global"))).await.expect("changes something elsewhere");
    let reading = RunStart { reads: [Scope::Global].into(), ..start(0) };
    let refused = store.begin(&here, &reading).await;
    assert!(
        matches!(refused, Err(JournalError::StalePlan { parent: 0, head: 2, scope: Scope::Global })),
        "{refused:?}"
    );
    store.begin(&here, &start(0)).await.expect("what it neither changes nor reads does not matter");
}

pub async fn the_first_run_fixes_the_account(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    store.begin(&mine, &start(0)).await.expect("begins");
    store.begin(&mine, &RunStart { account: "999999999999".into(), ..start(1) }).await.expect("begins");
    assert_eq!(store.head(STACK).await.expect("reads").account.as_deref(), Some("123456789012"));
}

pub async fn regions_are_marked_by_finished_runs(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    let (eu, us) = (Region::new("eu-central-1"), Region::new("us-east-1"));
    let down = RunEnd { down: [eu.clone(), us.clone()].into(), ..end() };
    store.finish(&mine, &down).await.expect("ends");
    assert_eq!(store.head(STACK).await.expect("reads").down, down.down);
    store.finish(&mine, &RunEnd { up: [us].into(), ..end() }).await.expect("ends");
    assert_eq!(store.head(STACK).await.expect("reads").down, [eu].into());
}

pub async fn history_is_newest_first_and_limited(bench: Bench) {
    let store = bench.open().await;
    let address = vpc("us-east-1");
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    store.begin(&mine, &start(0)).await.expect("begins");
    bench.clock.advance(TTL);
    let (first, second) = (create(&address), create(&address));
    store.intend(&mine, &first).await.expect("intends");
    store.conclude(&mine, &first, &Outcome::Failed { error: refusal() }).await.expect("concludes");
    store.intend(&mine, &second).await.expect("intends");
    store.conclude(&mine, &second, &Outcome::Created { id: "vpc-1".into() }).await.expect("concludes");
    store.settle(&mine, RUN, &record(&address, "vpc-1", json!({}))).await.expect("settles");
    store.forget(&mine, RUN, &address, "vpc-1").await.expect("forgets");
    store.finish(&mine, &end()).await.expect("ends");
    let all = store.history(STACK, 100).await.expect("reads");
    let names: Vec<_> = all.iter().rev().map(|entry| entry.what.as_str()).collect();
    let expected = ["run_started", "intent", "failed", "intent", "created", "settled", "forgotten", "run_finished"];
    assert_eq!(names, expected);
    assert_eq!(all.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [8, 7, 6, 5, 4, 3, 2, 1]);
    let find = |seq: u64| all.iter().find(|entry| entry.seq == seq).expect("there");
    assert_eq!((find(2).action, &find(2).address), (Some(Action::Create), &Some(address)));
    assert_eq!(find(3).detail["error"]["message"], refusal().message);
    assert_eq!(find(5).detail["id"], "vpc-1");
    assert_eq!((&find(8).detail["done"], &find(8).detail["failed"]), (&json!(2), &json!(1)));
    assert_eq!(find(2).at.since(find(1).at), TTL);
    assert_eq!(store.history(STACK, 3).await.expect("reads"), all[..3]);
}

pub async fn stacks_are_listed_and_kept_apart(bench: Bench) {
    let store = bench.open().await;
    for stack in ["zeta", "acme", "only-leased"] {
        let request = LeaseRequest { stack: stack.into(), ..request("ann@a 1", &["global"]) };
        let mine = store.acquire(&request).await.expect("free");
        if stack != "only-leased" {
            store.begin(&mine, &RunStart { stack: stack.into(), ..start(0) }).await.expect("begins");
        }
        if stack == "zeta" {
            let refused = store.begin(&mine, &start(0)).await.expect_err("a lease on another stack");
            assert!(refused.to_string().contains("begin run"), "{refused}");
        }
    }
    assert_eq!(store.stacks().await.expect("reads"), ["acme", "zeta"]);
    assert_eq!(store.head("zeta").await.expect("reads").seq, 1);
}

pub async fn an_unknown_stack_is_empty(bench: Bench) {
    let store = bench.open().await;
    assert_eq!(store.head("nobody").await.expect("reads"), Head::default());
    assert!(store.history("nobody", 10).await.expect("reads").is_empty());
    assert!(store.stacks().await.expect("reads").is_empty());
}

pub async fn the_pace_is_what_creates_and_deletes_took(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    store.begin(&mine, &start(0)).await.expect("begins");
    let seconds = Duration::from_secs;
    // Three creates of which one took very long, a delete, and an update, which says nothing about either.
    for (name, took, rest) in [("a", 90, 0), ("b", 400, 50), ("c", 100, 0)] {
        let (address, id) = (Address::new("us-east-1", "ec2/nat_gateway", name), format!("nat-{name}"));
        let made = create(&address);
        store.intend(&mine, &made).await.expect("intends");
        bench.clock.advance(seconds(1));
        store.conclude(&mine, &made, &Outcome::Created { id: id.clone() }).await.expect("concludes");
        bench.clock.advance(seconds(took - 1));
        store.settle(&mine, RUN, &record(&address, &id, json!({}))).await.expect("settles");
        bench.clock.advance(seconds(5));
        store.settle(&mine, RUN, &record(&address, &id, json!({"changed": true}))).await.expect("settles");
        if rest > 0 {
            let gone = intent(&address, IntentAction::Delete, Some(&id));
            store.intend(&mine, &gone).await.expect("intends");
            store.conclude(&mine, &gone, &Outcome::Deleting).await.expect("concludes");
            bench.clock.advance(seconds(rest));
            store.forget(&mine, RUN, &address, &id).await.expect("forgets");
        }
    }
    let pace = store.pace(STACK).await.expect("reads");
    assert_eq!(pace.get("ec2/nat_gateway", Work::Create), Some(seconds(100)));
    assert_eq!(pace.get("ec2/nat_gateway", Work::Delete), Some(seconds(50)));
    assert_eq!(pace.get("ec2/vpc", Work::Create), None);
    assert_eq!(store.pace("nobody").await.expect("reads"), Pace::default());
}
