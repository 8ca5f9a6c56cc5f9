//! Load balancers. Facts: at least two zones, one subnet each, eight free addresses; internet-facing ones need a gateway
//! attached to the VPC; `provisioning` for some 150 s; deleting an absent one succeeds, a protected one is refused.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{BALANCERS, LISTENERS, arn, attributes, check_name, chosen, done, interfaces, invalid, listener, missing};
use super::{named, paged, same_tags, show, tagging, tail};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Seconds from create to active: p50 of the facts.
const CREATE: f64 = 150.0;
/// Addresses that a subnet must have free.
const FREE: i64 = 8;
/// Quota of Application Load Balancers per region.
const QUOTA: usize = 50;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateLoadBalancer" => Some(create(call)),
        "DescribeLoadBalancers" => Some(describe(call)),
        "SetSubnets" => Some(set_subnets(call)),
        "SetSecurityGroups" => Some(set_groups(call)),
        "DeleteLoadBalancer" => Some(delete(call)),
        _ => None,
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = call.need("Name")?;
    check_name(&name)?;
    let kind = call.text("Type").unwrap_or("application").to_owned();
    let scheme = call.text("Scheme").unwrap_or("internet-facing").to_owned();
    let (subnets, groups) = (subnet_ids(call), call.texts("SecurityGroups"));
    if let Some(old) =
        call.world.list(call.account, call.region, BALANCERS.kind).find(|one| one.text("LoadBalancerName") == name)
    {
        let settings = old.text("Type") == kind && old.text("Scheme") == scheme;
        let places = as_set(&subnets) == subnets_of(old) && as_set(&groups) == groups_of(old);
        return match settings && places && same_tags(call, old) {
            true => Ok(json!({BALANCERS.set: [show(old)]}).into()),
            false => Err(ApiError::new(
                "DuplicateLoadBalancerName",
                format!("A load balancer with the same name '{name}' exists, but with different settings"),
            )),
        };
    }
    if call.world.list(call.account, call.region, BALANCERS.kind).count() >= QUOTA {
        return Err(ApiError::new("TooManyLoadBalancers", "You have reached the maximum number of load balancers"));
    }
    let (vpc, zones) = zones(call, &subnets, kind == "application")?;
    check_groups(call, &groups)?;
    if scheme == "internet-facing" {
        check_gateway(call, &vpc)?;
    }
    let path = format!("loadbalancer/{}/{name}", if kind == "network" { "net" } else { "app" });
    let arn = arn(call, &path);
    let number = call.hex(8);
    let prefix = if scheme == "internal" { "internal-" } else { "" };
    let body = json!({
        "LoadBalancerArn": arn, "DNSName": format!("{prefix}{name}-{number}.{}.elb.amazonaws.com", call.region),
        "CanonicalHostedZoneId": hosted_zone(call.region), "CreatedTime": call.timestamp(), "LoadBalancerName": name,
        "Scheme": scheme, "VpcId": vpc, "State": {"Code": "provisioning"}, "Type": kind, "AvailabilityZones": zones,
        "SecurityGroups": groups, "IpAddressType": call.text("IpAddressType").unwrap_or("ipv4"),
    });
    let mut balancer = call.object(BALANCERS.kind, &arn, body);
    balancer.tags = tagging::given(call)?;
    balancer.needs.insert(vpc);
    balancer.hidden.insert(attributes::MEMBER.into(), attributes::defaults(&attributes::BALANCER));
    balancer.set_later(call.now + CREATE, "State", json!({"Code": "active"}));
    let shown = show(&balancer);
    call.world.put(balancer.clone());
    interfaces::spread(call, &balancer);
    Ok(json!({BALANCERS.set: [shown]}).into())
}

fn describe(call: &mut Call<'_>) -> Answer {
    let rows = chosen(call, &BALANCERS)?.into_iter().map(show).collect();
    paged(call, &BALANCERS, rows)
}

fn set_subnets(call: &mut Call<'_>) -> Answer {
    let balancer = named(call, &BALANCERS)?;
    let (key, vpc, kind) = (balancer.key(), balancer.text("VpcId").to_owned(), balancer.text("Type").to_owned());
    let (found, zones) = zones(call, &subnet_ids(call), kind == "application")?;
    if found != vpc {
        return Err(ApiError::new("InvalidSubnet", format!("The subnets are not in the load balancer's VPC '{vpc}'")));
    }
    change(call, &key.3, "AvailabilityZones", zones.clone())?;
    Ok(json!({"AvailabilityZones": zones}).into())
}

fn set_groups(call: &mut Call<'_>) -> Answer {
    let arn = named(call, &BALANCERS)?.id.clone();
    let groups = call.texts("SecurityGroups");
    check_groups(call, &groups)?;
    change(call, &arn, "SecurityGroups", groups.clone().into())?;
    Ok(json!({"SecurityGroupIds": groups}).into())
}

