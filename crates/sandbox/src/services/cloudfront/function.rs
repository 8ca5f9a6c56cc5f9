//! CloudFront Functions. Facts: a function has two stages with a version and code each; updates touch the development
//! stage alone, publishing copies it; only what is live can be associated, and what is associated cannot go.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::tree::text;
use super::{
    all_visible, check_version, conflict, created, fresh, gone, invalid, listing, missing, segment, tagging, used,
    versioned, visible,
};
use crate::call::{Answer, ApiError, Call, GLOBAL, Reply};
use crate::world::Object;

/// The sandbox's name for functions; ids are names.
pub const FUNCTION: &str = "cloudfront/function";
const DEVELOPMENT: &str = "DEVELOPMENT";
const LIVE: &str = "LIVE";
/// Bytes of code.
const SIZE: usize = 10_240;
/// Default quota.
const QUOTA: usize = 100;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateFunction" => Some(create(call)),
        "DescribeFunction" => Some(describe(call)),
        "GetFunction" => Some(get(call)),
        "ListFunctions" => Some(list(call)),
        "UpdateFunction" => Some(update(call)),
        "PublishFunction" => Some(publish(call)),
        "DeleteFunction" => Some(delete(call)),
        _ => None,
    }
}

fn unknown() -> ApiError {
    missing("NoSuchFunctionExists", "The function does not exist.")
}

/// Whether an ARN is that of a published function of the caller.
pub fn is_live(call: &Call<'_>, arn: &str) -> bool {
    let own = |name: &&str| arn_of(call.account, name) == arn;
    let name = arn.rsplit('/').next().filter(own).unwrap_or_default();
    visible(call, FUNCTION, name).is_some_and(|function| function.hidden.contains_key(LIVE))
}

fn arn_of(account: &str, name: &str) -> String {
    format!("arn:aws:cloudfront::{account}:function/{name}")
}

/// A stage: its version, code, configuration and times.
fn stage_of(call: &mut Call<'_>, created: &str) -> Result<Value, ApiError> {
    let config = call.input.get("FunctionConfig").cloned().unwrap_or_default();
    if !matches!(text(&config, "Runtime"), "cloudfront-js-1.0" | "cloudfront-js-2.0") {
        return Err(invalid("The parameter Runtime must be cloudfront-js-1.0 or cloudfront-js-2.0."));
    }
    if config.get("Comment").is_none() {
        return Err(invalid("The parameter Comment is required."));
    }
    let code = call.text("FunctionCode").unwrap_or_default().to_owned();
    let size = STANDARD.decode(&code).map_err(|_| invalid("The parameter FunctionCode is not valid."))?.len();
    if size == 0 {
        return Err(invalid("The parameter FunctionCode is required."));
    }
    if size > SIZE {
        let message = format!("The function exceeds the maximum size of {SIZE} bytes.");
        return Err(ApiError::new("FunctionSizeLimitExceeded", message).status(413));
    }
    let created = if created.is_empty() { call.timestamp() } else { created.to_owned() };
    Ok(json!({
        "ETag": fresh(call), "Code": code, "FunctionConfig": config, "Status": "UNPUBLISHED", "CreatedTime": created,
        "LastModifiedTime": call.timestamp()}))
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = call.text("Name").unwrap_or_default().to_owned();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(word) {
        return Err(invalid("The parameter Name must have 1 to 64 letters, digits, hyphens or underscores."));
    }
    if call.get_global(FUNCTION, &name).is_some() {
        let message = format!("A function with the name {name} already exists.");
        return Err(conflict("FunctionAlreadyExists", message));
    }
    if call.world.list(call.account, GLOBAL, FUNCTION).count() >= QUOTA {
        return Err(ApiError::new("TooManyFunctions", "You have reached the maximum number of functions."));
    }
    let (stage, tags) = (stage_of(call, "")?, tagging::given(&call.input)?);
    let arn = arn_of(call.account, &name);
    let mut function = call.object_in(GLOBAL, FUNCTION, &name, json!({"Name": name, "ARN": arn}));
    function.tags = tags;
    function.hidden.insert(DEVELOPMENT.into(), stage.clone());
    let answer = summary(call, &function, DEVELOPMENT).ok_or_else(unknown)?;
    call.world.put(function);
    created(201, versioned("FunctionSummary", answer, text(&stage, "ETag")), &format!("function/{name}"))
}

