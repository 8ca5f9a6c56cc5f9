//! Regions that go, and what a person ends.

use globe_model::{Intent, IntentAction, Journal, JournalError, Region, RunEnd, RunStart};

use crate::bench::*;

fn east() -> std::collections::BTreeSet<Region> {
    [Region::new("us-east-1")].into()
}

pub async fn a_removal_that_was_begun_is_remembered(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    store.begin(&mine, &RunStart { leaving: east(), ..start(0) }).await.expect("begins");
    store.finish(&mine, &end()).await.expect("ends, incomplete");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.leaving, head.down.len()), (east(), 0));
    store.begin(&mine, &RunStart { leaving: east(), ..start(2) }).await.expect("begins");
    store.finish(&mine, &RunEnd { down: east(), ..end() }).await.expect("ends");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.leaving.len(), head.down), (0, east()));
    store.begin(&mine, &RunStart { leaving: east(), ..start(4) }).await.expect("begins");
    store.begin(&mine, &RunStart { returning: east(), ..start(5) }).await.expect("begins");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.leaving.len(), head.down.len()), (0, 0), "it is wanted again");
}

pub async fn a_region_is_given_up(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1", "eu-west-1"]).await;
    for scope in ["us-east-1", "eu-west-1"] {
        store.settle(&mine, RUN, &record(&vpc(scope), "vpc-1", serde_json::Value::Null)).await.expect("settles");
    }
    let open = intent(&vpc("us-east-1"), IntentAction::Update, Some("vpc-1"));
    store.intend(&mine, &open).await.expect("intends");
    let theirs = lease(&store, "bob@b 1", &["global"]).await;
    let refused = store.forget_region(&theirs, RUN, &Region::new("us-east-1")).await.expect_err("no lease on it");
    assert!(matches!(refused, JournalError::Fenced { .. }), "{refused}");
    store.forget_region(&mine, RUN, &Region::new("us-east-1")).await.expect("forgets");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!(head.records.keys().collect::<Vec<_>>(), [&vpc("eu-west-1")]);
    assert_eq!((head.open.len(), &head.down, &head.forgotten), (0, &east(), &east()));
    let history = store.history(STACK, 1).await.expect("reads");
    assert_eq!(history[0].what, "region_forgotten");
    assert_eq!(history[0].detail["objects"], serde_json::json!([["us-east-1/ec2/vpc/main", "vpc-1"]]));
    assert_eq!(store.verify(STACK).await.expect("compares"), Vec::<String>::new());
    let parent = head.seq;
    store.begin(&mine, &RunStart { returning: east(), ..start(parent) }).await.expect("begins");
    assert!(store.head(STACK).await.expect("reads").forgotten.is_empty(), "it was asked for again");
}

pub async fn a_person_ends_an_intent(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let create = |token: &str| Intent {
        token: globe_model::Token::from_text(token),
        ..intent(&vpc("us-east-1"), IntentAction::Create, None)
    };
    let (first, second) = (create("a"), create("b"));
    store.intend(&mine, &first).await.expect("intends");
    store.settle_intent(&mine, &first, None).await.expect("settles");
    assert_eq!(store.head(STACK).await.expect("reads").open, []);
    store.settle_intent(&mine, &first, Some("vpc-1")).await.expect_err("it is open no longer");
    store.intend(&mine, &second).await.expect("intends");
    store.settle_intent(&mine, &second, Some("vpc-1")).await.expect("settles");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.open.len(), head.records[&vpc("us-east-1")].id.as_str()), (0, "vpc-1"));
    assert_eq!(store.verify(STACK).await.expect("compares"), Vec::<String>::new());
}
