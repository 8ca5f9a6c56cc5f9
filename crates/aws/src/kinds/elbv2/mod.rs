//! Elastic Load Balancing v2.

mod action;
mod attributes;
mod listener;
mod listener_rule;
mod load_balancer;
mod tagging;
mod target_group;

pub use action::{Action, ActionSpec};
pub use attributes::{LoadBalancerAttributes, TargetGroupAttributes};
pub use listener::{
    Listener, ListenerDesired, ListenerLive, ListenerOutputs, ListenerPatch, ListenerProtocol, ListenerSettings,
    ListenerSpec, Tls,
};
pub use listener_rule::{
    ListenerRule, ListenerRuleDesired, ListenerRuleLive, ListenerRuleOutputs, ListenerRulePatch, ListenerRuleSpec,
};
pub use load_balancer::{
    LoadBalancer, LoadBalancerDesired, LoadBalancerLive, LoadBalancerOutputs, LoadBalancerPatch, LoadBalancerSpec,
};
pub use target_group::{
    HealthCheck, TargetGroup, TargetGroupDesired, TargetGroupLive, TargetGroupOutputs, TargetGroupPatch,
    TargetGroupSpec,
};

use super::MakeEntry;
use crate::driver::entry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] =
    &[entry::<LoadBalancer>, entry::<TargetGroup>, entry::<Listener>, entry::<ListenerRule>];
