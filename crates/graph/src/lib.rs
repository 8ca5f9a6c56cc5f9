//! The DAG of resources: build it, explain what is wrong with it, walk it, measure it.
//!
//! petgraph holds the graph while it is built and checked; what leaves this crate is ordered by address, never by
//! node index.

mod build;
mod path;

pub use build::{Graph, GraphBuilder, GraphError, Guard, Resource};
pub use path::{Leg, Remaining, Weight, remaining};
