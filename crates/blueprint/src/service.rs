//! `service`: a launch template, an Auto Scaling group, a target group and a listener rule.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use globe_aws::kinds::autoscaling::{DesiredIs, Group, GroupSize, GroupSpec, Policy, PolicySpec};
use globe_aws::kinds::ec2::{
    LaunchTemplate, LaunchTemplateSpec, PeerSpec, RouteTable, RuleSpec, SecurityGroup, SecurityGroupSpec, Subnet,
    Traffic, Vpc,
};
use globe_aws::kinds::elbv2::{
    HealthCheck, ListenerRule, ListenerRuleSpec, TargetGroup, TargetGroupAttributes, TargetGroupSpec,
};
use globe_aws::kinds::iam::{InstanceProfile, InstanceProfileSpec, Role, RoleSpec};
use globe_config::names::RolePurpose;
use globe_config::{Image, Service, Stack};
use globe_model::{Address, Kind, Ref, Region, Scope};

use crate::cx::{Cx, Tier};
use crate::{BlueprintError, load_balancer};

/// Lets Session Manager in, so that nobody needs SSH.
const SESSION_MANAGER: &str = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";
/// Seconds after launch before failing health checks count: a usual boot and start.
const HEALTH_GRACE: i32 = 120;
/// Seconds for which a target that leaves may finish requests.
const DRAIN: u32 = 60;
/// An hour: IAM's default.
const SESSION: i32 = 3600;

/// Adds all services.
pub fn expand(cx: &mut Cx<'_>) -> Result<(), BlueprintError> {
    let stack = cx.stack;
    let priorities = Priorities::of(stack);
    for (name, services) in &stack.services {
        cx.of_component("service", name);
        for (region, service) in services.iter() {
            one(cx, name, region, service, priorities.get(name, region))?;
        }
    }
    Ok(())
}

fn one(cx: &mut Cx<'_>, name: &str, region: &Region, service: &Service, priority: u16) -> Result<(), BlueprintError> {
    let Some(balancer) = cx.stack.load_balancer(&service.load_balancer, region) else { return Ok(()) };
    let network = balancer.network.clone();
    let vpc: Ref<Vpc> = Ref::to(region.clone(), network.as_str());
    let group = security_group(cx, name, region, service, &vpc);
    let profile = instance_profile(cx, name, region);
    let template = launch_template(cx, name, region, service, group, profile)?;
    let targets = target_group(cx, name, region, service, &vpc);
    let rule = ListenerRuleSpec {
        listener: load_balancer::main_listener(cx, &service.load_balancer, region),
        priority,
        paths: BTreeSet::from([service.path.clone()]),
        target_group: targets.clone(),
        tags: cx.tags(name),
    };
    cx.graph.add::<ListenerRule>(region.clone(), name, &rule);
    let subnets = cx.subnets(&network, region, Tier::Private);
    let routes = cx.routes_of(&network, region);
    scaling(cx, name, region, service, Fleet { launch_template: template, targets, subnets, routes });
    Ok(())
}

fn security_group(
    cx: &mut Cx<'_>,
    name: &str,
    region: &Region,
    service: &Service,
    vpc: &Ref<Vpc>,
) -> Ref<SecurityGroup> {
    let port = service.port;
    let full = format!("{name}-service");
    let named = || cx.naming.security_group(&cx.stack.name, name, "service");
    let group_name = cx.named::<SecurityGroup>((&region.clone().into(), &full), |group| group.group_name, named);
    let recorded = cx.recorded::<SecurityGroup>(region.clone(), &full).map(|group| group.description);
    let description = recorded.unwrap_or_else(|| format!("instances of service {name} of stack {}", cx.stack.name));
    let spec = SecurityGroupSpec {
        vpc: vpc.clone(),
        group_name,
        description,
        ingress: vec![RuleSpec {
            traffic: Traffic::Tcp { from: port, to: port },
            peer: PeerSpec::Group(load_balancer::security_group(&service.load_balancer, region)),
            description: "load balancer".into(),
        }],
        egress: vec![RuleSpec {
            traffic: Traffic::All,
            peer: PeerSpec::Cidr("0.0.0.0/0".into()),
            description: "anywhere".into(),
        }],
        tags: cx.tags(&full),
    };
    cx.graph.add::<SecurityGroup>(region.clone(), full, &spec)
}

