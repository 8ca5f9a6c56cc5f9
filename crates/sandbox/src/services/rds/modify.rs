//! `ModifyDBInstance` and `RebootDBInstance`. Facts: security groups, password, windows, protection and a change between
//! two retention periods take effect at once; class, size, version, Multi-AZ wait unless told otherwise; storage only
//! grows, by 10 % at least, and then not again for hours; a parameter group waits for a reboot.

use serde_json::{Map, Value, json};

use super::super::placement;
use super::super::shelf::{check_name, clash, invalid};
use super::settings::{self, Effect};
use super::{INSTANCES, PARAMETER_GROUPS, STATUS, SUBNET_GROUPS, engine, event, instance, number, parameter_group};
use super::{describe, pending, ready, secret};
use crate::call::{Answer, ApiError, Call};
use crate::world::Object;

/// Seconds of a reboot.
const REBOOT: f64 = 60.0;
/// Seconds after a storage change in which there cannot be another.
const STORAGE_PAUSE: f64 = 6.0 * 3600.0;
/// Hidden member: until when there cannot be another storage change.
const PAUSED: &str = "storagePausedUntil";

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "ModifyDBInstance" => Some(modify(call)),
        "RebootDBInstance" => Some(reboot(call)),
        _ => None,
    }
}

fn modify(call: &mut Call<'_>) -> Answer {
    let mut instance = ready(call)?;
    let only_allowed = |members: &Map<String, Value>| {
        let quiet = ["DBInstanceIdentifier", "AllowMajorVersionUpgrade", "ApplyImmediately"];
        members.contains_key("AllowMajorVersionUpgrade")
            && members.keys().all(|member| quiet.contains(&member.as_str()))
    };
    if call.input.as_object().is_some_and(only_allowed) {
        return Err(clash("No modifications were requested"));
    }
    let waiting = waiting(call, &instance)?;
    let at_once = settings::read(call, |setting| setting.effect == Effect::Now)?;
    password(call, &mut instance)?;
    security(call, &mut instance)?;
    parameters(call, &mut instance)?;
    logs(call, &mut instance);
    instance.body.extend(at_once);
    if let Some(days) = settings::retention(call)?.filter(|days| !pending::turns_backups(&instance, *days)) {
        instance.set("BackupRetentionPeriod", days);
    }
    let immediately = call.flag("ApplyImmediately") == Some(true);
    if waiting.keys().any(|member| pending::STORAGE.contains(&member.as_str())) {
        instance.hidden.insert(PAUSED.into(), (call.now + STORAGE_PAUSE).into());
    }
    // A new port restarts the database in either mode.
    let restarts = waiting.contains_key("Port");
    if !waiting.is_empty() || immediately {
        pending::schedule(call, &mut instance, waiting, immediately || restarts);
    }
    if let Some(name) = call.text("NewDBInstanceIdentifier").map(str::to_lowercase) {
        instance = rename(call, instance, &name)?;
    }
    call.world.put(instance.clone());
    event::of_instance(call, &instance, call.now, "configuration change", "Applying modification to database instance");
    Ok(json!({INSTANCES.answers.0: describe::show(call, &instance)}).into())
}

/// The changes that take effect with `ApplyImmediately` or in the window.
fn waiting(call: &Call<'_>, instance: &Object) -> Result<Map<String, Value>, ApiError> {
    let mut waiting = settings::read(call, |setting| setting.effect == Effect::Window)?;
    if let Some(days) = settings::retention(call)?.filter(|days| pending::turns_backups(instance, *days)) {
        waiting.insert("BackupRetentionPeriod".into(), days.into());
    }
    if let Some(port) = call.number("DBPortNumber") {
        waiting.insert("Port".into(), port.into());
    }
    if let Some(name) = call.text(SUBNET_GROUPS.name) {
        waiting.insert(SUBNET_GROUPS.name.into(), SUBNET_GROUPS.find(call, name)?.id.clone().into());
    }
    if let Some(version) = call.text("EngineVersion") {
        waiting.insert("EngineVersion".into(), upgrade(call, instance, version)?.into());
    }
    // What is so already waits for nothing.
    waiting.retain(|member, value| instance.body.get(member) != Some(value));
    grow(call, instance, &mut waiting)?;
    Ok(waiting)
}

