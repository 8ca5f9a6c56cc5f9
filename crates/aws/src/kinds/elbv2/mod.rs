//! Elastic Load Balancing v2.

mod load_balancer;
mod target_group;

pub use load_balancer::{LoadBalancer, LoadBalancerOutputs};
pub use target_group::{TargetGroup, TargetGroupOutputs};

use super::MakeEntry;

/// Registry entries of this service.
pub(super) static ENTRIES: &[MakeEntry] = &[];
