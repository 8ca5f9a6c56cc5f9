//! One made-up kind, found again by its nonce.

use globe_model::{
    Address, Durations, Edge, Kind, Pending, Readiness, Recovery, Ref, Upstream, Verdict, changes, unknown,
};
use serde::{Deserialize, Serialize};

/// Depends on others, and has one field that changes in place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeSpec {
    /// Upstream.
    pub on: Vec<Ref<Node>>,
    /// Changes in place; the create cannot say it.
    pub soft: String,
}

/// What the soft field of nodes that are made one at a time begins with.
pub const IN_TURN: &str = "in-turn-";

/// Desired and live.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeState {
    /// Ids of upstream.
    pub on: Vec<String>,
    /// See [`NodeSpec::soft`].
    pub soft: String,
}

/// The kind.
pub struct Node;

impl Kind for Node {
    const NAME: &'static str = "test/node";
    const RECOVERY: Recovery = Recovery::Nonce;
    const DURATIONS: Durations = Durations::secs(3, 1);
    type Spec = NodeSpec;
    type Desired = NodeState;
    type Live = (String, NodeState);
    type Patch = String;
    type Outputs = String;
    fn one_at_a_time(spec: &NodeSpec) -> Option<Address> {
        spec.soft.starts_with(IN_TURN).then(|| at("a"))
    }
    fn refs(spec: &NodeSpec, visit: &mut dyn FnMut(Edge)) {
        spec.on.iter().for_each(|reference| visit(Edge::ready(reference)));
    }
    fn lower(spec: &NodeSpec, upstream: &Upstream<'_>) -> Result<NodeState, Pending> {
        let on = spec.on.iter().map(|reference| upstream.of(reference)).collect::<Result<_, _>>()?;
        Ok(NodeState { on, soft: spec.soft.clone() })
    }
    fn diff(desired: &NodeState, (_, live): &Self::Live) -> Verdict<String> {
        let fixed = changes().field("on", &live.on, &desired.on);
        if !fixed.is_empty() {
            return Verdict::Replace { changes: fixed.done() };
        }
        Verdict::patch_if(changes().field("soft", &live.soft, &desired.soft), desired.soft.clone())
    }
    fn ready((_, live): &Self::Live) -> Readiness {
        match live.soft.as_str() {
            "stuck" => Readiness::Wait { what: "state stuck".into() },
            _ => Readiness::Ready,
        }
    }
    fn outputs((id, _): &Self::Live) -> Option<String> {
        Some(id.clone())
    }
    fn unknown(address: &Address) -> String {
        unknown(address, "id")
    }
}

/// The address of the node called `name`.
pub fn at(name: &str) -> Address {
    Address::new("us-east-1", Node::NAME, name)
}
