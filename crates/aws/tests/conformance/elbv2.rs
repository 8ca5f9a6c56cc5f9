//! Load balancers, target groups, listeners and rules.

use std::collections::BTreeSet;
use std::time::Duration;

use globe_aws::kinds::acm::{Certificate, CertificateSpec};
use globe_aws::kinds::ec2::{SecurityGroup, SecurityGroupOutputs, Subnet, SubnetSpec, Vpc, VpcSpec};
use globe_aws::kinds::elbv2::{
    ActionSpec, HealthCheck, Listener, ListenerProtocol, ListenerRule, ListenerRuleSpec, ListenerSpec, LoadBalancer,
    LoadBalancerAttributes, LoadBalancerDesired, LoadBalancerSpec, TargetGroup, TargetGroupAttributes, TargetGroupSpec,
};
use globe_aws::{Birth, Driver};
use globe_model::{Address, DataPolicy, ErrorClass, Kind, Owner, Readiness, Ref, Token};
use serde_json::json;

use crate::acm::{plant, validate};
use crate::bench::{ACCOUNT, Bench, REGION, tags};

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &["elbv2/load_balancer", "elbv2/target_group", "elbv2/listener", "elbv2/listener_rule"];
/// Those of its stories that need every action its kinds declare.
pub const STORIES: &[fn()] = &[
    a_load_balancer_comes_moves_and_goes,
    a_target_group_changes_its_check_and_moves_by_another_name,
    listeners_and_rules_hold_what_they_refer_to,
];

const POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

fn address(kind: &str, name: &str) -> Address {
    Address::new(REGION, kind, name)
}

/// A VPC with a way out, three subnets and two security groups.
async fn network(bench: &mut Bench) -> Vec<Address> {
    let vpc = address("ec2/vpc", "main");
    bench.up::<Vpc>(&vpc, &VpcSpec { cidr: "10.0.0.0/16".into(), tags: tags("main") }).await;
    let mut subnets = Vec::new();
    for (index, zone) in ["a", "b", "c"].into_iter().enumerate() {
        let subnet = address("ec2/subnet", zone);
        let spec = SubnetSpec {
            vpc: Ref::to(REGION, "main"),
            cidr: format!("10.0.{index}.0/24"),
            zone: format!("{REGION}{zone}"),
            public: true,
            tags: tags(zone),
        };
        bench.up::<Subnet>(&subnet, &spec).await;
        subnets.push(subnet);
    }
    let attached =
        json!({"internetGatewayId": "igw-1", "attachmentSet": [{"vpcId": bench.id(&vpc), "state": "available"}]});
    plant(bench, REGION, "ec2/internet-gateway", "igw-1", attached);
    for group in ["sg-web", "sg-more"] {
        plant(bench, REGION, "ec2/security-group", group, json!({"groupId": group, "groupName": group}));
        let outputs = SecurityGroupOutputs { group_id: group.into() };
        bench.assume::<SecurityGroup>(&address("ec2/security_group", group), &outputs);
    }
    subnets
}

fn balancer_spec() -> LoadBalancerSpec {
    LoadBalancerSpec {
        name: "acme-web".into(),
        vpc: Ref::to(REGION, "main"),
        subnets: vec![Ref::to(REGION, "a"), Ref::to(REGION, "b")],
        security_groups: vec![Ref::to(REGION, "sg-web")],
        internet_gateway: Ref::to(REGION, "main"),
        attributes: LoadBalancerAttributes { drop_invalid_headers: true, ..LoadBalancerAttributes::default() },
        tags: tags("web"),
    }
}

fn group_spec(name: &str) -> TargetGroupSpec {
    TargetGroupSpec {
        name: name.into(),
        vpc: Ref::to(REGION, "main"),
        port: 8080,
        health_check: HealthCheck {
            path: "/healthz".into(),
            codes: "200-299".into(),
            interval: 15,
            timeout: 5,
            healthy: 3,
            unhealthy: 2,
        },
        attributes: TargetGroupAttributes { deregistration_delay: 30 },
        tags: tags(name),
    }
}

