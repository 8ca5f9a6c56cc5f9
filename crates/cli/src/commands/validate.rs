//! `globe validate`

use globe_aws::kind_table;
use globe_blueprint::Facts;
use globe_report::counted;
use serde_json::json;

use crate::args::Global;
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::{planning, project};

/// Checks the file, and that it expands into a graph. Needs no credentials.
///
/// # Errors
/// When the file has errors.
pub fn validate(global: &Global, out: &Out) -> Result<Exit, Failure> {
    let project = project::load(global, out)?;
    let stack = &project.stack;
    let graph = planning::graph(stack, &Facts::nominal(stack), &kind_table())?;
    let name = global.config.display().to_string();
    if out.json {
        let summary = json!({"file": name, "valid": true, "stack": stack.name, "regions": stack.regions.len(), "resources": graph.len()});
        out.json_line("valid", &summary);
    } else {
        out.data(&format!(
            "{name} is valid: stack {}, {}, {}.",
            stack.name,
            counted(stack.regions.len(), "region", "regions"),
            counted(graph.len(), "resource", "resources")
        ));
    }
    Ok(Exit::Done)
}