/// IAM is global, but every region has roles of its own: a region that goes takes its own along.
fn instance_profile(cx: &mut Cx<'_>, name: &str, region: &Region) -> Ref<InstanceProfile> {
    let short = format!("{name}-instance-{region}");
    let named = || cx.naming.role(&cx.stack.name, name, RolePurpose::Instance, region);
    let full = cx.named::<Role>((&Scope::Global, &short), |role| role.name, named);
    let profile = cx.named::<InstanceProfile>((&Scope::Global, &short), |profile| profile.name, named);
    let recorded = cx.recorded::<Role>(Scope::Global, &short).map(|role| role.description);
    let description =
        recorded.unwrap_or_else(|| format!("instances of service {name} of stack {} in {region}", cx.stack.name));
    let role = RoleSpec {
        name: full,
        services: BTreeSet::from(["ec2.amazonaws.com".to_owned()]),
        description,
        inline: BTreeMap::new(),
        managed: BTreeSet::from([SESSION_MANAGER.to_owned()]),
        max_session_seconds: SESSION,
        tags: cx.tags(&short),
    };
    let role = cx.graph.add::<Role>(Scope::Global, short.as_str(), &role);
    let spec = InstanceProfileSpec { name: profile, role, tags: cx.tags(&short) };
    cx.graph.add::<InstanceProfile>(Scope::Global, short, &spec)
}

fn launch_template(
    cx: &mut Cx<'_>,
    name: &str,
    region: &Region,
    service: &Service,
    group: Ref<SecurityGroup>,
    instance_profile: Ref<InstanceProfile>,
) -> Result<Ref<LaunchTemplate>, BlueprintError> {
    let (image_id, image_source) = match &service.image {
        Image::Ami(id) => (Some(id.clone()), id.clone()),
        Image::Ssm(parameter) => {
            (cx.facts.images.get(&(region.clone(), parameter.clone())).cloned(), format!("ssm:{parameter}"))
        }
    };
    let unknown = || BlueprintError::NoImage { service: name.to_owned(), region: region.clone() };
    let named = || cx.naming.launch_template(&cx.stack.name, name);
    let spec = LaunchTemplateSpec {
        name: cx.named::<LaunchTemplate>((&region.clone().into(), name), |template| template.name, named),
        image_id: image_id.ok_or_else(unknown)?,
        image_source,
        instance_type: service.instance_type.clone(),
        instance_profile,
        security_groups: vec![group],
        user_data: None,
        instance_tags: cx.tags(name),
        tags: cx.tags(name),
    };
    Ok(cx.graph.add::<LaunchTemplate>(region.clone(), name, &spec))
}

/// What AWS cannot change is in the name, so that a replacement can exist beside what it replaces: the name of one that
/// stands is kept exactly while that is the same. The range stands for the VPC: another range is another VPC.
fn target_group_name(cx: &Cx<'_>, name: &str, region: &Region, service: &Service, vpc: &Ref<Vpc>) -> String {
    let range = cx.stack.regions.get(region).map(|config| config.cidr.to_string()).unwrap_or_default();
    let address = Address::new(region.clone(), TargetGroup::NAME, name);
    let stands = cx.facts.recorded::<Vpc>(vpc.address()).is_some_and(|vpc| vpc.cidr == range);
    if let Some(group) = cx.facts.applied::<TargetGroup>(&address)
        && stands
        && group.port == service.port
        && cx.facts.id(vpc.address()) == Some(group.vpc_id.as_str())
    {
        return group.name;
    }
    let port = service.port.to_string();
    let immutable = ["HTTP", port.as_str(), vpc.address().name.as_str(), range.as_str()];
    let rule = cx.naming.target_group(&cx.stack.name, name, &immutable);
    cx.free::<TargetGroup>(&[region.clone().into()], |group| group.name, rule)
}

