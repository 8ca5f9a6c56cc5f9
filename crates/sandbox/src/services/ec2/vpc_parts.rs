//! What comes with a VPC and goes with it: its main route table and its default network ACL. They stand in nobody's way
//! when the VPC is deleted, and nobody else can delete them.

use serde_json::{Value, json};

use super::{Shelf, describe, route_table};
use crate::call::{Answer, Call};
use crate::world::Object;

/// How network ACLs are described.
const ACLS: Shelf = Shelf {
    kind: "ec2/network-acl",
    set: "networkAclSet",
    ids: "NetworkAclId",
    unknown: "InvalidNetworkAclID.NotFound",
    noun: "networkAcl ID",
    filters: &[],
};

/// Hidden member with the id of the VPC that the object comes and goes with.
const PART_OF: &str = "partOf";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "DescribeNetworkAcls" => Some(describe(call, &ACLS)),
        _ => None,
    }
}

/// Makes the parts of a new VPC.
pub fn add(call: &mut Call<'_>, vpc_id: &str) {
    let mut table = route_table::fresh(call, vpc_id);
    route_table::make_main(call, &mut table);
    let mut acl = default_acl(call, vpc_id);
    for part in [&mut table, &mut acl] {
        join(part, vpc_id);
    }
    call.world.put(table);
    call.world.put(acl);
}

/// Removes what goes with a VPC.
pub fn remove(call: &mut Call<'_>, vpc_id: &str) {
    let part = |object: &&Object| object.hidden.get(PART_OF).and_then(Value::as_str) == Some(vpc_id);
    let keys: Vec<_> = call.world.all().filter(part).map(Object::key).collect();
    for key in keys {
        call.world.remove(&key);
    }
}

/// Makes an object a part of its VPC.
pub fn join(object: &mut Object, vpc_id: &str) {
    object.needs.remove(vpc_id);
    object.hidden.insert(PART_OF.to_owned(), vpc_id.into());
}

/// Makes it an ordinary object again, which must go before the VPC does.
pub fn leave(object: &mut Object, vpc_id: &str) {
    object.needs.insert(vpc_id.to_owned());
    object.hidden.remove(PART_OF);
}

/// Everything in, everything out; what no rule allows is denied.
fn default_acl(call: &mut Call<'_>, vpc_id: &str) -> Object {
    let entry = |number: i64, action: &str, egress: bool| {
        json!({
            "ruleNumber": number, "protocol": "-1", "ruleAction": action, "egress": egress, "cidrBlock": "0.0.0.0/0"})
    };
    let entries: Vec<Value> =
        [true, false].into_iter().flat_map(|out| [entry(100, "allow", out), entry(32767, "deny", out)]).collect();
    let id = call.ec2_id("acl");
    let body = json!({
        "networkAclId": id, "vpcId": vpc_id, "ownerId": call.account, "default": true, "associationSet": [],
        "entrySet": entries,
    });
    call.object(ACLS.kind, &id, body)
}
