//! Expands components into resources, one file per component. Pure.

mod bucket;
mod certificate;
mod cx;
mod facts;
mod load_balancer;
mod moved;
mod network;
mod record;
mod service;
mod table;
mod zone;

use std::cell::RefCell;

use globe_config::Stack;
use globe_config::names::{Naming, Standard};
use globe_graph::{Graph, GraphBuilder, GraphError};
use globe_model::{KindTable, Region};

pub use facts::{Facts, Missing, Recorded};
pub use moved::{moved, proposals, renamed};

use crate::cx::Cx;

/// A stack that cannot be expanded with these facts.
#[derive(Debug, thiserror::Error)]
pub enum BlueprintError {
    /// The region has fewer zones than the network wants.
    #[error("network `{network}` wants {wanted} availability zones, and {region} offers {offered}")]
    TooFewZones {
        /// The component.
        network: String,
        /// Where.
        region: Region,
        /// What the file says.
        wanted: usize,
        /// What AWS has.
        offered: usize,
    },
    /// The image was not looked up.
    #[error("the image of service `{service}` in {region} is not known")]
    NoImage {
        /// The component.
        service: String,
        /// Where.
        region: Region,
    },
    /// The subnets do not fit; the configuration checks this first.
    #[error("network `{network}` does not fit into {region}")]
    Carve {
        /// The component.
        network: String,
        /// Where.
        region: Region,
        /// Why.
        #[source]
        source: globe_config::CarveError,
    },
    /// The resources are no DAG: a defect of a component's file.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// The graph of resources that a stack describes. What stands already keeps the name that it was made with.
///
/// # Errors
/// When the facts do not suffice for it.
pub fn expand(stack: &Stack, facts: &Facts<'_>, kinds: &KindTable) -> Result<Graph, BlueprintError> {
    expand_named(stack, facts, kinds, &Standard)
}

/// The same, with new objects named by these rules.
///
/// # Errors
/// See [`expand`].
pub fn expand_named(
    stack: &Stack,
    facts: &Facts<'_>,
    kinds: &KindTable,
    naming: &dyn Naming,
) -> Result<Graph, BlueprintError> {
    Ok(resources(stack, facts, naming)?.build(kinds)?)
}

fn resources(stack: &Stack, facts: &Facts<'_>, naming: &dyn Naming) -> Result<GraphBuilder, BlueprintError> {
    let mut cx = Cx { stack, facts, naming, taken: RefCell::default(), graph: GraphBuilder::default() };
    zone::expand(&mut cx);
    certificate::expand(&mut cx);
    network::expand(&mut cx)?;
    load_balancer::expand(&mut cx);
    service::expand(&mut cx)?;
    record::expand(&mut cx);
    table::expand(&mut cx);
    bucket::expand(&mut cx);
    Ok(cx.graph)
}

#[cfg(test)]
mod tests;
