//! Stories of dynamodb: a table's life, and one with replicas in other regions.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use globe_aws::kinds::dynamodb::{
    KeyAttribute, Replica, ReplicaDesired, ReplicaSpec, Table, TableOutputs, TablePatch, TableSpec, TtlChange,
};
use globe_aws::{Driver, Scoped};
use globe_model::{Address, DataPolicy, ErrorClass, Kind, Ref};

use crate::bench::{Bench, REGION, tags};

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &["dynamodb/table", "dynamodb/replica"];
/// Those of its stories that need every action its kinds declare.
pub const STORIES: &[fn()] = &[a_table_comes_changes_and_goes, replicas_come_one_by_one_share_items_and_go];

const TABLE: &str = "acme-user-sessions";
const AWAY: &str = "us-west-2";
const FAR: &str = "ap-southeast-1";
/// A little more than what AWS was measured to want between two changes of expiry.
const TTL_COOLDOWN: Duration = Duration::from_secs(32 * 60);

fn table() -> TableSpec {
    TableSpec {
        name: TABLE.into(),
        partition_key: KeyAttribute { name: "session_id".into(), kind: "S".into() },
        sort_key: None,
        ttl: Some("expires_at".into()),
        point_in_time_recovery: true,
        deletion_protection: true,
        stream: true,
        tags: tags(TABLE),
    }
}

fn replica() -> ReplicaSpec {
    ReplicaSpec {
        table: Ref::to(REGION, "user-sessions"),
        point_in_time_recovery: true,
        deletion_protection: true,
        tags: tags(TABLE),
    }
}

async fn put(cx: &Scoped, id: &str) {
    let request = cx.aws.dynamodb.put_item().table_name(TABLE).item("session_id", AttributeValue::S(id.into()));
    request.send().await.expect("puts");
}

async fn sees(cx: &Scoped, id: &str) -> bool {
    let request = cx.aws.dynamodb.get_item().table_name(TABLE).key("session_id", AttributeValue::S(id.into()));
    request.send().await.expect("gets").item.is_some()
}

