//! `RunInstances`. Facts: a token makes it happen once; what the request leaves out comes from a launch template if one
//! is named; tags of instances come with the start; each instance has a network interface, which holds its subnet and
//! security groups.

use serde_json::{Map, Value, json};

use super::instance::{INSTANCES, RESERVATION, START, reservation, shown, state};
use super::network_interface::{free_address, managed};
use super::security_group::{GROUPS, unknown_group};
use super::subnet::SUBNETS;
use super::{address, instance_type, launch_template, missing};
use crate::call::{Answer, ApiError, Call, tags_from};
use crate::services::ssm::public_images;
use crate::wire::as_list;
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "RunInstances" => Some(run(call)),
        _ => None,
    }
}

fn run(call: &mut Call<'_>) -> Answer {
    let token = call.text("ClientToken").map(str::to_owned);
    let id = call.once(token, "IdempotentParameterMismatch", make)?;
    let instances = call.world.list(call.account, call.region, INSTANCES.kind);
    let together: Vec<Value> = instances.filter(|instance| instance.text(RESERVATION) == id).map(shown).collect();
    Ok(reservation(call, &id, together).into())
}

/// Everything that the instances of one request have in common.
struct Plan {
    data: Map<String, Value>,
    subnet: Object,
    groups: Vec<String>,
    kind: String,
    image: String,
}

impl Plan {
    fn text(&self, member: &str) -> Option<&str> {
        self.data.get(member).and_then(Value::as_str)
    }
}

