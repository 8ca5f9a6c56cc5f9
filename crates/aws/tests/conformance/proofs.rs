//! What the stories have shown of each kind, and what they still owe.
//!
//! The records are the thread's own, so that what one test tells does not cover for another.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use globe_aws::kinds::drivers;
use globe_model::Change;
use serde_json::Value;

/// Fields that no story can show, because `diff` does not compare them: (kind, field, why that is right).
const SILENT: &[(&str, &str, &str)] = &[
    ("autoscaling/group", "desired_is", "says what the number of instances means, and is nothing that AWS has"),
    ("dynamodb/table", "others", "says where a create looks for members; each of them is a resource of its own"),
    ("elbv2/target_group", "protocol", "HTTP for every target group, and AWS can not change it"),
];

/// Fields that a change calls otherwise, in the words of whoever reads it: (kind, field, what it is called).
const CALLED: &[(&str, &str, &str)] = &[
    ("autoscaling/group", "settings.template_id", "launch_template"),
    ("autoscaling/group", "settings.template_version", "launch_template_version"),
    ("dynamodb/table", "shared", "ttl"),
    ("dynamodb/table", "shared.ttl", "ttl"),
];

/// Fields whose parts the user names: one change of a part shows that the parts are compared.
const MAPS: &[&str] = &["tags", "routes", "inline", "ingress", "egress"];

/// Kinds that others refer to, and that AWS deletes all the same: (kind, why).
const FREE: &[(&str, &str)] = &[
    ("dynamodb/table", "its other members hold the items too"),
    ("ec2/launch_template", "instances run on, and a group launches no more"),
    ("ec2/nat_gateway", "routes to it stay and lead nowhere"),
    ("ec2/route_table", "its subnets are taken out with it; an endpoint's routes are a part of it"),
    ("elbv2/listener", "its rules go along"),
    ("elbv2/load_balancer", "its listeners go along; a record that names it stays and answers nothing"),
    ("iam/instance_profile", "templates name it, and nothing holds it"),
    ("iam/role", "it is taken out of its profiles first; a rule of replication that names it stays and copies nothing"),
    ("route53/health_check", "records that name it become unpredictable, so they go first"),
    ("s3/bucket", "rules of other buckets that target it stay and copy nothing"),
];

/// What was seen of one kind.
#[derive(Default)]
struct Seen {
    /// Every field that `Desired` has had, with its values.
    desired: Vec<Value>,
    /// The fields of all changes that were patched and read back, or that forced a replacement.
    shown: BTreeSet<String>,
    /// Whether some change forced a replacement, and whether one was carried out.
    replaces: (bool, bool),
    /// Whether another kind refers to it, and whether its deletion was refused meanwhile.
    held: (bool, bool),
}

thread_local! {
    static SEEN: RefCell<BTreeMap<String, Seen>> = RefCell::default();
}

fn note(kind: &str, change: impl FnOnce(&mut Seen)) {
    SEEN.with_borrow_mut(|seen| change(seen.entry(kind.to_owned()).or_default()));
}

/// This is what a kind told AWS.
pub fn told(kind: &str, desired: &Value) {
    note(kind, |seen| seen.desired.push(desired.clone()));
}

/// These changes were made in place, and read back.
pub fn patched(kind: &str, changes: &[Change]) {
    note(kind, |seen| seen.shown.extend(changes.iter().map(|change| change.field.clone())));
}

/// These changes force a replacement.
pub fn forced(kind: &str, changes: &[Change]) {
    patched(kind, changes);
    note(kind, |seen| seen.replaces.0 = true);
}

/// A replacement was carried out in the declared order.
pub fn replaced(kind: &str) {
    note(kind, |seen| seen.replaces.1 = true);
}

/// Another kind refers to this one.
pub fn referred(kind: &str) {
    note(kind, |seen| seen.held.0 = true);
}

/// Its deletion was refused, in a class that the engine waits on, because of something that depends on it.
pub fn refused(kind: &str) {
    note(kind, |seen| seen.held.1 = true);
}

