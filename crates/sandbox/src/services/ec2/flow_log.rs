//! VPC flow logs. Facts: one create makes a flow log per resource, answers 200 and lists what it could not do; a token,
//! if the caller sets one; a second one of the same resource, destination and configuration is refused; whether records
//! arrive is known minutes later; nothing but tags changes; a flow log outlives its resource for a while.

use serde_json::{Map, Value, json};

use super::network_interface::INTERFACES;
use super::subnet::SUBNETS;
use super::vpc::VPCS;
use super::{Shelf, describe, missing, tagging};
use crate::call::{Answer, ApiError, Call, GLOBAL};
use crate::services::{iam, s3};
use crate::world::Object;

/// How flow logs are described.
pub const FLOW_LOGS: Shelf = Shelf {
    kind: "ec2/vpc-flow-log",
    set: "flowLogSet",
    ids: "FlowLogId",
    unknown: "InvalidFlowLogId.NotFound",
    noun: "flow log ID",
    filters: &[],
};

/// Seconds until the first records have arrived, or have not.
const FIRST_RECORDS: f64 = 600.0;
/// Seconds for which a flow log outlives its resource; no figure is known.
const OUTLIVES: f64 = 60.0;
/// Resources in one request.
const MOST: usize = 300;
/// What AWS logs when no format was given: version 2.
const FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
                      ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";
/// Members in which two flow logs of a resource must differ.
const CONFIGURATION: [&str; 6] =
    ["resourceId", "trafficType", "logDestination", "logGroupName", "logFormat", "maxAggregationInterval"];

/// Operations of this family.
pub fn handle(call: &mut Call<'_>) -> Option<Answer> {
    match call.action.as_str() {
        "CreateFlowLogs" => Some(create(call)),
        "DescribeFlowLogs" => Some(describe(call, &FLOW_LOGS)),
        "DeleteFlowLogs" => Some(delete(call)),
        _ => None,
    }
}

