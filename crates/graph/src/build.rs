//! Building, and the three things that can be wrong: an address twice, an edge to nowhere, a cycle.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use globe_model::{Address, Edge, Kind, KindTable, Need, Ref, Scope, Spec};
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};

/// One wanted resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its address.
    pub address: Address,
    /// The kind's `Spec`.
    pub spec: Spec,
    /// What it refers to.
    pub upstream: Vec<(Address, Need)>,
}

/// The component that a resource belongs to, and what its block says of protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// As the file names it: `bucket.files`.
    pub component: Arc<str>,
    /// `protect` of its block; `None` leaves it as it was recorded.
    pub protect: Option<bool>,
}

/// A set of resources that is no DAG.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two resources have one address.
    #[error("two resources are called {0}")]
    Duplicate(Address),
    /// A reference leads nowhere.
    #[error("{from} refers to {to}, which nothing makes")]
    Missing {
        /// Who refers.
        from: Address,
        /// To what.
        to: Address,
    },
    /// Resources wait for each other.
    #[error("these wait for each other: {}", join(.0))]
    Cycle(Vec<Address>),
    /// A spec is not of its kind's type, or its kind is unknown.
    #[error("{address} cannot be read as its kind: {reason}")]
    Spec {
        /// Which.
        address: Address,
        /// Why.
        reason: String,
    },
}

fn join(addresses: &[Address]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> ")
}

/// Collects resources.
#[derive(Default)]
pub struct GraphBuilder {
    specs: Vec<(Address, Spec)>,
    guard: Option<Guard>,
    guards: BTreeMap<Address, Guard>,
}

impl GraphBuilder {
    /// What is added from now on belongs to this component.
    pub fn of_component(&mut self, name: &str, protect: Option<bool>) {
        self.guard = Some(Guard { component: name.into(), protect });
    }

    /// Adds a resource; the answer is how others refer to it.
    pub fn add<K: Kind>(&mut self, scope: impl Into<Scope>, name: impl Into<String>, spec: &K::Spec) -> Ref<K> {
        let reference = Ref::<K>::to(scope, name);
        self.add_boxed(reference.address().clone(), Spec::of(spec.clone()));
        reference
    }

    /// Adds a resource whose spec is boxed already.
    pub fn add_boxed(&mut self, address: Address, spec: Spec) {
        if let Some(guard) = self.guard.as_ref().filter(|guard| guard.protect.is_some()) {
            self.guards.insert(address.clone(), guard.clone());
        }
        self.specs.push((address, spec));
    }

    /// The addresses of what was added, in that order.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.specs.iter().map(|(address, _)| address)
    }

    /// Checks and orders.
    ///
    /// # Errors
    /// See [`GraphError`].
    pub fn build(self, kinds: &KindTable) -> Result<Graph, GraphError> {
        let mut resources = BTreeMap::new();
        for (address, spec) in self.specs {
            let upstream = edges(kinds, &address, &spec)?.into_iter().map(|edge| (edge.address, edge.need)).collect();
            let resource = Resource { address: address.clone(), spec, upstream };
            if resources.insert(address.clone(), resource).is_some() {
                return Err(GraphError::Duplicate(address));
            }
        }
        let order = order(&resources)?;
        let mut downstream: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
        for resource in resources.values() {
            for (upstream, _) in &resource.upstream {
                downstream.entry(upstream.clone()).or_default().insert(resource.address.clone());
            }
        }
        Ok(Graph { resources, downstream, order, guards: self.guards })
    }
}

fn edges(kinds: &KindTable, address: &Address, spec: &Spec) -> Result<Vec<Edge>, GraphError> {
    let wrong = |reason: String| GraphError::Spec { address: address.clone(), reason };
    let kind = kinds.get(&address.kind).ok_or_else(|| wrong("no such kind".to_owned()))?;
    kind.refs(spec).map_err(|error| wrong(error.to_string()))
}

/// Topological order; among those that are free, by address, so that the same stack gives the same order.
fn order(resources: &BTreeMap<Address, Resource>) -> Result<Vec<Address>, GraphError> {
    let mut dag: DiGraph<&Address, Need> = DiGraph::new();
    let nodes: BTreeMap<&Address, NodeIndex> =
        resources.keys().map(|address| (address, dag.add_node(address))).collect();
    for (address, resource) in resources {
        for (upstream, need) in &resource.upstream {
            let missing = || GraphError::Missing { from: address.clone(), to: upstream.clone() };
            let from = nodes.get(upstream).ok_or_else(missing)?;
            if let Some(to) = nodes.get(address) {
                dag.add_edge(*from, *to, *need);
            }
        }
    }
    match toposort(&dag, None) {
        Ok(order) => {
            Ok(order.into_iter().filter_map(|node| dag.node_weight(node).map(|address| (*address).clone())).collect())
        }
        Err(_) => Err(GraphError::Cycle(cycle(&dag))),
    }
}

