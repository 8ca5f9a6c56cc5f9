//! Expands components into resources, one file per component. Pure.

mod bucket;
mod certificate;
mod cx;
mod facts;
mod load_balancer;
mod network;
mod record;
mod service;
mod table;
mod zone;

use globe_config::Stack;
use globe_graph::{Graph, GraphBuilder, GraphError};
use globe_model::{KindTable, Region};

pub use facts::Facts;

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

/// The graph of resources that a stack describes.
///
/// # Errors
/// When the facts do not suffice for it.
pub fn expand(stack: &Stack, facts: &Facts, kinds: &KindTable) -> Result<Graph, BlueprintError> {
    let mut cx = Cx { stack, facts, graph: GraphBuilder::default() };
    zone::expand(&mut cx);
    certificate::expand(&mut cx);
    network::expand(&mut cx)?;
    load_balancer::expand(&mut cx);
    service::expand(&mut cx)?;
    record::expand(&mut cx);
    table::expand(&mut cx);
    bucket::expand(&mut cx);
    Ok(cx.graph.build(kinds)?)
}

#[cfg(test)]
mod tests;
