//! Secrets: create, describe, update, tag.

use serde_json::{Value, json};

use super::{SECRET, check_live, exists, ids, invalid, is_deleted, named, refused, replica, value, writable};
use crate::call::{Answer, ApiError, Call, tag_list, tags_from};
use crate::services::by_arn;
use crate::world::Object;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateSecret" => Some(create(call)),
        "DescribeSecret" => Some(named(call).map(|secret| show(call, &secret).into())),
        "UpdateSecret" => Some(update(call)),
        "TagResource" => Some(tag(call)),
        "UntagResource" => Some(untag(call)),
        _ => None,
    }
}

/// Facts: the same token with the same value is the same create; without a value the token means nothing.
fn create(call: &mut Call<'_>) -> Answer {
    let name = call.text("Name").unwrap_or_default().to_owned();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
    if name.is_empty() || name.len() > 512 || !name.bytes().all(allowed) {
        return Err(ApiError::new(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        ));
    }
    let given = value::given(call)?;
    if let Some(existing) = call.get(SECRET, &name).cloned() {
        return repeated(call, &existing, given.as_ref());
    }
    let tags = tags_from(&call.list("Tags"));
    by_arn::check(&tags, "InvalidParameterException")?;
    let suffix = call.hex(6);
    let arn = format!("arn:aws:secretsmanager:{}:{}:secret:{name}-{suffix}", call.region, call.account);
    let mut secret = call.object(
        SECRET,
        &name,
        json!({"ARN": arn, "Name": name, "CreatedDate": call.now, "LastChangedDate": call.now}),
    );
    for member in ["Description", "KmsKeyId"] {
        if let Some(text) = call.text(member) {
            secret.set(member, text);
        }
    }
    secret.tags = tags;
    let version = given.map(|given| value::write(call, &mut secret, given, &["AWSCURRENT".into()])).transpose()?;
    call.world.put(secret.clone());
    replica::add(call, &secret)?;
    let mut answer = ids(&secret);
    if let Some(version) = version {
        answer["VersionId"] = version.into();
    }
    let status = replica::status(call, &secret);
    if !status.is_empty() {
        answer["ReplicationStatus"] = status.into();
    }
    Ok(answer.into())
}

fn repeated(call: &Call<'_>, existing: &Object, given: Option<&value::Given>) -> Answer {
    if is_deleted(existing) {
        return Err(refused(
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        ));
    }
    let (Some(token), Some(given)) = (call.text("ClientRequestToken"), given) else { return Err(taken(existing)) };
    match value::same_version(existing, token, given) {
        Some(true) => {
            let mut answer = ids(existing);
            answer["VersionId"] = token.into();
            Ok(answer.into())
        }
        _ => Err(taken(existing)),
    }
}

fn taken(existing: &Object) -> ApiError {
    exists(format!("The operation failed because the secret {} already exists.", existing.id))
}

/// A secret as a describe shows it.
pub fn show(call: &Call<'_>, secret: &Object) -> Value {
    let mut body = secret.body.clone();
    body.remove("Status");
    body.insert("Tags".into(), tag_list(&secret.tags));
    let stages = value::stages(&replica::source(call, secret));
    if !stages.is_empty() {
        body.insert("VersionIdsToStages".into(), Value::Object(stages));
    }
    let status = replica::status(call, secret);
    if !status.is_empty() {
        body.insert("PrimaryRegion".into(), secret.region.clone().into());
        body.insert("ReplicationStatus".into(), status.into());
    } else if let Some(region) = secret.hidden.get("primary") {
        body.insert("PrimaryRegion".into(), region.clone());
    }
    Value::Object(body)
}

fn update(call: &mut Call<'_>) -> Answer {
    let mut secret = writable(call)?;
    let given = value::given(call)?;
    for member in ["Description", "KmsKeyId"] {
        if let Some(text) = call.text(member) {
            secret.set(member, text);
        }
    }
    secret.set("LastChangedDate", call.now);
    let mut answer = ids(&secret);
    if let Some(given) = given {
        answer["VersionId"] = value::write(call, &mut secret, given, &["AWSCURRENT".into()])?.into();
    }
    call.world.put(secret);
    Ok(answer.into())
}

fn tag(call: &mut Call<'_>) -> Answer {
    let secret = writable(call)?;
    let tags = tags_from(&call.list("Tags"));
    if tags.is_empty() {
        return Err(invalid("You must provide at least one tag."));
    }
    by_arn::add(call, &secret.key(), tags, "InvalidParameterException")?;
    Ok(Value::Null.into())
}

fn untag(call: &mut Call<'_>) -> Answer {
    let secret = named(call)?;
    check_live(&secret)?;
    let names = call.texts("TagKeys");
    by_arn::remove(call, &secret.key(), &names);
    Ok(Value::Null.into())
}
