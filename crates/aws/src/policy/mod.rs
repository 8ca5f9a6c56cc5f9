//! The least-privilege IAM policy of a stack, from what its kinds declare. Pure: no call, no credentials.
//!
//! One statement per command, service and sort of resource. An action that takes no resource, or whose resources have
//! ids that only AWS knows before they exist (EC2), is bounded by the stack's regions instead.

mod operation;
mod target;

use std::collections::{BTreeMap, BTreeSet};

pub use operation::{beside, called};
use serde_json::{Map, Value, json};
use target::Target;

use crate::kinds;

/// What a run needs before it knows any resource: which account this is, and which zones.
const LOOKUPS: &[&str] = &["sts:GetCallerIdentity", "ec2:DescribeAvailabilityZones"];
/// What looking up images needs.
const PARAMETERS: &str = "ssm:GetParameters";

/// A part of the permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grant {
    /// To read; every command needs it.
    Diff,
    /// To make and to change.
    Up,
    /// To delete; replacing and removing need it too.
    Down,
}

impl Grant {
    fn name(self) -> &'static str {
        match self {
            Self::Diff => "Diff",
            Self::Up => "Up",
            Self::Down => "Down",
        }
    }
}

/// A stack as IAM sees it.
#[derive(Clone, Debug, Default)]
pub struct Subject<'a> {
    /// The account.
    pub account: &'a str,
    /// The stack's regions.
    pub regions: BTreeSet<&'a str>,
    /// Names of the SSM parameters that are looked up.
    pub parameters: BTreeSet<&'a str>,
    /// Kind and spec of every resource.
    pub resources: Vec<(&'a str, Value)>,
}

/// The policy document that grants these parts.
pub fn policy(subject: &Subject<'_>, grants: &BTreeSet<Grant>) -> Value {
    let mut granted: BTreeSet<&'static str> = BTreeSet::new();
    let mut statements = Vec::new();
    for grant in grants {
        let mut sorted: BTreeMap<(&str, Target), Vec<&'static str>> = BTreeMap::new();
        for action in needed(subject, *grant) {
            if granted.insert(action) {
                sorted.entry((service(action), Target::of(action))).or_default().push(action);
            }
        }
        for ((service, target), actions) in sorted {
            statements.extend(target.bounds(subject).into_iter().map(|bounds| {
                let sid = format!("{}{}{}", grant.name(), capitalised(service), bounds.name);
                statement(&sid, &actions, bounds)
            }));
        }
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// What a statement is bounded to.
struct Bounds {
    /// Ends the statement's id.
    name: String,
    /// ARNs.
    resources: Vec<String>,
    /// Key and values of a condition of equality.
    equals: Option<(&'static str, Vec<String>)>,
}

fn statement(sid: &str, actions: &[&str], bounds: Bounds) -> Value {
    let mut statement = Map::new();
    statement.insert("Sid".into(), sid.into());
    statement.insert("Effect".into(), "Allow".into());
    statement.insert("Action".into(), one_or_many(actions.iter().map(ToString::to_string).collect()));
    statement.insert("Resource".into(), one_or_many(bounds.resources));
    if let Some((key, values)) = bounds.equals {
        statement.insert("Condition".into(), json!({"StringEquals": {key: one_or_many(values)}}));
    }
    Value::Object(statement)
}

fn one_or_many(mut values: Vec<String>) -> Value {
    match values.as_slice() {
        [_] => Value::from(values.remove(0)),
        _ => Value::from(values),
    }
}

/// The actions of one part, sorted.
fn needed(subject: &Subject<'_>, grant: Grant) -> BTreeSet<&'static str> {
    let names: BTreeSet<&str> = subject.resources.iter().map(|(kind, _)| *kind).collect();
    let declared = names.into_iter().filter_map(kinds::driver).flat_map(|driver| {
        let actions = driver.actions();
        match grant {
            Grant::Diff => actions.read,
            Grant::Up => actions.write,
            Grant::Down => actions.delete,
        }
    });
    let mut needed: BTreeSet<&'static str> = declared.copied().collect();
    if grant == Grant::Diff {
        needed.extend(LOOKUPS);
        needed.extend((!subject.parameters.is_empty()).then_some(PARAMETERS));
    }
    needed
}

fn service(action: &str) -> &str {
    action.split(':').next().unwrap_or(action)
}

fn capitalised(service: &str) -> String {
    let mut letters = service.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests;
