//! JSON lines for scripts.
//!
//! Every line is one object without a line break inside, in UTF-8, and begins with
//!
//! | key | value |
//! |---|---|
//! | `globe` | the schema version, [`SCHEMA_VERSION`]; grows when a key changes its meaning or goes; new keys may come |
//! | `type` | `plan`, `event`, `summary`, or what else a command says |
//!
//! Common to all: an address is a text (`eu-central-1/ec2/subnet/main-a`), a duration is a number of seconds under a key
//! that ends with `_seconds`, a moment is RFC 3339 in UTC to the millisecond, a stand-in for a value that AWS will choose is a text with
//! U+27E8 in it, and values of fields named like a password, secret or token are `"(sensitive)"`.
//!
//! `plan`: `stack`, `account`, `command` (`up`, `down`), `parent`, `moves` (`from`, `to`, `id`: recorded when the run
//! begins, nothing in AWS changes), `leaves_down`, `leaves_up`,
//! `counts` (`create`, `update`, `replace`, `delete`, `adopt`, `forget`, `unchanged`), `regions` (the same counts by
//! scope, without `unchanged`), `estimate_seconds` (null when it is not known), `refused` (true or false), `complete` (whether
//! all that was chosen could be read) and `unread` (`scope`, `silent`: whether it did not answer at all, `resources`, `reason`,
//! `since`), `needs_consent` (`address`, `what` would be lost: what `--delete-data` must name), `steps` (in the order of the plan;
//! `address`, `action`, `replacement`, `id`, `spec`, `desired`, `changes` with `field`, `from`, `to`, `cause`, then
//! `reason`, `after` with `step` and `need`) and `notices` (`notice` is `unreadable`, `not_selected`, `pulled_in`, `blocked`,
//! `may_have_moved`, `needs_consent` or `refused`). It is for reading; it is not the file that `up --plan` takes, since secrets are masked in it.
//!
//! `event`: `at`, `event` (`run_started`, `recovered`, `started`, `waiting`, `retrying`, `done`, `failed`, `stopping`,
//! `run_finished`) and its fields: `run`, `command`, `steps`, `address`, `action`, `finding`, `what`, `error`,
//! `after_seconds`, `id`, `elapsed_seconds`, `hint`, `in_flight`; `run_finished` has `complete`, `interrupted`, `counts`,
//! `done`, `failed` and `not_tried` as in a summary.
//!
//! `summary`: `complete`, `interrupted`, `elapsed_seconds`, `counts` (`created`, `updated`, `replaced`, `deleted`,
//! `adopted`, `forgotten`, `failed`, `not_tried`), `done` (`address`, `action`), `failed` (`address`, `action`, `error`
//! with `class`, `operation`, `code`, `message`, `request_id`, then `hint`), `not_tried` (`address`, `reason`), `begun` (addresses that
//! were changed and not finished), `unread` as in a plan and `highlights` (`label`, `value`).
//!
//! `calls`: `total`, `retries`, `throttles` and `calls`, one for each operation of a service in a region: `service`,
//! `operation`, `region`, `calls` (how often it was sent), `retries` and `throttles` (how many of these), `total_seconds`
//! and `longest_seconds` from sending to answer.

use std::time::Duration;

use globe_model::{Desired, Event, FieldChange, Highlight, Plan, PlanReport, Spec, Summary, Timestamp, Unread};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::plan::{Counts, by_scope};
use crate::summary::DoneCounts;
use crate::value::{redacted, redacted_as};
use crate::words::rfc3339_millis;

/// The version that every line carries under `globe`.
pub const SCHEMA_VERSION: u32 = 1;

/// One line of type `kind`: `{"globe":1,"type":kind,...}` with the fields of `value`, or with `value` as a whole under
/// `value` when it is no object or has a field called `globe` or `type` itself.
///
/// A value that JSON cannot hold (a map with keys that are no texts) gives a line with `error` instead of its fields.
pub fn json_line(kind: &str, value: &impl Serialize) -> String {
    let mut line = Map::new();
    line.insert("globe".to_owned(), SCHEMA_VERSION.into());
    line.insert("type".to_owned(), kind.into());
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) if !fields.contains_key("globe") && !fields.contains_key("type") => {
            line.extend(fields);
        }
        Ok(other) => {
            line.insert("value".to_owned(), other);
        }
        Err(error) => {
            line.insert("error".to_owned(), error.to_string().into());
        }
    }
    Value::Object(line).to_string()
}

