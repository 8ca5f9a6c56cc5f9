//! Events: put, read one stream, search a group.

use serde_json::{Value, json};

use super::stream::{named_stream, of_group};
use super::{millis, named};
use crate::call::{Answer, Call};
use crate::wire::as_list;
use crate::world::Object;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Events in one answer.
const MOST: i64 = 10_000;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "PutLogEvents" => Some(put(call)),
        "GetLogEvents" => Some(get(call)),
        "FilterLogEvents" => Some(search(call)),
        _ => None,
    }
}

fn time(event: &Value) -> i64 {
    event.get("timestamp").and_then(Value::as_i64).unwrap_or_default()
}

fn events(stream: &Object) -> Vec<Value> {
    as_list(stream.hidden.get("events"))
}

/// Events of more than 14 days ago or 2 hours ahead are turned away, and told of in the answer.
fn put(call: &mut Call<'_>) -> Answer {
    let stream = named_stream(call)?;
    let now = millis(call.now);
    let given = call.list("logEvents");
    let too_old = given.iter().filter(|event| time(event) < now - 14 * DAY).count();
    let first_new = given.iter().position(|event| time(event) > now + DAY / 12);
    let fits = |event: &&Value| (now - 14 * DAY..=now + DAY / 12).contains(&time(event));
    let kept = given
        .iter()
        .filter(fits)
        .map(|event| json!({"timestamp": time(event), "message": event.get("message"), "ingestionTime": now}));
    let mut all = events(&stream);
    all.extend(kept);
    all.sort_by_key(time);
    call.world.change(&stream.key(), |stream| {
        if let (Some(first), Some(last)) = (all.first(), all.last()) {
            stream.set("firstEventTimestamp", time(first));
            stream.set("lastEventTimestamp", time(last));
            stream.set("lastIngestionTime", now);
        }
        stream.hidden.insert("events".into(), all.into());
    });
    let mut answer = json!({"nextSequenceToken": "49039859588643787"});
    if too_old > 0 {
        answer["rejectedLogEventsInfo"]["tooOldLogEventEndIndex"] = too_old.into();
    }
    if let Some(first) = first_new {
        answer["rejectedLogEventsInfo"]["tooNewLogEventStartIndex"] = first.into();
    }
    Ok(answer.into())
}

/// Whether an event is in the request's span; the end is not part of it.
fn in_span(call: &Call<'_>, event: &Value) -> bool {
    let (from, to) = (call.number("startTime").unwrap_or(i64::MIN), call.number("endTime").unwrap_or(i64::MAX));
    (from..to).contains(&time(event))
}

fn get(call: &Call<'_>) -> Answer {
    let stream = named_stream(call)?;
    let mut found: Vec<Value> = events(&stream).into_iter().filter(|event| in_span(call, event)).collect();
    if call.text("nextToken").is_some_and(|token| token.starts_with("f/") || token.starts_with("b/")) {
        // All that fits went out with the first answer: its tokens lead to nothing more and stay the same.
        found.clear();
    }
    let limit = usize::try_from(call.number("limit").unwrap_or(MOST)).unwrap_or_default();
    let skipped = if call.flag("startFromHead") == Some(true) { 0 } else { found.len().saturating_sub(limit) };
    let found: Vec<Value> = found.into_iter().skip(skipped).take(limit).collect();
    Ok(json!({"events": found, "nextForwardToken": "f/0", "nextBackwardToken": "b/0"}).into())
}

fn search(call: &Call<'_>) -> Answer {
    let group = named(call)?;
    let (names, prefix) = (call.texts("logStreamNames"), call.text("logStreamNamePrefix").unwrap_or_default());
    let words: Vec<&str> = call.text("filterPattern").unwrap_or_default().split_whitespace().collect();
    let matches = |event: &Value| {
        let message = event.get("message").and_then(Value::as_str).unwrap_or_default();
        words.iter().all(|word| match word.strip_prefix('-') {
            Some(word) => !message.contains(word.trim_matches('"')),
            None => message.contains(word.trim_matches('"')),
        })
    };
    let mut found = Vec::new();
    for stream in of_group(call, &group) {
        let name = stream.text("logStreamName");
        if !name.starts_with(prefix) || !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        for (index, mut event) in events(stream).into_iter().enumerate() {
            if in_span(call, &event) && matches(&event) {
                event["logStreamName"] = name.into();
                event["eventId"] = format!("{:056}", index + 1).into();
                found.push(event);
            }
        }
    }
    found.sort_by_key(time);
    let (page, next) = call.page(found, call.number("limit").or(Some(MOST)), call.text("nextToken"));
    let mut answer = json!({"events": page, "searchedLogStreams": []});
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer.into())
}
