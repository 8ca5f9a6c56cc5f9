//! One figure, what it is held against, and the table of all.

use serde::Serialize;

/// What a value is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// The ratio is to be no more than the goal.
    AtMost,
    /// The ratio is to be no less than the goal.
    AtLeast,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// What was measured.
    pub measure: String,
    /// The figure.
    pub value: f64,
    /// Its unit: `calls`, `s`, `ms`, `MB`, `/s`.
    pub unit: &'static str,
    /// What it is held against, in the same unit: a limit that AWS or the machine sets, or the goal itself.
    pub bound: f64,
    /// `value / bound`.
    pub ratio: f64,
    /// What the ratio is to be.
    pub goal: f64,
    /// Whether that is the most or the least.
    pub sense: Goal,
    /// Whether it is.
    pub met: bool,
}

impl Measure {
    /// A value beside a limit, of which it is to be no more than `goal` times as much.
    pub fn at_most(measure: impl Into<String>, (value, unit): (f64, &'static str), bound: f64, goal: f64) -> Self {
        Self::new(measure.into(), (value, unit), bound, (Goal::AtMost, goal))
    }

    /// A value beside a limit, of which it is to be no less than `goal` times as much.
    pub fn at_least(measure: impl Into<String>, (value, unit): (f64, &'static str), bound: f64, goal: f64) -> Self {
        Self::new(measure.into(), (value, unit), bound, (Goal::AtLeast, goal))
    }

    /// A value with a ceiling of its own.
    pub fn below(measure: impl Into<String>, value: (f64, &'static str), ceiling: f64) -> Self {
        Self::at_most(measure, value, ceiling, 1.0)
    }

    fn new(measure: String, (value, unit): (f64, &'static str), bound: f64, (sense, goal): (Goal, f64)) -> Self {
        // Nothing of nothing is as it should be: no throttled call where none is allowed.
        let ratio = if value == bound { 1.0 } else { value / bound };
        let met = match sense {
            Goal::AtMost => ratio <= goal,
            Goal::AtLeast => ratio >= goal,
        };
        Self { measure, value, unit, bound, ratio, goal, sense, met }
    }
}

/// One line per figure.
pub fn table(measures: &[Measure]) -> Vec<String> {
    let width = measures.iter().map(|measure| measure.measure.chars().count()).max().unwrap_or_default().max(7);
    let head =
        format!("{:<width$}  {:>12} {:>12} {:<5} {:>7}  {:>8}", "measure", "value", "bound", "", "ratio", "goal");
    let line = |measure: &Measure| {
        let Measure { measure: name, value, unit, bound, ratio, goal, sense, met } = measure;
        let sense = if *sense == Goal::AtMost { "<=" } else { ">=" };
        let missed = if *met { "" } else { "  MISSED" };
        let (value, bound) = (number(*value), number(*bound));
        format!("{name:<width$}  {value:>12} {bound:>12} {unit:<5} {ratio:>7.2}  {sense} {goal:>5}{missed}")
    };
    std::iter::once(head).chain(measures.iter().map(line)).collect()
}

/// Three digits that count.
fn number(value: f64) -> String {
    match value.abs() {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_or_missed_in_its_own_sense() {
        let measures = [
            Measure::at_most("diff calls", (480.0, "calls"), 400.0, 1.1),
            Measure::at_least("intents", (2_400.0, "/s"), 100.0, 20.0),
            Measure::below("throttles", (0.0, "calls"), 0.0),
            Measure::below("a start", (12.5, "ms"), 20.0),
        ];
        assert_eq!(measures.iter().map(|measure| measure.met).collect::<Vec<_>>(), [false, true, true, true]);
        let lines = table(&measures);
        assert_eq!(lines[1], "diff calls           480          400 calls    1.20  <=   1.1  MISSED");
        assert_eq!(lines[4], "a start             12.5         20.0 ms       0.62  <=     1");
    }
}
