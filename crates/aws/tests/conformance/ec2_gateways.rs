//! Internet gateway, Elastic IP address, NAT gateway and route table.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use globe_aws::Driver;
use globe_aws::kinds::ec2::{
    ElasticIp, ElasticIpSpec, InternetGateway, InternetGatewayOutputs, InternetGatewayPatch, InternetGatewaySpec,
    NatGateway, NatGatewayLive, NatGatewaySpec, NextHop, RouteTable, RouteTableLive, RouteTablePatch, RouteTableSpec,
    RouteTarget, Subnet, SubnetSpec, Vpc, VpcSpec,
};
use globe_model::{Address, Kind, Readiness, Ref};
use serde_json::json;

use crate::bench::{ACCOUNT, Bench, REGION, tags};

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &["ec2/internet_gateway", "ec2/elastic_ip", "ec2/nat_gateway", "ec2/route_table"];
/// Those of its stories that need every action its kinds declare.
pub const STORIES: &[fn()] = &[
    a_way_out_comes_changes_and_goes,
    routes_change_and_routes_of_others_do_not_count,
    a_route_made_by_hand_is_redirected,
    a_subnet_moves_between_tables_without_falling_back,
];

const ANYWHERE: &str = "0.0.0.0/0";

fn at(kind: &str, name: &str) -> Address {
    Address::new(REGION, kind, name)
}

fn here<K: Kind>(name: &str) -> Ref<K> {
    Ref::to(REGION, name)
}

fn gateway_spec() -> InternetGatewaySpec {
    InternetGatewaySpec { vpc: here("main"), tags: tags("main") }
}

fn nat_spec() -> NatGatewaySpec {
    NatGatewaySpec {
        subnet: here("public-a"),
        elastic_ip: here("nat-a"),
        internet_gateway: here("main"),
        tags: tags("nat-a"),
    }
}

fn table_spec(name: &str, target: RouteTarget, subnets: &[&str]) -> RouteTableSpec {
    RouteTableSpec {
        vpc: here("main"),
        routes: BTreeMap::from([(ANYWHERE.to_owned(), target)]),
        subnets: subnets.iter().map(|subnet| here(subnet)).collect(),
        tags: tags(name),
    }
}

/// A VPC with the subnets `public-a`, `private-a` and `private-b`.
async fn network() -> Bench {
    let mut bench = Bench::new();
    bench.up::<Vpc>(&at("ec2/vpc", "main"), &VpcSpec { cidr: "10.0.0.0/16".into(), tags: tags("main") }).await;
    for (index, name) in ["public-a", "private-a", "private-b"].into_iter().enumerate() {
        let zone = name.chars().last().expect("names are not empty");
        let spec = SubnetSpec {
            vpc: here("main"),
            cidr: format!("10.0.{}.0/24", index),
            zone: format!("{REGION}{zone}"),
            public: name.starts_with("public"),
            tags: tags(name),
        };
        bench.up::<Subnet>(&at("ec2/subnet", name), &spec).await;
    }
    bench
}

/// The network with an attached internet gateway.
async fn connected() -> Bench {
    let mut bench = network().await;
    bench.up::<InternetGateway>(&at("ec2/internet_gateway", "main"), &gateway_spec()).await;
    bench
}

async fn table(bench: &Bench, name: &str) -> RouteTableLive {
    let id = bench.id(&at("ec2/route_table", name));
    let mut found = RouteTable::read(&bench.scoped(REGION), std::slice::from_ref(&id)).await.expect("reads");
    found.remove(&id).expect("it is there")
}

/// How often an operation was called.
fn count(bench: &Bench, action: &str) -> usize {
    bench.sandbox().calls().iter().filter(|call| call.action == action).count()
}

