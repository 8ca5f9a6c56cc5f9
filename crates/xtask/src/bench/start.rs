//! What every command costs before it does anything.

use anyhow::Result;

use super::ground::Ground;
use super::measure::Measure;

/// How often each is run; the middle one counts.
const TIMES: usize = 21;

/// `globe --version` and `globe validate` on the reference stack.
///
/// # Errors
/// When one fails.
pub fn measure(ground: &Ground) -> Result<Vec<Measure>> {
    let stage = ground.reference("start")?;
    let mut measures = Vec::new();
    for (arguments, ceiling) in [(["--version"], 20.0), (["validate"], 60.0)] {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            times.push(stage.run(&arguments)?.wall.as_secs_f64() * 1_000.0);
        }
        times.sort_by(f64::total_cmp);
        measures.push(Measure::below(format!("globe {}", arguments.join(" ")), (times[TIMES / 2], "ms"), ceiling));
    }
    Ok(measures)
}
