//! Streams of a group.

use serde_json::{Value, json};

use super::{STREAM, invalid, millis, named, not_found, paging, required};
use crate::call::{Answer, ApiError, Call};
use crate::services::paging::listing;
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateLogStream" => Some(create(call)),
        "DescribeLogStreams" => Some(describe(call)),
        "DeleteLogStream" => Some(delete(call)),
        _ => None,
    }
}

fn id(group: &Object, name: &str) -> String {
    format!("{}\n{name}", group.id)
}

/// The stream that the request names.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn named_stream(call: &Call<'_>) -> Result<Object, ApiError> {
    let (group, name) = (named(call)?, required(call, "logStreamName")?);
    call.get(STREAM, &id(&group, &name)).cloned().ok_or_else(|| not_found("The specified log stream does not exist."))
}

/// The streams of a group.
pub fn of_group<'a>(call: &'a Call<'_>, group: &Object) -> Vec<&'a Object> {
    let prefix = id(group, "");
    call.visible(STREAM).into_iter().filter(|stream| stream.id.starts_with(&prefix)).collect()
}

fn create(call: &mut Call<'_>) -> Answer {
    let (group, name) = (named(call)?, required(call, "logStreamName")?);
    if name.is_empty() || name.len() > 512 || name.contains([':', '*']) {
        return Err(invalid("Value at 'logStreamName' failed to satisfy constraint: [^:*]*"));
    }
    let id = id(&group, &name);
    if call.get(STREAM, &id).is_some() {
        return Err(ApiError::new("ResourceAlreadyExistsException", "The specified log stream already exists"));
    }
    let arn = format!("{}:log-stream:{name}", group.text("logGroupArn"));
    let body = json!({"logStreamName": name, "creationTime": millis(call.now), "arn": arn, "storedBytes": 0,
        "uploadSequenceToken": "49039859588643787"});
    let mut stream = call.object(STREAM, &id, body);
    stream.needs.insert(group.text("logGroupArn").to_owned());
    call.world.put(stream);
    Ok(Value::Null.into())
}

fn describe(call: &Call<'_>) -> Answer {
    let group = named(call)?;
    let prefix = call.text("logStreamNamePrefix").unwrap_or_default();
    let by_time = call.text("orderBy") == Some("LastEventTime");
    if by_time && !prefix.is_empty() {
        return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let mut streams = of_group(call, &group);
    streams.retain(|stream| stream.text("logStreamName").starts_with(prefix));
    if by_time {
        streams.sort_by_key(|stream| stream.body.get("lastEventTimestamp").and_then(Value::as_i64));
    }
    if call.flag("descending") == Some(true) {
        streams.reverse();
    }
    let rows = streams.into_iter().map(|stream| Value::Object(stream.body.clone())).collect();
    listing(call, "logStreams", rows, paging("limit", 50))
}

fn delete(call: &mut Call<'_>) -> Answer {
    let stream = named_stream(call)?;
    call.world.remove(&stream.key());
    Ok(Value::Null.into())
}
