//! Objects that never become ready, and objects that fail while they are being made.

use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::world::{Key, Later, Object, Seconds, Stalled, World};

/// What AWS says of something that failed for no fault of the caller's.
const REASON: &str = "An internal error occurred.";

/// Strikes what the call that is being answered has made.
pub fn strike(world: &mut World, fault: Option<Fault>, now: Seconds) {
    let change: fn(&mut Object, Seconds) = match fault {
        Some(Fault::NeverReady) => stall,
        Some(Fault::FailsCreating) => fail,
        _ => return,
    };
    let born = |key: &Key| world.get(&key.0, &key.1, &key.2, &key.3).is_some_and(|object| object.created >= now);
    let keys: Vec<Key> = world.touched().filter(|key| born(key)).cloned().collect();
    for key in keys {
        world.change(&key, |object| change(object, now));
    }
}

/// Puts off whatever is to become of it.
fn stall(object: &mut Object, _now: Seconds) {
    let later = std::mem::take(&mut object.later);
    if !later.is_empty() {
        object.stalled = Some(Stalled { later, body: object.body.clone() });
    }
}

/// Ends every such wait. What was changed or is being deleted meanwhile does not come back.
pub fn heal(world: &mut World, now: Seconds) {
    let stalled: Vec<Key> = world.all().filter(|object| object.stalled.is_some()).map(Object::key).collect();
    for key in stalled {
        world.change(&key, |object| {
            let Some(stalled) = object.stalled.take() else { return };
            if object.later.is_empty() {
                let waited = stalled.later.into_iter();
                object.later = waited.filter_map(|later| due(later, &object.body, &stalled.body, now)).collect();
            }
        });
    }
}

/// What is left to happen, not before `now`.
fn due(later: Later, body: &Map<String, Value>, before: &Map<String, Value>, now: Seconds) -> Option<Later> {
    match later {
        Later::Set { at, mut members } => {
            members.retain(|member, _| body.get(member) == before.get(member));
            (!members.is_empty()).then_some(Later::Set { at: at.max(now), members })
        }
        Later::Remove { at } => Some(Later::Remove { at: at.max(now) }),
    }
}

/// Facts: gateways and endpoints show state `failed`, a gateway with its reason; load balancers a state of two members.
/// What has no such state does not fail.
fn fail(object: &mut Object, now: Seconds) {
    let failed: &[(&str, Value)] = match object.kind.as_str() {
        "ec2/natgateway" => {
            &[("state", json!("failed")), ("failureCode", json!("InternalError")), ("failureMessage", json!(REASON))]
        }
        "ec2/vpc-endpoint" => &[("state", json!("failed"))],
        "elbv2/load-balancer" => &[("State", json!({"Code": "failed", "Reason": REASON}))],
        _ => return,
    };
    let Some(at) = object.later.iter().map(Later::at).reduce(f64::min) else { return };
    object.later.clear();
    for (member, value) in failed {
        object.set_later(at.max(now), member, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAY: &str = "ec2/natgateway";

    /// A gateway made at second 0, ready at 10, struck by `fault`.
    fn struck(fault: Fault) -> (World, Key) {
        let mut world = World::default();
        let mut gateway = Object::born("1", "r", GATEWAY, "nat", 0.0);
        gateway.set("state", "pending");
        gateway.set_later(10.0, "state", "available");
        let key = gateway.key();
        world.put(gateway);
        strike(&mut world, Some(fault), 0.0);
        (world, key)
    }

    fn state(world: &mut World, now: Seconds) -> Option<String> {
        world.advance(now);
        world.get("1", "r", GATEWAY, "nat").map(|gateway| gateway.text("state").to_owned())
    }

    #[test]
    fn what_is_stalled_waits_until_it_is_healed() {
        let (mut world, _) = struck(Fault::NeverReady);
        assert_eq!(state(&mut world, 1e6).as_deref(), Some("pending"));
        heal(&mut world, 1e6);
        assert_eq!(state(&mut world, 1e6).as_deref(), Some("available"));
    }

    #[test]
    fn what_was_deleted_meanwhile_does_not_come_back() {
        let (mut world, key) = struck(Fault::NeverReady);
        world.change(&key, |gateway| gateway.set("state", "deleted"));
        heal(&mut world, 20.0);
        assert_eq!(state(&mut world, 30.0).as_deref(), Some("deleted"));
    }

    #[test]
    fn what_fails_does_so_when_it_would_have_been_ready() {
        let (mut world, _) = struck(Fault::FailsCreating);
        assert_eq!(state(&mut world, 9.0).as_deref(), Some("pending"));
        assert_eq!(state(&mut world, 10.0).as_deref(), Some("failed"));
    }
}
