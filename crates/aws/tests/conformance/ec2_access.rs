//! Security group, gateway endpoint, launch template, and the look-ups that they need.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{
    IpPermission, IpRange, LaunchTemplateInstanceMetadataOptionsRequest, RequestLaunchTemplateData,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use globe_aws::Driver;
use globe_aws::kinds::ec2::{
    LaunchTemplate, LaunchTemplateDesired, LaunchTemplatePatch, LaunchTemplateSpec, PeerSpec, RouteTable,
    RouteTableOutputs, RuleSpec, SecurityGroup, SecurityGroupPatch, SecurityGroupSpec, TemplateData, Traffic, Vpc,
    VpcEndpoint, VpcEndpointPatch, VpcEndpointSpec, VpcSpec,
};
use globe_aws::kinds::iam::{InstanceProfile, InstanceProfileOutputs};
use globe_model::{Address, Kind, Ref, Tags, Verdict};
use globe_sandbox::world::Object;

use crate::bench::{ACCOUNT, Bench, REGION, tags};

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &["ec2/security_group", "ec2/vpc_endpoint", "ec2/launch_template"];
/// Those of its stories that need every action its kinds declare.
pub const STORIES: &[fn()] = &[
    groups_let_in_whom_they_name_and_hold_each_other,
    an_endpoint_routes_where_it_is_told_to,
    a_template_gets_a_version_per_change,
];

const IMAGE: &str = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

async fn with_vpc() -> (Bench, Address) {
    let mut bench = Bench::new();
    let vpc = Address::new(REGION, "ec2/vpc", "main");
    bench.up::<Vpc>(&vpc, &VpcSpec { cidr: "10.0.0.0/16".into(), tags: tags("main") }).await;
    (bench, vpc)
}

fn tcp(port: u16, peer: PeerSpec, description: &str) -> RuleSpec {
    RuleSpec { traffic: Traffic::Tcp { from: port, to: port }, peer, description: description.into() }
}

fn network(cidr: &str) -> PeerSpec {
    PeerSpec::Cidr(cidr.into())
}

fn everything_out() -> Vec<RuleSpec> {
    vec![RuleSpec { traffic: Traffic::All, peer: network("0.0.0.0/0"), description: String::new() }]
}

fn group(name: &str, ingress: Vec<RuleSpec>, egress: Vec<RuleSpec>) -> SecurityGroupSpec {
    SecurityGroupSpec {
        vpc: Ref::to(REGION, "main"),
        group_name: format!("acme-{name}"),
        description: format!("Members of {name}"),
        ingress,
        egress,
        tags: tags(name),
    }
}

#[tokio::test(start_paused = true)]
pub async fn groups_let_in_whom_they_name_and_hold_each_other() {
    let (mut bench, vpc) = with_vpc().await;
    let balancer = Address::new(REGION, "ec2/security_group", "balancer");
    let open = |port| tcp(port, network("0.0.0.0/0"), "the world");
    bench.up::<SecurityGroup>(&balancer, &group("balancer", vec![open(80), open(443)], everything_out())).await;

    let service = Address::new(REGION, "ec2/security_group", "service");
    let from_balancer = || tcp(8080, PeerSpec::Group(Ref::to(REGION, "balancer")), "load balancer");
    let first = group("service", vec![from_balancer(), tcp(7946, PeerSpec::Itself, "gossip")], everything_out());
    bench.up::<SecurityGroup>(&service, &first).await;

    // Another description, a rule more, one less; nothing out but to the VPC, in two spellings of one network.
    let out = vec![tcp(443, network("10.0.0.7/16"), "inside"), tcp(443, network("10.0.0.0/16"), "again")];
    let from_balancer = tcp(8080, PeerSpec::Group(Ref::to(REGION, "balancer")), "web");
    let ipv6 = RuleSpec {
        traffic: Traffic::Udp { from: 1000, to: 2000 },
        peer: network("2001:db8::/32"),
        description: String::new(),
    };
    let second = group("service", vec![from_balancer, ipv6], out);
    bench.patches::<SecurityGroup>(&service, &second).await;
    let elsewhere = SecurityGroupSpec { vpc: bench.other_vpc(), ..second.clone() };
    bench.replaces::<SecurityGroup>(&service, &elsewhere, "vpc_id").await;
    let named = SecurityGroupSpec { group_name: "acme-api".into(), ..second };
    bench.replaces::<SecurityGroup>(&service, &named, "group_name").await;
    let described = SecurityGroupSpec { description: "Other".into(), ..first };
    bench.replace::<SecurityGroup>(&service, &described, "description").await;

    bench.refuses_delete(&balancer).await;
    bench.refuses_delete(&vpc).await;
    bench.down().await;
    let left = bench.sandbox().inspect(|world| world.all().map(|object| object.id.clone()).collect::<Vec<_>>());
    assert!(left.is_empty(), "the default group goes with its VPC: {left:?}");
}

