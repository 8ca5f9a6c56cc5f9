//! A plan for a terminal and for a pull request.

mod body;
mod footer;
mod markdown;
mod moves;
mod notices;
mod view;

use std::time::Duration;

use globe_model::{Command, Plan, PlanReport};

pub use markdown::plan_markdown;
pub(crate) use view::{Counts, by_scope};

use crate::layout::{Paragraph, render};
use crate::style::{Style, Tone};

/// The plan for a terminal: `global` first, then the regions by name, each with its counts and its steps; then notices
/// in words; then the totals, and how long it will take when `estimate` is known.
///
/// A replacement (a delete and a create of one address) is one entry. With [`Detail::Compact`](crate::Detail::Compact), entries that
/// differ in nothing but their name share a line.
pub fn plan_text(plan: &Plan, report: &PlanReport, estimate: Option<Duration>, style: Style) -> String {
    let mut all = vec![title(plan)];
    all.extend(moves::paragraphs(plan));
    for region in body::regions(plan, style) {
        all.push(Paragraph::blank());
        all.push(region.heading);
        all.extend(region.entries.into_iter().flat_map(|entry| entry.paragraphs));
    }
    all.extend(after_body(plan, report, estimate, style));
    render(&all, style)
}

fn title(plan: &Plan) -> Paragraph {
    let aim = match plan.command {
        Command::Up => "to bring up",
        Command::Down => "to take down",
        Command::Gc => "to clean up",
        Command::Move => "to move",
    };
    let text = format!("Plan {aim} stack {} in account {}", plan.stack, plan.account);
    Paragraph::new(0).prose(Tone::Strong, &text)
}

fn after_body(plan: &Plan, report: &PlanReport, estimate: Option<Duration>, style: Style) -> Vec<Paragraph> {
    let mut all = Vec::new();
    for section in [notices::paragraphs(plan, report, style), footer::paragraphs(plan, report, estimate)] {
        if !section.is_empty() {
            all.push(Paragraph::blank());
            all.extend(section);
        }
    }
    all
}

#[cfg(test)]
mod tests;
