//! `CreateDBInstance`. Facts: no token, so a taken name is `DBInstanceAlreadyExists` whoever took it; creating, backing-up,
//! available; eight minutes, more with Multi-AZ; the endpoint appears when the database runs; what the request leaves out
//! RDS chooses.

use serde_json::{Value, json};

use super::super::placement;
use super::super::shelf::{check_name, clash, invalid};
use super::{INSTANCES, PARAMETER_GROUPS, STATUS, SUBNET_GROUPS, answer, engine, event, is_on, number};
use super::{parameter_group, secret, settings};
use crate::call::{Answer, ApiError, Call, timestamp};
use crate::world::Object;

/// Seconds from create to available: p50 of the facts.
const CREATE: f64 = 480.0;
/// The same with a standby in another zone; facts: 10 to 15 minutes.
const CREATE_MULTI_AZ: f64 = 720.0;
/// Seconds of the first backup, at the end of the creation.
const FIRST_BACKUP: f64 = 90.0;

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    (call.action == "CreateDBInstance").then(|| create(call))
}

fn create(call: &mut Call<'_>) -> Answer {
    let name = INSTANCES.free_name(call)?;
    check_name(INSTANCES.name, &name, 63)?;
    let (class, engine) = (call.need("DBInstanceClass")?, call.need("Engine")?);
    let version = engine::version(&engine, call.text("EngineVersion"))?;
    check_master(call, &engine)?;
    let port = port(call, &engine)?;
    let body = defaults(call, &engine, &version, &class);
    let mut instance = INSTANCES.make(call, &name, body)?;
    let days = settings::retention(call)?.unwrap_or(1);
    instance.set("BackupRetentionPeriod", days);
    instance.set("MasterUsername", call.need("MasterUsername")?);
    instance.body.extend(settings::read(call, |_| true)?);
    settings::check_storage(call, &engine, instance.text("StorageType"), number(&instance, "AllocatedStorage"))?;
    encrypt(call, &mut instance);
    let group = subnet_group(call)?;
    settle(call, &mut instance, group.as_ref(), &engine)?;
    let ready = call.now + if is_on(&instance, "MultiAZ") { CREATE_MULTI_AZ } else { CREATE };
    if call.flag("ManageMasterUserPassword") == Some(true) {
        secret::make(call, &mut instance, ready - FIRST_BACKUP);
    }
    bring_up(call, &mut instance, port, ready);
    call.world.put(instance.clone());
    event::of_instance(call, &instance, ready - FIRST_BACKUP, "creation", "DB instance created");
    answer(&instance)
}

fn check_master(call: &Call<'_>, engine: &str) -> Result<(), ApiError> {
    let user = call.need("MasterUsername")?;
    if !(1..=16).contains(&user.len()) && engine != "postgres" || !user.starts_with(|one: char| one.is_alphabetic()) {
        return Err(invalid("The parameter MasterUsername is not a valid identifier."));
    }
    call.need("AllocatedStorage")?;
    if call.flag("MultiAZ") == Some(true) && call.text("AvailabilityZone").is_some() {
        return Err(clash("Requesting a specific availability zone is not valid for Multi-AZ instances."));
    }
    let iam = call.text("MasterUserAuthenticationType") == Some("iam-db-auth");
    match (call.text("MasterUserPassword"), call.flag("ManageMasterUserPassword") == Some(true) || iam) {
        (Some(_), true) => Err(clash("You can't specify MasterUserPassword for a managed master user password.")),
        (None, false) => Err(invalid("The parameter MasterUserPassword must be provided and must not be blank.")),
        (Some(password), false) => engine::check_password(engine, password),
        (None, true) => Ok(()),
    }
}

/// The port that the request names, or the engine's.
///
/// # Errors
/// When it is out of range.
pub fn port(call: &Call<'_>, engine: &str) -> Result<i64, ApiError> {
    let port = call.number("Port").unwrap_or_else(|| engine::port(engine));
    match (1150..=65535).contains(&port) {
        true => Ok(port),
        false => Err(invalid(format!("Invalid database port: {port}. Ports are 1150 to 65535."))),
    }
}

/// What RDS chooses when the request is silent.
pub fn defaults(call: &mut Call<'_>, engine: &str, version: &str, class: &str) -> Value {
    let logs = call.texts("EnableCloudwatchLogsExports");
    let id = call.hex(26).to_uppercase();
    let hour = call.hex(1);
    json!({
        STATUS: "creating", "Engine": engine, "EngineVersion": version, "DBInstanceClass": class,
        "DbiResourceId": format!("db-{id}"), "StorageType": "gp3", "MultiAZ": false, "StorageEncrypted": false,
        "AutoMinorVersionUpgrade": true, "CopyTagsToSnapshot": false, "DeletionProtection": false,
        "PubliclyAccessible": false, "IAMDatabaseAuthenticationEnabled": false, "PerformanceInsightsEnabled": false,
        "MonitoringInterval": 0, "DbInstancePort": 0, "NetworkType": "IPV4", "BackupTarget": "region",
        "LicenseModel": engine::license(engine), "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        "EngineLifecycleSupport": "open-source-rds-extended-support", "DedicatedLogVolume": false,
        "PreferredBackupWindow": format!("0{}:00-0{}:30", hour_of(&hour), hour_of(&hour)),
        "PreferredMaintenanceWindow": "sun:09:00-sun:09:30", "PendingModifiedValues": {}, "StatusInfos": [],
        "DBSecurityGroups": [], "AssociatedRoles": [], "DomainMemberships": [], "ReadReplicaDBInstanceIdentifiers": [],
        "EnabledCloudwatchLogsExports": if logs.is_empty() { Value::Null } else { logs.into() },
        "OptionGroupMemberships": [{
            "OptionGroupName": option_group(call, engine, version), "Status": "in-sync"}],
    })
}

