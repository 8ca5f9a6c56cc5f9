//! The last lines of a plan: totals, regions, time; or why there is nothing to do.

use std::time::Duration;

use globe_model::{Command, Notice, Plan, PlanReport, Scope};

use super::view::{Counts, by_scope};
use crate::layout::Paragraph;
use crate::style::Tone;
use crate::unread::missing;
use crate::words::{counted, duration_words, listed};

pub(crate) fn paragraphs(plan: &Plan, report: &PlanReport, estimate: Option<Duration>) -> Vec<Paragraph> {
    let mut all = match (plan.is_empty(), report.refusals().next()) {
        (false, _) => totals(plan, report, estimate),
        (true, None) => vec![nothing(plan, report)],
        // the refusals above have said all
        (true, Some(_)) => Vec::new(),
    };
    if !plan.leaves_down.is_empty() {
        let regions: Vec<String> = plan.leaves_down.iter().map(ToString::to_string).collect();
        let (stay, it) = if regions.len() == 1 { ("stays", "it") } else { ("stay", "them") };
        let text = format!("Afterwards {} {stay} down until `globe up --region` names {it}.", listed(&regions));
        all.push(Paragraph::new(0).prose(Tone::Plain, &text));
    }
    for (words, protects) in [("Protected from now on", true), ("Protected no longer", false)] {
        let these = plan.protects.iter().filter(|(_, component)| component.is_some() == protects);
        let these: Vec<String> = these.map(|(address, _)| address.to_string()).collect();
        if !these.is_empty() {
            all.push(Paragraph::new(0).hang(2).prose(Tone::Plain, &format!("{words}: {}.", listed(&these))));
        }
    }
    if let Some(missing) = missing(&plan.unread) {
        all.push(Paragraph::new(0).prose(Tone::Update, &format!("Not complete: {missing}.")));
    }
    all
}

fn totals(plan: &Plan, report: &PlanReport, estimate: Option<Duration>) -> Vec<Paragraph> {
    let scopes = by_scope(plan);
    let counts = Counts::of(scopes.values().flatten());
    let mut line = Paragraph::new(0).word(Tone::Strong, "Plan:");
    for (place, (sign, count)) in counts.shown().into_iter().enumerate() {
        if place > 0 {
            line = line.glued(Tone::Plain, ",");
        }
        let tone = if count == 0 { Tone::Dim } else { sign.tone() };
        line = line.prose(tone, &format!("{count} to {}", sign.verb()));
    }
    line = line.glued(Tone::Plain, ";").prose(Tone::Plain, &format!("{} unchanged", report.unchanged));
    // a plan that only forgets takes no time, which is not worth a word
    let time = estimate
        .filter(|estimate| !estimate.is_zero())
        .map_or(String::new(), |estimate| format!("; about {} if nothing but AWS limits it", duration_words(estimate)));
    let place = format!("In {}{time}.", places(&scopes.keys().copied().collect::<Vec<_>>()));
    vec![line, Paragraph::new(0).prose(Tone::Plain, &place)]
}

/// `global and 4 regions`, `eu-central-1`
pub(crate) fn places(scopes: &[&Scope]) -> String {
    let global = scopes.iter().any(|scope| scope.as_region().is_none()).then(|| "global".to_owned());
    let regions: Vec<String> = scopes.iter().filter_map(|scope| Some(scope.as_region()?.to_string())).collect();
    let regions = match &regions[..] {
        [] => None,
        [only] => Some(only.clone()),
        more => Some(counted(more.len(), "region", "regions")),
    };
    listed(&global.into_iter().chain(regions).collect::<Vec<_>>())
}

fn nothing(plan: &Plan, report: &PlanReport) -> Paragraph {
    let has = |wanted: fn(&Notice) -> bool| report.notices.iter().any(wanted);
    let unchanged = counted(report.unchanged, "resource is", "resources are");
    let unread = has(|notice| matches!(notice, Notice::Unreadable { .. }));
    let text = if unread && plan.command == Command::Down {
        "Nothing to do as far as AWS could be read.".to_owned()
    } else if unread {
        format!("Nothing to do as far as AWS could be read: {unchanged} as the file says.")
    } else if plan.command == Command::Down {
        "Nothing to do: nothing is left to take down.".to_owned()
    } else if has(|notice| matches!(notice, Notice::NotSelected { .. })) {
        format!("Nothing to do in what was selected: {unchanged} as the file says.")
    } else {
        format!("Nothing to do: {unchanged} as the file says.")
    };
    let recorded = match plan.moves.len() {
        0 => String::new(),
        count => format!(" {} to be recorded.", counted(count, "move is", "moves are")),
    };
    Paragraph::new(0).prose(Tone::Strong, &format!("{text}{recorded}"))
}
