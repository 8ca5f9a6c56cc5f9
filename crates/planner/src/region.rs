//! What ties the rest of a stack to one region.

use globe_graph::Graph;
use globe_model::{Address, Region, Scope};

/// A surviving resource that needs something in the region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionEdge {
    /// Outside the region.
    pub user: Address,
    /// Inside it.
    pub needs: Address,
}

/// Every edge from other regions into `region`: what would break if it went.
pub fn edges_into(graph: &Graph, region: &Region) -> Vec<RegionEdge> {
    let inside = |address: &Address| address.scope.as_region() == Some(region);
    let mut edges = Vec::new();
    for resource in graph.resources().filter(|resource| !inside(&resource.address)) {
        if resource.address.scope == Scope::Global {
            continue;
        }
        let into = resource.upstream.iter().filter(|(upstream, _)| inside(upstream));
        edges.extend(into.map(|(upstream, _)| RegionEdge { user: resource.address.clone(), needs: upstream.clone() }));
    }
    edges
}