fn http_spec() -> ListenerSpec {
    ListenerSpec {
        load_balancer: Ref::to(REGION, "web"),
        port: 80,
        protocol: ListenerProtocol::Http,
        default_action: ActionSpec::RedirectToHttps,
        tags: tags("web-http"),
    }
}

fn rule_spec() -> ListenerRuleSpec {
    ListenerRuleSpec {
        listener: Ref::to(REGION, "http"),
        priority: 10,
        paths: BTreeSet::from(["/api/*".to_owned(), "/v2/*".to_owned()]),
        target_group: Ref::to(REGION, "web"),
        tags: tags("web-api"),
    }
}

#[tokio::test(start_paused = true)]
pub async fn a_load_balancer_comes_moves_and_goes() {
    let mut bench = Bench::new();
    let subnets = network(&mut bench).await;
    let (web, spec) = (address("elbv2/load_balancer", "web"), balancer_spec());
    bench.up::<LoadBalancer>(&web, &spec).await;
    let moved = LoadBalancerSpec {
        subnets: vec![Ref::to(REGION, "b"), Ref::to(REGION, "c")],
        security_groups: vec![Ref::to(REGION, "sg-web"), Ref::to(REGION, "sg-more")],
        ..spec.clone()
    };
    bench.patches::<LoadBalancer>(&web, &moved).await;
    bench.refuses_delete(&subnets[1]).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let users = |subnet: &Address| {
        let id = bench.id(subnet);
        bench.sandbox().inspect(|world| world.users_of(&id).count())
    };
    assert_eq!(subnets.iter().map(users).collect::<Vec<_>>(), [0, 1, 1], "its interfaces moved over");

    let attributes =
        LoadBalancerAttributes { deletion_protection: true, idle_timeout: 120, drop_invalid_headers: false };
    bench.patches::<LoadBalancer>(&web, &LoadBalancerSpec { attributes, tags: tags("guarded"), ..moved.clone() }).await;
    let elsewhere = LoadBalancerSpec { vpc: bench.other_vpc(), ..moved.clone() };
    bench.replaces::<LoadBalancer>(&web, &elsewhere, "vpc_id").await;
    let guarded = LoadBalancerAttributes { deletion_protection: true, ..moved.attributes.clone() };
    let named = LoadBalancerSpec { name: "acme-api".into(), attributes: guarded, ..moved };
    bench.replace::<LoadBalancer>(&web, &named, "name").await;

    let (cx, id) = (bench.scoped(REGION), bench.id(&web));
    let risk = LoadBalancer::data_at_risk(&cx, &id).await.expect("reads");
    assert!(risk.is_some_and(|reason| reason.what.contains("deletion protection")));
    let refused = LoadBalancer::delete(&cx, &id, DataPolicy::Keep).await;
    assert_eq!(refused.map_err(|error| error.class), Err(ErrorClass::HoldsData));
    bench.down().await;
}

#[tokio::test(start_paused = true)]
pub async fn a_target_group_changes_its_check_and_moves_by_another_name() {
    let mut bench = Bench::new();
    network(&mut bench).await;
    let (web, spec) = (address("elbv2/target_group", "web"), group_spec("acme-web-1f"));
    bench.up::<TargetGroup>(&web, &spec).await;
    let health_check = HealthCheck { path: "/".into(), interval: 30, timeout: 10, ..spec.health_check.clone() };
    let attributes = TargetGroupAttributes { deregistration_delay: 120 };
    bench
        .patches::<TargetGroup>(&web, &TargetGroupSpec { health_check, attributes, tags: tags("x"), ..spec.clone() })
        .await;
    bench.replaces::<TargetGroup>(&web, &TargetGroupSpec { port: 9090, ..spec.clone() }, "port").await;
    let elsewhere = TargetGroupSpec { vpc: bench.other_vpc(), ..spec.clone() };
    bench.replaces::<TargetGroup>(&web, &elsewhere, "vpc_id").await;
    let health_check = HealthCheck { codes: "200".into(), healthy: 2, unhealthy: 5, ..spec.health_check.clone() };
    bench.patches::<TargetGroup>(&web, &TargetGroupSpec { health_check, ..spec.clone() }).await;
    let named = TargetGroupSpec { name: "acme-web-2e".into(), port: 9090, ..spec };
    bench.replace::<TargetGroup>(&web, &named, "name").await;
    bench.down().await;
}