#[tokio::test(start_paused = true)]
pub async fn a_way_out_comes_changes_and_goes() {
    let mut bench = connected().await;
    let [gateway, address] = [at("ec2/internet_gateway", "main"), at("ec2/elastic_ip", "nat-a")];
    bench.up::<Vpc>(&at("ec2/vpc", "other"), &VpcSpec { cidr: "10.9.0.0/16".into(), tags: tags("other") }).await;
    let moved = InternetGatewaySpec { vpc: here("other"), ..gateway_spec() };
    bench.replace::<InternetGateway>(&gateway, &moved, "vpc_id").await;
    bench.replace::<InternetGateway>(&gateway, &gateway_spec(), "vpc_id").await;
    bench.patches::<InternetGateway>(&gateway, &InternetGatewaySpec { tags: tags("new"), ..gateway_spec() }).await;
    bench.up::<ElasticIp>(&address, &ElasticIpSpec { tags: tags("nat-a") }).await;
    bench.patches::<ElasticIp>(&address, &ElasticIpSpec { tags: tags("renamed") }).await;

    let nat = at("ec2/nat_gateway", "nat-a");
    let began = tokio::time::Instant::now();
    bench.up::<NatGateway>(&nat, &nat_spec()).await;
    assert!(began.elapsed() > Duration::from_secs(80), "a NAT gateway takes its time");
    bench.patches::<NatGateway>(&nat, &NatGatewaySpec { tags: tags("renamed"), ..nat_spec() }).await;
    let elsewhere = NatGatewaySpec { subnet: here("private-b"), ..nat_spec() };
    bench.replace::<NatGateway>(&nat, &elsewhere, "subnet_id").await;
    bench.up::<ElasticIp>(&at("ec2/elastic_ip", "nat-b"), &ElasticIpSpec { tags: tags("nat-b") }).await;
    let known = NatGatewaySpec { elastic_ip: here("nat-b"), ..elsewhere };
    bench.replaces::<NatGateway>(&nat, &known, "allocation_id").await;
    bench.replace::<NatGateway>(&nat, &nat_spec(), "subnet_id").await;

    let public = table_spec("public", RouteTarget::InternetGateway(here("main")), &["public-a"]);
    bench.up::<RouteTable>(&at("ec2/route_table", "public"), &public).await;
    let private = table_spec("private", RouteTarget::NatGateway(here("nat-a")), &["private-a", "private-b"]);
    bench.up::<RouteTable>(&at("ec2/route_table", "private"), &private).await;
    let free = RouteTableSpec {
        routes: BTreeMap::new(),
        subnets: Vec::new(),
        ..table_spec("free", RouteTarget::InternetGateway(here("main")), &[])
    };
    bench.up::<RouteTable>(&at("ec2/route_table", "free"), &free).await;
    bench
        .replace::<RouteTable>(&at("ec2/route_table", "free"), &RouteTableSpec { vpc: here("other"), ..free }, "vpc_id")
        .await;

    for blocked in [&at("ec2/vpc", "main"), &at("ec2/subnet", "public-a"), &gateway, &address] {
        bench.refuses_delete(blocked).await;
    }
    bench.down().await;
    let left = bench.sandbox().inspect(|world| {
        world.all().map(|object| (object.kind.clone(), object.text("state").to_owned())).collect::<Vec<_>>()
    });
    // Still listed for an hour, and yet gone as far as anybody waited for them: the last, and the two that it replaced.
    assert_eq!(left, vec![("ec2/natgateway".to_owned(), "deleted".to_owned()); 3]);
}

#[tokio::test(start_paused = true)]
async fn a_nat_gateway_without_a_way_out_fails_in_aws_words() {
    let mut bench = network().await;
    let outputs = InternetGatewayOutputs { internet_gateway_id: "igw-0".into() };
    bench.assume::<InternetGateway>(&at("ec2/internet_gateway", "main"), &outputs);
    bench.up::<ElasticIp>(&at("ec2/elastic_ip", "nat-a"), &ElasticIpSpec { tags: tags("nat-a") }).await;
    let nat = at("ec2/nat_gateway", "nat-a");
    bench.start::<NatGateway>(&nat, &nat_spec()).await;

    tokio::time::sleep(Duration::from_secs(300)).await;
    let id = bench.id(&nat);
    let found = NatGateway::read(&bench.scoped(REGION), std::slice::from_ref(&id)).await.expect("reads");
    let live: &NatGatewayLive = found.get(&id).expect("a failed gateway is listed");
    let Readiness::Failed { reason } = NatGateway::ready(live) else { panic!("{live:?}") };
    assert!(reason.starts_with("Gateway.NotAttached: "), "{reason}");
    bench.down().await;
}

#[tokio::test(start_paused = true)]
pub async fn routes_change_and_routes_of_others_do_not_count() {
    let mut bench = connected().await;
    let main = at("ec2/route_table", "main");
    let spec = table_spec("main", RouteTarget::InternetGateway(here("main")), &["public-a"]);
    bench.up::<RouteTable>(&main, &spec).await;
    let key = (ACCOUNT.to_owned(), REGION.to_owned(), "ec2/route-table".to_owned(), bench.id(&main));
    bench.sandbox().inspect(|world| {
        world.change(&key, |table| {
            let endpoint = json!({
                "destinationPrefixListId": "pl-6ea54007", "gatewayId": "vpce-0", "state": "active",
                "origin": "CreateRoute"});
            if let Some(routes) = table.body.get_mut("routeSet").and_then(|routes| routes.as_array_mut()) {
                routes.push(endpoint);
            }
        })
    });
    bench.settle::<RouteTable>(&main, &spec).await;
    assert_eq!(table(&bench, "main").await.routes.len(), 1, "the local and the endpoint's routes are not ours");

    let other = BTreeMap::from([("198.51.100.0/24".to_owned(), RouteTarget::InternetGateway(here("main")))]);
    bench.patches::<RouteTable>(&main, &RouteTableSpec { routes: other, ..spec.clone() }).await;
    bench.patches::<RouteTable>(&main, &RouteTableSpec { subnets: Vec::new(), ..spec }).await;
    assert_eq!(table(&bench, "main").await.routes.into_keys().collect::<Vec<_>>(), [ANYWHERE]);
    bench.down().await;
}

