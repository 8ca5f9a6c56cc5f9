//! VPC origins: private load balancers that distributions reach. Facts: named once per account; deployed minutes after
//! each change, which is answered with 202; none goes while a distribution names it.

use serde_json::{Value, json};

use super::tree::{check_quantities, text};
use super::{
    ETAG, all_visible, check_version, conflict, created, fresh, invalid, listing, missing, segment, tagging, used,
    version, versioned, visible,
};
use crate::call::{Answer, ApiError, Call, GLOBAL};
use crate::world::{Object, Seconds};

/// The sandbox's name for VPC origins.
pub const VPC_ORIGIN: &str = "cloudfront/vpc-origin";
const CONFIG: &str = "VpcOriginEndpointConfig";
/// Seconds until a change is deployed; the facts give 5 to 15 minutes.
const DEPLOY: Seconds = 420.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateVpcOrigin" => Some(create(call)),
        "GetVpcOrigin" => Some(get(call)),
        "ListVpcOrigins" => Some(list(call)),
        "UpdateVpcOrigin" => Some(update(call)),
        "DeleteVpcOrigin" => Some(delete(call)),
        _ => None,
    }
}

/// The VPC origin with this id.
///
/// # Errors
/// `EntityNotFound`.
pub fn named<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Object, ApiError> {
    visible(call, VPC_ORIGIN, id).ok_or_else(|| missing("EntityNotFound", "The entity was not found."))
}

fn checked(call: &Call<'_>, config: &Value, own: &str) -> Result<(), ApiError> {
    check_quantities(config)?;
    let required = ["Name", "Arn", "HTTPPort", "HTTPSPort", "OriginProtocolPolicy"];
    if let Some(member) = required.iter().find(|member| text(config, member).is_empty()) {
        return Err(invalid(format!("The parameter {member} is required.")));
    }
    let mut others = call.world.list(call.account, GLOBAL, VPC_ORIGIN).filter(|one| one.id != own);
    match others.any(|one| one.body.get(CONFIG).is_some_and(|old| text(old, "Name") == text(config, "Name"))) {
        true => Err(conflict("EntityAlreadyExists", "An entity with this name already exists.")),
        false => Ok(()),
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let config = call.input.get(CONFIG).cloned().unwrap_or_default();
    checked(call, &config, "")?;
    let (tags, id, etag) = (tagging::given(&call.input)?, format!("vo_{}", call.hex(22)), fresh(call));
    let at = call.timestamp();
    let body = json!({
        "Id": id, "Arn": format!("arn:aws:cloudfront::{}:vpcorigin/{id}", call.account), "AccountId": call.account,
        "Status": "Deploying", "CreatedTime": at, "LastModifiedTime": at, CONFIG: config,
    });
    let mut origin = call.object_in(GLOBAL, VPC_ORIGIN, &id, body.clone());
    origin.tags = tags;
    origin.hidden.insert(ETAG.into(), etag.clone().into());
    origin.set_later(call.now + DEPLOY, "Status", "Deployed");
    call.world.put(origin);
    created(202, versioned("VpcOrigin", body, &etag), &format!("vpc-origin/{id}"))
}

fn shown(origin: &Object) -> crate::call::Reply {
    versioned("VpcOrigin", Value::Object(origin.body.clone()), &version(origin))
}

fn get(call: &mut Call<'_>) -> Answer {
    Ok(shown(named(call, &segment(call, 1))?))
}

fn list(call: &mut Call<'_>) -> Answer {
    let row = |one: &Object| {
        let mut row = one.body.clone();
        let config = row.remove(CONFIG).unwrap_or_default();
        row.insert("Name".into(), config["Name"].clone());
        row.insert("OriginEndpointArn".into(), config["Arn"].clone());
        (one.id.clone(), Value::Object(row))
    };
    let rows = all_visible(call, VPC_ORIGIN).into_iter().map(row).collect();
    listing::page(call, "VpcOriginList", "VpcOriginSummary", rows, true)
}

/// The VPC origin that a change is about, if the request names its version.
fn changeable(call: &Call<'_>) -> Result<Object, ApiError> {
    let origin = named(call, &segment(call, 1))?.clone();
    check_version(call, &version(&origin))?;
    Ok(origin)
}

fn update(call: &mut Call<'_>) -> Answer {
    let mut origin = changeable(call)?;
    checked(call, &call.input, &origin.id)?;
    origin.set(CONFIG, call.input.clone());
    origin.set("LastModifiedTime", call.timestamp());
    origin.set("Status", "Deploying");
    origin.hidden.insert(ETAG.into(), fresh(call).into());
    origin.later.clear();
    origin.set_later(call.now + DEPLOY, "Status", "Deployed");
    let mut answer = shown(&origin);
    answer.status = 202;
    call.world.put(origin);
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Answer {
    let mut origin = changeable(call)?;
    if used(call, &origin.id) {
        let message = "The entity cannot be deleted while it is in use.";
        return Err(conflict("CannotDeleteEntityWhileInUse", message));
    }
    origin.set("Status", "Deleting");
    origin.later.clear();
    origin.remove_later(call.now + DEPLOY);
    let mut answer = shown(&origin);
    answer.status = 202;
    call.world.put(origin);
    Ok(answer)
}