fn upgrade(call: &Call<'_>, instance: &Object, asked: &str) -> Result<String, ApiError> {
    let (kind, old) = (instance.text("Engine"), instance.text("EngineVersion"));
    let new = engine::version(kind, Some(asked))?;
    let moves = engine::major(kind, &new) != engine::major(kind, old);
    if engine::is_older(&new, old) {
        return Err(clash(format!("Cannot upgrade {kind} from {old} to {new}")));
    }
    if moves && call.flag("AllowMajorVersionUpgrade") != Some(true) {
        return Err(clash("The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."));
    }
    Ok(new)
}

/// Storage only grows, by 10 % at least, and not again before the last change is optimized.
fn grow(call: &Call<'_>, instance: &Object, waiting: &mut Map<String, Value>) -> Result<(), ApiError> {
    if !waiting.keys().any(|member| pending::STORAGE.contains(&member.as_str())) {
        return Ok(());
    }
    if instance.hidden.get(PAUSED).and_then(Value::as_f64).is_some_and(|until| until > call.now) {
        return Err(clash(
            "You can't currently modify the storage of this DB instance because the previous storage change is being \
             optimized.",
        ));
    }
    let had = number(instance, "AllocatedStorage");
    let asked = waiting.get("AllocatedStorage").and_then(Value::as_i64).unwrap_or(had);
    if asked < had {
        return Err(invalid(format!("Requested storage size ({asked}) cannot be less than current size ({had})")));
    }
    let size = if asked > had { asked.max((had * 11 + 9) / 10) } else { had };
    if size > had {
        waiting.insert("AllocatedStorage".into(), size.into());
    }
    let kind = call.text("StorageType").unwrap_or_else(|| instance.text("StorageType"));
    settings::check_storage(call, instance.text("Engine"), kind, size)
}

