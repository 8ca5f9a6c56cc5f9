//! Invalidations. Facts: the same reference with the same paths gives the existing one, with others an error; done in
//! less than a minute; 3,000 paths can be in progress, 15 of them with wildcards.

use serde_json::{Value, json};

use super::distribution::named;
use super::tree::{check_quantities, text, texts};
use super::{conflict, created, invalid, listing, missing, reply, segment, visible};
use crate::call::{Answer, ApiError, Call, GLOBAL};
use crate::world::{Object, Seconds};

const INVALIDATION: &str = "cloudfront/invalidation";
const DISTRIBUTION_ID: &str = "DistributionId";
/// Seconds until all edges have forgotten the paths; the facts give 10 to 60.
const COMPLETED: Seconds = 30.0;
/// Paths in progress: all, and those with wildcards.
const PATHS: (usize, usize) = (3000, 15);

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateInvalidation" => Some(create(call)),
        "GetInvalidation" => Some(get(call)),
        "ListInvalidations" => Some(list(call)),
        _ => None,
    }
}

fn belongs(object: &Object, distribution: &str) -> bool {
    object.hidden.get(DISTRIBUTION_ID).and_then(Value::as_str) == Some(distribution)
}

/// Invalidations of a distribution.
fn of<'a>(call: &'a Call<'_>, distribution: &'a str) -> impl Iterator<Item = &'a Object> {
    call.world.list(call.account, GLOBAL, INVALIDATION).filter(move |one| belongs(one, distribution))
}

/// Those that are not completed.
pub fn in_progress<'a>(call: &'a Call<'_>, distribution: &'a str) -> impl Iterator<Item = &'a Object> {
    of(call, distribution).filter(|one| one.text("Status") == "InProgress")
}

/// Drops the invalidations of a distribution that goes.
pub fn forget(call: &mut Call<'_>, distribution: &str) {
    let keys: Vec<_> = of(call, distribution).map(Object::key).collect();
    for key in keys {
        call.world.remove(&key);
    }
}

fn batch(object: &Object) -> &Value {
    object.body.get("InvalidationBatch").unwrap_or(&Value::Null)
}

fn create(call: &mut Call<'_>) -> Answer {
    let distribution = segment(call, 1);
    named(call, &distribution)?;
    check_quantities(&call.input)?;
    let (given, reference) = (call.input.clone(), text(&call.input, "CallerReference"));
    let paths = texts(&given, "Paths");
    if reference.is_empty() || paths.is_empty() || !paths.iter().all(|path| path.starts_with('/')) {
        return Err(invalid("Your request contains one or more invalid invalidation paths, or no caller reference."));
    }
    let same = of(call, &distribution).find(|one| text(batch(one), "CallerReference") == reference);
    if let Some(same) = same {
        if texts(batch(same), "Paths") != paths {
            let message = "Your request contains a caller reference that was used for a previous invalidation batch.";
            return Err(conflict("InvalidationBatchAlreadyExists", message));
        }
        let (body, id) = (Value::Object(same.body.clone()), same.id.clone());
        return answer(body, &distribution, &id);
    }
    check_room(call, &distribution, &paths)?;
    let id = format!("I{}", call.hex(13).to_uppercase());
    let body = json!({"Id": id, "Status": "InProgress", "CreateTime": call.timestamp(), "InvalidationBatch": given});
    let mut object = call.object_in(GLOBAL, INVALIDATION, &id, body.clone());
    object.hidden.insert(DISTRIBUTION_ID.into(), distribution.clone().into());
    object.set_later(call.now + COMPLETED, "Status", "Completed");
    call.world.put(object);
    answer(body, &distribution, &id)
}

fn answer(body: Value, distribution: &str, id: &str) -> Answer {
    created(201, reply("Invalidation", body), &format!("distribution/{distribution}/invalidation/{id}"))
}

fn check_room(call: &Call<'_>, distribution: &str, paths: &[String]) -> Result<(), ApiError> {
    let running: Vec<String> = in_progress(call, distribution).flat_map(|one| texts(batch(one), "Paths")).collect();
    let all: Vec<&String> = running.iter().chain(paths).collect();
    let wild = all.iter().filter(|path| path.ends_with('*')).count();
    match all.len() > PATHS.0 || wild > PATHS.1 {
        true => {
            let message = "You have exceeded the maximum number of allowable InProgress invalidation batch requests.";
            Err(ApiError::new("TooManyInvalidationsInProgress", message))
        }
        false => Ok(()),
    }
}

fn get(call: &mut Call<'_>) -> Answer {
    let (distribution, id) = (segment(call, 1), segment(call, 3));
    named(call, &distribution)?;
    let found = visible(call, INVALIDATION, &id).filter(|one| belongs(one, &distribution));
    let found = found.ok_or_else(|| missing("NoSuchInvalidation", "The specified invalidation does not exist."))?;
    Ok(reply("Invalidation", Value::Object(found.body.clone())))
}

/// Newest first.
fn list(call: &mut Call<'_>) -> Answer {
    let distribution = segment(call, 1);
    named(call, &distribution)?;
    let mut found: Vec<&Object> = of(call, &distribution).filter(|one| one.visible <= call.now).collect();
    found.sort_by(|one, other| other.created.total_cmp(&one.created));
    let row = |one: &Object| {
        let row = json!({"Id": one.id, "CreateTime": one.text("CreateTime"), "Status": one.text("Status")});
        (one.id.clone(), row)
    };
    let rows = found.into_iter().map(row).collect();
    listing::page(call, "InvalidationList", "InvalidationSummary", rows, true)
}
