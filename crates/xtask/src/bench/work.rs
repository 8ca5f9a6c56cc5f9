//! What globe itself has to do for a call: its CPU time over a whole `up`, with AWS in another process.

use anyhow::Result;

use super::ground::{Answers, Ground};
use super::measure::Measure;

/// Sandbox seconds per second.
const SPEED: u32 = 100;
/// CPU time per call in milliseconds.
const CEILING: f64 = 2.0;

/// An `up` of the reference stack over HTTP.
///
/// # Errors
/// When it fails.
pub fn measure(ground: &Ground) -> Result<Vec<Measure>> {
    let stage = ground.reference("work")?;
    let serving = stage.serve(&["--in-memory", "--speed", &SPEED.to_string()])?;
    let ran = stage.against(&serving, SPEED, &["up", "--regions", "all", "--yes", "--json", "--explain-calls"])?;
    let answered = serving.calls()?.len();
    let counted = Answers::of(&ran.stdout).last("calls")?["total"].as_f64().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a count of calls is far below 2^52")]
    let calls = answered as f64;
    Ok(vec![
        Measure::below(
            "reference up over HTTP: CPU per call",
            (ran.cpu.as_secs_f64() * 1_000.0 / calls, "ms"),
            CEILING,
        ),
        Measure::at_most("same: calls that --explain-calls lists", (counted, "calls"), calls, 1.0),
    ])
}
