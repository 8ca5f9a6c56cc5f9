//! Intents, records, and the events behind them.

use std::sync::Arc;

use globe_model::{Intent, IntentAction, Journal, JournalError, Lease, Outcome, Request, RunEnd, Timestamp};
use globe_store::Store;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::bench::*;

fn created(id: &str) -> Outcome {
    Outcome::Created { id: id.into() }
}

async fn make(store: &Store, mine: &Lease, intent: &Intent, id: &str) {
    store.intend(mine, intent).await.expect("intends");
    store.conclude(mine, intent, &created(id)).await.expect("concludes");
}

pub async fn intents_survive_reopening(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let intents = [
        create(&vpc("us-east-1")),
        intent(&vpc("us-east-1"), IntentAction::Update, Some("vpc-1")),
        intent(&vpc("us-east-1"), IntentAction::Delete, Some("vpc-1")),
    ];
    for intent in &intents {
        store.intend(&mine, intent).await.expect("intends");
    }
    // Without closing: as after a crash.
    drop(store);
    let store = bench.open().await;
    assert_eq!(store.head(STACK).await.expect("reads").open, intents);
    store.intend(&mine, &create(&vpc("us-east-1"))).await.expect("the lease survives too");
}

pub async fn an_intent_without_outcome_stays_open_whatever_the_others_do(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let address = vpc("us-east-1");
    let (open, other) = (create(&address), intent(&address, IntentAction::Update, Some("vpc-0")));
    store.intend(&mine, &open).await.expect("intends");
    for outcome in [Outcome::Updated, Outcome::Deleting, Outcome::Failed { error: refusal() }] {
        let next = Intent { token: globe_model::Token::random(), ..other.clone() };
        store.intend(&mine, &next).await.expect("intends");
        store.conclude(&mine, &next, &outcome).await.expect("concludes");
    }
    store.finish(&mine, &end()).await.expect("ends");
    assert_eq!(store.head(STACK).await.expect("reads").open, [open]);
}

pub async fn many_concurrent_intents_are_all_durable(bench: Bench) {
    let store = Arc::new(bench.open().await);
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let mut tasks = JoinSet::new();
    for _ in 0..600 {
        let (store, mine) = (store.clone(), mine.clone());
        tasks.spawn(async move {
            let intent = create(&vpc("us-east-1"));
            store.intend(&mine, &intent).await.expect("intends");
            intent.token.to_string()
        });
    }
    let mut promised = tasks.join_all().await;
    let other = bench.look().await.expect("there is a state");
    let head = other.head(STACK).await.expect("reads");
    let mut found: Vec<_> = head.open.iter().map(|intent| intent.token.to_string()).collect();
    promised.sort();
    found.sort();
    assert_eq!(found, promised);
    assert_eq!(head.seq, 600);
}

pub async fn one_refused_write_does_not_fail_the_others(bench: Bench) {
    let store = Arc::new(bench.open().await);
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let mut tasks = JoinSet::new();
    for number in 0..90 {
        let (store, mine) = (store.clone(), mine.clone());
        tasks.spawn(async move {
            let scope = if number % 3 == 0 { "eu-central-1" } else { "us-east-1" };
            (number % 3 == 0, store.intend(&mine, &create(&vpc(scope))).await)
        });
    }
    for (foreign, result) in tasks.join_all().await {
        match result {
            Ok(()) => assert!(!foreign),
            Err(error) => assert!(foreign && matches!(error, JournalError::Fenced { .. }), "{error}"),
        }
    }
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.seq, head.open.len()), (60, 60), "refused writes take no number");
}

pub async fn created_then_settled_then_forgotten(bench: Bench) {
    let store = bench.open().await;
    let address = vpc("us-east-1");
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let made = create(&address);
    make(&store, &mine, &made, "vpc-1").await;
    let head = store.head(STACK).await.expect("reads");
    let fresh = &head.records[&address];
    let asked = made.request.as_ref().map(Request::desired);
    assert_eq!(
        (fresh.id.as_str(), Some(&fresh.spec), Some(&fresh.desired)),
        ("vpc-1", made.spec.as_ref(), asked.as_ref())
    );
    assert_eq!((&fresh.outputs, head.open.len()), (&None, 0));
    bench.clock.advance(TTL);
    let ready = record(&address, "vpc-1", json!({ "id": "vpc-1" }));
    store.settle(&mine, RUN, &ready).await.expect("settles");
    let settled = store.head(STACK).await.expect("reads").records[&address].clone();
    assert_eq!(settled, globe_model::Record { at: Timestamp(30_000_000), ..ready });
    let delete = intent(&address, IntentAction::Delete, Some("vpc-1"));
    store.intend(&mine, &delete).await.expect("intends");
    store.conclude(&mine, &delete, &Outcome::Deleting).await.expect("concludes");
    assert!(store.head(STACK).await.expect("reads").records.contains_key(&address), "until it is gone");
    store.forget(&mine, RUN, &address, "vpc-1").await.expect("forgets");
    let head = store.head(STACK).await.expect("reads");
    assert!(head.records.is_empty() && head.deposed.is_empty());
    store.forget(&mine, RUN, &address, "vpc-1").await.expect("once more is nothing");
    assert_eq!(store.head(STACK).await.expect("reads").seq, head.seq);
}

