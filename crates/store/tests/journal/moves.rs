//! Records that change their addresses.

use std::time::Duration;

use globe_model::{
    Address, Departing, IntentAction, Journal, JournalError, Merged, NameHold, Outcome, Record, Retired,
};
use globe_model::{Lease, RunStart, Timestamp};
use globe_planner::bring_forward;
use globe_store::Store;
use serde_json::json;

use crate::bench::*;

fn at(kind: &str, name: &str) -> Address {
    Address::new("us-east-1", kind, name)
}

/// Of a resource that refers to others.
fn using(address: &Address, id: &str, refers: &[&Address]) -> Record {
    Record { spec: noun(json!({ "on": refers, "size": 2 })), ..record(address, id, json!({ "id": id })) }
}

/// Records sets of one name become one, as if AWS had always seen them so.
fn sets(records: Vec<Record>) -> Vec<Merged> {
    let mut merged: Vec<Merged> = Vec::new();
    for old in records {
        let Some((name, _)) = old.address.name.split_once('-') else { continue };
        let address = Address::new(old.address.scope.clone(), "dns/set", name);
        match merged.iter_mut().find(|merged| merged.record.address == address) {
            Some(present) => present.from.push(old.address),
            None => merged.push((vec![old.address.clone()], Record { address, id: name.into(), ..old }).into()),
        }
    }
    merged
}

/// A network with users, a replaced one beside it, one on its way out, one in the ledger; and records.
async fn furnish(store: &Store, mine: &Lease) {
    let network = at("ec2/vpc", "main");
    let all = [
        using(&network, "vpc-0", &[]),
        using(&network, "vpc-1", &[]),
        using(&at("ec2/subnet", "main-a"), "subnet-1", &[&network]),
        using(&at("elbv2/load_balancer", "web"), "lb-1", &[&at("ec2/subnet", "main-a"), &network]),
        using(&at("dns/record", "www-a"), "z/www/a", &[&at("elbv2/load_balancer", "web")]),
        using(&at("dns/record", "www-b"), "z/www/b", &[]),
        using(&at("dns/record", "api-a"), "z/api/a", &[]),
    ];
    for record in all {
        store.settle(mine, RUN, &record).await.expect("settles");
    }
    for (address, id) in
        [(&network, "vpc-1"), (&at("dns/record", "www-a"), "z/www/a"), (&at("dns/record", "api-a"), "z/api/a")]
    {
        let delete = intent(address, IntentAction::Delete, Some(id));
        store.intend(mine, &delete).await.expect("intends");
        store.conclude(mine, &delete, &Outcome::Deleting).await.expect("concludes");
    }
    let due = Timestamp(0).after(Duration::from_secs(60));
    let departing =
        Departing { address: network.clone(), id: "vpc-x".into(), since: Timestamp(0), due, name: NameHold::Kept };
    store.postpone(mine, RUN, &departing).await.expect("enters the ledger");
    let mut open = create(&at("ec2/subnet", "main-b"));
    open.spec = Some(noun(json!({ "on": [network] })));
    store.intend(mine, &open).await.expect("intends");
    store.intend(mine, &create(&at("dns/record", "old-a"))).await.expect("intends");
}

fn pairs() -> Vec<(Address, Address)> {
    vec![
        (at("ec2/vpc", "main"), at("ec2/vpc", "core")),
        (at("ec2/subnet", "main-a"), at("ec2/subnet", "core-a")),
        (at("ec2/subnet", "main-b"), at("ec2/subnet", "core-b")),
        (at("ec2/subnet", "none"), at("ec2/subnet", "nothing")),
    ]
}

async fn begin(store: &Store, mine: &Lease, moves: Vec<globe_model::Move>) -> Result<(), JournalError> {
    let parent = store.head(STACK).await.expect("reads").seq;
    store.begin(mine, &RunStart { moves, ..start(parent) }).await
}