#[tokio::test(start_paused = true)]
pub async fn a_table_comes_changes_and_goes() {
    let mut bench = Bench::new();
    let address = Address::new(REGION, Table::NAME, "user-sessions");
    let first = TableSpec { stream: false, ..table() };
    bench.up::<Table>(&address, &first).await;
    bench.patches::<Table>(&address, &TableSpec { tags: tags("renamed"), ..first.clone() }).await;
    let loose = TableSpec {
        stream: true,
        deletion_protection: false,
        point_in_time_recovery: false,
        tags: globe_model::Tags::default(),
        ..first.clone()
    };
    bench.patches::<Table>(&address, &loose).await;
    // Another attribute: expiry is switched off, and on again only half an hour later.
    let cx = bench.scoped(REGION);
    let renamed = TableSpec { ttl: Some("gone_at".into()), ..loose.clone() };
    let patch = TablePatch { ttl: Some(TtlChange { attribute: renamed.ttl.clone() }), ..TablePatch::default() };
    tokio::time::sleep(TTL_COOLDOWN).await;
    let half = Table::update(&cx, TABLE, &patch).await.err().map(|error| error.class);
    assert_eq!(half, Some(ErrorClass::Conflict));
    tokio::time::sleep(TTL_COOLDOWN).await;
    bench.patches::<Table>(&address, &renamed).await;
    tokio::time::sleep(TTL_COOLDOWN).await;
    bench.patches::<Table>(&address, &TableSpec { ttl: None, ..first.clone() }).await;
    let sorted = TableSpec { sort_key: Some(KeyAttribute { name: "at".into(), kind: "N".into() }), ..first };
    bench.replaces::<Table>(&address, &sorted, "sort_key").await;
    let keyed = TableSpec { partition_key: KeyAttribute { name: "id".into(), kind: "N".into() }, ..sorted.clone() };
    bench.replaces::<Table>(&address, &keyed, "partition_key").await;
    bench.replace::<Table>(&address, &TableSpec { name: "acme-sorted".into(), ..sorted }, "name").await;
    bench.refuses_delete(&address).await;
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn a_table_is_deleted_only_when_its_items_may_be_lost() {
    let mut bench = Bench::new();
    let address = Address::new(REGION, Table::NAME, "user-sessions");
    bench.up::<Table>(&address, &TableSpec { deletion_protection: false, ..table() }).await;
    let cx = bench.scoped(REGION);
    put(&cx, "a").await;
    let kept = Table::delete(&cx, TABLE, DataPolicy::Keep).await;
    assert_eq!(kept.err().map(|error| error.class), Some(ErrorClass::HoldsData), "protection or not");
    assert!(Table::data_at_risk(&cx, TABLE).await.expect("asks").is_some());
    assert!(sees(&cx, "a").await);
    bench.down().await;
    assert_eq!(bench.sandbox().inspect(|world| world.all().count()), 0, "the items go with the table");
    assert_eq!(Table::data_at_risk(&cx, TABLE).await.expect("asks"), None);
}

#[tokio::test(start_paused = true)]
pub async fn replicas_come_one_by_one_share_items_and_go() {
    let mut bench = Bench::new();
    let home = Address::new(REGION, Table::NAME, "user-sessions");
    bench.up::<Table>(&home, &table()).await;
    let address = |region: &str| Address::new(region, Replica::NAME, "user-sessions");
    bench.start::<Replica>(&address(AWAY), &replica()).await;
    // Two at once: the second is refused while the first is under way, in a class that heals.
    let far = bench.scoped(FAR);
    let desired = ReplicaDesired {
        home: REGION.into(),
        table: TABLE.into(),
        point_in_time_recovery: true,
        deletion_protection: true,
        tags: tags(TABLE),
    };
    let (token, place) = (globe_model::Token::random(), address(FAR));
    let birth = globe_aws::Birth { address: &place, token: &token, owner: &far.owner };
    let second = Replica::create(&far, &birth, &desired).await.err().map(|error| error.class);
    assert_eq!(second, Some(ErrorClass::Conflict));
    let none = Replica::discover(&far, &[(place.clone(), desired)]).await.expect("discovers");
    assert!(none.is_empty(), "another region's replica explains why the table is being updated: {none:?}");
    bench.settle::<Replica>(&address(AWAY), &replica()).await;
    bench.up::<Replica>(&place, &replica()).await;
    bench.patches::<Replica>(&address(AWAY), &ReplicaSpec { tags: tags("renamed"), ..replica() }).await;
    let loose = ReplicaSpec { point_in_time_recovery: false, deletion_protection: false, ..replica() };
    bench.patches::<Replica>(&address(AWAY), &loose).await;
    let theirs = ReplicaSpec { table: Ref::to(FAR, "user-sessions"), ..replica() };
    let outputs = TableOutputs { name: TABLE.into(), arn: "arn".into() };
    bench.assume::<Table>(theirs.table.address(), &outputs);
    bench.replaces::<Replica>(&address(AWAY), &theirs, "home").await;
    let moved = ReplicaSpec { table: Ref::to(REGION, "other"), ..replica() };
    bench.up::<Table>(moved.table.address(), &TableSpec { name: "acme-other".into(), ..table() }).await;
    bench.replace::<Replica>(&address(AWAY), &moved, "table").await;
    bench.replace::<Replica>(&address(AWAY), &replica(), "table").await;
    bench.settle::<Table>(&home, &table()).await;

    let (here, there) = (bench.scoped(REGION), bench.scoped(AWAY));
    put(&here, "a").await;
    put(&there, "b").await;
    assert!(!sees(&there, "a").await, "not in the same instant");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(sees(&there, "a").await && sees(&here, "b").await && sees(&bench.scoped(FAR), "b").await);

    let class = |result: Result<(), globe_model::CallError>| result.err().map(|error| error.class);
    assert_eq!(
        class(Replica::delete(&there, &bench.id(&address(AWAY)), DataPolicy::Keep).await),
        Some(ErrorClass::HoldsData)
    );
    assert!(Replica::data_at_risk(&there, &bench.id(&address(AWAY))).await.expect("asks").is_some());
    // The source waits for its replicas: first it lifts its own protection, then AWS names the reason.
    bench.refuses_to_lose(&home).await;
    bench.down().await;
    assert_eq!(bench.sandbox().inspect(|world| world.all().count()), 0, "nothing is left in any region");
}

#[tokio::test(start_paused = true)]
async fn a_foreign_table_of_the_same_name_is_not_adopted() {
    let mut bench = Bench::new();
    let address = Address::new(REGION, Table::NAME, "user-sessions");
    bench.up::<Table>(&address, &table()).await;
    let mut cx = bench.scoped(REGION);
    cx.owner.stack = "another".into();
    let desired = table();
    let found = Table::discover(&cx, &[(address.clone(), desired.clone())]).await.expect("discovers");
    assert!(found.is_empty(), "{found:?}");
    let token = globe_model::Token::random();
    let birth = globe_aws::Birth { address: &address, token: &token, owner: &cx.owner };
    let refused = Table::create(&cx, &birth, &desired).await.err().map(|error| error.class);
    assert_eq!(refused, Some(ErrorClass::AlreadyExists));
    bench.down().await;
}
