//! Auto Scaling group and scaling policy.

use std::time::Duration;

use aws_sdk_autoscaling::types::LaunchTemplateSpecification;
use globe_aws::kinds::autoscaling::{
    DesiredIs, Group, GroupDesired, GroupOutputs, GroupSettings, GroupSize, GroupSpec, Policy, PolicySpec,
};
use globe_aws::kinds::ec2::{LaunchTemplate, LaunchTemplateOutputs, Subnet, SubnetSpec, Vpc, VpcSpec};
use globe_aws::kinds::elbv2::{TargetGroup, TargetGroupOutputs};
use globe_aws::kinds::iam::{InstanceProfile, InstanceProfileSpec, Role};
use globe_aws::{Birth, Driver, Scoped};
use globe_model::{Address, CallError, DataPolicy, ErrorClass, Kind, Owner, Readiness, Ref, Token};
use globe_sandbox::world::Object;
use serde_json::{Value, json};

use crate::bench::{ACCOUNT, Bench, REGION, tags};
use crate::iam::role_spec;

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &["autoscaling/group", "autoscaling/policy"];
/// Those of its stories that need every action its kinds declare.
pub const STORIES: &[fn()] =
    &[a_group_and_its_policy_come_change_and_go, protected_instances_do_not_keep_a_group_alive];

const TEMPLATE: &str = "lt-0123456789abcdef0";

/// Something that another service would have made.
fn plant(bench: &Bench, kind: &str, id: &str, body: Value, hidden: Value) {
    let members = |value: Value| value.as_object().cloned().unwrap_or_default();
    let object = Object {
        account: ACCOUNT.into(),
        region: REGION.into(),
        kind: kind.into(),
        id: id.into(),
        body: members(body),
        hidden: members(hidden),
        tags: [].into(),
        needs: [].into(),
        later: Vec::new(),
        stalled: None,
        created: 0.0,
        visible: 0.0,
    };
    bench.sandbox().inspect(|world| world.put(object));
}

fn plant_template(bench: &mut Bench, data: &Value) {
    plant_template_as(bench, TEMPLATE, "web", data);
}

fn plant_template_as(bench: &mut Bench, id: &str, name: &str, data: &Value) -> Ref<LaunchTemplate> {
    let body = json!({
        "launchTemplateId": id, "launchTemplateName": format!("acme-{name}"), "latestVersionNumber": 1,
        "defaultVersionNumber": 1,
    });
    let versions = json!({"versions": [{"versionNumber": 1, "launchTemplateData": data}]});
    plant(bench, "ec2/launch-template", id, body, versions);
    let template = Ref::to(REGION, name);
    bench.assume::<LaunchTemplate>(template.address(), &LaunchTemplateOutputs { template_id: id.into() });
    template
}

fn plant_target_group(bench: &mut Bench, name: &str) -> Ref<TargetGroup> {
    let arn = format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{name}/0123456789abcdef");
    plant(bench, "elbv2/target-group", &arn, json!({}), json!({}));
    let outputs = TargetGroupOutputs { full_name: format!("targetgroup/{name}/0123456789abcdef"), arn };
    bench.assume::<TargetGroup>(&Address::new(REGION, TargetGroup::NAME, name), &outputs);
    Ref::to(REGION, name)
}

async fn network(bench: &mut Bench) -> Vec<Ref<Subnet>> {
    let spec = VpcSpec { cidr: "10.0.0.0/16".into(), tags: tags("main") };
    bench.up::<Vpc>(&Address::new(REGION, Vpc::NAME, "main"), &spec).await;
    let mut subnets = Vec::new();
    for (number, zone) in ["a", "b", "c"].into_iter().enumerate() {
        let spec = SubnetSpec {
            vpc: Ref::to(REGION, "main"),
            cidr: format!("10.0.{}.0/20", number * 16),
            zone: format!("{REGION}{zone}"),
            public: false,
            tags: tags(zone),
        };
        bench.up::<Subnet>(&Address::new(REGION, Subnet::NAME, zone), &spec).await;
        subnets.push(Ref::to(REGION, zone));
    }
    subnets
}

