//! `zone`: a public hosted zone.

use globe_aws::kinds::route53::{Zone, ZoneSpec};
use globe_model::Scope;

use crate::cx::Cx;

/// Adds all zones.
pub fn expand(cx: &mut Cx<'_>) {
    let stack = cx.stack;
    for (name, zone) in &stack.zones {
        cx.of_component("zone", name);
        let recorded = cx.recorded::<Zone>(Scope::Global, name).map(|zone| zone.comment);
        let spec = ZoneSpec {
            domain: zone.domain.clone(),
            comment: recorded.unwrap_or_else(|| format!("zone {name} of stack {}", stack.name)),
            tags: cx.tags(name),
        };
        cx.graph.add::<Zone>(Scope::Global, name.as_str(), &spec);
    }
}
