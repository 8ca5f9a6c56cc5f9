//! `cargo xtask bench`: how near globe comes to its limits, as ratios that anybody can measure again.
//!
//! Functions are measured by benchmarks in their crates, everything else with the built program: in the
//! sandbox in virtual time where only AWS's own durations count, and against `globe sandbox serve` where globe's own
//! time and memory do. Stacks of many sizes come from [`crate::generate`].

mod child;
mod functions;
mod ground;
mod measure;
mod pipeline;
mod reads;
mod scale;
mod start;
mod work;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::console;
use crate::workspace::Workspace;
use ground::Ground;
use measure::Measure;

/// What to measure, and with what.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only these groups of measures
    #[arg(long, value_enum, value_delimiter = ',', value_name = "GROUP")]
    only: Vec<Group>,
    /// Sizes of the generated stacks, in resources over eight regions
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 5_000, 10_000], value_name = "RESOURCES")]
    sizes: Vec<usize>,
    /// A built `globe`; without it, a release build is made, which takes many minutes the first time
    #[arg(long, value_name = "FILE")]
    globe: Option<PathBuf>,
    /// Where to write the figures as JSON [default: bench.json in the target folder]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Measures that are made together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Group {
    /// `globe --version` and `globe validate`
    Start,
    /// The reference stack's `up` in virtual time, beside its longest chain of waits
    Pipeline,
    /// globe's own CPU time per AWS call
    Work,
    /// Calls, time and memory of a `diff` that finds nothing, by size
    Scale,
    /// Planner and journal
    Functions,
}

impl Group {
    fn measure(self, ground: &Ground, workspace: &Workspace, sizes: &[usize]) -> Result<Vec<Measure>> {
        match self {
            Self::Start => start::measure(ground),
            Self::Pipeline => pipeline::measure(ground),
            Self::Work => work::measure(ground),
            Self::Scale => scale::measure(ground, sizes),
            Self::Functions => functions::measure(workspace),
        }
    }
}

/// Measures, prints the table and writes the JSON file.
///
/// # Errors
/// When something cannot be measured; a goal that is missed is a figure, not an error.
pub fn run(workspace: &Workspace, arguments: Arguments) -> Result<()> {
    let ground = Ground::ready(workspace, arguments.globe)?;
    let mut measures = Vec::new();
    for group in Group::value_variants() {
        if arguments.only.is_empty() || arguments.only.contains(group) {
            console::note(&format!("measuring {group:?}"));
            measures.extend(group.measure(&ground, workspace, &arguments.sizes).with_context(|| format!("{group:?}"))?);
        }
    }
    measure::table(&measures).iter().for_each(|line| console::result(line));
    let file = arguments.json.unwrap_or_else(|| workspace.target().join("bench.json"));
    let text = serde_json::to_string_pretty(&measures).context("could not write the figures as JSON")?;
    fs::write(&file, text + "\n").with_context(|| format!("could not write {}", file.display()))?;
    console::note(&format!("wrote {}", file.display()));
    ground.end()
}
