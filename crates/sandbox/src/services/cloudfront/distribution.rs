//! Distributions: made, read, replaced and deleted. Facts: a caller reference belongs to one distribution that lives,
//! even for the same request; an update replaces the whole configuration; each change is deployed in minutes.

use serde_json::{Value, json};

use super::references::{needed, no_distribution};
use super::tree::text;
use super::{
    DISTRIBUTION, ETAG, all_visible, check_version, config, conflict, created, fresh, gone, invalid, invalidation,
    segment, tagging, version, versioned, visible,
};
use crate::call::{Answer, ApiError, Call, GLOBAL, Reply};
use crate::services::acm;
use crate::world::{Object, Seconds};

/// Seconds until a new distribution is deployed; the facts give 3 to 8 minutes.
const CREATE: Seconds = 300.0;
/// Seconds until a change is deployed; the facts give 2 to 6 minutes.
const UPDATE: Seconds = 180.0;
/// Default quota.
const QUOTA: usize = 500;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateDistribution" => Some(create(call, false)),
        "CreateDistributionWithTags" => Some(create(call, true)),
        "GetDistribution" => Some(get(call)),
        "GetDistributionConfig" => Some(get_config(call)),
        "UpdateDistribution" => Some(update(call)),
        "DeleteDistribution" => Some(delete(call)),
        _ => None,
    }
}

/// The distribution with this id.
///
/// # Errors
/// `NoSuchDistribution`.
pub fn named<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Object, ApiError> {
    visible(call, DISTRIBUTION, id).ok_or_else(no_distribution)
}

/// The configuration of a distribution.
pub fn config_of(distribution: &Object) -> &Value {
    distribution.body.get("DistributionConfig").unwrap_or(&Value::Null)
}

fn create(call: &mut Call<'_>, with_tags: bool) -> Answer {
    let given = match with_tags {
        true => call.input.get("DistributionConfig").unwrap_or(&Value::Null),
        false => &call.input,
    };
    let config = config::completed(given)?;
    let tags = tagging::given(&call.input)?;
    check_room(call, text(&config, "CallerReference"))?;
    let needs = needed(call, &config, "")?;
    let (id, etag) = (fresh(call), fresh(call));
    let domain = format!("d{}.cloudfront.net", call.hex(13));
    let body = json!({
        "Id": id, "ARN": format!("arn:aws:cloudfront::{}:distribution/{id}", call.account), "Status": "InProgress",
        "LastModifiedTime": call.timestamp(), "DomainName": domain, "DistributionConfig": config,
    });
    let mut distribution = call.object_in(GLOBAL, DISTRIBUTION, &id, body);
    distribution.hidden.insert(ETAG.into(), etag.into());
    distribution.tags = tags;
    distribution.needs = needs;
    distribution.set_later(call.now + CREATE, "Status", "Deployed");
    let answer = shown(call, &distribution);
    call.world.put(distribution);
    created(201, answer, &format!("distribution/{id}"))
}

/// Refuses a reference that a living distribution has, and one distribution too many.
fn check_room(call: &Call<'_>, reference: &str) -> Result<(), ApiError> {
    let own: Vec<&Object> = call.world.list(call.account, GLOBAL, DISTRIBUTION).collect();
    if let Some(old) = own.iter().find(|one| text(config_of(one), "CallerReference") == reference) {
        let message = format!(
            "The caller reference that you are using to create a distribution is associated with another distribution. Already exists: {}",
            old.id
        );
        return Err(conflict("DistributionAlreadyExists", message));
    }
    match own.len() >= QUOTA {
        true => Err(ApiError::new("TooManyDistributions", "You have reached the maximum number of distributions.")),
        false => Ok(()),
    }
}