fn group_spec(subnets: &[Ref<Subnet>]) -> GroupSpec {
    GroupSpec {
        routes: Vec::new(),
        name: "acme-web".into(),
        launch_template: Ref::to(REGION, "web"),
        subnets: subnets.to_vec(),
        target_groups: Vec::new(),
        size: GroupSize { min: 2, desired: 3, max: 12 },
        desired_is: DesiredIs::Start,
        health_grace_seconds: 120,
        tags: tags("web"),
    }
}

fn count(bench: &Bench, prefix: &str) -> usize {
    bench.sandbox().inspect(|world| world.all().filter(|object| object.kind.starts_with(prefix)).count())
}

async fn desired_capacity(cx: &Scoped) -> i32 {
    let live = Group::read(cx, &["acme-web".to_owned()]).await.expect("reads").remove("acme-web").expect("is there");
    live.size.desired
}

#[tokio::test(start_paused = true)]
pub async fn a_group_and_its_policy_come_change_and_go() {
    let mut bench = Bench::new();
    let subnets = network(&mut bench).await;
    plant_template(&mut bench, &json!({"instanceType": "m6i.large", "imageId": "ami-1"}));
    let web = plant_target_group(&mut bench, "web");
    let group = Address::new(REGION, Group::NAME, "web");
    let spec = GroupSpec { target_groups: vec![web], ..group_spec(&subnets) };
    bench.up::<Group>(&group, &spec).await;
    assert_eq!(count(&bench, "ec2/network-interface"), 3, "one per instance");
    bench.refuses_delete(&Address::new(REGION, Subnet::NAME, "c")).await;

    let policy = Address::new(REGION, Policy::NAME, "web");
    let scaling = PolicySpec { name: "cpu".into(), group: Ref::to(REGION, "web"), cpu_percent: 60.0 };
    bench.up::<Policy>(&policy, &scaling).await;
    bench.patches::<Policy>(&policy, &PolicySpec { cpu_percent: 42.5, ..scaling.clone() }).await;
    let theirs = GroupOutputs { name: "acme-other".into(), arn: "arn".into() };
    bench.assume::<Group>(&Address::new(REGION, Group::NAME, "other"), &theirs);
    let elsewhere = PolicySpec { group: Ref::to(REGION, "other"), ..scaling.clone() };
    bench.replaces::<Policy>(&policy, &elsewhere, "group").await;
    bench.replace::<Policy>(&policy, &PolicySpec { name: "other".into(), ..scaling }, "name").await;

    let cx = bench.scoped(REGION);
    let set = cx.aws.autoscaling.set_desired_capacity().auto_scaling_group_name("acme-web");
    set.desired_capacity(5).send().await.expect("load asks for more");
    bench.settle::<Group>(&group, &spec).await;
    assert_eq!(desired_capacity(&cx).await, 5, "what load asked for stays");
    let spec = GroupSpec { size: GroupSize { min: 1, desired: 2, max: 8 }, ..spec };
    bench.patches::<Group>(&group, &spec).await;
    assert_eq!(desired_capacity(&cx).await, 5, "new bounds do not take away what fits them");

    let api = plant_target_group(&mut bench, "api");
    let spec = GroupSpec { target_groups: vec![api], health_grace_seconds: 60, ..spec };
    bench.patches::<Group>(&group, &spec).await;
    let spec = GroupSpec { subnets: subnets.get(..2).unwrap_or_default().to_vec(), tags: tags("other"), ..spec };
    bench.patches::<Group>(&group, &spec).await;
    let spec = GroupSpec { desired_is: DesiredIs::Fixed, target_groups: Vec::new(), ..spec };
    bench.patches::<Group>(&group, &spec).await;
    assert_eq!(desired_capacity(&cx).await, 2);
    let update = cx.aws.autoscaling.update_auto_scaling_group().auto_scaling_group_name("acme-web");
    let pinned = LaunchTemplateSpecification::builder().launch_template_id(TEMPLATE).version("1").build();
    update.launch_template(pinned).send().await.expect("somebody pins a version");
    bench.patches::<Group>(&group, &spec).await;
    let other = plant_template_as(&mut bench, "lt-0fedcba9876543210", "api", &json!({"instanceType": "c7g.large"}));
    let spec = GroupSpec { launch_template: other, ..spec };
    bench.patches::<Group>(&group, &spec).await;
    bench.replace::<Group>(&group, &GroupSpec { name: "acme-api".into(), ..spec }, "name").await;

    bench.down().await;
    assert_eq!(count(&bench, "autoscaling/") + count(&bench, "ec2/network-interface"), 0);
}