/// The shortest way around within the first knot of the graph.
fn cycle(dag: &DiGraph<&Address, Need>) -> Vec<Address> {
    let knots = tarjan_scc(dag);
    let tight = |knot: &&Vec<NodeIndex>| knot.len() > 1 || knot.iter().any(|node| dag.contains_edge(*node, *node));
    let Some(knot) = knots.iter().find(tight) else { return Vec::new() };
    let Some(start) = knot.iter().copied().min_by_key(|node| dag.node_weight(*node)) else { return Vec::new() };
    let mut came_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for next in dag.neighbors(node).filter(|next| knot.contains(next)) {
            if next == start {
                return way(dag, &came_from, start, node);
            }
            if let std::collections::btree_map::Entry::Vacant(entry) = came_from.entry(next) {
                entry.insert(node);
                queue.push_back(next);
            }
        }
    }
    Vec::new()
}

fn way(
    dag: &DiGraph<&Address, Need>,
    came_from: &BTreeMap<NodeIndex, NodeIndex>,
    start: NodeIndex,
    last: NodeIndex,
) -> Vec<Address> {
    let mut nodes = vec![start, last];
    while let Some(before) = nodes.last().and_then(|node| came_from.get(node)) {
        nodes.push(*before);
    }
    nodes.reverse();
    nodes.dedup();
    let name = |node: &NodeIndex| dag.node_weight(*node).map(|address| (*address).clone());
    nodes.iter().filter_map(name).collect()
}

/// Wanted resources, checked and ordered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    resources: BTreeMap<Address, Resource>,
    downstream: BTreeMap<Address, BTreeSet<Address>>,
    order: Vec<Address>,
    guards: BTreeMap<Address, Guard>,
}

impl Graph {
    /// The component of the resource at `address`, if its block speaks of protection.
    pub fn guard(&self, address: &Address) -> Option<&Guard> {
        self.guards.get(address)
    }

    /// Every resource whose component's block speaks of protection.
    pub fn guards(&self) -> impl Iterator<Item = (&Address, &Guard)> {
        self.guards.iter()
    }

    /// Whether the block of a component says that it is protected no longer.
    pub fn lifts(&self, component: &str) -> bool {
        self.guards.values().any(|guard| &*guard.component == component && guard.protect == Some(false))
    }

    /// The resource at `address`.
    pub fn get(&self, address: &Address) -> Option<&Resource> {
        self.resources.get(address)
    }

    /// All resources, by address.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }

    /// All resources, upstream first.
    pub fn in_order(&self) -> impl Iterator<Item = &Resource> {
        self.order.iter().filter_map(|address| self.resources.get(address))
    }

    /// Who refers to `address`.
    pub fn downstream(&self, address: &Address) -> impl Iterator<Item = &Address> + use<'_> {
        self.downstream.get(address).into_iter().flatten()
    }

    /// How many resources there are.
    pub fn len(&self) -> usize {
        self.resources.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use globe_model::{Change, Durations, Pending, Readiness, Recovery, Upstream, Verdict, erased};

    use super::*;

    struct Node;

    impl Kind for Node {
        const NAME: &'static str = "test/node";
        const RECOVERY: Recovery = Recovery::Name;
        const DURATIONS: Durations = Durations::secs(1, 1);
        type Spec = Vec<Ref<Node>>;
        type Desired = ();
        type Live = ();
        type Patch = ();
        type Outputs = ();
        fn refs(spec: &Self::Spec, visit: &mut dyn FnMut(Edge)) {
            spec.iter().for_each(|reference| visit(Edge::ready(reference)));
        }
        fn lower(_: &Self::Spec, _: &Upstream<'_>) -> Result<(), Pending> {
            Ok(())
        }
        fn diff((): &(), (): &()) -> Verdict<()> {
            Verdict::Replace { changes: Vec::<Change>::new() }
        }
        fn ready((): &()) -> Readiness {
            Readiness::Ready
        }
        fn outputs((): &()) -> Option<()> {
            Some(())
        }
        fn unknown(_: &Address) {}
    }

    fn build(edges: &[(&str, &[&str])]) -> Result<Graph, GraphError> {
        let mut builder = GraphBuilder::default();
        for (name, upstream) in edges {
            builder.add::<Node>("global", *name, &upstream.iter().map(|name| Ref::to("global", *name)).collect());
        }
        builder.build(&KindTable::new([erased::<Node>()]))
    }

    #[test]
    fn upstream_comes_first() {
        let graph = build(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]).expect("a DAG");
        let order: Vec<_> = graph.in_order().map(|resource| resource.address.name.as_str()).collect();
        assert_eq!(order, ["c", "b", "a"]);
        let c = Address::new("global", "test/node", "c");
        assert_eq!(graph.downstream(&c).map(|address| address.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let text = |edges: &[(&str, &[&str])]| build(edges).expect_err("is refused").to_string();
        assert_eq!(text(&[("a", &[]), ("a", &[])]), "two resources are called global/test/node/a");
        assert_eq!(text(&[("a", &["x"])]), "global/test/node/a refers to global/test/node/x, which nothing makes");
        assert_eq!(
            text(&[("a", &["c"]), ("b", &["a"]), ("c", &["b"]), ("d", &["a"])]),
            "these wait for each other: global/test/node/a -> global/test/node/b -> global/test/node/c -> global/test/node/a"
        );
        assert!(text(&[("a", &["a"])]).starts_with("these wait for each other: global/test/node/a"));
    }
}