#[tokio::test(start_paused = true)]
async fn an_update_of_rules_may_be_repeated() {
    let (mut bench, _) = with_vpc().await;
    let address = Address::new(REGION, "ec2/security_group", "web");
    let open = |port| tcp(port, network("0.0.0.0/0"), "");
    bench.up::<SecurityGroup>(&address, &group("web", vec![open(80), open(81)], vec![])).await;
    let (cx, id) = (bench.scoped(REGION), bench.id(&address));
    let read = async || SecurityGroup::read(&cx, std::slice::from_ref(&id)).await.expect("reads").remove(&id);
    let before = read().await.expect("it is there");
    assert!(before.egress.is_empty(), "the rule that AWS adds was not wanted: {:?}", before.egress);

    let mut patch = SecurityGroupPatch::default();
    let mut added = before.ingress.iter().map(|live| live.rule.clone()).collect::<Vec<_>>();
    added.iter_mut().for_each(|rule| rule.to_port += 100);
    patch.ingress.authorize = added;
    patch.ingress.revoke = before.ingress.iter().map(|live| live.id.clone()).collect();
    // The first try came half-way: one rule is added, one is removed.
    let mut half = patch.clone();
    half.ingress.authorize.truncate(1);
    half.ingress.revoke.truncate(1);
    for step in [&half, &patch, &patch] {
        SecurityGroup::update(&cx, &id, step).await.expect("an update may be repeated");
    }
    let after = read().await.expect("it is there");
    let rules: Vec<_> = after.ingress.iter().map(|live| live.rule.clone()).collect();
    assert_eq!(rules, patch.ingress.authorize);
    bench.down().await;
}

fn plant_route_table(bench: &mut Bench, name: &str, vpc_id: &str) -> Ref<RouteTable> {
    let (reference, id) = (Ref::<RouteTable>::to(REGION, name), format!("rtb-{name}"));
    bench.assume::<RouteTable>(reference.address(), &RouteTableOutputs { route_table_id: id.clone() });
    let body = serde_json::json!({"routeTableId": id, "vpcId": vpc_id, "routeSet": []});
    bench.sandbox().inspect(|world| {
        world.put(Object {
            account: ACCOUNT.into(),
            region: REGION.into(),
            kind: "ec2/route-table".into(),
            id,
            body: body.as_object().cloned().unwrap_or_default(),
            hidden: serde_json::Map::new(),
            tags: BTreeMap::new(),
            needs: BTreeSet::new(),
            later: Vec::new(),
            stalled: None,
            created: 0.0,
            visible: 0.0,
        });
    });
    reference
}

/// Routes through endpoints in a planted route table.
fn routes(bench: &Bench, name: &str) -> usize {
    let id = format!("rtb-{name}");
    bench.sandbox().inspect(|world| {
        let table = world.get(ACCOUNT, REGION, "ec2/route-table", &id).expect("it was planted");
        let routes = table.body.get("routeSet").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        let through =
            |route: &&serde_json::Value| route["gatewayId"].as_str().is_some_and(|id| id.starts_with("vpce-"));
        routes.iter().filter(through).count()
    })
}