fn hour_of(digit: &str) -> u32 {
    u32::from_str_radix(digit, 16).unwrap_or_default() % 8
}

fn option_group(call: &Call<'_>, engine: &str, version: &str) -> String {
    let major = engine::major(engine, version).replace('.', "-");
    call.text("OptionGroupName").map_or_else(|| format!("default:{engine}-{major}"), str::to_owned)
}

fn encrypt(call: &Call<'_>, instance: &mut Object) {
    let key = call.text("KmsKeyId");
    if call.flag("StorageEncrypted") == Some(true) || key.is_some() {
        instance.set("StorageEncrypted", true);
        instance.set("KmsKeyId", placement::key_arn(call, key.unwrap_or("alias/aws/rds")));
    }
}

/// The subnet group that the request names; an account of the sandbox has no default VPC, and so no default group.
///
/// # Errors
/// When there is none of that name.
pub fn subnet_group(call: &Call<'_>) -> Result<Option<Object>, ApiError> {
    call.text(SUBNET_GROUPS.name).map(|name| SUBNET_GROUPS.find(call, name).cloned()).transpose()
}

/// Puts an instance into its subnets, security groups and parameter group.
///
/// # Errors
/// When one of them is not there or does not fit.
pub fn settle(call: &mut Call<'_>, instance: &mut Object, group: Option<&Object>, kind: &str) -> Result<(), ApiError> {
    let vpc = group.map(|group| group.text("VpcId").to_owned()).unwrap_or_default();
    let groups = placement::groups(call, call.texts("VpcSecurityGroupIds"), &vpc)?;
    let parameters = call.text(PARAMETER_GROUPS.name).map(str::to_owned);
    let version = instance.text("EngineVersion").to_owned();
    let parameters = parameter_group::for_instance(call, parameters.as_deref(), kind, &version)?;
    instance.set("DBParameterGroups", parameter_group::membership(&parameters, "in-sync"));
    instance.needs.insert(parameters.text(PARAMETER_GROUPS.arn_member).to_owned());
    stand(call, instance, group, &groups);
    Ok(())
}

/// Puts an instance into subnets and security groups, with the network interfaces that hold them.
pub fn stand(call: &mut Call<'_>, instance: &mut Object, group: Option<&Object>, groups: &[String]) {
    let rows: Vec<Value> = groups.iter().map(|id| json!({"VpcSecurityGroupId": id, "Status": "active"})).collect();
    instance.set("VpcSecurityGroups", rows);
    let first = call.text("AvailabilityZone").map_or_else(|| format!("{}a", call.region), str::to_owned);
    let Some(group) = group else {
        instance.set("AvailabilityZone", first);
        return;
    };
    let mut zones = placement::zones(group);
    if let Some(at) = zones.iter().position(|(zone, _)| *zone == first) {
        zones.rotate_left(at);
    }
    let several = is_on(instance, "MultiAZ");
    zones.truncate(if several { 2 } else { 1 });
    let mut names = zones.iter().map(|(zone, _)| zone.as_str());
    instance.set("AvailabilityZone", names.next());
    instance.set("SecondaryAvailabilityZone", names.next());
    instance.set("DBSubnetGroup", Value::Object(group.body.clone()));
    instance.needs.retain(|need| !need.contains(":subgrp:"));
    instance.needs.insert(group.text(SUBNET_GROUPS.arn_member).to_owned());
    let subnets: Vec<String> = zones.into_iter().map(|(_, subnet)| subnet).collect();
    let arn = instance.text(INSTANCES.arn_member).to_owned();
    placement::stand(call, &arn, "RDSNetworkInterface", &subnets, groups);
}

/// Schedules the way to available.
pub fn bring_up(call: &Call<'_>, instance: &mut Object, port: i64, ready: f64) {
    let runs = ready - FIRST_BACKUP;
    let endpoint = endpoint(call, &instance.id, port);
    instance.set_later(runs, "Endpoint", endpoint);
    instance.set_later(runs, "InstanceCreateTime", timestamp(runs));
    if number(instance, "BackupRetentionPeriod") > 0 {
        instance.set_later(runs, STATUS, "backing-up");
        instance.set_later(ready, "LatestRestorableTime", timestamp(ready));
    }
    instance.set_later(ready, STATUS, "available");
}

/// Where an instance answers.
pub fn endpoint(call: &Call<'_>, name: &str, port: i64) -> Value {
    use sha2::{Digest, Sha256};
    // One label for all instances of an account in a region, as with RDS.
    let hash = Sha256::digest(format!("{}/{}", call.account, call.region).as_bytes());
    let label: String = hash.iter().take(12).map(|byte| char::from(b'a' + byte % 26)).collect();
    json!({
        "Address": format!("{name}.{label}.{}.rds.amazonaws.com", call.region), "Port": port,
        "HostedZoneId": format!("Z{}", label.to_uppercase()),
    })
}
