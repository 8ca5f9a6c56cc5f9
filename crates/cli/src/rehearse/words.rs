//! A rehearsal for a person to read.

use std::fmt::Write;
use std::time::Duration;

use globe_report::{counted, duration_words};

use super::crowd::Tally;
use super::figures::{COMMANDS, Figures};
use super::trace::{self, Line};
use super::trial::Trial;

/// How many lines of a trace are shown: what leads up to the end.
const SHOWN: usize = 60;

/// Expected times, the critical path, calls.
pub fn figures(all: &[Figures]) -> String {
    let mut text = String::new();
    for figures in all {
        // Writing to a text does not fail.
        let _written = write_figures(&mut text, figures);
    }
    text
}

fn write_figures(text: &mut String, figures: &Figures) -> std::fmt::Result {
    let words = |seconds: f64| duration_words(Duration::from_secs_f64(seconds));
    let steps = counted(figures.steps, "step", "steps");
    writeln!(text, "{}: {steps} in {}", figures.command, words(figures.seconds))?;
    for (region, seconds) in &figures.regions {
        writeln!(text, "  {region:<16} {}", words(*seconds))?;
    }
    if !figures.critical.is_empty() {
        writeln!(text, "  critical path")?;
    }
    for link in &figures.critical {
        writeln!(text, "    {:>12}  {}", words(link.seconds), link.address)?;
    }
    let calls: Vec<String> = figures.calls.iter().map(|(service, calls)| format!("{service} {calls}")).collect();
    writeln!(text, "  {} AWS calls: {}", figures.calls.values().sum::<u64>(), calls.join(", "))
}

/// How many seeds, and what went wrong in them.
pub fn tally(tally: &Tally) -> String {
    let total: u64 = tally.struck.values().sum();
    let mut text = format!("{} seeds with {total} faults", tally.seeds);
    let sorts: Vec<String> = tally.struck.iter().map(|(fault, count)| format!("{} {count}", fault.name())).collect();
    if !sorts.is_empty() {
        text.push_str(": ");
        text.push_str(&sorts.join(", "));
    }
    text.push_str(".\n");
    text
}

/// What led up to what does not hold.
pub fn trace_of(trial: &Trial, whole: bool) -> String {
    let lines: Vec<Line> = trial.trace.iter().filter(|line| whole || !line.routine).cloned().collect();
    let from = if whole { 0 } else { lines.len().saturating_sub(SHOWN) };
    let mut text = trace::text(&lines[from..], trial.start());
    if from > 0 {
        text.insert_str(0, &format!("  ... {from} lines before; -v shows all\n"));
    }
    text
}

/// What does not hold, in a sentence.
pub fn broken(trial: &Trial) -> Option<String> {
    let broken = trial.broken.as_ref()?;
    let during = trial.during.and_then(|index| COMMANDS.get(index)).copied().unwrap_or("the rehearsal");
    Some(format!("in seed {}, during `{during}`: {}", trial.seed, broken.what))
}