#[tokio::test(start_paused = true)]
pub async fn an_endpoint_routes_where_it_is_told_to() {
    let (mut bench, vpc) = with_vpc().await;
    let vpc_id = bench.id(&vpc);
    let [a, b, c] = ["a", "b", "c"].map(|name| plant_route_table(&mut bench, name, &vpc_id));
    let address = Address::new(REGION, "ec2/vpc_endpoint", "main-s3");
    let spec = VpcEndpointSpec {
        vpc: Ref::to(REGION, "main"),
        region: REGION.into(),
        service: "s3".into(),
        route_tables: vec![a.clone(), b.clone()],
        tags: tags("main-s3"),
    };
    bench.up::<VpcEndpoint>(&address, &spec).await;
    assert_eq!(["a", "b", "c"].map(|name| routes(&bench, name)), [1, 1, 0]);
    let moved = VpcEndpointSpec { route_tables: vec![b, c], tags: tags("renamed"), ..spec.clone() };
    bench.patches::<VpcEndpoint>(&address, &moved).await;
    assert_eq!(["a", "b", "c"].map(|name| routes(&bench, name)), [0, 1, 1]);
    let elsewhere = VpcEndpointSpec { vpc: bench.other_vpc(), ..moved.clone() };
    bench.replaces::<VpcEndpoint>(&address, &elsewhere, "vpc_id").await;
    let other = VpcEndpointSpec { service: "dynamodb".into(), ..moved.clone() };
    bench.replace::<VpcEndpoint>(&address, &other, "service_name").await;
    bench.replace::<VpcEndpoint>(&address, &moved, "service_name").await;
    assert_eq!(["a", "b", "c"].map(|name| routes(&bench, name)), [0, 1, 1]);

    let (cx, id) = (bench.scoped(REGION), bench.id(&address));
    let back = VpcEndpointPatch {
        add: BTreeSet::from(["rtb-a".to_owned()]),
        remove: BTreeSet::from(["rtb-c".to_owned()]),
        ..VpcEndpointPatch::default()
    };
    for _ in 0..2 {
        VpcEndpoint::update(&cx, &id, &back).await.expect("an update may be repeated");
    }
    assert_eq!(["a", "b", "c"].map(|name| routes(&bench, name)), [1, 1, 0]);

    // Somebody narrows the policy behind globe's back.
    let narrow = r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}"#;
    cx.aws.ec2.modify_vpc_endpoint().vpc_endpoint_id(&id).policy_document(narrow).send().await.expect("modifies");
    bench.patches::<VpcEndpoint>(&address, &spec).await;

    bench.refuses_delete(&vpc).await;
    bench.down().await;
    assert_eq!(["a", "b", "c"].map(|name| routes(&bench, name)), [0, 0, 0]);
}

fn template(image_id: &str) -> LaunchTemplateSpec {
    LaunchTemplateSpec {
        image_source: image_id.to_owned(),
        name: "acme-web".into(),
        image_id: image_id.into(),
        instance_type: "m6i.large".into(),
        instance_profile: Ref::to("global", "web"),
        security_groups: vec![Ref::to(REGION, "web")],
        user_data: Some("#!/bin/sh\necho grüße\n".into()),
        instance_tags: tags("web"),
        tags: tags("web"),
    }
}

/// Somebody lets instances do without the tokens of the metadata service, in a version of their own.
async fn loosen(bench: &Bench, address: &Address) {
    let (ec2, id) = (bench.scoped(REGION).aws.ec2, bench.id(address));
    let optional = LaunchTemplateInstanceMetadataOptionsRequest::builder().http_tokens("optional".into()).build();
    let data = RequestLaunchTemplateData::builder().metadata_options(optional).build();
    let version = ec2.create_launch_template_version().launch_template_id(&id).source_version("$Latest");
    let version = version.launch_template_data(data).send().await.expect("adds a version").launch_template_version;
    let number = version.and_then(|version| version.version_number).expect("it has a number").to_string();
    ec2.modify_launch_template().launch_template_id(&id).default_version(number).send().await.expect("makes it count");
}

