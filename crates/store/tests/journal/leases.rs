//! Who may write.

use std::sync::atomic::Ordering;
use std::time::Duration;

use globe_model::{Clock, Journal, JournalError, Scope};

use crate::bench::*;

pub async fn two_holders_change_two_scopes_at_once(bench: Bench) {
    let (one, two) = (bench.open().await, bench.open().await);
    let first = lease(&one, "ann@a 1", &["eu-central-1"]).await;
    let second = lease(&two, "bob@b 2", &["us-east-1"]).await;
    let (here, there) = (create(&vpc("eu-central-1")), create(&vpc("us-east-1")));
    let (left, right) = tokio::join!(one.intend(&first, &here), two.intend(&second, &there));
    left.expect("its own scope");
    right.expect("its own scope");
    let head = one.head(STACK).await.expect("reads");
    assert_eq!((head.seq, head.open.len()), (2, 2));
}

pub async fn all_scopes_are_granted_or_none(bench: Bench) {
    let store = bench.open().await;
    let first = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let refused = store.acquire(&request("bob@b 2", &["eu-central-1", "us-east-1"])).await;
    let Err(JournalError::Leased { scope, holder, expires, stack }) = refused else { panic!("{refused:?}") };
    assert_eq!((scope, holder.as_str(), stack.as_str()), (Scope::from("us-east-1"), "ann@a 1", STACK));
    assert_eq!(expires, first.expires);
    let third = lease(&store, "cid@c 3", &["eu-central-1"]).await;
    assert_eq!(numbers(&third), [1], "the refused request left nothing behind");
}

pub async fn an_expired_lease_is_taken_over_and_its_holder_fenced(bench: Bench) {
    let (paused, other) = (bench.open().await, bench.open().await);
    let old = lease(&paused, "ann@a 1", &["eu-central-1", "us-east-1"]).await;
    let known = create(&vpc("eu-central-1"));
    paused.intend(&old, &known).await.expect("holds");
    bench.clock.advance(TTL);
    let new = lease(&other, "ann@a 1", &["eu-central-1"]).await;
    assert_eq!((numbers(&old), numbers(&new)), (vec![1, 1], vec![2]));
    let address = vpc("eu-central-1");
    let seen = record(&address, "vpc-1", serde_json::Value::Null);
    let outcome = globe_model::Outcome::Created { id: "vpc-1".into() };
    let before = other.head(STACK).await.expect("reads");
    let refused = [
        paused.intend(&old, &create(&address)).await,
        paused.conclude(&old, &known, &outcome).await,
        paused.settle(&old, RUN, &seen).await,
        paused.forget(&old, RUN, &address, "vpc-1").await,
        paused.begin(&old, &start(1)).await,
        paused.finish(&old, &end()).await,
        paused.renew(&old, TTL).await.map(drop),
        paused.release(&old).await,
    ];
    for (number, result) in refused.into_iter().enumerate() {
        let Err(JournalError::Fenced { scope }) = result else { panic!("{number}: {result:?}") };
        assert_eq!(scope, Scope::from("eu-central-1"));
    }
    assert_eq!(other.head(STACK).await.expect("reads"), before);
    paused.intend(&old, &create(&vpc("us-east-1"))).await.expect("nobody took the other scope");
    other.conclude(&new, &known, &outcome).await.expect("the new holder settles what is open");
}

pub async fn an_expired_lease_that_nobody_took_still_holds(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    bench.clock.advance(TTL * 2);
    store.intend(&mine, &create(&vpc("global"))).await.expect("nobody else can have written");
    store.renew(&mine, TTL).await.expect("and it can be prolonged");
    store.acquire(&request("bob@b 2", &["global"])).await.expect_err("held again");
}

pub async fn a_heartbeat_keeps_a_lease(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    bench.clock.advance(TTL - Duration::from_secs(1));
    let until = store.renew(&mine, TTL).await.expect("renews");
    assert_eq!(until.since(mine.expires), TTL - Duration::from_secs(1));
    bench.clock.advance(TTL - Duration::from_secs(1));
    store.acquire(&request("bob@b 2", &["global"])).await.expect_err("still held");
    bench.clock.advance(Duration::from_secs(1));
    store.acquire(&request("bob@b 2", &["global"])).await.expect("expired");
}

pub async fn the_number_grows_across_release(bench: Bench) {
    let store = bench.open().await;
    let first = lease(&store, "ann@a 1", &["global"]).await;
    store.release(&first).await.expect("releases");
    let late = store.intend(&first, &create(&vpc("global"))).await;
    assert!(matches!(late, Err(JournalError::Fenced { .. })), "{late:?}");
    store.close().await;
    let store = bench.open().await;
    assert_eq!(numbers(&lease(&store, "ann@a 1", &["global"]).await), [2]);
}