fn target_group(cx: &mut Cx<'_>, name: &str, region: &Region, service: &Service, vpc: &Ref<Vpc>) -> Ref<TargetGroup> {
    let spec = TargetGroupSpec {
        name: target_group_name(cx, name, region, service, vpc),
        vpc: vpc.clone(),
        port: service.port,
        health_check: HealthCheck {
            path: service.health_check.clone(),
            codes: "200-299".into(),
            interval: 15,
            timeout: 5,
            healthy: 2,
            unhealthy: 3,
        },
        attributes: TargetGroupAttributes { deregistration_delay: DRAIN },
        tags: cx.tags(name),
    };
    cx.graph.add::<TargetGroup>(region.clone(), name, &spec)
}

/// Which listener rule is asked first: the one with the longer path, so that `/api/*` wins over `/*` whatever the
/// order in the file.
struct Priorities<'a>(BTreeMap<(&'a str, &'a Region), u16>);

impl<'a> Priorities<'a> {
    fn of(stack: &'a Stack) -> Self {
        type Paths<'a> = Vec<(Reverse<usize>, &'a str, &'a str)>;
        let mut rules: BTreeMap<(&str, &Region), Paths<'_>> = BTreeMap::new();
        for (name, services) in &stack.services {
            for (region, service) in services.iter() {
                let path = (Reverse(service.path.len()), service.path.as_str(), name.as_str());
                rules.entry((&service.load_balancer, region)).or_default().push(path);
            }
        }
        let mut priorities = BTreeMap::new();
        for ((_, region), mut paths) in rules {
            paths.sort_unstable();
            for (place, (_, _, name)) in paths.into_iter().enumerate() {
                priorities.insert((name, region), u16::try_from((place + 1) * 10).unwrap_or(u16::MAX));
            }
        }
        Self(priorities)
    }

    fn get(&self, service: &str, region: &Region) -> u16 {
        self.0.get(&(service, region)).copied().unwrap_or(u16::MAX)
    }
}

/// What instances are made from, where, and what they need to boot.
struct Fleet {
    launch_template: Ref<LaunchTemplate>,
    targets: Ref<TargetGroup>,
    subnets: Vec<Ref<Subnet>>,
    routes: Vec<Ref<RouteTable>>,
}

fn scaling(cx: &mut Cx<'_>, name: &str, region: &Region, service: &Service, fleet: Fleet) {
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let instances = service.instances;
    let named = || cx.naming.auto_scaling_group(&cx.stack.name, name);
    let spec = GroupSpec {
        name: cx.named::<Group>((&region.clone().into(), name), |group| group.name, named),
        launch_template: fleet.launch_template,
        subnets: fleet.subnets,
        routes: fleet.routes,
        target_groups: vec![fleet.targets],
        size: GroupSize { min: number(instances.min), desired: number(instances.desired), max: number(instances.max) },
        desired_is: if service.scale_on.is_some() { DesiredIs::Start } else { DesiredIs::Fixed },
        health_grace_seconds: HEALTH_GRACE,
        tags: cx.tags(name),
    };
    let group = cx.graph.add::<Group>(region.clone(), name, &spec);
    if let Some(scale_on) = service.scale_on {
        let full = format!("{name}-cpu");
        let recorded = cx.recorded::<Policy>(region.clone(), &full).map(|policy| policy.name);
        let policy_name = recorded.unwrap_or_else(|| cx.naming.scaling_policy(&spec.name, "cpu"));
        let policy = PolicySpec { name: policy_name, group, cpu_percent: f64::from(scale_on.cpu) };
        cx.graph.add::<Policy>(region.clone(), full, &policy);
    }
}
