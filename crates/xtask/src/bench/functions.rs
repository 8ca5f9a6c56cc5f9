//! What benchmarks of single crates measure: the planner by size, and the journal's group commit.

use std::collections::BTreeMap;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::measure::Measure;
use crate::console;
use crate::workspace::{Workspace, cargo};

/// The planner's ceilings in milliseconds by benchmark.
const PLANS: [(&str, f64); 6] = [
    ("plan of 10000, nothing to do", 100.0),
    ("plan of 10000, everything to make", 100.0),
    ("plan of 10000, everything to remove", 100.0),
    ("plan of 100000, nothing to do", 1_500.0),
    ("plan of 100000, everything to make", 1_500.0),
    ("plan of 100000, everything to remove", 1_500.0),
];

/// A line that a benchmark prints.
#[derive(Deserialize)]
struct Line {
    benchmark: String,
    median_ns: f64,
}

/// Builds the benchmarks for release and runs them.
///
/// # Errors
/// When they cannot be built or fail.
pub fn measure(workspace: &Workspace) -> Result<Vec<Measure>> {
    let plans = bench(workspace, "plan")?;
    let mut measures = Vec::new();
    for (name, ceiling) in PLANS {
        measures.push(Measure::below(name, (of(&plans, name)? / 1e6, "ms"), ceiling));
    }
    let commits = bench(workspace, "group_commit")?;
    let single = 1e9 / of(&commits, "intents, one by one")?;
    let together = 1e9 / of(&commits, "intents, 64 at once")?;
    measures.push(Measure::at_least("durable intents: 64 at once / one by one", (together, "/s"), single, 20.0));
    Ok(measures)
}

/// Medians in nanoseconds by benchmark.
fn bench(workspace: &Workspace, name: &str) -> Result<BTreeMap<String, f64>> {
    let arguments = ["bench", "--workspace", "--bench", name];
    let title = format!("`cargo {}`", arguments.join(" "));
    console::note(&title);
    let mut command = cargo();
    command.args(arguments).current_dir(workspace.root()).stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("could not run {title}"))?;
    if !output.status.success() {
        bail!("{title} failed: {}", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    Ok(lines.map(|line| (line.benchmark, line.median_ns)).collect())
}

fn of(medians: &BTreeMap<String, f64>, name: &str) -> Result<f64> {
    medians.get(name).copied().with_context(|| format!("no benchmark printed `{name}`"))
}