/// Ends the flow logs of a resource that is gone, some time after it.
pub fn outlive(call: &mut Call<'_>, resource: &str) {
    let end = call.now + OUTLIVES;
    let logs = call.world.list(call.account, call.region, FLOW_LOGS.kind);
    let of_it = logs.filter(|log| log.text("resourceId") == resource);
    let keys: Vec<_> = of_it.map(Object::key).collect();
    for key in keys {
        call.world.change(&key, |log| log.remove_later(end));
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameter", message)
}

fn create(call: &mut Call<'_>) -> Answer {
    let token = call.text("ClientToken").map(str::to_owned);
    let shared = configuration(call)?;
    let shelf = shelf(call)?;
    let tags = tagging::at_creation(call, "vpc-flow-log")?;
    let mut failed = Vec::new();
    let made = call.once(token.clone(), "IdempotentParameterMismatch", |call| {
        let mut made = Vec::new();
        for resource in call.texts("ResourceId") {
            match make(call, shelf, &shared, &resource) {
                Ok(id) => made.push(id),
                Err(error) => failed.push(unsuccessful(&resource, &error)),
            }
        }
        for id in &made {
            call.world.change(&call.key(FLOW_LOGS.kind, id), |log| log.tags = tags.clone());
        }
        // A request that made nothing is not remembered: the same token may try again.
        if made.is_empty() { Err(invalid("nothing was made")) } else { Ok(made.join(",")) }
    });
    let ids = match made {
        Err(error) if failed.is_empty() => return Err(error),
        made => made.unwrap_or_default(),
    };
    let ids: Vec<&str> = ids.split(',').filter(|id| !id.is_empty()).collect();
    Ok(json!({"clientToken": token, "flowLogIdSet": ids, "unsuccessful": failed}).into())
}

fn unsuccessful(resource: &str, error: &ApiError) -> Value {
    json!({"resourceId": resource, "error": {"code": error.code, "message": error.message}})
}

/// How the resources of a request are kept.
fn shelf(call: &Call<'_>) -> Result<&'static Shelf, ApiError> {
    let count = call.texts("ResourceId").len();
    if count == 0 || count > MOST {
        return Err(invalid(format!("Between 1 and {MOST} resource ids are expected; there are {count}")));
    }
    match call.need("ResourceType")?.as_str() {
        "VPC" => Ok(&VPCS),
        "Subnet" => Ok(&SUBNETS),
        "NetworkInterface" => Ok(&INTERFACES),
        other => Err(invalid(format!("Value ({other}) for parameter ResourceType is invalid."))),
    }
}

/// What all flow logs of a request have in common, checked.
fn configuration(call: &Call<'_>) -> Result<Map<String, Value>, ApiError> {
    let traffic = call.text("TrafficType").unwrap_or_default();
    if !["ACCEPT", "REJECT", "ALL"].contains(&traffic) {
        return Err(invalid(format!("Value ({traffic}) for parameter TrafficType is invalid.")));
    }
    let seconds = call.number("MaxAggregationInterval").unwrap_or(600);
    if ![60, 600].contains(&seconds) {
        return Err(invalid(format!("Value ({seconds}) for parameter MaxAggregationInterval is invalid.")));
    }
    let mut shared = Map::from_iter([
        ("trafficType".to_owned(), traffic.into()),
        ("maxAggregationInterval".to_owned(), seconds.into()),
        ("logFormat".to_owned(), call.text("LogFormat").unwrap_or(FORMAT).into()),
        ("flowLogStatus".to_owned(), "ACTIVE".into()),
        ("creationTime".to_owned(), call.timestamp().into()),
    ]);
    shared.extend(destination(call)?);
    Ok(shared)
}

fn destination(call: &Call<'_>) -> Result<Map<String, Value>, ApiError> {
    let kind = call.text("LogDestinationType").unwrap_or("cloud-watch-logs");
    let (group, role) = (call.text("LogGroupName"), call.text("DeliverLogsPermissionArn"));
    let arn = match (call.text("LogDestination"), group) {
        (Some(arn), None) => arn.to_owned(),
        (None, Some(group)) if kind == "cloud-watch-logs" => {
            format!("arn:aws:logs:{}:{}:log-group:{group}", call.region, call.account)
        }
        (Some(_), Some(_)) => return Err(invalid("Only one of LogDestination and LogGroupName may be provided.")),
        _ => return Err(invalid(format!("LogDestination can't be empty if LogDestinationType is {kind}."))),
    };
    let service = match kind {
        "cloud-watch-logs" => "logs",
        "s3" => "s3",
        "kinesis-data-firehose" => "firehose",
        other => return Err(invalid(format!("Value ({other}) for parameter LogDestinationType is invalid."))),
    };
    if !arn.starts_with(&format!("arn:aws:{service}:")) {
        return Err(invalid(format!("LogDestination {arn} is not an ARN of the type {kind}.")));
    }
    check_role(call, kind, role)?;
    let group = group.or_else(|| arn.split_once(":log-group:").map(|(_, name)| name.trim_end_matches(":*")));
    let mut members = json!({"logDestinationType": kind, "logDestination": arn, "logGroupName": group});
    members["deliverLogsPermissionArn"] = role.into();
    members["destinationOptions"] = options(call, kind);
    Ok(members.as_object().cloned().unwrap_or_default())
}

/// Records for a log group are written in the name of a role; those for a bucket are not.
fn check_role(call: &Call<'_>, kind: &str, role: Option<&str>) -> Result<(), ApiError> {
    match (kind, role) {
        ("cloud-watch-logs", None) => {
            Err(invalid("DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs."))
        }
        ("cloud-watch-logs", Some(role)) if !iam::assumable(call, role, "vpc-flow-logs.amazonaws.com") => {
            Err(invalid("Unable to assume given IAM role"))
        }
        ("s3", Some(_)) => Err(invalid("DeliverLogsPermissionArn is not applicable for s3 delivery")),
        _ => Ok(()),
    }
}

fn options(call: &Call<'_>, kind: &str) -> Value {
    if kind != "s3" {
        return Value::Null;
    }
    let given = call.input.get("DestinationOptions").cloned().unwrap_or_default();
    let flag = |member: &str| given.get(member).and_then(Value::as_str) == Some("true");
    json!({
        "fileFormat": given.get("FileFormat").and_then(Value::as_str).unwrap_or("plain-text"),
        "hiveCompatiblePartitions": flag("HiveCompatiblePartitions"), "perHourPartition": flag("PerHourPartition"),
    })
}

fn make(call: &mut Call<'_>, shelf: &Shelf, shared: &Map<String, Value>, resource: &str) -> Result<String, ApiError> {
    call.get(shelf.kind, resource).ok_or_else(|| missing(shelf, resource))?;
    let id = call.ec2_id("fl");
    let mut log = call.object(FLOW_LOGS.kind, &id, Value::Object(shared.clone()));
    log.set("flowLogId", id.as_str());
    log.set("resourceId", resource);
    let same = |other: &Object| CONFIGURATION.iter().all(|member| other.body.get(*member) == log.body.get(*member));
    if call.world.list(call.account, call.region, FLOW_LOGS.kind).any(same) {
        let message = "There is an existing Flow Log with the same configuration and log destination.";
        return Err(ApiError::new("FlowLogAlreadyExists", message));
    }
    if log.text("logDestinationType") == "s3" {
        deliver_to_bucket(call, log.text("logDestination"))?;
    }
    log.set_later(call.now + FIRST_RECORDS, "deliverLogsStatus", "SUCCESS");
    call.world.put(log);
    Ok(id)
}

/// The bucket must be there; its policy is completed with what delivery needs.
fn deliver_to_bucket(call: &mut Call<'_>, arn: &str) -> Result<(), ApiError> {
    let path = arn.trim_start_matches("arn:aws:s3:::");
    let bucket = path.split('/').next().unwrap_or_default();
    if !call.world.all().any(|object| object.kind == s3::BUCKET && object.id == bucket) {
        let message = format!("LogDestination: {bucket} does not exist");
        return Err(ApiError::new("LogDestinationNotFound", message));
    }
    let key = (call.account.to_owned(), GLOBAL.to_owned(), s3::BUCKET.to_owned(), bucket.to_owned());
    call.world.change(&key, |bucket| s3::allow_log_delivery(bucket, path));
    Ok(())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let mut failed = Vec::new();
    for id in call.texts(FLOW_LOGS.ids) {
        if call.world.remove(&call.key(FLOW_LOGS.kind, &id)).is_none() {
            failed.push(unsuccessful(&id, &missing(&FLOW_LOGS, &id)));
        }
    }
    Ok(json!({"unsuccessful": failed}).into())
}
