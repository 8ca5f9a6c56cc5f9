//! What is not in the plan, and why, in words.

use std::collections::BTreeMap;

use globe_model::{Action, Address, Notice, PlanReport, Scope};

use super::moves;
use crate::layout::Paragraph;
use crate::style::{Style, Tone};
use crate::words::{counted, listed};

/// Refusals first, for they decide; then what may have been meant, what is unknown, what was pulled in, what was left out.
pub(crate) fn paragraphs(report: &PlanReport, style: Style) -> Vec<Paragraph> {
    let mut all = refused(report);
    all.extend(moves::proposals(report));
    all.extend(unreadable(report, style));
    all.extend(pulled_in(report));
    all.extend(not_selected(report, style));
    all
}

fn point() -> Paragraph {
    Paragraph::new(2).hang(4)
}

fn refused(report: &PlanReport) -> Vec<Paragraph> {
    let points = report.notices.iter().filter_map(|notice| match notice {
        Notice::Refused { address, reason } => {
            Some(point().word(Tone::Strong, &address.to_string()).glued(Tone::Plain, ":").prose(Tone::Plain, reason))
        }
        _ => None,
    });
    let points: Vec<Paragraph> = points.collect();
    match points.len() {
        0 => points,
        count => {
            let reasons = counted(count, "reason", "reasons");
            let head = Paragraph::new(0).prose(Tone::Delete, &format!("Refused, for {reasons}; nothing will be done:"));
            std::iter::once(head).chain(points).collect()
        }
    }
}

/// A region that cannot be reached gives the same words for all its resources: they are said once.
fn unreadable(report: &PlanReport, style: Style) -> Vec<Paragraph> {
    let mut groups: BTreeMap<(&Scope, &str), Vec<&Address>> = BTreeMap::new();
    for notice in &report.notices {
        if let Notice::Unreadable { address, error } = notice {
            groups.entry((&address.scope, error)).or_default().push(address);
        }
    }
    let line = |((scope, error), addresses): (&(&Scope, &str), &Vec<&Address>)| {
        let which = match addresses[..] {
            [only] => only.to_string(),
            _ => format!("{} in {scope}", counted(addresses.len(), "resource", "resources")),
        };
        let text = format!("Unknown: {which} could not be read, so nothing is planned there: {error}");
        let mut lines = vec![Paragraph::new(0).hang(2).prose(Tone::Update, &text)];
        if style.is_full() && addresses.len() > 1 {
            lines.extend(addresses.iter().map(|address| point().word(Tone::Dim, &address.to_string())));
        }
        lines
    };
    groups.iter().flat_map(line).collect()
}

fn pulled_in(report: &PlanReport) -> Vec<Paragraph> {
    let mut groups: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
    for notice in &report.notices {
        if let Notice::PulledIn { address, needed_by } = notice {
            groups.entry(needed_by).or_default().push(address);
        }
    }
    let line = |(needed_by, addresses): (&&Address, &Vec<&Address>)| {
        let it = if addresses.len() == 1 { "it" } else { "them" };
        let head = format!("Though not selected, in the plan because {needed_by} needs {it}:");
        addresses.iter().fold(Paragraph::new(0).hang(2).prose(Tone::Plain, &head), |line, address| {
            line.word(Tone::Strong, &address.to_string())
        })
    };
    groups.iter().map(line).collect()
}

fn not_selected(report: &PlanReport, style: Style) -> Vec<Paragraph> {
    let mut scopes: BTreeMap<&Scope, BTreeMap<Action, Vec<&Address>>> = BTreeMap::new();
    for notice in &report.notices {
        if let Notice::NotSelected { address, action } = notice {
            scopes.entry(&address.scope).or_default().entry(*action).or_default().push(address);
        }
    }
    let line = |(scope, actions): (&&Scope, &BTreeMap<Action, Vec<&Address>>)| {
        let counts: Vec<String> =
            actions.iter().map(|(action, all)| format!("{} to {}", all.len(), verb(*action))).collect();
        let text = format!("Not selected in {scope}, so left as it is: {}.", listed(&counts));
        let mut lines = vec![Paragraph::new(0).hang(2).prose(Tone::Dim, &text)];
        if style.is_full() {
            let each = actions.iter().flat_map(|(action, all)| all.iter().map(move |address| (action, address)));
            let text = |(action, address): (&Action, &&Address)| format!("{} {address}", verb(*action));
            lines.extend(each.map(|each| point().prose(Tone::Dim, &text(each))));
        }
        lines
    };
    scopes.iter().flat_map(line).collect()
}

fn verb(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Adopt => "adopt",
        Action::Delete => "delete",
        Action::Forget => "forget",
    }
}