pub async fn a_replaced_resource_is_deposed_until_forgotten(bench: Bench) {
    let store = bench.open().await;
    let address = vpc("us-east-1");
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let old = record(&address, "vpc-old", json!({ "id": "vpc-old" }));
    store.settle(&mine, RUN, &old).await.expect("settles");
    make(&store, &mine, &create(&address), "vpc-new").await;
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.records.len(), head.records[&address].id.as_str()), (1, "vpc-new"));
    assert_eq!(head.deposed, [old], "as it was recorded");
    store.forget(&mine, RUN, &address, "vpc-old").await.expect("forgets");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.records[&address].id.as_str(), head.deposed.len()), ("vpc-new", 0));
}

pub async fn a_deposed_resource_can_be_adopted_again(bench: Bench) {
    let store = bench.open().await;
    let address = vpc("us-east-1");
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    for id in ["vpc-1", "vpc-2", "vpc-1"] {
        store.settle(&mine, RUN, &record(&address, id, json!({}))).await.expect("settles");
    }
    let head = store.head(STACK).await.expect("reads");
    assert_eq!(head.records[&address].id, "vpc-1");
    assert_eq!(head.deposed.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), ["vpc-2"]);
}

pub async fn a_failed_intent_leaves_no_record(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let failing = create(&vpc("us-east-1"));
    store.intend(&mine, &failing).await.expect("intends");
    store.conclude(&mine, &failing, &Outcome::Failed { error: refusal() }).await.expect("concludes");
    let head = store.head(STACK).await.expect("reads");
    assert!(head.records.is_empty() && head.open.is_empty());
}

pub async fn a_conclusion_may_be_repeated_but_not_changed(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let made = create(&vpc("us-east-1"));
    store.conclude(&mine, &made, &created("vpc-1")).await.expect_err("not intended");
    make(&store, &mine, &made, "vpc-1").await;
    let before = store.head(STACK).await.expect("reads");
    store.conclude(&mine, &made, &created("vpc-1")).await.expect("its answer was lost");
    store.conclude(&mine, &made, &created("vpc-2")).await.expect_err("another outcome");
    assert_eq!(store.head(STACK).await.expect("reads"), before);
}

pub async fn a_token_is_used_once(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let made = create(&vpc("us-east-1"));
    make(&store, &mine, &made, "vpc-1").await;
    let refused = store.intend(&mine, &made).await.expect_err("AWS remembers tokens");
    assert!(refused.to_string().contains(made.token.as_str()), "{refused}");
}

pub async fn a_token_is_used_once_among_many_at_once_too(bench: Bench) {
    let store = Arc::new(bench.open().await);
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let (old, twin) = (create(&vpc("us-east-1")), create(&vpc("us-east-1")));
    make(&store, &mine, &old, "vpc-1").await;
    let others = (0..40).map(|_| create(&vpc("us-east-1")));
    let mut tasks = JoinSet::new();
    for intent in [old.clone(), twin.clone()].into_iter().chain(others).chain([twin.clone()]) {
        let (store, mine) = (store.clone(), mine.clone());
        tasks.spawn(async move { (intent.token.clone(), store.intend(&mine, &intent).await.is_ok()) });
    }
    let refused: Vec<_> =
        tasks.join_all().await.into_iter().filter(|(_, done)| !done).map(|(token, _)| token).collect();
    assert_eq!((refused.len(), refused.contains(&old.token), refused.contains(&twin.token)), (2, true, true));
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.seq, head.open.len()), (2 + 41, 41), "one of the twins and all others");
}

pub async fn a_scope_outside_the_lease_is_refused(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let refused = store.settle(&mine, RUN, &record(&vpc("global"), "x", Value::Null)).await;
    assert!(matches!(refused, Err(JournalError::Fenced { scope }) if scope.as_str() == "global"));
}

