//! Systems Manager parameters: the account's own, and the public ones that name machine images. Facts: a list of names
//! answers 200 and lists the unknown ones; ten names or parameters per call; a public value differs per region.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::unknown_operation;
use crate::call::{Answer, ApiError, Call, tag_list, tags_from};
use crate::world::Object;

/// The sandbox's name for the kind.
const KIND: &str = "ssm/parameter";
/// Hidden member with the versions before the present one, by number.
const HISTORY: &str = "history";
/// Most names per call, and most parameters per page.
const BATCH: usize = 10;
/// Public parameters whose value is an image id.
const PUBLIC: [&str; 14] = [
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-arm64",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-x86_64",
    "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2",
    "/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-arm64-gp2",
    "/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-x86_64-gp2",
    "/aws/service/bottlerocket/aws-ecs-2/arm64/latest/image_id",
    "/aws/service/bottlerocket/aws-ecs-2/x86_64/latest/image_id",
    "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id",
    "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id",
    "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
];

/// Public images of a region: (parameter, image id), the same for every account and for ever.
pub fn public_images(region: &str) -> impl Iterator<Item = (&'static str, String)> + use<'_> {
    PUBLIC.into_iter().map(move |name| (name, image_id(region, name)))
}

fn image_id(region: &str, name: &str) -> String {
    let hash = Sha256::digest(format!("{region}{name}").as_bytes());
    let text: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("ami-0{text}")
}

/// Operations of this service.
pub fn handle(call: &mut Call<'_>) -> Answer {
    match call.action.as_str() {
        "GetParameter" => get(call),
        "GetParameters" => get_many(call),
        "GetParametersByPath" => get_by_path(call),
        "PutParameter" => put(call),
        "DeleteParameter" => delete(call),
        "DeleteParameters" => delete_many(call),
        "ListTagsForResource" => list_tags(call),
        _ => Err(unknown_operation(call)),
    }
}

fn unknown(name: &str) -> ApiError {
    ApiError::new("ParameterNotFound", format!("Parameter {name} not found."))
}

fn invalid(message: &str) -> ApiError {
    ApiError::new("ValidationException", message)
}

fn public(call: &Call<'_>, name: &str) -> Option<Value> {
    let (_, value) = public_images(call.region).find(|(known, _)| *known == name)?;
    Some(json!({
        "Name": name, "Type": "String", "Value": value, "Version": 1, "LastModifiedDate": 1_779_235_200,
        "ARN": format!("arn:aws:ssm:{}::parameter{name}", call.region), "DataType": "text",
    }))
}

/// One parameter as the reads show it.
fn find(call: &Call<'_>, name: &str) -> Option<Value> {
    if let Some((name, version)) = name.rsplit_once(':').filter(|(_, version)| version.parse::<i64>().is_ok()) {
        let parameter = call.get(KIND, name)?;
        let now = version.parse::<i64>().is_ok_and(|version| parameter.body.get("Version") == Some(&version.into()));
        let mut body = if now { Some(&parameter.body) } else { old(parameter, version) }?.clone();
        body.insert("Selector".to_owned(), format!(":{version}").into());
        return Some(Value::Object(body));
    }
    let own = call.get(KIND, name).map(|parameter| Value::Object(parameter.body.clone()));
    own.or_else(|| public(call, name))
}

/// A version before the present one: Parameter Store keeps a hundred.
fn old<'a>(parameter: &'a Object, version: &str) -> Option<&'a serde_json::Map<String, Value>> {
    parameter.hidden.get(HISTORY)?.get(version)?.as_object()
}

fn get(call: &Call<'_>) -> Answer {
    let name = call.need("Name")?;
    let parameter = find(call, &name).ok_or_else(|| unknown(&name))?;
    Ok(json!({"Parameter": parameter}).into())
}

fn get_many(call: &Call<'_>) -> Answer {
    let names = call.texts("Names");
    if names.is_empty() || names.len() > BATCH {
        return Err(invalid("1 validation error detected: 'names' must have a length between 1 and 10"));
    }
    let found: Vec<Value> = names.iter().filter_map(|name| find(call, name)).collect();
    let lost: Vec<&String> = names.iter().filter(|name| find(call, name).is_none()).collect();
    Ok(json!({"Parameters": found, "InvalidParameters": lost}).into())
}

