//! Read replicas. Facts: sent to the replica's region with the source's ARN; an encrypted source needs a key of the
//! replica's region; a source with a managed password has none; the source is modifying while its snapshot is taken;
//! backups start disabled; ready is `available` and `replicating`.

use serde_json::{Value, json};

use super::super::placement;
use super::super::shelf::{check_name, clash, invalid};
use super::{INSTANCES, PARAMETER_GROUPS, SOURCE, STATUS, SUBNET_GROUPS, answer, describe, event, instance, is_on};
use super::{number, secret, settings, usable};
use crate::call::{Answer, ApiError, Call};
use crate::world::{Key, Object};

/// Seconds until a replica in another region is available; facts: 15 to 40 minutes for small databases.
const ACROSS: f64 = 1200.0;
/// The same in the source's region.
const WITHIN: f64 = 600.0;
/// Seconds for which the source is modifying.
const SNAPSHOT: f64 = 300.0;
/// Most replicas of a source.
const MOST: usize = 15;
/// Hidden member of a source: it is modifying for a replica, which keeps no further replica away.
const SHARED: &str = "snapshotForReplicasUntil";
/// Engines whose replica in another region takes a parameter group at creation.
const WITH_GROUP: [&str; 3] = ["mysql", "oracle", "db2"];
/// Members that a replica has from its source.
const INHERITED: [&str; 10] = [
    "AllocatedStorage",
    "StorageType",
    "StorageEncrypted",
    "MasterUsername",
    "DBName",
    "LicenseModel",
    "CharacterSetName",
    "Iops",
    "StorageThroughput",
    "CACertificateIdentifier",
];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    (call.action == "CreateDBInstanceReadReplica").then(|| create(call))
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = INSTANCES.free_name(call)?;
    check_name(INSTANCES.name, &name, 63)?;
    let source = source(call)?;
    let across = source.region != call.region;
    check_source(call, &source, across)?;
    let kind = source.text("Engine").to_owned();
    if across && call.text(PARAMETER_GROUPS.name).is_some() && !WITH_GROUP.iter().any(|one| kind.starts_with(one)) {
        return Err(clash(format!("A parameter group can't be specified for a cross-Region read replica of {kind}.")));
    }
    let class = call.text("DBInstanceClass").unwrap_or_else(|| source.text("DBInstanceClass")).to_owned();
    let port = source.body.get("Endpoint").and_then(|endpoint| endpoint.get("Port")?.as_i64());
    let port = if call.number("Port").is_some() { None } else { port };
    let port = port.map_or_else(|| instance::port(call, &kind), Ok)?;
    let body = instance::defaults(call, &kind, source.text("EngineVersion"), &class);
    let mut replica = INSTANCES.make(call, &name, body)?;
    replica.body.extend(inherited(&source));
    replica.body.extend(settings::read(call, |_| true)?);
    replica.set("BackupRetentionPeriod", 0);
    replica.set(SOURCE, if across { source.text(INSTANCES.arn_member) } else { source.id.as_str() });
    encrypt(call, &source, &mut replica, across)?;
    let group = subnets(call, &source, across)?;
    instance::settle(call, &mut replica, group.as_ref(), &kind)?;
    let ready = call.now + if across { ACROSS } else { WITHIN };
    instance::bring_up(call, &mut replica, port, ready);
    let replicating = json!([{"StatusType": "read replication", "Status": "replicating", "Normal": true}]);
    replica.set_later(ready, "StatusInfos", replicating);
    call.world.put(replica.clone());
    hold(call, &source.key());
    event::of_instance(call, &replica, ready, "read replica", "Replication for the Read Replica resumed");
    answer(&replica)
}

/// The source, wherever it is.
fn source(call: &Call<'_>) -> Result<Object, ApiError> {
    let named = call.need("SourceDBInstanceIdentifier")?;
    let parts: Vec<&str> = named.split(':').collect();
    let found = match parts.as_slice() {
        ["arn", _, "rds", region, _, "db", name] => call.world.get(call.account, region, INSTANCES.kind, name),
        [name] => call.get(INSTANCES.kind, &name.to_lowercase()),
        _ => return Err(invalid(format!("Invalid source DB instance identifier: {named}"))),
    };
    found.cloned().ok_or_else(|| INSTANCES.missing(&named))
}