/// Changes where a load balancer stands; its network interfaces follow.
fn change(call: &mut Call<'_>, arn: &str, member: &str, value: Value) -> Result<(), ApiError> {
    let key = call.key(BALANCERS.kind, arn);
    let changed = call.world.change(&key, |balancer| {
        balancer.set(member, value);
        balancer.clone()
    });
    let balancer = changed.ok_or_else(|| missing(&BALANCERS, arn))?;
    interfaces::spread(call, &balancer);
    Ok(())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let arn = call.need(BALANCERS.arn)?;
    let Some(balancer) = call.get(BALANCERS.kind, &arn) else { return done() };
    if attributes::is_on(balancer, attributes::PROTECTION) {
        let message = format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    let listeners: Vec<String> =
        call.world.users_of(&arn).filter(|user| user.kind == LISTENERS.kind).map(|user| user.id.clone()).collect();
    for listener in listeners {
        listener::remove(call, &listener);
    }
    interfaces::withdraw(call, &arn, &BTreeSet::new());
    call.world.remove(&call.key(BALANCERS.kind, &arn));
    done()
}

fn subnet_ids(call: &Call<'_>) -> Vec<String> {
    let mapped = call.list("SubnetMappings");
    let mapped = mapped.iter().filter_map(|one| one.get("SubnetId")?.as_str().map(str::to_owned));
    call.texts("Subnets").into_iter().chain(mapped).collect()
}

fn as_set(texts: &[String]) -> BTreeSet<String> {
    texts.iter().cloned().collect()
}

/// Ids of the subnets that a load balancer stands in.
pub fn subnets_of(balancer: &Object) -> BTreeSet<String> {
    let zones = crate::wire::as_list(balancer.body.get("AvailabilityZones"));
    zones.iter().filter_map(|zone| zone.get("SubnetId")?.as_str().map(str::to_owned)).collect()
}

/// Ids of its security groups.
pub fn groups_of(balancer: &Object) -> BTreeSet<String> {
    let groups = crate::wire::as_list(balancer.body.get("SecurityGroups"));
    groups.iter().filter_map(|group| group.as_str().map(str::to_owned)).collect()
}

/// The VPC and the zones of subnets that a load balancer may stand in.
fn zones(call: &Call<'_>, subnets: &[String], several: bool) -> Result<(String, Value), ApiError> {
    let (mut vpcs, mut names, mut zones) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for id in subnets {
        let unknown = || ApiError::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist"));
        let subnet = call.get("ec2/subnet", id).ok_or_else(unknown)?;
        if subnet.body.get("availableIpAddressCount").and_then(Value::as_i64).is_some_and(|free| free < FREE) {
            let message =
                format!("Not enough IP space available in {id}. ELB requires at least {FREE} free addresses.");
            return Err(ApiError::new("InvalidSubnet", message));
        }
        let zone = subnet.text("availabilityZone").to_owned();
        if !names.insert(zone.clone()) {
            let message = "A load balancer cannot be attached to multiple subnets in the same Availability Zone";
            return Err(ApiError::new("InvalidConfigurationRequest", message));
        }
        vpcs.insert(subnet.text("vpcId").to_owned());
        zones.push(json!({"ZoneName": zone, "SubnetId": id, "LoadBalancerAddresses": []}));
    }
    if zones.len() < 2 && (several || zones.is_empty()) {
        return Err(invalid("At least two subnets in two different Availability Zones must be specified"));
    }
    match (vpcs.pop_first(), vpcs.is_empty()) {
        (Some(vpc), true) => Ok((vpc, zones.into())),
        _ => Err(ApiError::new("InvalidSubnet", "All subnets must belong to the same VPC")),
    }
}

fn check_groups(call: &Call<'_>, groups: &[String]) -> Result<(), ApiError> {
    match groups.iter().find(|id| call.get("ec2/security-group", id).is_none()) {
        Some(id) => Err(ApiError::new("InvalidSecurityGroup", format!("The security group '{id}' does not exist"))),
        None => Ok(()),
    }
}

fn check_gateway(call: &Call<'_>, vpc: &str) -> Result<(), ApiError> {
    let attached = |gateway: &&Object| {
        let places = crate::wire::as_list(gateway.body.get("attachmentSet"));
        places.iter().any(|place| place.get("vpcId").and_then(Value::as_str) == Some(vpc))
    };
    match call.world.list(call.account, call.region, "ec2/internet-gateway").find(attached) {
        Some(_) => Ok(()),
        None => Err(ApiError::new("InvalidSubnet", format!("VPC {vpc} has no internet gateway"))),
    }
}

/// The last two parts of a load balancer's ARN after its type: what its network interfaces are described with.
pub fn description(arn: &str) -> String {
    format!("ELB {}", tail(arn, &BALANCERS))
}

/// The hosted zone of a region's Application Load Balancers. Source: AWS General Reference, "Elastic Load Balancing
/// endpoints and quotas"; regions that are not here get a stand-in.
fn hosted_zone(region: &str) -> String {
    let known = match region {
        "us-east-1" => "Z35SXDOTRQ7X7K",
        "us-east-2" => "Z3AADJGX6KTTL2",
        "us-west-1" => "Z368ELLRRE2KJ0",
        "us-west-2" => "Z1H1FL5HABSF5",
        "eu-central-1" => "Z215JYRZR1TBD5",
        "eu-west-1" => "Z32O12XQLNTSW2",
        "eu-west-2" => "ZHURV8PSTC4K8",
        "ap-northeast-1" => "Z14GRHDCWA56QT",
        "ap-southeast-1" => "Z1LMS91P8CMLE5",
        "ap-southeast-2" => "Z1GM3OXH4ZPM65",
        other => return format!("Z{}", other.replace('-', "").to_uppercase()),
    };
    known.to_owned()
}
