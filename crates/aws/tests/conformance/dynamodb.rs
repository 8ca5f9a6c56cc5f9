//! Stories of dynamodb: a table's life, and one with members in several regions.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use globe_aws::kinds::dynamodb::{KeyAttribute, Shared, Table, TablePatch, TableSpec, TtlChange};
use globe_aws::{Driver, Scoped};
use globe_model::{Address, DataPolicy, ErrorClass, Kind, Ref, Scope, Upstream};

use crate::bench::{Bench, REGION, tags};

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &["dynamodb/table"];
/// Those of its stories that need every action its kinds declare.
pub const STORIES: &[fn()] = &[a_table_comes_changes_and_goes, members_come_one_by_one_share_items_and_go];

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
        shared: expiring(Some("expires_at")),
        point_in_time_recovery: true,
        deletion_protection: true,
        others: [].into(),
        after: None,
        tags: tags(TABLE),
    }
}

fn expiring(ttl: Option<&str>) -> Option<Shared> {
    Some(Shared { ttl: ttl.map(str::to_owned) })
}

/// The member in a region, of a table in all three.
fn member(region: &str) -> TableSpec {
    let others = [REGION, AWAY, FAR].into_iter().filter(|other| *other != region).map(str::to_owned);
    let first = region == REGION;
    TableSpec {
        shared: table().shared.filter(|_| first),
        others: others.collect(),
        after: (!first).then(|| Ref::to(REGION, "user-sessions")),
        ..table()
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
    let first = table();
    bench.up::<Table>(&address, &first).await;
    bench.patches::<Table>(&address, &TableSpec { tags: tags("renamed"), ..first.clone() }).await;
    let loose = TableSpec {
        deletion_protection: false,
        point_in_time_recovery: false,
        tags: globe_model::Tags::default(),
        ..first.clone()
    };
    bench.patches::<Table>(&address, &loose).await;
    // Another attribute: expiry is switched off, and on again only half an hour later.
    let cx = bench.scoped(REGION);
    let renamed = TableSpec { shared: expiring(Some("gone_at")), ..loose.clone() };
    let attribute = Some("gone_at".to_owned());
    let patch = TablePatch { ttl: Some(TtlChange { attribute }), ..TablePatch::default() };
    tokio::time::sleep(TTL_COOLDOWN).await;
    let half = Table::update(&cx, TABLE, &patch).await.err().map(|error| error.class);
    assert_eq!(half, Some(ErrorClass::Conflict));
    tokio::time::sleep(TTL_COOLDOWN).await;
    bench.patches::<Table>(&address, &renamed).await;
    tokio::time::sleep(TTL_COOLDOWN).await;
    bench.patches::<Table>(&address, &TableSpec { shared: expiring(None), ..first.clone() }).await;
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

fn desired(spec: &TableSpec) -> globe_aws::kinds::dynamodb::TableDesired {
    Table::lower(spec, &Upstream::new(&|_| None)).expect("a table needs nobody's outputs")
}

#[tokio::test(start_paused = true)]
pub async fn members_come_one_by_one_share_items_and_go() {
    let mut bench = Bench::new();
    let address = |region: &str| Address::new(region, Table::NAME, "user-sessions");
    bench.up::<Table>(&address(REGION), &member(REGION)).await;
    bench.start::<Table>(&address(AWAY), &member(AWAY)).await;
    // Two at once: the second waits while the first is under way, and no call is made that AWS would refuse.
    let far = bench.scoped(FAR);
    let (token, place) = (globe_model::Token::random(), address(FAR));
    let birth = globe_aws::Birth { address: &place, token: &token, owner: &far.owner };
    let second = Table::create(&far, &birth, &desired(&member(FAR))).await.err().map(|error| error.class);
    assert_eq!(second, Some(ErrorClass::Conflict));
    bench.settle::<Table>(&address(AWAY), &member(AWAY)).await;
    // Any member can be asked for the next one.
    bench.up::<Table>(&place, &TableSpec { others: [AWAY.to_owned()].into(), ..member(FAR) }).await;
    bench.patches::<Table>(&address(AWAY), &TableSpec { tags: tags("renamed"), ..member(AWAY) }).await;
    let loose = TableSpec { point_in_time_recovery: false, deletion_protection: false, ..member(AWAY) };
    bench.patches::<Table>(&address(AWAY), &loose).await;
    bench.patches::<Table>(&address(AWAY), &member(AWAY)).await;

    let (here, there) = (bench.scoped(REGION), bench.scoped(AWAY));
    put(&here, "a").await;
    put(&there, "b").await;
    assert!(!sees(&there, "a").await, "not in the same instant");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(sees(&there, "a").await && sees(&here, "b").await && sees(&far, "b").await);

    let risk = Table::data_at_risk(&there, TABLE).await.expect("asks").expect("holds items");
    assert_eq!(risk.elsewhere, [Scope::region(FAR), Scope::region(REGION)].into(), "the others hold them too");
    bench.down().await;
    assert_eq!(bench.sandbox().inspect(|world| world.all().count()), 0, "nothing is left in any region");
}

/// The member that was made first is one like the others: it goes, they stay and can be asked for another.
#[tokio::test(start_paused = true)]
async fn the_first_member_can_go_and_come_back() {
    let mut bench = Bench::new();
    let address = |region: &str| Address::new(region, Table::NAME, "user-sessions");
    bench.up::<Table>(&address(REGION), &member(REGION)).await;
    bench.up::<Table>(&address(AWAY), &member(AWAY)).await;
    put(&bench.scoped(REGION), "a").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let first = bench.scoped(REGION);
    Table::delete(&first, TABLE, DataPolicy::Keep).await.expect("its items stay in the other region");
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(Table::read(&first, &[TABLE.to_owned()]).await.expect("reads").is_empty());
    let (token, place) = (globe_model::Token::random(), address(REGION));
    let birth = globe_aws::Birth { address: &place, token: &token, owner: &first.owner };
    Table::create(&first, &birth, &desired(&member(REGION))).await.expect("joins the one that stayed");
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(sees(&first, "a").await, "it is the same table");
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn there_is_never_a_second_table_of_the_name() {
    let mut bench = Bench::new();
    let address = |region: &str| Address::new(region, Table::NAME, "user-sessions");
    bench.up::<Table>(&address(AWAY), &table()).await;
    let mut cx = bench.scoped(REGION);
    let (token, place) = (globe_model::Token::random(), address(REGION));
    cx.owner.stack = "another".into();
    let birth = globe_aws::Birth { address: &place, token: &token, owner: &cx.owner };
    let strange = Table::create(&cx, &birth, &desired(&member(REGION))).await.err().map(|error| error.class);
    assert_eq!(strange, Some(ErrorClass::AlreadyExists), "a stranger's table is not joined");
    let cx = bench.scoped(REGION);
    let birth = globe_aws::Birth { owner: &cx.owner, ..birth };
    Table::create(&cx, &birth, &desired(&member(REGION))).await.expect("ours is");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let live = Table::read(&cx, &[TABLE.to_owned()]).await.expect("reads");
    assert!(live[TABLE].others.contains(AWAY), "{live:?}");
    bench.adopt(&place, TABLE);
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn a_foreign_table_of_the_same_name_is_not_adopted() {
    let mut bench = Bench::new();
    let address = Address::new(REGION, Table::NAME, "user-sessions");
    bench.up::<Table>(&address, &table()).await;
    let mut cx = bench.scoped(REGION);
    cx.owner.stack = "another".into();
    let desired = desired(&table());
    let found = Table::discover(&cx, &[(address.clone(), desired.clone())]).await.expect("discovers");
    assert!(found.is_empty(), "{found:?}");
    let token = globe_model::Token::random();
    let birth = globe_aws::Birth { address: &address, token: &token, owner: &cx.owner };
    let refused = Table::create(&cx, &birth, &desired).await.err().map(|error| error.class);
    assert_eq!(refused, Some(ErrorClass::AlreadyExists));
    bench.down().await;
}
