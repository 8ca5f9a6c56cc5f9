//! A `diff` that finds nothing, by size: calls, time, memory.

use anyhow::{Context, Result};
use serde_json::Value;

use super::ground::{Answers, Ground, Stage};
use super::measure::Measure;
use super::reads;
use crate::console;
use crate::generate::{Shape, valid};

/// Regions of the generated stacks.
const REGIONS: usize = 8;
/// Where the sandbox's own state is, beside the file.
const STATE: &str = ".globe/sandbox/state.db";
/// Bytes of a megabyte.
const MEGABYTE: f64 = 1e6;
/// Words in the codes with which services say that there were too many requests.
const THROTTLES: [&str; 4] = ["Throttl", "RequestLimit", "TooManyRequests", "SlowDown"];

/// All sizes; time and memory at the largest.
///
/// # Errors
/// When a stack cannot be brought up, or does not stay as it is.
pub fn measure(ground: &Ground, sizes: &[usize]) -> Result<Vec<Measure>> {
    let mut measures = Vec::new();
    for size in sizes {
        console::note(&format!("bringing {size} resources up"));
        let stage = ground.stage(&size.to_string(), &valid(Shape::of_size(REGIONS, *size)?)?)?;
        stage.virtually(&["up", "--regions", "all", "--yes"])?;
        measures.push(calls(&stage, *size)?);
        if sizes.iter().max() == Some(size) {
            measures.extend(under_load(&stage, *size)?);
        }
    }
    Ok(measures)
}

fn calls(stage: &Stage<'_>, size: usize) -> Result<Measure> {
    let diff = stage.virtually(&["diff", "--explain-calls"])?;
    let plan = &diff.last("plan")?["counts"];
    anyhow::ensure!(plan["unchanged"] == size, "the diff of {size} resources found changes: {plan}");
    let state = stage.virtually(&["state", "list"])?;
    let bound = reads::fewest(state.all("resource").filter_map(|line| line["address"].as_str()))?;
    let calls = diff.number("calls", "total")?;
    Ok(Measure::at_most(format!("diff of {size}: calls / pages and single reads"), (calls, "calls"), count(bound), 1.1))
}

/// Fifty milliseconds to every answer, and AWS's request limits.
fn under_load(stage: &Stage<'_>, size: usize) -> Result<Vec<Measure>> {
    let serving = stage.serve(&["--speed", "1", "--latency", "50"])?;
    let ran = stage.against(&serving, 1, &["diff", "--json", "--state", STATE])?;
    let plan = &Answers::of(&ran.stdout);
    let counts = &plan.last("plan")?["counts"];
    anyhow::ensure!(counts["unchanged"] == size, "the diff of {size} resources found changes: {counts}");
    let throttled = serving.calls().context("could not count what was throttled")?;
    let throttled = throttled.iter().filter(|call| is_throttle(call)).count();
    #[expect(clippy::cast_precision_loss, reason = "bytes of memory are far below 2^52")]
    let peak = ran.peak as f64 / MEGABYTE;
    let name = |what: &str| format!("diff of {size}, 50 ms latency, limits: {what}");
    Ok(vec![
        Measure::below(name("wall"), (ran.wall.as_secs_f64(), "s"), 10.0),
        Measure::below(name("CPU"), (ran.cpu.as_secs_f64(), "s"), 10.0),
        Measure::below(name("memory"), (peak, "MB"), 300.0),
        Measure::below(name("throttled calls"), (count(throttled), "calls"), 0.0),
    ])
}

fn is_throttle(call: &Value) -> bool {
    call["code"].as_str().is_some_and(|code| THROTTLES.iter().any(|word| code.contains(word)))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}
