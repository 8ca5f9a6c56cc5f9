//! What is in the account, looked at from inside the sandbox and not through the kinds.

use std::collections::BTreeMap;

use globe_model::OWNER_ADDRESS;
use globe_sandbox::Sandbox;
use globe_sandbox::world::Object;
use serde_json::Value;

/// One object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// Where it is.
    pub region: String,
    /// The sandbox's word for what it is.
    pub kind: String,
    /// Its identity.
    pub id: String,
    /// The address that its tags say.
    pub address: Option<String>,
    /// It is being deleted, or was: AWS shows it a while longer.
    pub going: bool,
}

/// How many objects of each kind are in each region; what is going does not count.
pub type Census = BTreeMap<(String, String), usize>;

/// What AWS keeps a record of, and nobody can delete.
const HISTORY: [&str; 3] = ["autoscaling/activity", "route53/change", "ec2/launch-template-version"];
/// Words for what is no more.
const GOING: [&str; 4] = ["deleted", "deleting", "terminated", "shutting-down"];

/// Everything there is.
pub fn things(sandbox: &Sandbox) -> Vec<Thing> {
    sandbox.inspect(|world| world.all().filter(|object| !HISTORY.contains(&object.kind.as_str())).map(thing).collect())
}

fn thing(object: &Object) -> Thing {
    Thing {
        region: object.region.clone(),
        kind: object.kind.clone(),
        id: object.id.clone(),
        address: object.tags.get(OWNER_ADDRESS).cloned(),
        going: is_going(object),
    }
}

fn is_going(object: &Object) -> bool {
    let word = |value: &Value| value.as_str().is_some_and(|text| GOING.contains(&text.to_ascii_lowercase().as_str()));
    let states = ["state", "State", "status", "Status", "TableStatus", "ReplicaStatus", "instanceState"];
    let mut values = states.iter().filter_map(|member| object.body.get(*member));
    values.any(|value| word(value) || ["name", "Code", "code"].iter().any(|part| value.get(part).is_some_and(word)))
}

/// Counts.
pub fn census(things: &[Thing]) -> Census {
    let mut census = Census::new();
    for thing in things.iter().filter(|thing| !thing.going) {
        *census.entry((thing.region.clone(), thing.kind.clone())).or_default() += 1;
    }
    census
}