/// A plan with its report on one line; see the module's words for the keys.
pub fn plan_json(plan: &Plan, report: &PlanReport, estimate: Option<Duration>) -> String {
    let scopes = by_scope(plan);
    let regions: Map<String, Value> =
        scopes.iter().map(|(scope, entries)| (scope.to_string(), json!(Counts::of(entries)))).collect();
    let mut counts = json!(Counts::of(scopes.values().flatten()));
    counts["unchanged"] = report.unchanged.into();
    let line = json!({
        "stack": plan.stack, "account": plan.account, "command": plan.command, "parent": plan.parent,
        "moves": plan.moves.iter().map(moved).collect::<Vec<_>>(), "leaves_down": plan.leaves_down, "leaves_up": plan.leaves_up,
        "counts": counts, "regions": regions,
        "estimate_seconds": estimate.filter(|estimate| !estimate.is_zero()).map(seconds), "refused": report.refusals().next().is_some(),
        "complete": plan.is_complete(), "unread": unread(&plan.unread),
        "needs_consent": report.unconsented().map(|(address, what)| json!({ "address": address, "what": what })).collect::<Vec<_>>(),
        "steps": plan.steps.iter().map(step).collect::<Vec<_>>(), "notices": report.notices,
    });
    json_line("plan", &line)
}

fn moved(moved: &globe_model::Move) -> Value {
    json!({ "from": moved.from, "to": moved.record.address, "id": moved.record.id })
}

fn unread(all: &[Unread]) -> Value {
    let one = |unread: &Unread| {
        json!({
            "scope": unread.scope, "silent": unread.silent, "resources": unread.addresses, "reason": unread.reason,
            "since": rfc3339_millis(unread.since),
        })
    };
    all.iter().map(one).collect()
}

fn step(step: &globe_model::Step) -> Value {
    json!({
        "address": step.address, "action": step.action, "replacement": step.replacement, "id": step.id,
        "spec": hidden(step.spec.as_ref().map(Spec::json)), "desired": hidden(step.desired.as_ref().map(Desired::json)),
        "changes": step.changes.iter().map(change).collect::<Vec<_>>(),
        "reason": step.reason, "after": step.after,
    })
}

/// A noun without secrets; one that JSON cannot hold is shown as its error.
fn hidden(value: Option<Result<Value, serde_json::Error>>) -> Option<Value> {
    value.map(|value| value.map_or_else(|error| error.to_string().into(), |value| redacted(&value)))
}

fn change(change: &FieldChange) -> Value {
    let hidden = |value| redacted_as(&change.field, value);
    json!({ "field": change.field, "from": hidden(&change.from), "to": hidden(&change.to), "cause": change.cause })
}

/// An event that happened `at` a moment, on one line.
pub fn event_json(at: Timestamp, event: &Event) -> String {
    let mut fields = Map::from_iter([("at".to_owned(), rfc3339_millis(at).into())]);
    match event {
        Event::RunFinished { summary } => {
            fields.insert("event".to_owned(), "run_finished".into());
            fields.extend(ended(summary));
        }
        other => {
            if let Value::Object(event) = json!(other) {
                fields.extend(event);
            }
        }
    }
    // serde writes a Duration as seconds and nanoseconds apart
    for (name, value) in [("elapsed", elapsed(event)), ("after", after(event))] {
        if let Some(value) = value {
            fields.shift_remove(name);
            fields.insert(format!("{name}_seconds"), seconds(value).into());
        }
    }
    json_line("event", &fields)
}

fn elapsed(event: &Event) -> Option<Duration> {
    if let Event::Done { elapsed, .. } = event { Some(*elapsed) } else { None }
}

fn after(event: &Event) -> Option<Duration> {
    if let Event::Retrying { after, .. } = event { Some(*after) } else { None }
}

/// The end of a run on one line.
pub fn summary_json(summary: &Summary, highlights: &[Highlight], elapsed: Duration) -> String {
    let mut fields = ended(summary);
    fields.insert("elapsed_seconds".to_owned(), seconds(elapsed).into());
    fields.insert("highlights".to_owned(), json!(highlights));
    json_line("summary", &fields)
}

