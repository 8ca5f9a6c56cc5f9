//! Which resources a regional web ACL protects. Facts: a resource has one web ACL, and a new one replaces the old; only
//! Application Load Balancers are listed unless another type is asked for; a load balancer's end ends its association.

use serde_json::{Value, json};

use super::{LOCK, WEB_ACL, invalid, missing, need, referred, seen};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

const ASSOCIATION: &str = "wafv2/association";
const BALANCER: &str = "elbv2/load-balancer";
/// Member: since when the resource is no longer associated, while others still see that it is.
const ENDED: &str = "Ended";
/// Web ACL of an association.
const ACL: &str = "WebACLArn";
/// Load balancers of one web ACL.
const QUOTA: usize = 100;
/// Resource types that can be asked for.
const TYPES: [&str; 8] = [
    "APPLICATION_LOAD_BALANCER",
    "API_GATEWAY",
    "APPSYNC",
    "COGNITO_USER_POOL",
    "APP_RUNNER_SERVICE",
    "VERIFIED_ACCESS_INSTANCE",
    "AMPLIFY",
    "AGENTCORE_GATEWAY",
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "AssociateWebACL" => Some(associate(call)),
        "DisassociateWebACL" => Some(disassociate(call)),
        "GetWebACLForResource" => Some(get(call)),
        "ListResourcesForWebACL" => Some(list(call)),
        _ => None,
    }
}

/// The load balancer that a request names.
fn resource(call: &Call<'_>) -> Result<String, ApiError> {
    let arn = need(call, "ResourceArn")?;
    if !arn.starts_with("arn:") || arn.contains(":loadbalancer/net/") || arn.contains(":loadbalancer/gwy/") {
        return Err(invalid(
            "RESOURCE_ARN",
            &arn,
            "The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes.",
        ));
    }
    referred(call, BALANCER, &arn).map(|_| arn)
}

/// Whether an association still is one: its resource may be gone.
fn lives(call: &Call<'_>, association: &Object) -> bool {
    !association.hidden.contains_key(ENDED) && call.get(BALANCER, &association.id).is_some()
}

fn of<'a>(call: &'a Call<'_>, acl: &'a str) -> impl Iterator<Item = &'a Object> {
    let all = call.world.list(call.account, call.region, ASSOCIATION);
    all.filter(move |one| one.text(ACL) == acl)
}

/// Whether something refers to the object: a resource, a distribution, a rule. An ended association holds for as long
/// as reads lag.
pub fn holds(call: &Call<'_>, arn: &str) -> bool {
    let used = |user: &Object| user.kind != ASSOCIATION || user.hidden.contains_key(ENDED) || lives(call, user);
    call.world.users_of(arn).any(used)
}

/// Drops associations whose resource went before the web ACL.
pub fn forget(call: &mut Call<'_>, acl: &str) {
    let keys: Vec<_> = of(call, acl).map(Object::key).collect();
    for key in keys {
        call.world.remove(&key);
    }
}

fn associate(call: &mut Call<'_>) -> Answer {
    let acl = need(call, ACL)?;
    if !acl.contains(":regional/webacl/") {
        return Err(invalid("RESOURCE_ARN", &acl, "The ARN is not that of a regional web ACL"));
    }
    referred(call, WEB_ACL, &acl)?;
    let resource = resource(call)?;
    if of(call, &acl).filter(|one| one.id != resource && lives(call, one)).count() >= QUOTA {
        return Err(super::too_much("Application Load Balancers per web ACL"));
    }
    let mut association = call.object(ASSOCIATION, &resource, json!({ACL: acl}));
    association.needs.insert(acl);
    call.world.put(association);
    Ok(Value::Null.into())
}

fn disassociate(call: &mut Call<'_>) -> Answer {
    let resource = resource(call)?;
    let key = call.key(ASSOCIATION, &resource);
    if call.lag > 0.0 {
        let until = call.now + call.lag;
        call.world.change(&key, |association| {
            association.hidden.insert(ENDED.into(), true.into());
            association.remove_later(until);
        });
    } else {
        call.world.remove(&key);
    }
    Ok(Value::Null.into())
}

fn get(call: &mut Call<'_>) -> Answer {
    let resource = resource(call)?;
    let association = seen(call, ASSOCIATION, &resource).filter(|one| lives(call, one));
    let acl = association.and_then(|one| call.get(WEB_ACL, one.text(ACL)));
    Ok(acl.map_or(Value::Null, |acl| json!({"WebACL": acl.body})).into())
}

fn list(call: &mut Call<'_>) -> Answer {
    let acl = need(call, ACL)?;
    seen(call, WEB_ACL, &acl).filter(|acl| acl.hidden.contains_key(LOCK)).ok_or_else(missing)?;
    let kind = call.text("ResourceType").unwrap_or(TYPES[0]);
    if !TYPES.contains(&kind) {
        return Err(invalid("RESOURCE_TYPE", kind, "The resource type is not known"));
    }
    let known = of(call, &acl).filter(|one| one.visible <= call.now && lives(call, one));
    let arns: Vec<&str> = known.filter(|_| kind == TYPES[0]).map(|one| one.id.as_str()).collect();
    Ok(json!({"ResourceArns": arns}).into())
}
