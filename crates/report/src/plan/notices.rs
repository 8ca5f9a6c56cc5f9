//! What is not in the plan, and why, in words.

use std::collections::{BTreeMap, BTreeSet};

use globe_model::{Action, Address, Notice, Plan, PlanReport, Scope, Timestamp, Unread};

use super::moves;
use crate::layout::Paragraph;
use crate::style::{Style, Tone};
use crate::unread::line;
use crate::words::{counted, listed};

/// Refusals first, for they decide; then what may have been meant, what is unknown, what was pulled in, what was left out.
pub(crate) fn paragraphs(plan: &Plan, report: &PlanReport, style: Style) -> Vec<Paragraph> {
    let mut all = refused(report);
    all.extend(needs_consent(report));
    all.extend(moves::proposals(report));
    all.extend(unread(plan, report, style));
    all.extend(blocked(report));
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

/// Deletes that need a consent, each with the words that give it.
fn needs_consent(report: &PlanReport) -> Vec<Paragraph> {
    let points: Vec<Paragraph> = report
        .unconsented()
        .map(|(address, what)| {
            point()
                .word(Tone::Strong, &format!("--delete-data '{address}'"))
                .glued(Tone::Plain, ":")
                .prose(Tone::Plain, what)
        })
        .collect();
    if points.is_empty() {
        return points;
    }
    let head = "Data would be lost. `up` and `down` go ahead only if they are told, address by address or with `*`:";
    std::iter::once(Paragraph::new(0).prose(Tone::Delete, head)).chain(points).collect()
}

/// A region that cannot be reached is one line, however much is in it.
fn unread(plan: &Plan, report: &PlanReport, style: Style) -> Vec<Paragraph> {
    let mut all = plan.unread.clone();
    let told: BTreeSet<Address> = all.iter().flat_map(|unread| unread.addresses.clone()).collect();
    let mut besides = Vec::new();
    for notice in &report.notices {
        if let Notice::Unreadable { address, error } = notice
            && !told.contains(address)
        {
            let since = all.first().map_or_else(Timestamp::default, |unread| unread.since);
            Unread::note(&mut besides, address, error, since);
        }
    }
    all.extend(besides.into_iter().map(|unread| Unread { silent: false, ..unread }));
    let lines = |unread: &Unread| {
        let mut lines = vec![Paragraph::new(0).hang(2).prose(Tone::Update, &line(unread))];
        if style.is_full() && unread.addresses.len() > 1 {
            lines.extend(unread.addresses.iter().map(|address| point().word(Tone::Dim, &address.to_string())));
        }
        lines
    };
    all.iter().flat_map(lines).collect()
}

fn blocked(report: &PlanReport) -> Vec<Paragraph> {
    let mut groups: BTreeMap<(&Address, bool), BTreeSet<&Address>> = BTreeMap::new();
    for notice in &report.notices {
        if let Notice::Blocked { address, by, unread } = notice {
            groups.entry((by, *unread)).or_default().insert(address);
        }
    }
    let line = |((by, unread), addresses): (&(&Address, bool), &BTreeSet<&Address>)| {
        let why = if *unread { "could not be read" } else { "was not selected" };
        let head = format!("Left as it is, because {by}, with which it is tied up, {why}:");
        addresses.iter().fold(Paragraph::new(0).hang(2).prose(Tone::Plain, &head), |line, address| {
            line.word(Tone::Strong, &address.to_string())
        })
    };
    groups.iter().map(line).collect()
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