/// What the planner sees and what the journal holds are the same.
pub async fn a_head_brought_forward_is_what_the_moves_record(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    furnish(&store, &mine).await;
    begin(&store, &mine, Vec::new()).await.expect("the first run fixes the account");
    let before = store.head(STACK).await.expect("reads");
    let retired = [Retired { kind: "dns/record", succeed: sets }];
    let (forward, moves) = bring_forward(before.clone(), &retired, &pairs());
    assert_eq!(moves.len(), 6, "{moves:#?}");
    begin(&store, &mine, moves).await.expect("begins");
    let mut after = store.head(STACK).await.expect("reads");
    assert_eq!(after.seq, before.seq + 7);
    after.seq = before.seq;
    assert_eq!(after, forward);
    assert_eq!(
        after.records[&at("elbv2/load_balancer", "web")].spec.json().expect("JSON")["on"],
        json!([at("ec2/subnet", "core-a"), at("ec2/vpc", "core")])
    );
    assert_eq!(after.deleting.len(), 2, "of the two records of www, one stays: {:?}", after.deleting);
    assert!(after.deleting.contains(&(at("ec2/vpc", "core"), "vpc-1".into())));
    assert!(after.deleting.contains(&(at("dns/set", "api"), "api".into())));
    assert_eq!(after.deposed[0].address, at("ec2/vpc", "core"));
    assert_eq!(after.ledger[0].address, at("ec2/vpc", "core"));
    let open: Vec<String> = after.open.iter().map(|intent| intent.address.name.clone()).collect();
    assert_eq!(open, ["main-b", "old-a"], "only what is recorded moves");
    assert_eq!(
        after.open[0].spec.as_ref().expect("a spec").json().expect("JSON")["on"],
        json!([at("ec2/vpc", "core")])
    );
    let (again, moves) = bring_forward(after.clone(), &retired, &pairs());
    assert_eq!((again, moves), (after, Vec::new()), "once is enough");
}

pub async fn moves_follow_from_the_events(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    furnish(&store, &mine).await;
    let retired = [Retired { kind: "dns/record", succeed: sets }];
    let (_, moves) = bring_forward(store.head(STACK).await.expect("reads"), &retired, &pairs());
    begin(&store, &mine, moves).await.expect("begins");
    // An open intent is concluded where its object is now.
    let open = store.head(STACK).await.expect("reads").open;
    store.conclude(&mine, &open[0], &Outcome::Created { id: "subnet-2".into() }).await.expect("concludes");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!(store.verify(STACK).await.expect("verifies"), Vec::<String>::new());
    store.rebuild(STACK).await.expect("rebuilds");
    assert_eq!(store.head(STACK).await.expect("reads"), head);
    let archive = store.export(STACK, Some(&mine)).await.expect("exports");
    let mut text = Vec::new();
    archive.write(&mut text).expect("is written");
    assert_eq!(globe_store::Archive::read(text.as_slice()).expect("is read").len(), archive.len());
    let history = store.history(STACK, 100).await.expect("reads");
    let moved = history.iter().find(|entry| entry.what == "moved").expect("is told");
    assert!(moved.detail["from"].is_string() && moved.address.is_some(), "{moved:?}");
}

/// The last of a chain goes first, so that each finds its place free.
pub async fn names_are_passed_on_along_a_chain(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let [a, b, c] = ["a", "b", "c"].map(|name| at("ec2/vpc", name));
    for (address, id) in [(&a, "vpc-a"), (&b, "vpc-b")] {
        store.settle(&mine, RUN, &using(address, id, &[])).await.expect("settles");
    }
    store.settle(&mine, RUN, &using(&at("ec2/peering", "ab"), "pcx", &[&a, &b])).await.expect("settles");
    let head = store.head(STACK).await.expect("reads");
    let (forward, moves) = bring_forward(head, &[], &[(a.clone(), b.clone()), (b.clone(), c.clone())]);
    begin(&store, &mine, moves).await.expect("begins");
    let after = store.head(STACK).await.expect("reads");
    assert_eq!(
        (&after.records, after.records[&b].id.as_str(), after.records[&c].id.as_str()),
        (&forward.records, "vpc-a", "vpc-b")
    );
    assert_eq!(after.records[&at("ec2/peering", "ab")].spec.json().expect("JSON")["on"], json!([b, c]));
}

pub async fn a_move_needs_its_scope_and_a_free_place(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    furnish(&store, &mine).await;
    let head = store.head(STACK).await.expect("reads");
    let moved = |to: Address| {
        let record = Record { address: to, ..head.records[&at("ec2/vpc", "main")].clone() };
        vec![globe_model::Move { from: at("ec2/vpc", "main"), record }]
    };
    for wrong in [Address::new("eu-central-1", "ec2/vpc", "main"), at("ec2/subnet", "main-a")] {
        begin(&store, &mine, moved(wrong.clone())).await.expect_err(&wrong.to_string());
        assert_eq!(store.head(STACK).await.expect("reads"), head, "nothing was written");
    }
    let theirs = lease(&store, "bob@b 2", &["eu-central-1"]).await;
    let refused = begin(&store, &theirs, moved(at("ec2/vpc", "core"))).await.expect_err("is refused");
    assert!(matches!(refused, JournalError::Fenced { .. } | JournalError::Database { .. }), "{refused}");
    assert_eq!(store.head(STACK).await.expect("reads"), head);
}