fn make(call: &mut Call<'_>) -> Result<String, ApiError> {
    let (least, most) = (count(call, "MinCount")?, count(call, "MaxCount")?);
    if least > most {
        let message = format!("Invalid value '{least}' for minCount: it is more than maxCount");
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    let plan = plan(call)?;
    let reservation = call.ec2_id("r");
    for index in 0..most {
        match start(call, &plan, index, &reservation) {
            Err(_) if index >= least => break,
            started => started?,
        }
    }
    Ok(reservation)
}

fn count(call: &Call<'_>, member: &str) -> Result<i64, ApiError> {
    call.need(member)?;
    call.number(member).filter(|count| (1..=1000).contains(count)).ok_or_else(|| {
        ApiError::new("InvalidParameterValue", format!("Invalid value for {member}. It must be between 1 and 1000."))
    })
}

fn plan(call: &Call<'_>) -> Result<Plan, ApiError> {
    let data = launch_template::launch_data(call)?;
    let text = |member: &str| data.get(member).and_then(Value::as_str).map(str::to_owned);
    let image = text("imageId")
        .ok_or_else(|| ApiError::new("MissingParameter", "The request must contain the parameter ImageId"))?;
    let kind = text("instanceType").unwrap_or_else(|| "t2.micro".to_owned());
    check_image(call, &image, &kind)?;
    let interface = as_list(data.get("networkInterfaceSet")).into_iter().next().unwrap_or_default();
    let subnet = interface.get("subnetId").and_then(Value::as_str).map(str::to_owned).or_else(|| text("subnetId"));
    let subnet = subnet.ok_or_else(|| {
        ApiError::new(
            "VPCIdNotSpecified",
            "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
        )
    })?;
    let subnet = call.get(SUBNETS.kind, &subnet).cloned().ok_or_else(|| missing(&SUBNETS, &subnet))?;
    let groups = interface.get("groupSet").or_else(|| data.get("securityGroupIdSet"));
    let groups = as_list(groups).iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    let groups = groups_in(call, groups, subnet.text("vpcId"))?;
    Ok(Plan { subnet, groups, kind, image, data })
}

/// Images and types that do not fit each other are refused.
fn check_image(call: &Call<'_>, image: &str, kind: &str) -> Result<(), ApiError> {
    let unknown = || ApiError::new("InvalidAMIID.NotFound", format!("The image id '[{image}]' does not exist"));
    let (parameter, _) = public_images(call.region).find(|(_, id)| id == image).ok_or_else(unknown)?;
    let of_image = if parameter.contains("arm64") { "arm64" } else { "x86_64" };
    let of_type = instance_type::architecture(kind)
        .ok_or_else(|| ApiError::new("InvalidParameterValue", format!("Invalid value '{kind}' for InstanceType.")))?;
    if of_image == of_type {
        return Ok(());
    }
    let message = format!(
        "The architecture '{of_type}' of the specified instance type does not match the architecture '{of_image}' of the specified AMI."
    );
    Err(ApiError::new("InvalidParameterValue", message))
}

/// The named groups, all of the subnet's VPC, or that VPC's default group.
fn groups_in(call: &Call<'_>, named: Vec<String>, vpc_id: &str) -> Result<Vec<String>, ApiError> {
    if named.is_empty() {
        let mut groups = call.world.list(call.account, call.region, GROUPS.kind);
        let default = groups.find(|group| group.text("vpcId") == vpc_id && group.text("groupName") == "default");
        return Ok(default.map(|group| group.id.clone()).into_iter().collect());
    }
    for id in &named {
        let group = call.get(GROUPS.kind, id).ok_or_else(|| unknown_group(id))?;
        if group.text("vpcId") != vpc_id {
            let message = format!("Security group {id} and subnet belong to different networks.");
            return Err(ApiError::new("InvalidParameter", message));
        }
    }
    Ok(named)
}

fn start(call: &mut Call<'_>, plan: &Plan, index: i64, reservation: &str) -> Result<(), ApiError> {
    let id = call.ec2_id("i");
    let group_set: Vec<Value> = plan
        .groups
        .iter()
        .map(|group| {
            let name = call.get(GROUPS.kind, group).map(|group| group.text("groupName").to_owned());
            json!({"groupId": group, "groupName": name})
        })
        .collect();
    let interface = interface(call, plan, &id, &group_set)?;
    let mut instance = call.object(INSTANCES.kind, &id, body(call, plan, &id, &interface));
    instance.set("amiLaunchIndex", index);
    instance.set("groupSet", group_set);
    instance.set(RESERVATION, reservation);
    let public = plan.subnet.body.get("mapPublicIpOnLaunch") == Some(&Value::Bool(true));
    if public {
        instance.set("ipAddress", address::public_ip(call));
    }
    instance.hidden.insert("protected".into(), (plan.text("disableApiTermination") == Some("true")).into());
    instance.hidden.insert("started".into(), call.now.into());
    instance.tags = tags(plan);
    instance.set_later(call.now + START, "instanceState", state("running"));
    call.world.put(interface);
    call.world.put(instance);
    Ok(())
}

fn tags(plan: &Plan) -> std::collections::BTreeMap<String, String> {
    let capital = |tag: &Value| json!({"Key": tag.get("key"), "Value": tag.get("value")});
    let mut tags = std::collections::BTreeMap::new();
    for specification in as_list(plan.data.get("tagSpecificationSet")) {
        if specification.get("resourceType").is_some_and(|kind| kind == "instance") {
            let list: Vec<Value> = as_list(specification.get("tagSet")).iter().map(capital).collect();
            tags.extend(tags_from(&list));
        }
    }
    tags
}

/// The instance's first network interface; not in the world yet.
fn interface(call: &mut Call<'_>, plan: &Plan, instance: &str, groups: &[Value]) -> Result<Object, ApiError> {
    let address = free_address(call, &plan.subnet).ok_or_else(|| {
        let message = format!("There are not enough free addresses in subnet '{}'.", plan.subnet.id);
        ApiError::new("InsufficientFreeAddressesInSubnet", message)
    })?;
    let attachment = call.ec2_id("eni-attach");
    let mut interface = managed(call, &plan.subnet, address, "interface", "");
    interface.set("requesterManaged", false);
    interface.set("sourceDestCheck", true);
    interface.set("groupSet", groups);
    interface.set(
        "attachment",
        json!({
            "attachmentId": attachment, "instanceId": instance, "instanceOwnerId": call.account, "deviceIndex": 0,
            "status": "attached", "deleteOnTermination": true,
        }),
    );
    interface.needs.extend(plan.groups.iter().cloned());
    Ok(interface)
}

fn body(call: &Call<'_>, plan: &Plan, id: &str, interface: &Object) -> Value {
    let address = interface.text("privateIpAddress");
    let member = |name: &str| interface.body.get(name).cloned().unwrap_or_default();
    let row = json!({
        "networkInterfaceId": interface.id, "subnetId": plan.subnet.id, "vpcId": plan.subnet.text("vpcId"),
        "status": "in-use", "ownerId": call.account, "privateIpAddress": address, "interfaceType": "interface",
        "groupSet": member("groupSet"), "attachment": member("attachment"), "sourceDestCheck": true,
    });
    json!({
        "instanceId": id, "imageId": plan.image, "instanceType": plan.kind, "instanceState": state("pending"),
        "launchTime": call.timestamp(), "keyName": plan.text("keyName"), "clientToken": call.text("ClientToken"),
        "placement": {"availabilityZone": plan.subnet.text("availabilityZone"), "tenancy": "default"},
        "monitoring": {"state": "disabled"}, "subnetId": plan.subnet.id, "vpcId": plan.subnet.text("vpcId"),
        "privateIpAddress": address, "privateDnsName": format!("ip-{}.ec2.internal", address.replace('.', "-")),
        "architecture": instance_type::architecture(&plan.kind), "rootDeviceName": "/dev/xvda",
        "rootDeviceType": "ebs", "virtualizationType": "hvm", "hypervisor": "xen", "enaSupport": true,
        "ebsOptimized": plan.text("ebsOptimized") == Some("true"), "sourceDestCheck": true,
        "networkInterfaceSet": [row], "metadataOptions": metadata(plan), "iamInstanceProfile": profile(call, plan),
    })
}

fn metadata(plan: &Plan) -> Value {
    let given = plan.data.get("metadataOptions").cloned().unwrap_or_default();
    let or = |member: &str, default: &str| given.get(member).and_then(Value::as_str).unwrap_or(default).to_owned();
    json!({
        "state": "applied", "httpTokens": or("httpTokens", "required"),
        "httpPutResponseHopLimit": or("httpPutResponseHopLimit", "2"), "httpEndpoint": or("httpEndpoint", "enabled"),
        "httpProtocolIpv6": or("httpProtocolIpv6", "disabled"),
        "instanceMetadataTags": or("instanceMetadataTags", "disabled"),
    })
}

fn profile(call: &Call<'_>, plan: &Plan) -> Value {
    let Some(given) = plan.data.get("iamInstanceProfile") else { return Value::Null };
    let text = |member: &str| given.get(member).and_then(Value::as_str);
    let named = || Some(format!("arn:aws:iam::{}:instance-profile/{}", call.account, text("name")?));
    json!({"arn": text("arn").map(str::to_owned).or_else(named)})
}