fn get_by_path(call: &Call<'_>) -> Answer {
    let path = call.need("Path")?;
    let prefix = format!("{}/", path.trim_end_matches('/'));
    let recursive = call.flag("Recursive") == Some(true);
    let below = |name: &str| name.strip_prefix(prefix.as_str()).is_some_and(|rest| recursive || !rest.contains('/'));
    let own = call.visible(KIND).into_iter().map(|parameter| parameter.id.clone());
    let names = own.chain(PUBLIC.into_iter().map(str::to_owned)).filter(|name| below(name));
    let rows: Vec<Value> = names.filter_map(|name| find(call, &name)).collect();
    let limit = call.number("MaxResults").unwrap_or(10);
    if !(1..=10).contains(&limit) {
        return Err(invalid("1 validation error detected: 'maxResults' must have a value between 1 and 10"));
    }
    let (page, next) = call.page(rows, Some(limit), call.text("NextToken"));
    let mut answer = json!({"Parameters": page});
    if let (Some(next), Value::Object(members)) = (next, &mut answer) {
        members.insert("NextToken".to_owned(), next.into());
    }
    Ok(answer.into())
}

fn put(call: &mut Call<'_>) -> Answer {
    let (name, value) = (call.need("Name")?, call.need("Value")?);
    if name.to_ascii_lowercase().trim_start_matches('/').starts_with("aws") {
        let message = format!("No access to reserved parameter name: {name}.");
        return Err(ApiError::new("AccessDeniedException", message));
    }
    let old = call.get(KIND, &name).cloned();
    let (overwrite, tags) = (call.flag("Overwrite") == Some(true), tags_from(&call.list("Tags")));
    match &old {
        Some(_) if !overwrite => {
            let message = "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
            return Err(ApiError::new("ParameterAlreadyExists", message));
        }
        Some(_) if !tags.is_empty() => {
            return Err(invalid("Invalid request: tags and overwrite can't be used together."));
        }
        _ => {}
    }
    let parameter = written(call, &name, &value, old, tags)?;
    let version = parameter.body.get("Version").cloned();
    call.world.put(parameter);
    Ok(json!({"Version": version, "Tier": "Standard"}).into())
}

fn written(
    call: &Call<'_>,
    name: &str,
    value: &str,
    old: Option<Object>,
    tags: BTreeMap<String, String>,
) -> Result<Object, ApiError> {
    let before = |member: &str| old.as_ref().and_then(|old| old.body.get(member));
    let version = before("Version").and_then(Value::as_i64).unwrap_or_default() + 1;
    let kind = call.text("Type").or(before("Type").and_then(Value::as_str));
    let kind = kind.ok_or_else(|| invalid("A parameter type is required when you create a parameter."))?;
    let slash = if name.starts_with('/') { "" } else { "/" };
    let body = json!({
        "Name": name, "Type": kind, "Value": value, "Version": version, "LastModifiedDate": call.now,
        "ARN": format!("arn:aws:ssm:{}:{}:parameter{slash}{name}", call.region, call.account), "DataType": "text",
    });
    let mut parameter = call.object(KIND, name, body);
    let Some(mut old) = old else {
        parameter.tags = tags;
        return Ok(parameter);
    };
    let mut history = old.hidden.remove(HISTORY).unwrap_or_else(|| json!({}));
    if let (Some(history), Some(version)) = (history.as_object_mut(), old.body.get("Version").map(Value::to_string)) {
        history.insert(version, Value::Object(old.body));
    }
    parameter.hidden.insert(HISTORY.to_owned(), history);
    parameter.tags = old.tags;
    Ok(parameter)
}

fn delete(call: &mut Call<'_>) -> Answer {
    let name = call.need("Name")?;
    call.world.remove(&call.key(KIND, &name)).ok_or_else(|| unknown(&name))?;
    Ok(Value::Null.into())
}

fn delete_many(call: &mut Call<'_>) -> Answer {
    let names = call.texts("Names");
    if names.is_empty() || names.len() > BATCH {
        return Err(invalid("1 validation error detected: 'names' must have a length between 1 and 10"));
    }
    let (gone, lost): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| call.world.remove(&call.key(KIND, name)).is_some());
    Ok(json!({"DeletedParameters": gone, "InvalidParameters": lost}).into())
}

fn list_tags(call: &Call<'_>) -> Answer {
    let name = call.need("ResourceId")?;
    let parameter =
        call.get(KIND, &name).ok_or_else(|| ApiError::new("InvalidResourceId", "The resource ID is not valid."))?;
    Ok(json!({"TagList": tag_list(&parameter.tags)}).into())
}
