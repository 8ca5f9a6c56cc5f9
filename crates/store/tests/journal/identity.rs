//! What a state belongs to.

use globe_model::{Claim, Journal, JournalError, OwnerId, RunStart, World};

use crate::bench::*;

fn claim(account: &str, world: World) -> Claim {
    Claim { stack: STACK.into(), account: account.into(), world, owner: None }
}

const ACCOUNT: &str = "123456789012";

pub async fn an_owner_is_made_once(bench: Bench) {
    let (one, other) = (bench.open().await, bench.open().await);
    let real = claim(ACCOUNT, World::Real);
    let (first, second) = tokio::join!(one.identify(&real), other.identify(&real));
    let (first, second) = (first.expect("identifies"), second.expect("identifies"));
    assert_eq!(first, second);
    let head = one.head(STACK).await.expect("reads");
    assert_eq!((head.seq, head.world, head.owner.as_ref()), (1, Some(World::Real), Some(&first.owner)));
    let found = Claim { owner: Some(OwnerId::random()), ..real.clone() };
    assert_eq!(one.identify(&found).await.expect("identifies"), first, "an owner stays");
    let theirs = one.identify(&Claim { stack: "other".into(), ..found.clone() }).await.expect("identifies");
    assert_eq!(Some(theirs.owner), found.owner, "a lost state takes its old owner back");
}

pub async fn another_account_or_world_is_refused(bench: Bench) {
    let store = bench.open().await;
    store.identify(&claim(ACCOUNT, World::Sandbox)).await.expect("identifies");
    let head = store.head(STACK).await.expect("reads");
    let refused = store.identify(&claim("999999999999", World::Sandbox)).await.expect_err("another account");
    assert_eq!(
        refused.to_string(),
        "the state of stack acme belongs to account 123456789012; this file says 999999999999"
    );
    let refused = store.identify(&claim(ACCOUNT, World::Real)).await.expect_err("another world");
    assert!(matches!(refused, JournalError::OtherWorld { recorded: World::Sandbox, .. }), "{refused}");
    assert_eq!(store.head(STACK).await.expect("reads"), head, "nothing was written");
}

/// One that has an account and nothing else.
pub async fn an_earlier_state_gets_its_owner(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    store.begin(&mine, &start(0)).await.expect("begins");
    let refused = store.identify(&claim("999999999999", World::Real)).await.expect_err("another account");
    assert!(matches!(refused, JournalError::OtherAccount { .. }), "{refused}");
    let identity = store.identify(&claim(ACCOUNT, World::Real)).await.expect("identifies");
    let head = store.head(STACK).await.expect("reads");
    assert_eq!((head.owner, head.world, head.seq), (Some(identity.owner), Some(World::Real), 2));
    // Being identified makes no plan old.
    store.begin(&mine, &start(1)).await.expect("begins");
}

pub async fn roles_are_recorded_at_the_begin(bench: Bench) {
    let store = bench.open().await;
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let roles = |region: &str| [("bucket.assets".to_owned(), globe_model::Region::new(region))].into();
    store.begin(&mine, &RunStart { roles: roles("us-east-1"), ..start(0) }).await.expect("begins");
    store.begin(&mine, &start(2)).await.expect("begins");
    assert_eq!(store.head(STACK).await.expect("reads").roles, roles("us-east-1"), "a role stays until it changes");
    store.begin(&mine, &RunStart { roles: roles("eu-west-1"), ..start(3) }).await.expect("begins");
    assert_eq!(store.head(STACK).await.expect("reads").roles, roles("eu-west-1"));
}

pub async fn what_a_state_belongs_to_is_copied(bench: Bench) {
    let store = bench.open().await;
    store.identify(&claim(ACCOUNT, World::Real)).await.expect("identifies");
    let mine = lease(&store, "ann@a 1", &["us-east-1"]).await;
    let roles = [("table.orders".to_owned(), globe_model::Region::new("us-east-1"))].into();
    let leaving = [globe_model::Region::new("us-east-1")].into();
    store.begin(&mine, &RunStart { roles, leaving, ..start(1) }).await.expect("begins");
    let head = store.head(STACK).await.expect("reads");
    let archive = store.export(STACK, Some(&mine)).await.expect("exports");
    let mut text = Vec::new();
    archive.write(&mut text).expect("writes");
    let directory = tempfile::TempDir::new().expect("a temporary directory");
    let there = directory.path().join("state.db").display().to_string();
    let there = globe_store::Store::open(&there, bench.clock.clone()).await.expect("opens");
    there.import(&globe_store::Archive::read(text.as_slice()).expect("reads")).await.expect("imports");
    assert_eq!(there.head(STACK).await.expect("reads"), head);
    bench.tamper("UPDATE stacks SET owner = 'another'").await.expect("tampers");
    assert_eq!(store.verify(STACK).await.expect("compares"), ["stack acme"]);
    store.rebuild(STACK).await.expect("rebuilds");
    assert_eq!(store.head(STACK).await.expect("reads"), head);
}