#[tokio::test(start_paused = true)]
pub async fn a_template_gets_a_version_per_change() {
    let (mut bench, _) = with_vpc().await;
    let web = Address::new(REGION, "ec2/security_group", "web");
    bench.up::<SecurityGroup>(&web, &group("web", vec![], everything_out())).await;
    let profile = Address::new("global", "iam/instance_profile", "web");
    let arn = format!("arn:aws:iam::{ACCOUNT}:instance-profile/acme-web");
    bench.assume::<InstanceProfile>(&profile, &InstanceProfileOutputs { name: "acme-web".into(), arn });

    let address = Address::new(REGION, "ec2/launch_template", "web");
    let spec = template("ami-0123456789abcdef0");
    bench.up::<LaunchTemplate>(&address, &spec).await;
    let bigger = LaunchTemplateSpec { instance_type: "m6i.xlarge".into(), ..spec.clone() };
    bench.patches::<LaunchTemplate>(&address, &bigger).await;
    let bare = LaunchTemplateSpec { user_data: None, instance_tags: Tags::default(), ..bigger.clone() };
    bench.patches::<LaunchTemplate>(&address, &bare).await;
    bench.patches::<LaunchTemplate>(&address, &LaunchTemplateSpec { tags: tags("renamed"), ..bare.clone() }).await;
    bench
        .replace::<LaunchTemplate>(&address, &LaunchTemplateSpec { name: "acme-api".into(), ..spec.clone() }, "name")
        .await;
    bench.replace::<LaunchTemplate>(&address, &bare, "name").await;
    let other = Address::new("global", "iam/instance_profile", "api");
    let arn = format!("arn:aws:iam::{ACCOUNT}:instance-profile/acme-api");
    bench.assume::<InstanceProfile>(&other, &InstanceProfileOutputs { name: "acme-api".into(), arn });
    let image_id = "ami-0fedcba9876543210".to_owned();
    let dressed = LaunchTemplateSpec {
        image_source: image_id.clone(),
        image_id,
        instance_profile: Ref::to("global", "api"),
        security_groups: Vec::new(),
        ..bare.clone()
    };
    bench.patches::<LaunchTemplate>(&address, &dressed).await;
    bench.patches::<LaunchTemplate>(&address, &bare).await;
    loosen(&bench, &address).await;
    bench.patches::<LaunchTemplate>(&address, &bare).await;
    bench
        .replace::<LaunchTemplate>(&address, &LaunchTemplateSpec { name: "acme-api".into(), ..spec.clone() }, "name")
        .await;
    for spec in [&bigger, &bare] {
        bench
            .patches::<LaunchTemplate>(&address, &LaunchTemplateSpec { name: "acme-api".into(), ..spec.clone() })
            .await;
    }

    let (cx, id) = (bench.scoped(REGION), bench.id(&address));
    let read = async || LaunchTemplate::read(&cx, std::slice::from_ref(&id)).await.expect("reads").remove(&id);
    let live = read().await.expect("it is there");
    assert_eq!((live.version, live.data.http_tokens.as_str()), (3, "required"));
    let wanted = TemplateData { instance_type: "c7g.large".into(), ..live.data.clone() };
    let patch = LaunchTemplatePatch { data: Some(wanted.clone()), ..LaunchTemplatePatch::default() };
    for _ in 0..2 {
        LaunchTemplate::update(&cx, &id, &patch).await.expect("an update may be repeated");
    }
    assert_eq!(read().await.expect("it is there").version, 4, "a repeat makes no further version");

    // Somebody goes back to the first version behind globe's back.
    let request = cx.aws.ec2.modify_launch_template().launch_template_id(&id).default_version("1");
    request.send().await.expect("modifies");
    let live = read().await.expect("it is there");
    assert_eq!(live.data.user_data.as_deref(), spec.user_data.as_deref());
    let desired = LaunchTemplateDesired { name: live.name.clone(), data: wanted, tags: live.tags.clone() };
    assert!(matches!(LaunchTemplate::diff(&desired, &live), Verdict::Patch { .. }));
    LaunchTemplate::update(&cx, &id, &patch).await.expect("updates");
    assert_eq!(read().await.expect("it is there").version, 4, "the version that says it all is still there");
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn the_sandbox_refuses_what_aws_refuses() {
    let (mut bench, vpc) = with_vpc().await;
    let web = Address::new(REGION, "ec2/security_group", "web");
    bench.up::<SecurityGroup>(&web, &group("web", vec![tcp(80, network("0.0.0.0/0"), "")], vec![])).await;
    let (cx, vpc_id, web_id) = (bench.scoped(REGION), bench.id(&vpc), bench.id(&web));
    let ec2 = &cx.aws.ec2;

    let groups = ec2.describe_security_groups().send().await.expect("describes").security_groups.unwrap_or_default();
    let default = groups.iter().find(|group| group.group_name() == Some("default")).and_then(|group| group.group_id());
    let refused = ec2.delete_security_group().group_id(default.expect("one came with the VPC")).send().await;
    assert_eq!(code(refused), "CannotDelete");
    let again = ec2.create_security_group().group_name("ACME-Web").description("d").vpc_id(&vpc_id).send().await;
    assert_eq!(code(again), "InvalidGroup.Duplicate", "names are compared without regard to case");

    // A batch is all or nothing.
    let open = |port| {
        let anybody = IpRange::builder().cidr_ip("0.0.0.0/0").build();
        IpPermission::builder().ip_protocol("6").from_port(port).to_port(port).ip_ranges(anybody).build()
    };
    let batch = ec2.authorize_security_group_ingress().group_id(&web_id);
    let refused = batch.ip_permissions(open(81)).ip_permissions(open(80)).send().await;
    assert_eq!(code(refused), "InvalidPermission.Duplicate", "protocol 6 is tcp");
    let live = SecurityGroup::read(&cx, std::slice::from_ref(&web_id)).await.expect("reads").remove(&web_id);
    assert_eq!(live.map(|live| live.ingress.len()), Some(1));

    plant_route_table(&mut bench, "a", &vpc_id);
    let endpoint = || ec2.create_vpc_endpoint().vpc_id(&vpc_id).service_name(format!("com.amazonaws.{REGION}.s3"));
    endpoint().route_table_ids("rtb-a").send().await.expect("creates");
    assert_eq!(code(endpoint().route_table_ids("rtb-a").send().await), "RouteAlreadyExists");
    assert_eq!(code(endpoint().route_table_ids("rtb-z").send().await), "InvalidRouteTableId.NotFound");
}

#[tokio::test(start_paused = true)]
async fn a_version_number_is_never_given_twice() {
    let bench = Bench::new();
    let ec2 = bench.scoped(REGION).aws.ec2;
    let data = || RequestLaunchTemplateData::builder().image_id("ami-0123456789abcdef0").build();
    ec2.create_launch_template()
        .launch_template_name("web")
        .launch_template_data(data())
        .send()
        .await
        .expect("creates");
    let add = async || {
        let request = ec2.create_launch_template_version().launch_template_name("web").launch_template_data(data());
        let answer = request.send().await.expect("adds a version");
        answer.launch_template_version.and_then(|version| version.version_number)
    };
    assert_eq!(add().await, Some(2));
    let request = ec2.delete_launch_template_versions().launch_template_name("web").versions("1").versions("2");
    let answer = request.send().await.expect("answers");
    let deleted = answer.successfully_deleted_launch_template_versions.unwrap_or_default();
    let numbers: Vec<_> = deleted.iter().filter_map(|version| version.version_number).collect();
    assert_eq!(numbers, [2], "the default version stays");
    let latest = ec2.describe_launch_template_versions().versions("$Latest").send().await.expect("describes");
    let numbers: Vec<_> =
        latest.launch_template_versions().iter().filter_map(|version| version.version_number).collect();
    assert_eq!(numbers, [1]);
    assert_eq!(add().await, Some(3));
}

/// The error code of a refused call.
fn code<T, E: ProvideErrorMetadata>(answer: Result<T, E>) -> String {
    answer.err().and_then(|error| error.code().map(str::to_owned)).expect("AWS refuses this")
}

#[tokio::test(start_paused = true)]
async fn public_parameters_name_images_of_their_region() {
    let bench = Bench::new();
    let mut ids = BTreeSet::new();
    for region in [REGION, "us-east-1"] {
        let cx = bench.scoped(region);
        let answer =
            cx.aws.ssm.get_parameters().names(IMAGE).names("/aws/service/nothing").send().await.expect("answers");
        assert_eq!(answer.invalid_parameters.unwrap_or_default(), ["/aws/service/nothing"]);
        let id = answer.parameters.unwrap_or_default().into_iter().find_map(|parameter| parameter.value);
        let id = id.expect("the parameter is known");
        let images = cx.aws.ec2.describe_images().image_ids(&id).send().await.expect("describes").images;
        assert_eq!(images.unwrap_or_default().len(), 1, "{id}");
        ids.insert(id);
    }
    assert_eq!(ids.len(), 2, "an image id is one region's");
    let identity = bench.scoped("global").aws.sts.get_caller_identity().send().await.expect("answers");
    assert_eq!(identity.account.as_deref(), Some(ACCOUNT));
}