pub async fn one_of_many_acquirers_wins(bench: Bench) {
    bench.open().await.close().await;
    let mut racers = tokio::task::JoinSet::new();
    for number in 0..32 {
        let (location, clock) = (bench.location.clone(), bench.clock.clone());
        racers.spawn(async move {
            let store = globe_store::Store::open(&location, clock).await.expect("opens");
            let scopes = if number % 2 == 0 { ["global", "us-east-1"] } else { ["us-east-1", "global"] };
            store.acquire(&request(&format!("racer {number}"), &scopes)).await
        });
    }
    let results = racers.join_all().await;
    let winners: Vec<_> = results.iter().flatten().collect();
    let [winner] = winners.as_slice() else { panic!("{winners:?}") };
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        let JournalError::Leased { holder, .. } = error else { panic!("{error:?}") };
        assert_eq!(*holder, winner.holder);
    }
}

/// Each of 32, on a connection of its own, tries until it has held the lease once and written under it.
pub async fn holders_come_one_after_the_other(bench: Bench) {
    let inside = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    bench.open().await.close().await;
    let mut racers = tokio::task::JoinSet::new();
    for number in 0..32 {
        let (location, clock, inside) = (bench.location.clone(), bench.clock.clone(), inside.clone());
        racers.spawn(async move {
            let store = globe_store::Store::open(&location, clock).await.expect("opens");
            let mine = loop {
                match store.acquire(&request(&format!("racer {number}"), &["global"])).await {
                    Ok(lease) => break lease,
                    // Held by another, or the file is busy with the others' attempts.
                    Err(JournalError::Leased { .. } | JournalError::Database { .. }) => {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    Err(error) => panic!("{error}"),
                }
            };
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "nobody else holds it");
            store.intend(&mine, &create(&vpc("global"))).await.expect("its fence is the newest");
            assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
            store.release(&mine).await.expect("releases");
            (numbers(&mine)[0], mine)
        });
    }
    let mut held = racers.join_all().await;
    held.sort_by_key(|(number, _)| *number);
    let fences: Vec<i64> = held.iter().map(|(number, _)| *number).collect();
    assert_eq!(fences, (1..=32).collect::<Vec<i64>>(), "every holder has a number of its own, and they grow");
    let store = bench.open().await;
    assert_eq!(store.head(STACK).await.expect("reads").open.len(), 32);
    for (number, old) in &held {
        let late = store.intend(old, &create(&vpc("global"))).await;
        assert!(matches!(late, Err(JournalError::Fenced { .. })), "{number}: {late:?}");
    }
}

pub async fn leases_do_not_move_the_head(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    store.begin(&mine, &start(0)).await.expect("begins");
    store.renew(&mine, TTL).await.expect("renews");
    store.release(&mine).await.expect("releases");
    lease(&store, "ann@a 1", &["global", "us-east-1"]).await;
    assert_eq!(store.head(STACK).await.expect("reads").seq, 1);
}

pub async fn an_evicted_holder_is_fenced_at_once(bench: Bench) {
    let (one, two) = (bench.open().await, bench.open().await);
    let old = lease(&one, "ann@a 1", &["eu-central-1", "us-east-1"]).await;
    let held = two.holdings(STACK).await.expect("reads");
    let scopes: Vec<String> = held.iter().map(|holding| holding.scope.to_string()).collect();
    assert_eq!(scopes, ["eu-central-1", "us-east-1"]);
    assert!(two.evict(STACK, &held[0]).await.expect("writes"));
    assert!(!two.evict(STACK, &held[0]).await.expect("writes"), "it holds it no longer");
    let refused = one.intend(&old, &create(&vpc("eu-central-1"))).await;
    assert!(matches!(refused, Err(JournalError::Fenced { .. })), "{refused:?}");
    one.intend(&old, &create(&vpc("us-east-1"))).await.expect("the other scope was left to it");
    let new = lease(&two, "bob@b 2", &["eu-central-1"]).await;
    assert_eq!(numbers(&new), [2]);
}

pub async fn a_holding_says_since_when_and_when_it_was_last_heard_of(bench: Bench) {
    let store = bench.open().await;
    bench.clock.advance(TTL);
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    let taken = bench.clock.now();
    bench.clock.advance(Duration::from_secs(5));
    store.renew(&mine, TTL).await.expect("renews");
    let held = store.holdings(STACK).await.expect("reads");
    let [holding] = held.as_slice() else { panic!("{held:?}") };
    assert_eq!((holding.since, holding.heard), (taken, taken.after(Duration::from_secs(5))));
    store.release(&mine).await.expect("releases");
    bench.clock.advance(Duration::from_secs(5));
    lease(&store, "ann@a 1", &["global"]).await;
    let again = store.holdings(STACK).await.expect("reads");
    assert_eq!((again[0].since, again[0].heard), (bench.clock.now(), bench.clock.now()), "it is another lease");
}