fn summary(call: &Call<'_>, function: &Object, stage: &str) -> Option<Value> {
    let part = function.hidden.get(stage)?;
    let status = match text(part, "Status") {
        "UNPUBLISHED" => "UNPUBLISHED",
        _ if used(call, function.text("ARN")) => "DEPLOYED",
        _ => "UNASSOCIATED",
    };
    Some(json!({
        "Name": function.id, "Status": status, "FunctionConfig": part["FunctionConfig"],
        "FunctionMetadata": {
            "FunctionARN": function.text("ARN"), "Stage": stage, "CreatedTime": part["CreatedTime"],
            "LastModifiedTime": part["LastModifiedTime"]},
    }))
}

/// The stage that the query asks for.
fn stage(call: &Call<'_>) -> Result<&'static str, ApiError> {
    match call.query.get("Stage").map(String::as_str) {
        None | Some(DEVELOPMENT) => Ok(DEVELOPMENT),
        Some(LIVE) => Ok(LIVE),
        Some(_) => Err(invalid("The parameter Stage must be DEVELOPMENT or LIVE.")),
    }
}

fn named<'a>(call: &'a Call<'_>) -> Result<&'a Object, ApiError> {
    visible(call, FUNCTION, &segment(call, 1)).ok_or_else(unknown)
}

fn part<'a>(function: &'a Object, stage: &str) -> Result<&'a Value, ApiError> {
    function.hidden.get(stage).ok_or_else(unknown)
}

fn describe(call: &mut Call<'_>) -> Answer {
    let (function, stage) = (named(call)?, stage(call)?);
    let shown = summary(call, function, stage).ok_or_else(unknown)?;
    Ok(versioned("FunctionSummary", shown, text(part(function, stage)?, "ETag")))
}

fn get(call: &mut Call<'_>) -> Answer {
    let part = part(named(call)?, stage(call)?)?;
    let code = STANDARD.decode(text(part, "Code")).unwrap_or_default();
    let kind = ("content-type", "application/octet-stream".to_owned());
    let headers = vec![("etag", text(part, "ETag").to_owned()), kind];
    Ok(Reply { headers, raw: code.into(), ..Reply::default() })
}

fn list(call: &mut Call<'_>) -> Answer {
    let stages = match call.query.get("Stage") {
        None => vec![DEVELOPMENT, LIVE],
        Some(_) => vec![stage(call)?],
    };
    let mut rows = Vec::new();
    for function in all_visible(call, FUNCTION) {
        for stage in &stages {
            let id = format!("{}/{stage}", function.id);
            rows.extend(summary(call, function, stage).map(|row| (id, row)));
        }
    }
    listing::page(call, "FunctionList", "FunctionSummary", rows, false)
}

/// The development stage, if the request names its version.
fn current(call: &Call<'_>) -> Result<Value, ApiError> {
    let stage = part(named(call)?, DEVELOPMENT)?.clone();
    check_version(call, text(&stage, "ETag"))?;
    Ok(stage)
}

fn put(call: &mut Call<'_>, stages: Vec<(&str, Value)>) {
    let key = call.global_key(FUNCTION, &segment(call, 1));
    call.world.change(&key, |function| {
        function.hidden.extend(stages.into_iter().map(|(stage, part)| (stage.to_owned(), part)));
    });
}

fn update(call: &mut Call<'_>) -> Answer {
    let old = current(call)?;
    let new = stage_of(call, text(&old, "CreatedTime"))?;
    let etag = text(&new, "ETag").to_owned();
    put(call, vec![(DEVELOPMENT, new)]);
    let shown = summary(call, named(call)?, DEVELOPMENT).ok_or_else(unknown)?;
    let mut answer = versioned("FunctionSummary", shown, &etag);
    // The API's model spells this operation's header with one letter too many.
    answer.headers.push(("ettag", etag));
    Ok(answer)
}

fn publish(call: &mut Call<'_>) -> Answer {
    let mut development = current(call)?;
    development["Status"] = "UNASSOCIATED".into();
    let mut live = development.clone();
    live["ETag"] = fresh(call).into();
    live["LastModifiedTime"] = call.timestamp().into();
    put(call, vec![(DEVELOPMENT, development), (LIVE, live)]);
    let shown = summary(call, named(call)?, LIVE).ok_or_else(unknown)?;
    Ok(super::reply("FunctionSummary", shown))
}

fn delete(call: &mut Call<'_>) -> Answer {
    current(call)?;
    let function = named(call)?;
    if used(call, function.text("ARN")) {
        let message = "Cannot delete the function because it's attached to one or more cache behaviors.";
        return Err(conflict("FunctionInUse", message));
    }
    let key = function.key();
    call.world.remove(&key);
    gone()
}