#[tokio::test(start_paused = true)]
pub async fn a_route_made_by_hand_is_redirected() {
    let mut bench = connected().await;
    bench.up::<ElasticIp>(&at("ec2/elastic_ip", "nat-a"), &ElasticIpSpec { tags: tags("nat-a") }).await;
    bench.up::<NatGateway>(&at("ec2/nat_gateway", "nat-a"), &nat_spec()).await;
    let main = at("ec2/route_table", "main");
    let spec = table_spec("main", RouteTarget::NatGateway(here("nat-a")), &[]);
    bench.start::<RouteTable>(&main, &spec).await;
    let gateway = bench.id(&at("ec2/internet_gateway", "main"));
    let request = bench.scoped(REGION).aws.ec2.create_route().route_table_id(bench.id(&main));
    request.destination_cidr_block(ANYWHERE).gateway_id(&gateway).send().await.expect("the route is made");

    bench.settle::<RouteTable>(&main, &spec).await;
    assert_eq!(table(&bench, "main").await.routes.get(ANYWHERE), Some(&bench.id(&at("ec2/nat_gateway", "nat-a"))));
    assert_eq!(count(&bench, "ReplaceRoute"), 1);
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn updates_may_be_repeated_after_a_lost_answer() {
    let mut bench = network().await;
    let [gateway, main] = [at("ec2/internet_gateway", "main"), at("ec2/route_table", "main")];
    bench.start::<InternetGateway>(&gateway, &gateway_spec()).await;
    let (cx, vpc) = (bench.scoped(REGION), bench.id(&at("ec2/vpc", "main")));
    let attach = InternetGatewayPatch { attach: Some(vpc), ..InternetGatewayPatch::default() };
    for _ in 0..2 {
        InternetGateway::update(&cx, &bench.id(&gateway), &attach).await.expect("attaches");
    }
    bench.settle::<InternetGateway>(&gateway, &gateway_spec()).await;

    let spec = table_spec("main", RouteTarget::InternetGateway(here("main")), &["public-a"]);
    bench.start::<RouteTable>(&main, &spec).await;
    let route = BTreeMap::from([(ANYWHERE.to_owned(), NextHop::InternetGateway(bench.id(&gateway)))]);
    let associate = BTreeSet::from([bench.id(&at("ec2/subnet", "public-a"))]);
    let come = RouteTablePatch { create: route, associate, ..RouteTablePatch::default() };
    for _ in 0..2 {
        RouteTable::update(&cx, &bench.id(&main), &come).await.expect("routes and associates");
    }
    bench.settle::<RouteTable>(&main, &spec).await;
    let (delete, disassociate) = (BTreeSet::from([ANYWHERE.to_owned()]), table(&bench, "main").await.associations);
    let disassociate = disassociate.into_values().collect();
    let go = RouteTablePatch { delete, disassociate, ..RouteTablePatch::default() };
    for _ in 0..2 {
        RouteTable::update(&cx, &bench.id(&main), &go).await.expect("removes both");
    }
    assert!(table(&bench, "main").await.associations.is_empty());
    bench.down().await;
}

#[tokio::test(start_paused = true)]
pub async fn a_subnet_moves_between_tables_without_falling_back() {
    let mut bench = connected().await;
    let out = || RouteTarget::InternetGateway(here("main"));
    bench.up::<RouteTable>(&at("ec2/route_table", "old"), &table_spec("old", out(), &["private-a", "private-b"])).await;
    let new = at("ec2/route_table", "new");
    bench.up::<RouteTable>(&new, &table_spec("new", out(), &[])).await;
    bench.patches::<RouteTable>(&new, &table_spec("new", out(), &["private-b"])).await;

    assert_eq!(count(&bench, "ReplaceRouteTableAssociation"), 1);
    assert_eq!(count(&bench, "DisassociateRouteTable"), 0);
    let kept: Vec<String> = table(&bench, "old").await.associations.into_keys().collect();
    assert_eq!(kept, [bench.id(&at("ec2/subnet", "private-a"))]);
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn a_pending_nat_gateway_is_no_target_yet() {
    let mut bench = connected().await;
    bench.up::<ElasticIp>(&at("ec2/elastic_ip", "nat-a"), &ElasticIpSpec { tags: tags("nat-a") }).await;
    let nat = at("ec2/nat_gateway", "nat-a");
    bench.start::<NatGateway>(&nat, &nat_spec()).await;
    let main = at("ec2/route_table", "main");
    let spec = table_spec("main", RouteTarget::NatGateway(here("nat-a")), &[]);
    bench.start::<RouteTable>(&main, &spec).await;
    bench.settle::<RouteTable>(&main, &spec).await;
    assert_eq!(table(&bench, "main").await.routes.get(ANYWHERE), Some(&bench.id(&nat)));
    let refused = bench.sandbox().calls().into_iter().filter(|call| call.action == "CreateRoute");
    let codes: Vec<_> = refused.map(|call| call.code).collect();
    assert_eq!(codes.first(), Some(&Some("InvalidNatGatewayID.NotFound".to_owned())), "the wait is not tested");
    assert_eq!(codes.last(), Some(&None));
    bench.down().await;
}
