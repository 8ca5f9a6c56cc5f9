//! What AWS deletes slowly, and deletes that it has accepted.

use std::time::Duration;

use globe_model::{Departing, IntentAction, Journal, Lease, NameHold, Outcome, Timestamp, Token};
use globe_store::Store;
use serde_json::json;

use crate::bench::*;

fn departing(id: &str, due: i64, name: NameHold) -> Departing {
    Departing { address: vpc("us-east-1"), id: id.into(), since: Timestamp(1), due: Timestamp(due), name }
}

async fn deleted(store: &Store, mine: &Lease, id: &str) {
    let intent = intent(&vpc("us-east-1"), IntentAction::Delete, Some(id));
    store.intend(mine, &intent).await.expect("intends");
    store.conclude(mine, &intent, &Outcome::Deleting).await.expect("concludes");
}

async fn sound(store: &Store) {
    assert_eq!(store.verify(STACK).await.expect("compares"), Vec::<String>::new());
}

pub async fn what_is_postponed_leaves_the_records_for_the_ledger(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    store.settle(&mine, RUN, &record(&vpc("us-east-1"), "vpc-1", json!({}))).await.expect("settles");
    let first = departing("vpc-1", 10, NameHold::Kept);
    store.postpone(&mine, RUN, &first).await.expect("postpones");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.records.len(), &head.ledger), (0, &vec![first.clone()]));
    bench.clock.advance(Duration::from_secs(1));
    let later = Departing { since: Timestamp(9), due: Timestamp(20), ..first.clone() };
    store.postpone(&mine, RUN, &later).await.expect("postpones again");
    let ledger = store.head(STACK).await.expect("reads").ledger;
    assert_eq!(ledger, [Departing { since: first.since, ..later }], "one entry, and it remembers since when");
    sound(&store).await;
    store.forget(&mine, RUN, &vpc("us-east-1"), "vpc-1").await.expect("forgets");
    store.forget(&mine, RUN, &vpc("us-east-1"), "vpc-1").await.expect("nothing is left to forget");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.ledger.len(), head.seq), (0, 4));
    sound(&store).await;
}

pub async fn a_new_object_and_one_that_leaves_share_an_address(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    store.postpone(&mine, RUN, &departing("vpc-1", 10, NameHold::Free)).await.expect("postpones");
    store.settle(&mine, RUN, &record(&vpc("us-east-1"), "vpc-2", json!({}))).await.expect("settles");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.records.len(), head.ledger.len()), (1, 1));
    store.settle(&mine, RUN, &record(&vpc("us-east-1"), "vpc-1", json!({}))).await.expect("it is kept after all");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.records.len(), head.deposed.len(), head.ledger.len()), (1, 1, 0));
    sound(&store).await;
}

pub async fn an_accepted_delete_is_remembered_until_it_is_seen_done(bench: Bench) {
    let store = bench.open().await;
    let address = vpc("us-east-1");
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    for id in ["vpc-1", "vpc-2"] {
        let made = create(&address);
        store.intend(&mine, &made).await.expect("intends");
        store.conclude(&mine, &made, &Outcome::Created { id: id.into() }).await.expect("concludes");
        deleted(&store, &mine, id).await;
    }
    let both = [(address.clone(), "vpc-1".to_owned()), (address.clone(), "vpc-2".to_owned())];
    assert_eq!(store.head(STACK).await.expect("reads").deleting, both.clone().into());
    sound(&store).await;
    store.forget(&mine, RUN, &address, "vpc-1").await.expect("gone");
    assert_eq!(store.head(STACK).await.expect("reads").deleting, [both[1].clone()].into());
    store.settle(&mine, RUN, &record(&address, "vpc-2", json!({}))).await.expect("it is there after all");
    assert!(store.head(STACK).await.expect("reads").deleting.is_empty());
    let failed = intent(&address, IntentAction::Delete, Some("vpc-2"));
    let failed = globe_model::Intent { token: Token::random(), ..failed };
    store.intend(&mine, &failed).await.expect("intends");
    store.conclude(&mine, &failed, &Outcome::Failed { error: refusal() }).await.expect("concludes");
    assert!(store.head(STACK).await.expect("reads").deleting.is_empty(), "a refused delete is none");
    sound(&store).await;
}

pub async fn the_ledger_needs_the_lease(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["global"]).await;
    let refused = store.postpone(&mine, RUN, &departing("vpc-1", 10, NameHold::Free)).await;
    assert!(matches!(refused, Err(globe_model::JournalError::Fenced { .. })), "{refused:?}");
}