fn ended(summary: &Summary) -> Map<String, Value> {
    let mut counts = json!(DoneCounts::of(&summary.done));
    counts["failed"] = summary.failed.len().into();
    counts["not_tried"] = summary.not_tried.len().into();
    let done = summary.done.iter().map(|(address, action)| json!({ "address": address, "action": action }));
    let not_tried = summary.not_tried.iter().map(|(address, reason)| json!({ "address": address, "reason": reason }));
    Map::from_iter([
        ("complete".to_owned(), summary.is_complete().into()),
        ("interrupted".to_owned(), summary.interrupted.into()),
        ("counts".to_owned(), counts),
        ("done".to_owned(), done.collect()),
        ("failed".to_owned(), json!(summary.failed)),
        ("not_tried".to_owned(), not_tried.collect()),
        ("begun".to_owned(), json!(summary.begun)),
        ("unread".to_owned(), unread(&summary.unread)),
    ])
}

/// To the millisecond, which is finer than any step is long.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_line_says_what_it_is_and_never_loses_a_field() {
        assert_eq!(json_line("x", &json!({"a": 1})), r#"{"globe":1,"type":"x","a":1}"#);
        assert_eq!(json_line("x", &[1, 2]), r#"{"globe":1,"type":"x","value":[1,2]}"#);
        assert_eq!(json_line("x", &json!({"type": 2})), r#"{"globe":1,"type":"x","value":{"type":2}}"#);
        let no_json = std::collections::BTreeMap::from([(vec![1], 1)]);
        assert_eq!(json_line("x", &no_json), r#"{"globe":1,"type":"x","error":"key must be a string"}"#);
        assert_eq!(json_line("x", &json!({"a": "line\nbreak"})), r#"{"globe":1,"type":"x","a":"line\nbreak"}"#);
    }

    #[test]
    fn a_plan_is_one_line_with_counts_and_without_secrets() {
        let (plan, report) = sample::mixed();
        let line = plan_json(&plan, &report, Some(Duration::from_millis(370_250)));
        assert!(!line.contains('\n') && !line.contains("hunter2"), "{line}");
        let read: Value = serde_json::from_str(&line).expect("is JSON");
        let head: Vec<&String> = read.as_object().expect("an object").keys().take(2).collect();
        assert_eq!(head, ["globe", "type"]);
        insta::assert_json_snapshot!(json!([read["counts"], read["estimate_seconds"], read["refused"]]), @r#"
        [
          {
            "create": 0,
            "update": 3,
            "replace": 1,
            "delete": 1,
            "adopt": 1,
            "forget": 1,
            "unchanged": 40
          },
          370.25,
          false
        ]
        "#);
        assert_eq!(read["steps"].as_array().map(Vec::len), Some(plan.steps.len()));
    }

    #[test]
    fn durations_of_events_are_seconds_and_moments_are_text() {
        let lines: Vec<String> = sample::events().iter().map(|event| event_json(sample::NOON, event)).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        {"globe":1,"type":"event","at":"2026-03-01T12:00:00.000Z","event":"run_started","run":"run-1","command":"up","steps":9}
        {"globe":1,"type":"event","at":"2026-03-01T12:00:00.000Z","event":"recovered","address":"eu-central-1/ec2/nat_gateway/main-a","finding":"it exists as nat-0c2d"}
        {"globe":1,"type":"event","at":"2026-03-01T12:00:00.000Z","event":"started","address":"eu-central-1/autoscaling/group/web","action":"update"}
        {"globe":1,"type":"event","at":"2026-03-01T12:00:00.000Z","event":"started","address":"eu-central-1/ec2/nat_gateway/main-a","action":"create"}
        {"globe":1,"type":"event","at":"2026-03-01T12:00:00.000Z","event":"waiting","address":"eu-central-1/ec2/nat_gateway/main-a","what":"state pending"}
        {"globe":1,"type":"event","at":"2026-03-01T12:00:00.000Z","event":"retrying","address":"eu-central-1/autoscaling/group/web","error":{"class":"throttled","operation":"autoscaling:UpdateAutoScalingGroup","code":null,"message":"Rate exceeded","request_id":null},"after_seconds":1.5}
        {"globe":1,"type":"event","at":"2026-03-01T12:00:00.000Z","event":"retrying","address":"eu-central-1/autoscaling/group/web","error":{"class":"conflict","operation":"autoscaling:UpdateAutoScalingGroup","code":null,"message":"Scaling is in progress","request_id":null},"after_seconds":1.5}
        {"globe":1,"type":"event","at":"2026-03-01T12:00:00.000Z","event":"done","address":"eu-central-1/autoscaling/group/web","action":"update","id":"acme-web","elapsed_seconds":1.5}
        {"globe":1,"type":"event","at":"2026-03-01T12:00:00.000Z","event":"failed","address":"eu-central-1/ec2/nat_gateway/main-a","action":"create","error":{"class":"quota","operation":"ec2:CreateNatGateway","code":"NatGatewayLimitExceeded","message":"Performing this operation would exceed the limit of 5 NAT gateways in this Availability Zone","request_id":"7a62c49f-347e-4fc4-9331-6e8eEXAMPLE"},"hint":"ask AWS for a higher quota of NAT gateways per Availability Zone in eu-central-1"}
        {"globe":1,"type":"event","at":"2026-03-01T12:00:00.000Z","event":"stopping","in_flight":1}
        {"globe":1,"type":"event","at":"2026-03-01T12:00:00.000Z","event":"run_finished","complete":false,"interrupted":false,"counts":{"created":1,"updated":0,"replaced":0,"deleted":0,"adopted":0,"forgotten":0,"failed":1,"not_tried":3},"done":[{"address":"eu-central-1/ec2/vpc/main","action":"create"}],"failed":[{"address":"eu-central-1/ec2/nat_gateway/main-a","action":"create","error":{"class":"quota","operation":"ec2:CreateNatGateway","code":"NatGatewayLimitExceeded","message":"Performing this operation would exceed the limit of 5 NAT gateways in this Availability Zone","request_id":"7a62c49f-347e-4fc4-9331-6e8eEXAMPLE"},"hint":"ask AWS for a higher quota of NAT gateways per Availability Zone in eu-central-1"}],"not_tried":[{"address":"eu-central-1/ec2/route_table/main-private-b","reason":"waits for eu-central-1/ec2/nat_gateway/main-a, which did not finish"},{"address":"eu-central-1/ec2/route_table/main-private-a","reason":"waits for eu-central-1/ec2/nat_gateway/main-a, which did not finish"},{"address":"eu-central-1/autoscaling/group/web","reason":"waits for eu-central-1/ec2/nat_gateway/main-a, which did not finish"}],"begun":[],"unread":[]}
        "#);
    }

    #[test]
    fn a_summary_is_one_line() {
        let line = summary_json(&sample::summary(), &sample::highlights()[..1], Duration::from_secs(370));
        insta::assert_snapshot!(line, @r#"{"globe":1,"type":"summary","complete":false,"interrupted":false,"counts":{"created":1,"updated":0,"replaced":0,"deleted":0,"adopted":0,"forgotten":0,"failed":1,"not_tried":3},"done":[{"address":"eu-central-1/ec2/vpc/main","action":"create"}],"failed":[{"address":"eu-central-1/ec2/nat_gateway/main-a","action":"create","error":{"class":"quota","operation":"ec2:CreateNatGateway","code":"NatGatewayLimitExceeded","message":"Performing this operation would exceed the limit of 5 NAT gateways in this Availability Zone","request_id":"7a62c49f-347e-4fc4-9331-6e8eEXAMPLE"},"hint":"ask AWS for a higher quota of NAT gateways per Availability Zone in eu-central-1"}],"not_tried":[{"address":"eu-central-1/ec2/route_table/main-private-b","reason":"waits for eu-central-1/ec2/nat_gateway/main-a, which did not finish"},{"address":"eu-central-1/ec2/route_table/main-private-a","reason":"waits for eu-central-1/ec2/nat_gateway/main-a, which did not finish"},{"address":"eu-central-1/autoscaling/group/web","reason":"waits for eu-central-1/ec2/nat_gateway/main-a, which did not finish"}],"begun":[],"unread":[],"elapsed_seconds":370.0,"highlights":[{"label":"load balancer web, eu-central-1","value":"acme-web-1234567890.eu-central-1.elb.amazonaws.com"}]}"#);
    }
}