fn check_source(call: &Call<'_>, source: &Object, across: bool) -> Result<(), ApiError> {
    let state = |message: &str| Err(ApiError::new("InvalidDBInstanceState", format!("{}: {message}", source.id)));
    let shared = source.hidden.get(SHARED).and_then(Value::as_f64).is_some_and(|until| until > call.now);
    if !usable(source) && !shared {
        return state("the source is not in available state");
    }
    if number(source, "BackupRetentionPeriod") == 0 {
        return state("automated backups are not enabled for the source");
    }
    if across && !source.text(SOURCE).is_empty() {
        return state("a read replica can't be the source of a cross-Region read replica");
    }
    if secret::is_managed(source) && !source.text("Engine").starts_with("sqlserver") {
        return Err(clash(
            "Can't create a read replica of a DB instance whose master user password is managed in Secrets Manager.",
        ));
    }
    match describe::replicas(call, source).count() >= MOST {
        true => Err(ApiError::new(INSTANCES.quota.1, format!("A source has at most {MOST} read replicas"))),
        false => Ok(()),
    }
}

fn inherited(source: &Object) -> impl Iterator<Item = (String, Value)> {
    INHERITED.into_iter().filter_map(|member| Some((member.to_owned(), source.body.get(member)?.clone())))
}

fn encrypt(call: &Call<'_>, source: &Object, replica: &mut Object, across: bool) -> Result<(), ApiError> {
    let key = call.text("KmsKeyId");
    match (is_on(source, "StorageEncrypted"), key) {
        (false, Some(_)) => Err(clash("An encrypted read replica of an unencrypted DB instance can't be created.")),
        (false, None) => Ok(()),
        (true, None) if across => Err(clash(
            "A KMS key of the destination Region must be specified for a read replica of an encrypted DB instance.",
        )),
        (true, Some(key)) if across => {
            if key.starts_with("arn:") && key.split(':').nth(3) != Some(call.region) {
                return Err(ApiError::new("KMSKeyNotAccessibleFault", format!("{key} is not in {}", call.region)));
            }
            replica.set("KmsKeyId", placement::key_arn(call, key));
            Ok(())
        }
        (true, _) => {
            replica.set("KmsKeyId", source.body.get("KmsKeyId").cloned());
            Ok(())
        }
    }
}

/// The subnet group: the named one; in the source's region, the source's.
fn subnets(call: &Call<'_>, source: &Object, across: bool) -> Result<Option<Object>, ApiError> {
    let group = instance::subnet_group(call)?;
    let inherited = source.body.get("DBSubnetGroup").and_then(|group| group.get(SUBNET_GROUPS.name)?.as_str());
    let group = match (group, inherited) {
        (None, Some(name)) if !across => Some(SUBNET_GROUPS.find(call, name)?.clone()),
        (group, _) => group,
    };
    let vpc = |one: &Object| {
        let vpc = one.body.get("DBSubnetGroup").and_then(|group| group.get("VpcId")?.as_str());
        vpc.map(str::to_owned)
    };
    let own = group.as_ref().map(|group| group.text("VpcId").to_owned());
    let strange = |one: &Object| one.region == call.region && vpc(one).is_some() && own.is_some() && vpc(one) != own;
    match describe::replicas(call, source).any(strange) {
        true => Err(ApiError::new("InvalidVPCNetworkStateFault", "All read replicas in a Region must be in one VPC.")),
        false => Ok(group),
    }
}

/// The source takes no change while its snapshot is taken.
fn hold(call: &mut Call<'_>, source: &Key) {
    let until = call.now + SNAPSHOT;
    call.world.change(source, |source| {
        source.hidden.insert(SHARED.into(), until.into());
        source.set(STATUS, "modifying");
        source.set_later(until, STATUS, "available");
    });
}
