//! What a file's `[moved]` means in addresses, and what it may have forgotten to say.

use std::collections::BTreeSet;

use globe_aws::kinds::acm::Certificate;
use globe_aws::kinds::autoscaling::Group;
use globe_aws::kinds::dynamodb::Table;
use globe_aws::kinds::ec2::Vpc;
use globe_aws::kinds::elbv2::LoadBalancer;
use globe_aws::kinds::route53::Zone;
use globe_aws::kinds::s3::Bucket;
use globe_config::names::Standard;
use globe_config::{Component, Moved, Stack};
use globe_graph::Graph;
use globe_model::{Address, Head, Kind, KindTable, Notice};

use crate::{BlueprintError, Facts, expand, resources};

/// Old and new address of everything that a file says has moved, recorded or not. A component takes all its resources
/// along, as the blueprint names them.
///
/// # Errors
/// When the stack cannot be expanded.
pub fn moved(stack: &Stack, facts: &Facts<'_>) -> Result<Vec<(Address, Address)>, BlueprintError> {
    let mut pairs = Vec::new();
    for line in &stack.moved {
        match line {
            Moved::Resource { from, to } => pairs.push((from.clone(), to.clone())),
            Moved::Component { component, from, to } => {
                pairs.extend(renamed(stack, facts, *component, (from, stack.present_name(*component, to)))?);
            }
        }
    }
    Ok(pairs)
}

/// The addresses of a component under its old and its new name.
///
/// # Errors
/// When the stack cannot be expanded.
pub fn renamed(
    stack: &Stack,
    facts: &Facts<'_>,
    component: Component,
    (from, to): (&str, &str),
) -> Result<Vec<(Address, Address)>, BlueprintError> {
    // No name in a file has such characters: where they turn up, the component's name is part of the address.
    const MARK: &str = "\u{1}";
    let marked = resources(&stack.renamed(component, to, MARK), facts, &Standard)?;
    let named = |address: &Address, name: &str| {
        Address::new(address.scope.clone(), address.kind.clone(), address.name.replace(MARK, name))
    };
    let own = marked.addresses().filter(|address| address.name.contains(MARK));
    Ok(own.map(|address| (named(address, from), named(address, to))).collect())
}

/// The kind of which a component has one resource with its own name, wherever it is. Of records, no address holds it.
fn main_kind(component: Component) -> Option<&'static str> {
    match component {
        Component::Network => Some(Vpc::NAME),
        Component::LoadBalancer => Some(LoadBalancer::NAME),
        Component::Service => Some(Group::NAME),
        Component::Certificate => Some(Certificate::NAME),
        Component::Zone => Some(Zone::NAME),
        Component::Table => Some(Table::NAME),
        Component::Bucket => Some(Bucket::NAME),
        Component::Record => None,
    }
}

/// Says of every component that is new and equal to one that is gone: it may be the same. `head` is what `facts` were
/// read from, and `whole` the graph of the stack.
pub fn proposals(stack: &Stack, facts: &Facts<'_>, kinds: &KindTable, (head, whole): (&Head, &Graph)) -> Vec<Notice> {
    let mut notices = Vec::new();
    for component in Component::ALL {
        let Some(kind) = main_kind(component) else { continue };
        let recorded = || head.records.keys().filter(|address| address.kind == kind);
        let standing: BTreeSet<&str> = recorded().map(|address| address.name.as_str()).collect();
        let gone = recorded().filter(|address| whole.get(address).is_none()).map(|address| address.name.as_str());
        let declared: BTreeSet<&str> = stack.names(component).collect();
        let gone: BTreeSet<&str> = gone.filter(|name| !declared.contains(name)).collect();
        for to in declared.iter().filter(|name| !standing.contains(*name)) {
            let equal = |from: &&&str| is_equal(stack, facts, kinds, (component, kind), (from, to), head);
            let candidates: Vec<&&str> = gone.iter().filter(equal).collect();
            if let [from] = candidates.as_slice() {
                notices.extend(proposal(component, kind, (from, to), (head, whole)));
            }
        }
    }
    notices
}

/// Whether what is recorded under the old name is what the file would make under it.
fn is_equal(
    stack: &Stack,
    facts: &Facts<'_>,
    kinds: &KindTable,
    (component, kind): (Component, &str),
    (from, to): (&str, &str),
    head: &Head,
) -> bool {
    let Ok(graph) = expand(&stack.renamed(component, to, from), facts, kinds) else { return false };
    let own = head.records.values().filter(|record| record.address.kind == kind && record.address.name == from);
    own.into_iter().all(|record| graph.get(&record.address).is_some_and(|resource| resource.spec == record.spec))
}

fn proposal(
    component: Component,
    kind: &str,
    (from, to): (&str, &str),
    (head, whole): (&Head, &Graph),
) -> Option<Notice> {
    let old = head.records.keys().find(|address| address.kind == kind && address.name == from)?;
    let new = whole.resources().map(|resource| &resource.address).find(|new| new.kind == kind && new.name == to)?;
    let line = Moved::Component { component, from: from.to_owned(), to: to.to_owned() };
    Some(Notice::MayHaveMoved { address: new.clone(), from: old.clone(), line: line.to_string() })
}
