//! Security groups. Facts: no token, but a name is unique in its VPC without regard to case; a new group lets
//! everything out; the default group comes and goes with its VPC; rules of other groups and network interfaces hold a
//! group. A describe shows the rules merged per protocol and ports, see [`super::security_group_rule`].

use std::collections::BTreeMap;

use serde_json::json;

use super::security_group_rule::{self as rule, RULES, Terms};
use super::vpc::VPCS;
use super::{Shelf, describe, done, missing, tagging};
use crate::call::{Answer, ApiError, Call};

/// How groups are described.
pub const GROUPS: Shelf = Shelf {
    kind: "ec2/security-group",
    set: "securityGroupInfo",
    ids: "GroupId",
    unknown: "InvalidGroup.NotFound",
    noun: "security group",
    filters: &[
        ("description", "groupDescription"),
        ("ip-permission.cidr", "ipPermissions.ipRanges.cidrIp"),
        ("ip-permission.ipv6-cidr", "ipPermissions.ipv6Ranges.cidrIpv6"),
        ("ip-permission.from-port", "ipPermissions.fromPort"),
        ("ip-permission.to-port", "ipPermissions.toPort"),
        ("ip-permission.protocol", "ipPermissions.ipProtocol"),
        ("ip-permission.group-id", "ipPermissions.groups.groupId"),
        ("egress.ip-permission.cidr", "ipPermissionsEgress.ipRanges.cidrIp"),
        ("egress.ip-permission.from-port", "ipPermissionsEgress.fromPort"),
        ("egress.ip-permission.to-port", "ipPermissionsEgress.toPort"),
        ("egress.ip-permission.protocol", "ipPermissionsEgress.ipProtocol"),
        ("egress.ip-permission.group-id", "ipPermissionsEgress.groups.groupId"),
    ],
};

/// Name of the group that comes with a VPC.
const DEFAULT: &str = "default";
/// Characters of names and descriptions beside letters and digits.
const PUNCTUATION: &str = " ._-:/()#,@[]+=&;{}!$*";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateSecurityGroup" => Some(create(call)),
        "DescribeSecurityGroups" => Some(describe_groups(call)),
        "DeleteSecurityGroup" => Some(delete(call)),
        _ => None,
    }
}

/// The default group of a VPC that is being made.
pub fn come_with_vpc(call: &mut Call<'_>, vpc_id: &str) {
    let id = put(call, vpc_id, DEFAULT, "default VPC security group", BTreeMap::new());
    rule::put(call, &id, &Terms::everything(false, ("groupId", id.clone())), BTreeMap::new());
    rule::refresh(call, &id);
}

/// Removes the default group of a VPC that is being deleted.
pub fn go_with_vpc(call: &mut Call<'_>, vpc_id: &str) {
    let groups = call.world.list(call.account, call.region, GROUPS.kind);
    let ids: Vec<String> = groups.filter(|group| group.text("vpcId") == vpc_id).map(|group| group.id.clone()).collect();
    ids.iter().for_each(|id| remove(call, id));
}

/// The error for a group that is not there.
pub fn unknown_group(id: &str) -> ApiError {
    missing(&GROUPS, id)
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = call.need("GroupName")?.trim_end().to_owned();
    let description = call.need("GroupDescription")?;
    checked("groupName", &name)?;
    checked("groupDescription", &description)?;
    if name.eq_ignore_ascii_case(DEFAULT) {
        return Err(ApiError::new("InvalidGroup.Reserved", "The security group 'default' is reserved"));
    }
    if name.starts_with("sg-") {
        return Err(ApiError::new("InvalidParameterValue", "Group names may not be in the format sg-*."));
    }
    let vpc_id = call.text("VpcId").map(str::to_owned);
    // An account of the sandbox has no default VPC.
    let vpc_id = vpc_id.ok_or_else(|| ApiError::new("VPCIdNotSpecified", "No default VPC for this user"))?;
    call.get(VPCS.kind, &vpc_id).ok_or_else(|| missing(&VPCS, &vpc_id))?;
    if is_taken(call, &vpc_id, &name) {
        let message = format!("The security group '{name}' already exists for VPC '{vpc_id}'");
        return Err(ApiError::new("InvalidGroup.Duplicate", message));
    }
    let tags = tagging::at_creation(call, "security-group")?;
    let id = put(call, &vpc_id, &name, &description, tags.clone());
    let arn = arn(call, &id);
    let tags: Vec<_> = tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    Ok(json!({"return": true, "groupId": id, "securityGroupArn": arn, "tagSet": tags}).into())
}

fn is_taken(call: &Call<'_>, vpc_id: &str, name: &str) -> bool {
    let mut groups = call.world.list(call.account, call.region, GROUPS.kind);
    groups.any(|group| group.text("vpcId") == vpc_id && group.text("groupName").eq_ignore_ascii_case(name))
}

fn checked(member: &str, text: &str) -> Result<(), ApiError> {
    let allowed = |char: char| char.is_ascii_alphanumeric() || PUNCTUATION.contains(char);
    if !text.is_empty() && text.len() <= 255 && text.chars().all(allowed) {
        return Ok(());
    }
    let message =
        format!("Value ({text}) for parameter {member} is invalid. Character sets beyond ASCII are not supported.");
    Err(ApiError::new("InvalidParameterValue", message))
}

fn arn(call: &Call<'_>, id: &str) -> String {
    format!("arn:aws:ec2:{}:{}:security-group/{id}", call.region, call.account)
}

/// A group with the rule that lets everything out.
fn put(call: &mut Call<'_>, vpc_id: &str, name: &str, description: &str, tags: BTreeMap<String, String>) -> String {
    let id = call.ec2_id("sg");
    let body = json!({
        "groupId": id, "groupName": name, "groupDescription": description, "vpcId": vpc_id, "ownerId": call.account,
        "securityGroupArn": arn(call, &id), "ipPermissions": [], "ipPermissionsEgress": [],
    });
    let mut group = call.object(GROUPS.kind, &id, body);
    group.tags = tags;
    // The default group goes with its VPC instead of holding it.
    if name != DEFAULT {
        group.needs.insert(vpc_id.to_owned());
    }
    call.world.put(group);
    rule::put(call, &id, &Terms::everything(true, ("cidrIpv4", "0.0.0.0/0".to_owned())), BTreeMap::new());
    rule::refresh(call, &id);
    id
}

fn describe_groups(call: &Call<'_>) -> Answer {
    // Names mean groups of the default VPC, which an account of the sandbox does not have.
    match call.texts("GroupName").first() {
        Some(name) => Err(unknown_group(name)),
        None => describe(call, &GROUPS),
    }
}

fn delete(call: &mut Call<'_>) -> Answer {
    let id = call.need("GroupId")?;
    let group = call.get(GROUPS.kind, &id).ok_or_else(|| unknown_group(&id))?;
    if group.text("groupName") == DEFAULT {
        let message = format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(ApiError::new("CannotDelete", message));
    }
    if call.world.users_of(&id).next().is_some() {
        return Err(ApiError::new("DependencyViolation", format!("resource {id} has a dependent object")));
    }
    remove(call, &id);
    done()
}

fn remove(call: &mut Call<'_>, id: &str) {
    for rule in rule::ids_of(call, id) {
        call.world.remove(&call.key(RULES.kind, &rule));
    }
    call.world.remove(&call.key(GROUPS.kind, id));
}