#[tokio::test(start_paused = true)]
async fn instances_carry_the_users_tags_and_not_globes() {
    let mut bench = Bench::new();
    let subnets = network(&mut bench).await;
    plant_template(&mut bench, &json!({}));
    let group = Address::new(REGION, Group::NAME, "web");
    let spec = group_spec(&subnets);
    bench.up::<Group>(&group, &spec).await;
    let keys: Vec<String> = bench.sandbox().inspect(|world| {
        let instance = world.list(ACCOUNT, REGION, "ec2/instance").next().expect("an instance");
        instance.tags.keys().cloned().collect()
    });
    assert_eq!(keys, ["Name", "aws:autoscaling:groupName", "cost-center"]);

    let autoscaling = bench.scoped(REGION).aws.autoscaling;
    let tag = aws_sdk_autoscaling::types::Tag::builder().resource_id("acme-web").resource_type("auto-scaling-group");
    let silent = tag.key("cost-center").value("platform").propagate_at_launch(false).build();
    autoscaling.create_or_update_tags().tags(silent).send().await.expect("somebody keeps it from instances");
    bench.patches::<Group>(&group, &spec).await;
}

/// The group as its spec lowers, for calls that the bench has no word for.
fn desired(subnets: &[String]) -> GroupDesired {
    GroupDesired {
        name: "acme-web".into(),
        settings: GroupSettings {
            template_id: TEMPLATE.into(),
            template_version: "$Latest".into(),
            subnets: subnets.iter().cloned().collect(),
            health_check: "EC2".into(),
            health_grace_seconds: 60,
        },
        target_groups: [].into(),
        size: GroupSize { min: 2, desired: 2, max: 4 },
        desired_is: DesiredIs::Fixed,
        tags: tags("web"),
    }
}

async fn create(cx: &Scoped, desired: &GroupDesired) -> Result<String, CallError> {
    let address = Address::new(REGION, Group::NAME, "web");
    let owner = Owner { stack: "acme".into(), account: ACCOUNT.into() };
    Group::create(cx, &Birth { address: &address, token: &Token::random(), owner: &owner }, desired).await
}

#[tokio::test(start_paused = true)]
async fn a_fresh_instance_profile_is_waited_for() {
    let mut bench = Bench::new();
    network(&mut bench).await;
    bench.up::<Role>(&Address::new("global", Role::NAME, "web"), &role_spec("acme-web")).await;
    let profile = InstanceProfileSpec { name: "acme-web".into(), role: Ref::to("global", "web"), tags: tags("web") };
    bench.up::<InstanceProfile>(&Address::new("global", InstanceProfile::NAME, "web"), &profile).await;
    plant_template(&mut bench, &json!({"iamInstanceProfile": {"name": "acme-web"}}));
    let wanted = desired(&[bench.id(&Address::new(REGION, Subnet::NAME, "a"))]);
    let cx = bench.scoped(REGION);
    let refused = create(&cx, &wanted).await.expect_err("too early");
    assert_eq!(refused.class, ErrorClass::NotYetConsistent, "{refused}");
    tokio::time::sleep(Duration::from_secs(10)).await;
    create(&cx, &wanted).await.expect("by now");
}

