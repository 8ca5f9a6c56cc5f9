//! Replicas: secrets of the same name in other regions that show the primary's versions.

use serde_json::{Value, json};

use super::{SECRET, check_live, invalid, named, not_found, refused, writable};
use crate::call::{Answer, ApiError, Call};
use crate::wire::as_list;
use crate::world::Object;

/// Seconds until a replica is in sync.
const SYNC: f64 = 3.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ReplicateSecretToRegions" => Some(replicate(call)),
        "RemoveRegionsFromReplication" => Some(remove(call)),
        "StopReplicationToReplica" => Some(promote(call)),
        _ => None,
    }
}

/// Whether a secret is the copy of a primary.
pub fn is_replica(secret: &Object) -> bool {
    secret.hidden.contains_key("primary")
}

/// Whose versions a secret shows: its primary's, or its own.
pub fn source(call: &Call<'_>, secret: &Object) -> Object {
    let primary = secret.hidden.get("primary").and_then(Value::as_str);
    let primary = primary.and_then(|region| call.world.get(&secret.account, region, SECRET, &secret.id));
    primary.unwrap_or(secret).clone()
}

/// The copies of a primary.
pub fn copies(call: &Call<'_>, secret: &Object) -> Vec<Object> {
    let of = |copy: &&Object| {
        copy.id == secret.id && copy.hidden.get("primary").and_then(Value::as_str) == Some(secret.region.as_str())
    };
    call.world.everywhere(call.account, SECRET).filter(of).cloned().collect()
}

fn failures(secret: &Object) -> Vec<Value> {
    as_list(secret.hidden.get("failed_replicas"))
}

/// What a description says of a primary's copies.
pub fn status(call: &Call<'_>, secret: &Object) -> Vec<Value> {
    let row = |copy: &Object| {
        let key = copy.body.get("KmsKeyId").cloned().unwrap_or_else(|| "alias/aws/secretsmanager".into());
        let mut row = json!({"Region": copy.region, "KmsKeyId": key, "Status": copy.text("Status")});
        if copy.text("Status") == "InSync" {
            row["StatusMessage"] = "Replication succeeded".into();
        }
        row
    };
    let mut rows: Vec<Value> = copies(call, secret).iter().map(row).collect();
    rows.extend(failures(secret));
    rows
}

/// Makes the copies that the request asks for. Facts: what cannot be is told in the status only.
///
/// # Errors
/// For the primary's own region, and for a region twice.
pub fn add(call: &mut Call<'_>, secret: &Object) -> Result<(), ApiError> {
    let wanted = call.list("AddReplicaRegions");
    let force = call.flag("ForceOverwriteReplicaSecret") == Some(true);
    let region = |wanted: &Value| wanted.get("Region").and_then(Value::as_str).unwrap_or_default().to_owned();
    if wanted.iter().any(|wanted| region(wanted) == secret.region) {
        return Err(invalid("Invalid replica region: the primary secret is in this region."));
    }
    let there = copies(call, secret);
    if wanted.iter().any(|wanted| there.iter().any(|copy| copy.region == region(wanted))) {
        return Err(invalid("The secret is already replicated to this region."));
    }
    for wanted in wanted {
        copy(call, secret, &region(&wanted), wanted.get("KmsKeyId").and_then(Value::as_str), force);
    }
    Ok(())
}

fn copy(call: &mut Call<'_>, secret: &Object, region: &str, key: Option<&str>, force: bool) {
    let mut failed = failures(secret);
    failed.retain(|row| row.get("Region").and_then(Value::as_str) != Some(region));
    let taken = call.world.get(call.account, region, SECRET, &secret.id).is_some();
    if taken && !force {
        let message = format!("Replication failed: Secret name {} already exists in region {region}.", secret.id);
        failed.push(json!({"Region": region, "Status": "Failed", "StatusMessage": message, "KmsKeyId": key}));
    } else {
        let mut copy = secret.clone();
        copy.region = region.to_owned();
        copy.later.clear();
        copy.set("ARN", secret.text("ARN").replacen(&secret.region, region, 1));
        copy.body.remove("KmsKeyId");
        if let Some(key) = key {
            copy.set("KmsKeyId", key);
        }
        copy.hidden = [("primary".to_owned(), secret.region.clone().into())].into_iter().collect();
        copy.set("Status", "InProgress");
        copy.set_later(call.now + SYNC, "Status", "InSync");
        copy.created = call.now;
        call.world.put(copy);
    }
    call.world.change(&secret.key(), |secret| secret.hidden.insert("failed_replicas".into(), failed.into()));
}

fn answer(call: &Call<'_>, key: &crate::world::Key) -> Answer {
    let secret = call.world.get(&key.0, &key.1, &key.2, &key.3);
    let secret = secret.ok_or_else(|| not_found("Secrets Manager can't find the specified secret."))?;
    Ok(json!({"ARN": secret.text("ARN"), "ReplicationStatus": status(call, secret)}).into())
}

fn replicate(call: &mut Call<'_>) -> Answer {
    let secret = writable(call)?;
    add(call, &secret)?;
    answer(call, &secret.key())
}

/// Facts: removed replicas vanish at once.
fn remove(call: &mut Call<'_>) -> Answer {
    let secret = writable(call)?;
    let regions = call.texts("RemoveReplicaRegions");
    if regions.is_empty() {
        return Err(invalid("You must provide at least one region."));
    }
    for copy in copies(call, &secret).iter().filter(|copy| regions.contains(&copy.region)) {
        call.world.remove(&copy.key());
    }
    let mut failed = failures(&secret);
    failed.retain(|row| !regions.iter().any(|region| row.get("Region").and_then(Value::as_str) == Some(region)));
    call.world.change(&secret.key(), |secret| secret.hidden.insert("failed_replicas".into(), failed.into()));
    answer(call, &secret.key())
}

/// Called in the replica's region: it becomes a secret of its own, with the versions that it has.
fn promote(call: &mut Call<'_>) -> Answer {
    let secret = named(call)?;
    check_live(&secret)?;
    if !is_replica(&secret) {
        return Err(refused("Operation not permitted on a primary secret. Call must be made on a replica secret."));
    }
    let versions = source(call, &secret).hidden.get("versions").cloned();
    call.world.change(&secret.key(), |secret| {
        secret.hidden.clear();
        secret.later.clear();
        secret.body.remove("Status");
        if let Some(versions) = versions {
            secret.hidden.insert("versions".into(), versions);
        }
    });
    Ok(json!({"ARN": secret.text("ARN")}).into())
}
