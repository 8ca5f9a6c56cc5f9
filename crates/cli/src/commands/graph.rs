//! `globe graph`

use globe_aws::kind_table;
use globe_blueprint::Facts;
use globe_engine::chain_of_graph;
use globe_graph::{Graph, Leg};
use globe_model::{Address, Head, KindTable, Pace, Work};
use globe_report::{ChainLink, Source, chain_json, chain_text, dot, mermaid};
use serde_json::json;

use crate::args::{Global, GraphArgs, GraphFormat};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::session::pace_of_time;
use crate::state::State;
use crate::{planning, project, regions};

/// Draws the graph, or explains its longest chain; needs no credentials.
///
/// # Errors
/// When the file has errors, or the state cannot be read.
pub async fn graph(global: &Global, out: &Out, args: &GraphArgs) -> Result<Exit, Failure> {
    let project = project::load(global, out)?;
    let regions = regions::for_up(&project.stack, &Head::default(), &args.chosen)?;
    let stack = project.stack.restricted_to(&regions.active);
    let kinds = kind_table();
    let graph = planning::graph(&stack, &Facts::nominal(&stack), &kinds)?;
    if args.critical_path {
        let state = State::read_only(global, &project::state_location(global, &project.folder)).await?;
        let pace = state.pace(&stack.name, pace_of_time(global)).await?;
        state.close().await;
        explain(out, &chain(&graph, &kinds, &pace));
    } else if out.json {
        list(out, &graph);
    } else {
        out.data(&match args.format {
            GraphFormat::Dot => dot(&graph),
            GraphFormat::Mermaid => mermaid(&graph),
        });
    }
    Ok(Exit::Done)
}

fn list(out: &Out, graph: &Graph) {
    for resource in graph.resources() {
        let upstream: Vec<_> =
            resource.upstream.iter().map(|(address, need)| json!({"address": address, "need": need})).collect();
        out.json_line("resource", &json!({"address": resource.address, "upstream": upstream}));
    }
}

fn chain(graph: &Graph, kinds: &KindTable, pace: &Pace) -> Vec<ChainLink> {
    let addresses: Vec<&Address> = graph.resources().map(|resource| &resource.address).collect();
    let link = |leg: &Leg| {
        let address = (*addresses.get(leg.step)?).clone();
        let known = pace.get(&address.kind, Work::Create).is_some();
        let source = if known { Source::History } else { Source::Typical };
        Some(ChainLink { address, takes: leg.takes, source })
    };
    chain_of_graph(graph, kinds, pace).critical.iter().filter_map(link).collect()
}

fn explain(out: &Out, chain: &[ChainLink]) {
    if out.json {
        out.json_line("critical_path", &chain_json(chain));
    } else {
        out.data(&chain_text(chain, out.style()));
    }
}