/// A distribution as an answer.
fn shown(call: &Call<'_>, distribution: &Object) -> Reply {
    let mut body = distribution.body.clone();
    let batches = invalidation::in_progress(call, &distribution.id).count();
    let nobody = json!({"Enabled": false, "Quantity": 0});
    body.insert("InProgressInvalidationBatches".into(), batches.into());
    body.insert("ActiveTrustedSigners".into(), nobody.clone());
    body.insert("ActiveTrustedKeyGroups".into(), nobody);
    versioned("Distribution", body.into(), &version(distribution))
}

fn get(call: &mut Call<'_>) -> Answer {
    Ok(shown(call, named(call, &segment(call, 1))?))
}

fn get_config(call: &mut Call<'_>) -> Answer {
    let distribution = named(call, &segment(call, 1))?;
    Ok(versioned("DistributionConfig", config_of(distribution).clone(), &version(distribution)))
}

fn update(call: &mut Call<'_>) -> Answer {
    let id = segment(call, 1);
    let old = named(call, &id)?.clone();
    check_version(call, &version(&old))?;
    let config = config::completed(&call.input)?;
    for member in ["CallerReference", "Staging"] {
        let text = |config: &Value| config.get(member).map(|value| value.to_string().replace('"', ""));
        if text(&config) != text(config_of(&old)) {
            return Err(ApiError::new("IllegalUpdate", format!("The update contains a modification of {member}.")));
        }
    }
    change(call, &id, config)?;
    get(call)
}

/// Gives a distribution another configuration, and with it a version and a deployment.
///
/// # Errors
/// When the configuration names what is not there.
pub fn change(call: &mut Call<'_>, id: &str, config: Value) -> Result<(), ApiError> {
    let needs = needed(call, &config, id)?;
    let (etag, at) = (fresh(call), call.timestamp());
    let deployed = call.now + UPDATE;
    let changed = call.world.change(&call.global_key(DISTRIBUTION, id), |distribution| {
        let lost: Vec<String> = distribution.needs.difference(&needs).cloned().collect();
        distribution.set("DistributionConfig", config);
        distribution.set("LastModifiedTime", at);
        distribution.set("Status", "InProgress");
        distribution.hidden.insert(ETAG.into(), etag.into());
        distribution.needs = needs;
        distribution.later.clear();
        distribution.set_later(deployed, "Status", "Deployed");
        (distribution.text("ARN").to_owned(), lost)
    });
    let (arn, lost) = changed.ok_or_else(no_distribution)?;
    release(call, &arn, &lost);
    Ok(())
}

/// Certificates notice with a lag that nobody uses them any more.
fn release(call: &mut Call<'_>, user: &str, lost: &[String]) {
    for certificate in lost.iter().filter(|id| id.starts_with("arn:aws:acm:")) {
        acm::release(call, certificate, user);
    }
}

fn delete(call: &mut Call<'_>) -> Answer {
    let id = segment(call, 1);
    let distribution = named(call, &id)?.clone();
    check_version(call, &version(&distribution))?;
    let enabled = text(config_of(&distribution), "Enabled") == "true";
    if enabled || distribution.text("Status") != "Deployed" {
        let message = "The distribution you are trying to delete has not been disabled.";
        return Err(conflict("DistributionNotDisabled", message));
    }
    invalidation::forget(call, &id);
    call.world.remove(&distribution.key());
    let lost: Vec<String> = distribution.needs.iter().cloned().collect();
    release(call, distribution.text("ARN"), &lost);
    gone()
}

/// Distributions of the caller that `wanted` takes.
pub fn all<'a>(call: &'a Call<'_>, wanted: impl Fn(&Object) -> bool) -> Vec<&'a Object> {
    all_visible(call, DISTRIBUTION).into_iter().filter(|one| wanted(one)).collect()
}

/// The part of the query that must be there.
pub fn asked(call: &Call<'_>, name: &str) -> Result<String, ApiError> {
    let given = call.query.get(name).filter(|value| !value.is_empty());
    given.cloned().ok_or_else(|| invalid(format!("The parameter {name} is required.")))
}