/// Something of everything.
pub async fn busy(store: &Store) {
    let mine = lease(store, "ann@a 1", &["us-east-1", "eu-central-1"]).await;
    store.begin(&mine, &start(0)).await.expect("begins");
    for scope in ["us-east-1", "eu-central-1"] {
        make(store, &mine, &create(&vpc(scope)), "vpc-1").await;
        store.settle(&mine, RUN, &record(&vpc(scope), "vpc-1", json!({ "b": 1, "a": 2 }))).await.expect("settles");
        make(store, &mine, &create(&vpc(scope)), "vpc-2").await;
        store.intend(&mine, &create(&vpc(scope))).await.expect("intends");
    }
    store.forget(&mine, RUN, &vpc("us-east-1"), "vpc-1").await.expect("forgets");
    let down = RunEnd { down: [globe_model::Region::new("eu-central-1")].into(), ..end() };
    store.finish(&mine, &down).await.expect("ends");
}

pub async fn rebuilding_gives_what_was_recorded(bench: Bench) {
    let store = bench.open().await;
    busy(&store).await;
    let before = store.head(STACK).await.expect("reads");
    assert_eq!((before.records.len(), before.deposed.len(), before.open.len(), before.down.len()), (2, 1, 2, 1));
    assert_eq!(store.verify(STACK).await.expect("compares"), Vec::<String>::new());
    store.rebuild(STACK).await.expect("rebuilds");
    assert_eq!(store.head(STACK).await.expect("reads"), before);
}

pub async fn damage_is_found_and_mended(bench: Bench) {
    let store = bench.open().await;
    busy(&store).await;
    let before = store.head(STACK).await.expect("reads");
    for sql in [
        "UPDATE resources SET outputs = '{}' WHERE address LIKE 'us-east-1/%'",
        "DELETE FROM regions",
        "UPDATE stacks SET seq = 3",
    ] {
        bench.tamper(sql).await.expect("a derived table can be changed");
    }
    let differences = store.verify(STACK).await.expect("compares");
    assert_eq!(differences, ["region eu-central-1", "resource us-east-1/ec2/vpc/main vpc-2", "stack acme"]);
    assert_eq!(store.verify(STACK).await.expect("compares").len(), 3, "comparing mends nothing");
    store.rebuild(STACK).await.expect("rebuilds");
    assert_eq!(store.head(STACK).await.expect("reads"), before);
}

pub async fn events_cannot_be_changed(bench: Bench) {
    let store = bench.open().await;
    busy(&store).await;
    for sql in ["UPDATE events SET run = 'x' WHERE seq = 1", "DELETE FROM events WHERE seq = 1"] {
        let refused = bench.tamper(sql).await.expect_err("append-only");
        assert!(refused.to_string().contains("only ever appended"), "{refused}");
    }
}

pub async fn opening_again_changes_nothing(bench: Bench) {
    let store = bench.open().await;
    busy(&store).await;
    let before = store.head(STACK).await.expect("reads");
    store.close().await;
    let again = [bench.open().await, bench.open().await];
    for store in &again {
        assert_eq!(store.head(STACK).await.expect("reads"), before);
    }
    store.head(STACK).await.expect_err("closed");
}

pub async fn a_newer_database_is_refused(bench: Bench) {
    bench.open().await.close().await;
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (29991231000000, 'later', true, '', 0)";
    bench.tamper(later).await.expect("a later migration");
    let opened = Store::open(&bench.location, bench.clock.clone()).await.err();
    let looked = Store::open_existing(&bench.location, bench.clock.clone()).await.err();
    for error in [opened, looked] {
        let Some(JournalError::Unusable { reason, .. }) = error else { panic!("{error:?}") };
        assert!(reason.contains("newer globe") && reason.contains("29991231000000"), "{reason}");
    }
}

pub async fn reading_needs_a_state_and_cannot_write(bench: Bench) {
    assert!(bench.look().await.is_none());
    let store = bench.open().await;
    busy(&store).await;
    let reader = bench.look().await.expect("there is a state");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!(reader.head(STACK).await.expect("reads"), head);
    reader.acquire(&request("bob@b 2", &["ap-southeast-1"])).await.expect_err("for reading only");
    reader.rebuild(STACK).await.expect_err("for reading only");
    let mine = lease(&store, "cid@c 3", &["global"]).await;
    store.begin(&mine, &start(head.seq)).await.expect("begins");
    assert_eq!(reader.head(STACK).await.expect("reads").seq, head.seq + 1, "what came after opening");
}