/// Everything that the stories told in this thread still owe.
pub fn owed() -> Vec<String> {
    SEEN.with_borrow(|seen| {
        let none = Seen::default();
        let kinds = drivers().map(|driver| (driver.name(), seen.get(driver.name()).unwrap_or(&none)));
        kinds
            .flat_map(|(kind, seen)| [fields(kind, seen), order(kind, seen), dependents(kind, seen)].concat())
            .collect()
    })
}

fn fields(kind: &str, seen: &Seen) -> Vec<String> {
    let mut owed = BTreeSet::new();
    seen.desired.iter().for_each(|desired| walk(kind, desired, "", &seen.shown, &mut owed));
    let silent: BTreeSet<&str> = SILENT.iter().filter(|(name, ..)| *name == kind).map(|(_, field, _)| *field).collect();
    let outdated = silent.iter().filter(|field| !owed.contains(**field));
    let outdated = outdated.map(|field| format!("{kind}: `{field}` is listed as silent, and is not owed"));
    let missing = owed.iter().filter(|field| !silent.contains(field.as_str()));
    let missing = missing.map(|field| format!("{kind}: no story changes `{field}`"));
    outdated.chain(missing).collect()
}

/// Collects fields of `value` that no change has named, neither whole nor part by part.
fn walk(kind: &str, value: &Value, above: &str, shown: &BTreeSet<String>, owed: &mut BTreeSet<String>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        let called = CALLED.iter().find(|(of, field, _)| *of == kind && *field == path).map(|(.., called)| *called);
        let is = |change: &String| called == Some(change.as_str()) || *change == path || change == name;
        let is_part = |change: &String| change.starts_with(&format!("{name}."));
        if shown.iter().any(is) {
            continue;
        }
        let by_user = MAPS.contains(&name.as_str());
        if by_user && shown.iter().any(is_part) {
            continue;
        }
        if !by_user && inner.as_object().is_some_and(|parts| !parts.is_empty()) {
            walk(kind, inner, &path, shown, owed);
        } else {
            owed.insert(path);
        }
    }
}

fn order(kind: &str, seen: &Seen) -> Vec<String> {
    let owed = match seen.replaces {
        (true, false) => Some(format!("{kind}: no story carries out a replacement")),
        _ => None,
    };
    owed.into_iter().collect()
}

fn dependents(kind: &str, seen: &Seen) -> Vec<String> {
    let free = FREE.iter().any(|(name, _)| *name == kind);
    let owed = match (seen.held, free) {
        ((true, false), false) => Some(format!("{kind}: others refer to it, and no story deletes it too early")),
        ((_, true), true) => Some(format!("{kind}: is listed as free to go, and its deletion was refused")),
        _ => None,
    };
    owed.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn owed_of(kind: &str, desired: Value, changes: &[&str]) -> Vec<String> {
        let shown = changes.iter().map(ToString::to_string).collect();
        fields(kind, &Seen { desired: vec![desired], shown, ..Seen::default() })
    }

    #[test]
    fn a_field_that_no_change_names_is_owed() {
        let desired = json!({"name": "a", "size": {"min": 1, "max": 2}, "tags": {}, "routes": {"0.0.0.0/0": "igw-1"}});
        let all = ["name", "min", "size.max", "tags.Name", "routes.10.0.0.0/8"];
        assert!(owed_of("k", desired.clone(), &all).is_empty());
        for (missing, field) in [(0, "name"), (1, "size.min"), (2, "size.max"), (3, "tags"), (4, "routes")] {
            let told: Vec<&str> = all.iter().enumerate().filter(|(at, _)| *at != missing).map(|(_, is)| *is).collect();
            assert_eq!(owed_of("k", desired.clone(), &told), [format!("k: no story changes `{field}`")]);
        }
        assert!(owed_of("k", desired, &["name", "size", "tags.Name", "routes.10.0.0.0/8"]).is_empty(), "whole");
    }

    #[test]
    fn a_field_that_need_not_be_shown_is_not_listed_in_vain() {
        let desired = json!({"desired_is": "fixed"});
        assert!(owed_of("autoscaling/group", desired.clone(), &[]).is_empty());
        let outdated = owed_of("autoscaling/group", desired, &["desired_is"]);
        assert_eq!(outdated, ["autoscaling/group: `desired_is` is listed as silent, and is not owed"]);
    }
}
