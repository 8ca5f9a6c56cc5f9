//! `globe graph`

use globe_aws::kind_table;
use globe_blueprint::Facts;
use globe_model::Head;
use globe_report::{dot, mermaid};
use serde_json::json;

use crate::args::{Global, GraphArgs, GraphFormat};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::{planning, project, regions};

/// Draws the graph; needs no credentials.
///
/// # Errors
/// When the file has errors.
pub fn graph(global: &Global, out: &Out, args: &GraphArgs) -> Result<Exit, Failure> {
    let project = project::load(global, out)?;
    let regions = regions::for_up(&project.stack, &Head::default(), &args.chosen)?;
    let stack = project.stack.restricted_to(&regions.active);
    let graph = planning::graph(&stack, &Facts::nominal(&stack), &kind_table())?;
    if out.json {
        for resource in graph.resources() {
            let upstream: Vec<_> =
                resource.upstream.iter().map(|(address, need)| json!({"address": address, "need": need})).collect();
            out.json_line("resource", &json!({"address": resource.address, "upstream": upstream}));
        }
        return Ok(Exit::Done);
    }
    out.data(&match args.format {
        GraphFormat::Dot => dot(&graph),
        GraphFormat::Mermaid => mermaid(&graph),
    });
    Ok(Exit::Done)
}
