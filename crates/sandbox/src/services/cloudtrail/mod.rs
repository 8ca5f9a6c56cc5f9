//! CloudTrail: trails, in their home region and, of multi-region ones, their shadows elsewhere.
//!
//! Facts: the bucket and its policy come first; a new trail does not log; changes only at home.

mod bucket;
mod selectors;

use serde_json::{Map, Value, json};

use super::by_arn;
use super::paging::{Paging, listing};
use super::unknown_operation;
use crate::call::{Answer, ApiError, Call, tag_list, tags_from};
use crate::world::Object;

const TRAIL: &str = "cloudtrail/trail";
/// Trails that a region can have; a multi-region trail counts in each.
const TRAILS: usize = 5;
const PAGING: Paging = Paging {
    limit: "MaxResults",
    default: 50,
    most: 100,
    token: "NextToken",
    next: "NextToken",
    refusal: "InvalidMaxResultsException",
};
/// Members of a trail that its owner says.
const SETTINGS: [&str; 9] = [
    "S3BucketName",
    "S3KeyPrefix",
    "SnsTopicName",
    "IncludeGlobalServiceEvents",
    "IsMultiRegionTrail",
    "CloudWatchLogsLogGroupArn",
    "CloudWatchLogsRoleArn",
    "KmsKeyId",
    "IsOrganizationTrail",
];

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    match call.action.as_str() {
        "CreateTrail" => create(call),
        "UpdateTrail" => update(call),
        "DeleteTrail" => delete(call),
        "GetTrail" => named(call, "Name").map(|trail| json!({"Trail": trail.body}).into()),
        "DescribeTrails" => describe(call),
        "ListTrails" => list(call),
        "GetTrailStatus" => status(call),
        "StartLogging" => log(call, true),
        "StopLogging" => log(call, false),
        "PutEventSelectors" => selectors::put(call),
        "GetEventSelectors" => selectors::get(call),
        "AddTags" | "RemoveTags" => tag(call),
        "ListTags" => list_tags(call),
        // No call of the sandbox is recorded as an event.
        "LookupEvents" => listing(call, "Events", Vec::new(), PAGING),
        _ => Err(unknown_operation(call)),
    }
}

fn is_multi(trail: &Object) -> bool {
    trail.body.get("IsMultiRegionTrail") == Some(&true.into())
}

/// Trails that the caller's region sees: its own, and shadows of multi-region ones.
fn seen<'a>(call: &'a Call<'a>) -> Vec<&'a Object> {
    let all = call.world.everywhere(call.account, TRAIL);
    all.filter(|trail| trail.visible <= call.now && (trail.region == call.region || is_multi(trail))).collect()
}

/// The trail that `member` names by name (of what is seen here) or ARN.
fn named(call: &Call<'_>, member: &str) -> Result<Object, ApiError> {
    let text = call.text(member).unwrap_or_default();
    let found = match text.starts_with("arn:") {
        true => call.world.everywhere(call.account, TRAIL).find(|trail| trail.text("TrailARN") == text),
        false => seen(call).into_iter().find(|trail| trail.id == text),
    };
    let unknown =
        || ApiError::new("TrailNotFoundException", format!("Unknown trail: {text} for the user: {}", call.account));
    found.cloned().ok_or_else(unknown)
}