#[tokio::test(start_paused = true)]
pub async fn listeners_and_rules_hold_what_they_refer_to() {
    let mut bench = Bench::new();
    network(&mut bench).await;
    let web = address("elbv2/load_balancer", "web");
    bench.start::<LoadBalancer>(&web, &balancer_spec()).await;
    let (group, other) = (address("elbv2/target_group", "web"), address("elbv2/target_group", "other"));
    bench.up::<TargetGroup>(&group, &group_spec("acme-web-1f")).await;
    bench.up::<TargetGroup>(&other, &group_spec("acme-other-2e")).await;

    // A listener does not wait for its load balancer to be active.
    let (http, rule) = (address("elbv2/listener", "http"), address("elbv2/listener_rule", "api"));
    bench.up::<Listener>(&http, &http_spec()).await;
    let live = LoadBalancer::read(&bench.scoped(REGION), &[bench.id(&web)]).await.expect("reads");
    assert!(live.values().all(|live| matches!(LoadBalancer::ready(live), Readiness::Wait { .. })));
    bench.up::<ListenerRule>(&rule, &rule_spec()).await;
    bench.settle::<LoadBalancer>(&web, &balancer_spec()).await;

    let certificate = address("acm/certificate", "site");
    let domains = CertificateSpec { domains: vec!["example.com".into()], tags: tags("site") };
    bench.start::<Certificate>(&certificate, &domains).await;
    validate(&bench, REGION, &bench.id(&certificate)).await;
    bench.settle::<Certificate>(&certificate, &domains).await;

    let (https, tls) = (address("elbv2/listener", "https"), Ref::to(REGION, "site"));
    let protocol = ListenerProtocol::Https { certificate: tls, ssl_policy: POLICY.into() };
    let secure = ListenerSpec { port: 443, protocol, default_action: ActionSpec::NotFound, ..http_spec() };
    bench.up::<Listener>(&https, &secure).await;
    let forward = ActionSpec::Forward(Ref::to(REGION, "other"));
    bench
        .patches::<Listener>(&https, &ListenerSpec { default_action: forward, tags: tags("y"), ..secure.clone() })
        .await;
    bench.patches::<Listener>(&https, &ListenerSpec { port: 8443, ..secure.clone() }).await;
    let plain = ListenerSpec { protocol: ListenerProtocol::Http, port: 8443, ..secure.clone() };
    bench.patches::<Listener>(&https, &plain).await;
    bench.patches::<Listener>(&https, &secure).await;
    let other_web = address("elbv2/load_balancer", "other");
    bench.up::<LoadBalancer>(&other_web, &LoadBalancerSpec { name: "acme-other".into(), ..balancer_spec() }).await;
    let elsewhere = ListenerSpec { load_balancer: Ref::to(REGION, "other"), ..secure };
    bench.replace::<Listener>(&https, &elsewhere, "load_balancer_arn").await;

    let changed = ListenerRuleSpec {
        priority: 20,
        paths: BTreeSet::from(["/*".to_owned()]),
        target_group: Ref::to(REGION, "other"),
        tags: tags("z"),
        ..rule_spec()
    };
    bench.patches::<ListenerRule>(&rule, &changed).await;
    let moved = ListenerRuleSpec { listener: Ref::to(REGION, "https"), ..changed };
    bench.replace::<ListenerRule>(&rule, &moved, "listener_arn").await;

    bench.refuses_delete(&other).await;
    bench.refuses_delete(&certificate).await;
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn a_load_balancer_takes_its_listeners_along() {
    let mut bench = Bench::new();
    network(&mut bench).await;
    let (web, http) = (address("elbv2/load_balancer", "web"), address("elbv2/listener", "http"));
    let (group, rule) = (address("elbv2/target_group", "web"), address("elbv2/listener_rule", "api"));
    bench.up::<TargetGroup>(&group, &group_spec("acme-web-1f")).await;
    bench.up::<LoadBalancer>(&web, &balancer_spec()).await;
    bench.up::<Listener>(&http, &http_spec()).await;
    bench.up::<ListenerRule>(&rule, &rule_spec()).await;
    let cx = bench.scoped(REGION);
    LoadBalancer::delete(&cx, &bench.id(&web), DataPolicy::Keep).await.expect("nothing protects it");
    assert!(Listener::read(&cx, &[bench.id(&http)]).await.expect("reads").is_empty());
    assert!(ListenerRule::read(&cx, &[bench.id(&rule)]).await.expect("reads").is_empty());
    // Deleting what went along, and the group that is free now, succeeds.
    bench.down().await;
}

/// What a create is told, for calls around the bench.
fn desired(subnets: BTreeSet<String>, vpc_id: String) -> LoadBalancerDesired {
    let LoadBalancerSpec { name, attributes, tags, .. } = balancer_spec();
    let security_groups = BTreeSet::from(["sg-web".to_owned()]);
    LoadBalancerDesired { name, vpc_id, subnets, security_groups, attributes, tags }
}

#[tokio::test(start_paused = true)]
async fn a_taken_name_is_adopted_only_by_the_intent_that_took_it() {
    let mut bench = Bench::new();
    let subnets = network(&mut bench).await;
    let chosen = subnets.iter().take(2).map(|subnet| bench.id(subnet)).collect();
    let desired = desired(chosen, bench.id(&address("ec2/vpc", "main")));
    let (cx, web) = (bench.scoped(REGION), address("elbv2/load_balancer", "web"));
    let owner = Owner { stack: "acme".into(), account: ACCOUNT.into() };
    let (token, another) = (Token::random(), Token::random());
    let birth = |token| Birth { address: &web, token, owner: &owner };
    let arn = LoadBalancer::create(&cx, &birth(&token), &desired).await.expect("the name is free");
    let again = LoadBalancer::create(&cx, &birth(&token), &desired).await.expect("a repeated intent");
    assert_eq!(again, arn);
    let refused = LoadBalancer::create(&cx, &birth(&another), &desired).await;
    assert_eq!(refused.map_err(|error| error.class), Err(ErrorClass::AlreadyExists));

    let theirs = Owner { stack: "else".into(), account: ACCOUNT.into() };
    let mut stranger = cx.clone();
    stranger.owner = theirs;
    let wanted = [(web.clone(), desired)];
    assert_eq!(LoadBalancer::discover(&stranger, &wanted).await.expect("discovers"), []);
    assert_eq!(LoadBalancer::discover(&cx, &wanted).await.expect("discovers").len(), 1);

    // One that is gone does not hide the other.
    let gone = arn.replace("acme-web", "acme-old");
    let found = LoadBalancer::read(&cx, &[gone, arn.clone()]).await.expect("reads");
    assert_eq!(found.keys().collect::<Vec<_>>(), [&arn]);
}

#[tokio::test(start_paused = true)]
async fn the_service_answers_as_aws_does() {
    let mut bench = Bench::new();
    let subnets = network(&mut bench).await;
    let (web, http) = (address("elbv2/load_balancer", "web"), address("elbv2/listener", "http"));
    bench.up::<TargetGroup>(&address("elbv2/target_group", "web"), &group_spec("acme-web-1f")).await;
    bench.start::<LoadBalancer>(&web, &balancer_spec()).await;
    bench.up::<Listener>(&http, &http_spec()).await;
    let rules = ["a", "b"].map(|name| address("elbv2/listener_rule", name));
    for (rule, priority) in rules.iter().zip([1, 2]) {
        bench.up::<ListenerRule>(rule, &ListenerRuleSpec { priority, ..rule_spec() }).await;
    }
    let elb = bench.scoped(REGION).aws.elbv2;
    let (arn, listener) = (bench.id(&web), bench.id(&http));

    let code = |error: &dyn aws_smithy_types::error::metadata::ProvideErrorMetadata| error.code().map(str::to_owned);
    let one_zone = elb.create_load_balancer().name("one").subnets(bench.id(&subnets[0])).send().await;
    assert_eq!(code(&one_zone.expect_err("too few zones")).as_deref(), Some("ValidationError"));
    let tags = elb.describe_tags().resource_arns(&arn).resource_arns(format!("{arn}0")).send().await;
    assert_eq!(code(&tags.expect_err("one is unknown")).as_deref(), Some("LoadBalancerNotFound"));
    let named = elb.describe_load_balancers().names("acme-web").names("nobody").send().await;
    assert_eq!(code(&named.expect_err("one is unknown")).as_deref(), Some("LoadBalancerNotFound"));
    let twice = elb.create_listener().load_balancer_arn(&arn).port(80).protocol("HTTP".into());
    let fixed = globe_aws::kinds::elbv2::Action::NotFound.request().expect("globe makes it");
    let twice = twice.default_actions(fixed).send().await;
    assert_eq!(code(&twice.expect_err("the port is taken")).as_deref(), Some("DuplicateListener"));

    let page = elb.describe_rules().listener_arn(&listener).page_size(2).send().await.expect("describes");
    let rest = elb.describe_rules().listener_arn(&listener).page_size(2).set_marker(page.next_marker.clone());
    let rest = rest.send().await.expect("describes");
    let all: Vec<_> =
        page.rules().iter().chain(rest.rules()).map(|rule| rule.priority().expect("a priority")).collect();
    assert_eq!(all, ["1", "2", "default"]);
    assert_eq!(rest.next_marker, None);
    let default = rest.rules()[0].rule_arn().expect("an ARN");
    let kept = elb.delete_rule().rule_arn(default).send().await;
    assert_eq!(code(&kept.expect_err("the default rule stays")).as_deref(), Some("OperationNotPermitted"));

    let pair = |rule: &Address, priority| {
        let pair = aws_sdk_elasticloadbalancingv2::types::RulePriorityPair::builder();
        pair.rule_arn(bench.id(rule)).priority(priority).build()
    };
    let taken = elb.set_rule_priorities().rule_priorities(pair(&rules[0], 2)).send().await;
    assert_eq!(code(&taken.expect_err("taken")).as_deref(), Some("PriorityInUse"));
    let swap = elb.set_rule_priorities().rule_priorities(pair(&rules[0], 2)).rule_priorities(pair(&rules[1], 1));
    swap.send().await.expect("both at once");
    let swapped = ListenerRule::read(&bench.scoped(REGION), &[bench.id(&rules[0])]).await.expect("reads");
    assert!(swapped.values().all(|live| live.priority == 2) && swapped.len() == 1);
    bench.down().await;
}

#[tokio::test(start_paused = true)]
async fn targets_become_healthy_once_a_listener_forwards_to_them() {
    use aws_sdk_elasticloadbalancingv2::types::TargetDescription;

    let mut bench = Bench::new();
    network(&mut bench).await;
    let (web, http) = (address("elbv2/load_balancer", "web"), address("elbv2/listener", "http"));
    let group = address("elbv2/target_group", "web");
    bench.up::<TargetGroup>(&group, &group_spec("acme-web-1f")).await;
    bench.up::<LoadBalancer>(&web, &balancer_spec()).await;
    let (elb, arn) = (bench.scoped(REGION).aws.elbv2, bench.id(&group));
    let health = async || {
        let answer = elb.describe_target_health().target_group_arn(&arn).send().await.expect("describes");
        let row = answer.target_health_descriptions().first().expect("a target").clone();
        let port = row.target.and_then(|target| target.port);
        let state = row.target_health.and_then(|health| health.state).map(|state| state.as_str().to_owned());
        (port, state.unwrap_or_default())
    };
    let target = TargetDescription::builder().id("i-1").build();
    elb.register_targets().target_group_arn(&arn).targets(target.clone()).send().await.expect("registers");
    assert_eq!(health().await, (Some(8080), "unused".into()), "the group's port, and no listener yet");
    let forward = ActionSpec::Forward(Ref::to(REGION, "web"));
    bench.up::<Listener>(&http, &ListenerSpec { default_action: forward, ..http_spec() }).await;
    assert_eq!(health().await.1, "initial");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(health().await.1, "healthy");
    elb.deregister_targets().target_group_arn(&arn).targets(target).send().await.expect("deregisters");
    let answer = elb.describe_target_health().target_group_arn(&arn).send().await.expect("describes");
    assert!(answer.target_health_descriptions().is_empty());
    bench.down().await;
}
