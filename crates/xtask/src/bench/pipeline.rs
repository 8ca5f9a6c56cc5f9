//! How near an `up` comes to its longest chain of waits, in virtual time: nothing but AWS's own durations counts.

use anyhow::{Context, Result};

use super::ground::{Answers, Ground, Stage};
use super::measure::Measure;
use crate::generate::{Shape, valid};

/// Every so many requests, one is throttled.
const EVERY: usize = 10;
/// A stack of eight regions that is large enough to meet AWS's request limits.
const LARGER: usize = 1_000;

/// Makespans of the reference stack: as it is, with limits and throttled requests, and by region; and of a larger one.
///
/// # Errors
/// When an `up` fails.
pub fn measure(ground: &Ground) -> Result<Vec<Measure>> {
    let plain = ground.reference("plain")?;
    let whole = up(&plain, &["--explain-calls"])?;
    let (took, path) = (makespan(&whole)?, whole.number("plan", "estimate_seconds")?);
    let calls = whole.last("calls")?["total"].as_u64().context("there is no count of calls")?;
    let mut measures = vec![Measure::at_most("reference up: makespan / longest chain", (took, "s"), path, 1.05)];
    let rules = throttling(usize::try_from(calls)? * 2);
    let throttled: Vec<&str> = rules.iter().map(String::as_str).collect();
    let hindered = makespan(&up(&ground.reference("throttled")?, &throttled)?)?;
    measures.push(Measure::at_most("same, limits and 10 % throttled", (hindered, "s"), path, 1.2));
    let slowest = slowest(ground, &plain)?;
    measures.push(Measure::at_most("four regions / slowest single region", (took, "s"), slowest, 1.1));
    let larger = ground.stage("larger", &valid(Shape::of_size(8, LARGER)?)?)?;
    let larger = up(&larger, &[])?;
    let path = larger.number("plan", "estimate_seconds")?;
    let name = format!("{LARGER} resources, 8 regions, limits: makespan / chain");
    measures.push(Measure::at_most(name, (makespan(&larger)?, "s"), path, 1.2));
    Ok(measures)
}

fn up(stage: &Stage<'_>, more: &[&str]) -> Result<Answers> {
    stage.virtually(&[&["up", "--regions", "all", "--yes"], more].concat())
}

fn makespan(answers: &Answers) -> Result<f64> {
    answers.number("summary", "elapsed_seconds")
}

/// Every tenth request of any kind is throttled.
fn throttling(calls: usize) -> Vec<String> {
    (1..=calls / EVERY).map(|turn| format!("--fault=*:throttled:{}:1", turn * EVERY)).collect()
}

/// The longest `up` of one region alone, with what it needs of others.
fn slowest(ground: &Ground, stage: &Stage<'_>) -> Result<f64> {
    let state = stage.virtually(&["status"])?;
    let scopes = state.last("status")?["scopes"].as_array().context("globe status lists no scopes")?;
    let names = scopes.iter().filter_map(|scope| scope["scope"].as_str()).filter(|name| *name != "global");
    let mut slowest = 0.0_f64;
    for region in names {
        let alone = ground.reference(region)?;
        slowest = slowest.max(makespan(&alone.virtually(&["up", "--region", region, "--yes"])?)?);
    }
    Ok(slowest)
}