fn at_home(call: &Call<'_>, member: &str) -> Result<Object, ApiError> {
    let trail = named(call, member)?;
    match trail.region == call.region {
        true => Ok(trail),
        false => Err(ApiError::new(
            "InvalidHomeRegionException",
            format!("The trail {} was created in {}: change it there.", trail.id, trail.region),
        )),
    }
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    match (3..=128).contains(&name.len()) && name.bytes().all(allowed) && ends(bytes.first()) && ends(bytes.last()) {
        true => Ok(()),
        false => Err(ApiError::new(
            "InvalidTrailNameException",
            format!("Trail name must have 3 to 128 letters, digits, dots, hyphens or underscores: {name}"),
        )),
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = call.text("Name").unwrap_or_default().to_owned();
    check_name(&name)?;
    if call.get(TRAIL, &name).is_some() || seen(call).iter().any(|trail| trail.id == name) {
        let message = format!("Trail {name} already exists for customer: {}", call.account);
        return Err(ApiError::new("TrailAlreadyExistsException", message));
    }
    if seen(call).len() >= TRAILS {
        let message = format!("User: {} already has {TRAILS} trails in {}.", call.account, call.region);
        return Err(ApiError::new("MaximumNumberOfTrailsExceededException", message));
    }
    let tags = tags_from(&call.list("TagsList"));
    by_arn::check(&tags, "InvalidTagParameterException")?;
    let arn = format!("arn:aws:cloudtrail:{}:{}:trail/{name}", call.region, call.account);
    let body = json!({"Name": name, "TrailARN": arn, "HomeRegion": call.region, "IncludeGlobalServiceEvents": true,
        "IsMultiRegionTrail": false, "IsOrganizationTrail": false, "LogFileValidationEnabled": false,
        "HasCustomEventSelectors": false, "HasInsightSelectors": false});
    let mut trail = call.object(TRAIL, &name, body);
    settings(call, &mut trail)?;
    trail.tags = tags;
    by_arn::name(&mut trail, &arn);
    let answer = answer(&trail);
    call.world.put(trail);
    answer
}

/// The trail as creates and updates show it.
fn answer(trail: &Object) -> Answer {
    let mut body: Map<String, Value> = trail.body.clone();
    for member in ["HomeRegion", "HasCustomEventSelectors", "HasInsightSelectors"] {
        body.remove(member);
    }
    Ok(Value::Object(body).into())
}

fn settings(call: &Call<'_>, trail: &mut Object) -> Result<(), ApiError> {
    for member in SETTINGS {
        if let Some(value) = call.input.get(member) {
            trail.set(member, value.clone());
        }
    }
    if let Some(on) = call.flag("EnableLogFileValidation") {
        trail.set("LogFileValidationEnabled", on);
    }
    if is_multi(trail) && trail.body.get("IncludeGlobalServiceEvents") == Some(&false.into()) {
        let message = "Multi-Region trail must include global service events.";
        return Err(ApiError::new("InvalidParameterCombinationException", message));
    }
    let group = trail.text("CloudWatchLogsLogGroupArn");
    if !group.is_empty() && !group.ends_with(":*") {
        let message = "CloudTrail cannot validate the specified log group ARN: it must end with :*.";
        return Err(ApiError::new("InvalidCloudWatchLogsLogGroupArnException", message));
    }
    if group.is_empty() == trail.body.contains_key("CloudWatchLogsRoleArn") {
        let message = "You must specify a role ARN as well as a log group.";
        return Err(ApiError::new("InvalidCloudWatchLogsRoleArnException", message));
    }
    if !trail.text("SnsTopicName").is_empty() {
        let name = trail.text("SnsTopicName").rsplit(':').next().unwrap_or_default();
        let arn = format!("arn:aws:sns:{}:{}:{name}", call.region, call.account);
        trail.set("SnsTopicARN", arn);
    }
    bucket::check(call, trail)
}

fn update(call: &mut Call<'_>) -> Answer {
    let mut trail = at_home(call, "Name")?;
    settings(call, &mut trail)?;
    let answer = answer(&trail);
    call.world.put(trail);
    answer
}

fn delete(call: &mut Call<'_>) -> Answer {
    let trail = at_home(call, "Name")?;
    call.world.remove(&trail.key());
    Ok(Value::Null.into())
}

/// Facts: with shadows, which is the default, a multi-region trail shows everywhere. What is unknown is left out.
fn describe(call: &Call<'_>) -> Answer {
    let shadows = call.flag("includeShadowTrails") != Some(false);
    let names = call.texts("trailNameList");
    let wanted = |trail: &&Object| {
        let named = names.iter().any(|name| *name == trail.id || name == trail.text("TrailARN"));
        (names.is_empty() || named) && (shadows || trail.region == call.region)
    };
    let trails: Vec<Value> =
        seen(call).into_iter().filter(wanted).map(|trail| Value::Object(trail.body.clone())).collect();
    Ok(json!({"trailList": trails}).into())
}

fn list(call: &Call<'_>) -> Answer {
    let row =
        |trail: &Object| json!({"TrailARN": trail.text("TrailARN"), "Name": trail.id, "HomeRegion": trail.region});
    let all = call.world.everywhere(call.account, TRAIL).filter(|trail| trail.visible <= call.now);
    let paging = Paging { limit: "", ..PAGING };
    listing(call, "Trails", all.map(row).collect(), paging)
}

fn status(call: &Call<'_>) -> Answer {
    let trail = named(call, "Name")?;
    let mut answer = trail.hidden.get("status").cloned().unwrap_or_else(|| json!({}));
    answer["IsLogging"] = trail.hidden.contains_key("logging").into();
    Ok(answer.into())
}

fn log(call: &mut Call<'_>, on: bool) -> Answer {
    let trail = at_home(call, "Name")?;
    let mut status = trail.hidden.get("status").cloned().unwrap_or_else(|| json!({}));
    let (moment, told) =
        if on { ("StartLoggingTime", "TimeLoggingStarted") } else { ("StopLoggingTime", "TimeLoggingStopped") };
    status[moment] = call.now.into();
    status[told] = call.timestamp().into();
    call.world.change(&trail.key(), |trail| {
        trail.hidden.insert("status".into(), status);
        match on {
            true => trail.hidden.insert("logging".into(), true.into()),
            false => trail.hidden.remove("logging"),
        }
    });
    Ok(Value::Null.into())
}

fn by_resource(call: &Call<'_>, arn: &str) -> Result<Object, ApiError> {
    if !arn.starts_with("arn:") {
        return Err(ApiError::new("CloudTrailARNInvalidException", format!("{arn} is not a valid trail ARN.")));
    }
    let missing = || ApiError::new("ResourceNotFoundException", format!("Unknown trail: {arn}"));
    by_arn::find(call, &[TRAIL], arn).cloned().ok_or_else(missing)
}

fn tag(call: &mut Call<'_>) -> Answer {
    let trail = by_resource(call, call.text("ResourceId").unwrap_or_default())?;
    let tags = tags_from(&call.list("TagsList"));
    match call.action.as_str() {
        "AddTags" => by_arn::add(call, &trail.key(), tags, "InvalidTagParameterException")?,
        _ => by_arn::remove(call, &trail.key(), &tags.into_keys().collect::<Vec<_>>()),
    }
    Ok(Value::Null.into())
}

fn list_tags(call: &Call<'_>) -> Answer {
    let mut rows = Vec::new();
    for arn in call.texts("ResourceIdList") {
        let trail = by_resource(call, &arn)?;
        rows.push(json!({"ResourceId": arn, "TagsList": tag_list(&trail.tags)}));
    }
    Ok(json!({"ResourceTagList": rows}).into())
}