fn password(call: &mut Call<'_>, instance: &mut Object) -> Result<(), ApiError> {
    let managed = call.flag("ManageMasterUserPassword");
    match (call.text("MasterUserPassword"), managed, secret::is_managed(instance)) {
        (Some(_), Some(true), _) | (Some(_), None, true) => {
            Err(clash("You can't specify MasterUserPassword for an instance with a managed master user password."))
        }
        (Some(password), _, _) => {
            engine::check_password(instance.text("Engine"), password)?;
            secret::forget(call, instance, call.now);
            instance.set("MasterUserSecret", Value::Null);
            Ok(())
        }
        (None, Some(false), true) => Err(clash("You must specify MasterUserPassword to turn off management.")),
        (None, Some(true), false) => {
            secret::make(call, instance, call.now + REBOOT);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn security(call: &mut Call<'_>, instance: &mut Object) -> Result<(), ApiError> {
    let (given, moved) = (call.texts("VpcSecurityGroupIds"), call.text(SUBNET_GROUPS.name).is_some());
    if given.is_empty() && !moved {
        return Ok(());
    }
    let own = instance.body.get("DBSubnetGroup").and_then(|group| group.get(SUBNET_GROUPS.name)?.as_str());
    let name = call.text(SUBNET_GROUPS.name).or(own).map(str::to_owned);
    let group = name.map(|name| SUBNET_GROUPS.find(call, &name).cloned()).transpose()?;
    let vpc = group.as_ref().map(|group| group.text("VpcId").to_owned()).unwrap_or_default();
    let groups = placement::groups(call, given, &vpc)?;
    let shown = instance.body.get("DBSubnetGroup").cloned();
    instance::stand(call, instance, group.as_ref(), &groups);
    // The interfaces move at once; the subnet group that is shown follows with the pending change.
    instance.set("DBSubnetGroup", shown);
    Ok(())
}

fn parameters(call: &mut Call<'_>, instance: &mut Object) -> Result<(), ApiError> {
    let Some(name) = call.text(PARAMETER_GROUPS.name).map(str::to_owned) else { return Ok(()) };
    let (kind, version) = (instance.text("Engine").to_owned(), instance.text("EngineVersion").to_owned());
    let target = call.text("EngineVersion").map(|asked| engine::version(&kind, Some(asked))).transpose()?;
    let group = parameter_group::for_instance(call, Some(&name), &kind, &target.unwrap_or(version))?;
    let had = instance.body.get("DBParameterGroups").map(ToString::to_string).unwrap_or_default();
    if had.contains(&format!("\"{}\"", group.id)) {
        return Ok(());
    }
    instance.needs.retain(|need| !need.contains(":pg:"));
    instance.needs.insert(group.text(PARAMETER_GROUPS.arn_member).to_owned());
    instance.set("DBParameterGroups", parameter_group::membership(&group, "applying"));
    let settled = parameter_group::membership(&group, "pending-reboot");
    instance.set_later(call.now + parameter_group::APPLY, "DBParameterGroups", settled);
    Ok(())
}

fn logs(call: &Call<'_>, instance: &mut Object) {
    let Some(change) = call.input.get("CloudwatchLogsExportConfiguration") else { return };
    let (on, off) =
        (crate::wire::as_list(change.get("EnableLogTypes")), crate::wire::as_list(change.get("DisableLogTypes")));
    let mut logs = crate::wire::as_list(instance.body.get("EnabledCloudwatchLogsExports"));
    logs.retain(|log| !off.contains(log) && !on.contains(log));
    logs.extend(on);
    instance.set("EnabledCloudwatchLogsExports", logs);
}

/// Gives an instance another name: its ARN and its endpoint change with it, its resource id does not.
fn rename(call: &mut Call<'_>, mut instance: Object, name: &str) -> Result<Object, ApiError> {
    check_name("NewDBInstanceIdentifier", name, 63)?;
    if call.get(INSTANCES.kind, name).is_some() {
        return Err(ApiError::new(INSTANCES.taken, format!("DB instance {name} already exists")));
    }
    if call.flag("ApplyImmediately") != Some(true) {
        return Err(clash("A new identifier must be applied immediately."));
    }
    call.world.remove(&instance.key());
    let port = instance.body.get("Endpoint").and_then(|endpoint| endpoint.get("Port")?.as_i64()).unwrap_or_default();
    instance.id = name.to_owned();
    instance.set(INSTANCES.name, name);
    instance.set(INSTANCES.arn_member, INSTANCES.arn_of(call, name));
    instance.set("Endpoint", instance::endpoint(call, name, port));
    instance.set(STATUS, "renaming");
    instance.set_later(call.now + REBOOT, STATUS, "available");
    Ok(instance)
}

fn reboot(call: &mut Call<'_>) -> Answer {
    let mut instance = ready(call)?;
    if call.flag("ForceFailover") == Some(true) && !super::is_on(&instance, "MultiAZ") {
        return Err(clash("Cannot reboot with failover: the instance is not Multi-AZ."));
    }
    let before = instance.text(STATUS).to_owned();
    instance.set(STATUS, "rebooting");
    instance.set_later(call.now + REBOOT, STATUS, before);
    let rows = crate::wire::as_list(instance.body.get("DBParameterGroups"));
    let name = rows.first().and_then(|row| row.get(PARAMETER_GROUPS.name)?.as_str()).unwrap_or_default();
    let synced = json!([{PARAMETER_GROUPS.name: name, "ParameterApplyStatus": "in-sync"}]);
    instance.set_later(call.now + REBOOT, "DBParameterGroups", synced);
    call.world.put(instance.clone());
    event::of_instance(call, &instance, call.now + REBOOT, "availability", "DB instance restarted");
    Ok(json!({INSTANCES.answers.0: describe::show(call, &instance)}).into())
}