#[tokio::test(start_paused = true)]
async fn a_group_on_its_way_out_is_seen_and_blocks_its_name() {
    let mut bench = Bench::new();
    network(&mut bench).await;
    plant_template(&mut bench, &json!({}));
    let wanted = desired(&[bench.id(&Address::new(REGION, Subnet::NAME, "a"))]);
    let cx = bench.scoped(REGION);
    let id = create(&cx, &wanted).await.expect("creates");
    let again = create(&cx, &wanted).await.expect_err("even an identical one is refused");
    assert_eq!(again.class, ErrorClass::AlreadyExists, "{again}");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let refused = Group::delete(&cx, &id, DataPolicy::Keep).await.expect_err("instances are in it");
    assert_eq!(refused.class, ErrorClass::Conflict, "{refused}");
    tokio::time::sleep(Duration::from_secs(61)).await;
    Group::delete(&cx, &id, DataPolicy::Keep).await.expect("it is empty");
    let live = Group::read(&cx, std::slice::from_ref(&id)).await.expect("reads");
    assert_eq!(live.get(&id).and_then(|live| live.status.as_deref()), Some("Delete in progress"));
    assert!(Group::discover(&cx, &[]).await.expect("discovers").is_empty(), "nothing to adopt");
    let blocked = create(&cx, &wanted).await.expect_err("the name is not free");
    assert_eq!(blocked.class, ErrorClass::Conflict, "{blocked}");
    tokio::time::sleep(Duration::from_secs(6)).await;
    create(&cx, &wanted).await.expect("the name is free");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_cannot_launch_says_why() {
    let mut bench = Bench::new();
    let subnets = network(&mut bench).await;
    plant_template(&mut bench, &json!({}));
    let group = Address::new(REGION, Group::NAME, "web");
    bench.up::<Group>(&group, &group_spec(&subnets)).await;
    let key = (ACCOUNT.to_owned(), REGION.to_owned(), "ec2/launch-template".to_owned(), TEMPLATE.to_owned());
    bench.sandbox().inspect(|world| world.remove(&key));
    let cx = bench.scoped(REGION);
    let update = cx.aws.autoscaling.update_auto_scaling_group().auto_scaling_group_name("acme-web");
    update.min_size(5).send().await.expect("the number alone is not refused");
    let live = Group::read(&cx, &["acme-web".to_owned()]).await.expect("reads").remove("acme-web").expect("is there");
    let Readiness::Wait { what } = Group::ready(&live) else { panic!("three of five are not enough") };
    assert!(what.starts_with("3 of 5 instances in service; "), "{what}");
    assert!(what.contains("launch template") && what.contains("does not exist"), "{what}");
    plant_template(&mut bench, &json!({}));
    let size = GroupSize { min: 5, desired: 5, max: 12 };
    bench.settle::<Group>(&group, &GroupSpec { size, ..group_spec(&subnets) }).await;
}

#[tokio::test(start_paused = true)]
pub async fn protected_instances_do_not_keep_a_group_alive() {
    let mut bench = Bench::new();
    network(&mut bench).await;
    plant_template(&mut bench, &json!({}));
    let wanted = desired(&[bench.id(&Address::new(REGION, Subnet::NAME, "a"))]);
    let cx = bench.scoped(REGION);
    let autoscaling = &cx.aws.autoscaling;
    let id = create(&cx, &wanted).await.expect("creates");
    let protect = autoscaling.update_auto_scaling_group().auto_scaling_group_name(&id);
    let protect = protect.new_instances_protected_from_scale_in(true).desired_capacity(4);
    protect.send().await.expect("two more, protected");
    tokio::time::sleep(Duration::from_secs(60)).await;
    let group = Address::new(REGION, Group::NAME, "web");
    bench.adopt(&group, &id);
    bench.refuses_delete(&group).await;
    let plain = autoscaling.delete_auto_scaling_group().auto_scaling_group_name(&id).send().await;
    assert!(plain.expect_err("too early").as_service_error().is_some_and(|error| error.is_resource_in_use_fault()));
    tokio::time::sleep(Duration::from_secs(61)).await;
    Group::delete(&cx, &id, DataPolicy::Keep).await.expect("all four are gone");
    tokio::time::sleep(Duration::from_secs(6)).await;
    let found = Group::read(&cx, &[id, "never-was".into()]).await.expect("unknown names are no error");
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_forced_delete_leaves_the_group_and_its_interfaces_for_a_while() {
    let mut bench = Bench::new();
    network(&mut bench).await;
    plant_template(&mut bench, &json!({}));
    let wanted = desired(&[bench.id(&Address::new(REGION, Subnet::NAME, "a"))]);
    let cx = bench.scoped(REGION);
    let id = create(&cx, &wanted).await.expect("creates");
    let force = cx.aws.autoscaling.delete_auto_scaling_group().auto_scaling_group_name(&id).force_delete(true);
    force.send().await.expect("returns at once");
    assert_eq!((count(&bench, "autoscaling/group"), count(&bench, "ec2/network-interface")), (1, 2));
    tokio::time::sleep(Duration::from_secs(70)).await;
    assert_eq!((count(&bench, "autoscaling/"), count(&bench, "ec2/network-interface")), (0, 0));
}
