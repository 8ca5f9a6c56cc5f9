//! The regions of a plan with their entries.

use std::collections::HashMap;

use globe_model::{Cause, Desired, Plan, ReplaceOrder};
use serde_json::Value;

use super::view::{Counts, Entry, Sign, by_scope};
use crate::layout::Paragraph;
use crate::style::{Style, Tone};
use crate::value::{Leaf, leaves, redacted_as, shown, shown_pair};

/// Where signs stand.
const SIGN: usize = 2;
/// Where kinds stand.
const KIND: usize = 6;
/// A kind longer than this pushes its names to the right rather than all names.
const WIDEST_KIND: usize = 26;
/// Where the fields of an entry stand.
const FIELD: usize = 8;
/// So many places of one field are shown in a compact plan.
const MOST_LEAVES: usize = 8;

/// A region, ready to be rendered.
pub(crate) struct Region {
    /// Its name and counts.
    pub(crate) heading: Paragraph,
    /// What happens in it.
    pub(crate) entries: Vec<Shown>,
}

/// One or more entries that style alike, ready to be rendered.
pub(crate) struct Shown {
    pub(crate) sign: Sign,
    pub(crate) paragraphs: Vec<Paragraph>,
}

/// All regions of the plan in which something happens.
pub(crate) fn regions(plan: &Plan, style: Style) -> Vec<Region> {
    let scopes = by_scope(plan);
    let widest = scopes.keys().map(|scope| scope.as_str().len()).max().unwrap_or(0);
    let region = |(scope, entries): (_, &Vec<Entry<'_>>)| Region {
        heading: heading(&format!("{scope:widest$}"), &Counts::of(entries)),
        entries: shown_entries(entries, style),
    };
    scopes.iter().map(region).collect()
}

/// `eu-central-1   + 61  ~ 0  -/+ 0  - 0`
pub(crate) fn heading(name: &str, counts: &Counts) -> Paragraph {
    counts.shown().into_iter().fold(Paragraph::new(0).word(Tone::Strong, name).word(Tone::Plain, ""), with_count)
}

/// Adds `+ 61`, dimmed when it is none.
fn with_count(paragraph: Paragraph, (sign, count): (Sign, usize)) -> Paragraph {
    let tone = if count == 0 { Tone::Dim } else { sign.tone() };
    paragraph.word(Tone::Plain, "").word(tone, &format!("{} {count}", sign.text()))
}

fn shown_entries(entries: &[Entry<'_>], style: Style) -> Vec<Shown> {
    let kinds = entries.iter().map(|entry| entry.address.kind.len());
    let names = KIND + kinds.max().unwrap_or(0).min(WIDEST_KIND) + 2;
    groups(entries, style).iter().map(|group| shown_group(group, names, style)).collect()
}

/// Entries that differ in their name alone, in the order of the first of each.
fn groups<'a, 'b>(entries: &'b [Entry<'a>], style: Style) -> Vec<Vec<&'b Entry<'a>>> {
    if style.is_full() {
        return entries.iter().map(|entry| vec![entry]).collect();
    }
    let mut groups: Vec<Vec<&Entry>> = Vec::new();
    let mut places: HashMap<(&str, Sign, Option<&str>, String), usize> = HashMap::new();
    for entry in entries {
        let looks = format!("{:?}{:?}", entry.order, entry.changes);
        let place = places.entry((&entry.address.kind, entry.sign, entry.reason, looks)).or_insert(groups.len());
        match groups.get_mut(*place) {
            Some(group) => group.push(entry),
            None => groups.push(vec![entry]),
        }
    }
    groups
}

fn shown_group(group: &[&Entry<'_>], names: usize, style: Style) -> Shown {
    let first = group[0];
    let mut paragraphs = vec![group_line(group, names, style)];
    paragraphs.extend(first.changes.iter().flat_map(|change| {
        let all = leaves(change);
        let (seen, hidden) = all.split_at(if style.is_full() { all.len() } else { all.len().min(MOST_LEAVES) });
        let mut lines: Vec<Paragraph> = seen.iter().map(|leaf| leaf_line(leaf, change.cause, style)).collect();
        if !hidden.is_empty() {
            let more = format!("and {} more in {}", hidden.len(), change.field);
            lines.push(Paragraph::new(FIELD).at(FIELD).prose(Tone::Dim, &more));
        }
        lines
    }));
    if style.is_full() && matches!(first.sign, Sign::Create) {
        paragraphs.extend(desired_lines(first.desired, style));
    }
    Shown { sign: first.sign, paragraphs }
}

/// `  +   ec2/subnet   main-private-a main-private-b  (reason)`
fn group_line(group: &[&Entry<'_>], names: usize, style: Style) -> Paragraph {
    let first = group[0];
    let mut line = Paragraph::new(SIGN).hang(names).word(first.sign.tone(), first.sign.text());
    line = line.at(KIND).word(Tone::Plain, &first.address.kind).at(names);
    for entry in group {
        line = line.word(Tone::Strong, &entry.address.name);
        let identity = entry.id.filter(|_| shows_identity(entry.sign, style));
        if let Some(id) = identity {
            line = line.word(Tone::Dim, &format!("[{id}]"));
        }
    }
    match note(first) {
        Some(note) => line.prose(Tone::Dim, &format!("({note})")),
        None => line,
    }
}

/// An adopted object exists already: which one it is must be seen before it is agreed to. A create has none yet; the
/// one that a create in a plan may carry is gone.
fn shows_identity(sign: Sign, style: Style) -> bool {
    sign == Sign::Adopt || (style.is_full() && sign != Sign::Create)
}

fn note(entry: &Entry<'_>) -> Option<String> {
    let order = entry.order.map(|order| match order {
        ReplaceOrder::CreateFirst => "the new one is made first",
        ReplaceOrder::DeleteFirst => "the old one is deleted first",
    });
    let parts: Vec<&str> = entry.reason.into_iter().chain(order).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// `        cidr: "10.0.0.0/16" -> "10.1.0.0/16"   (file)`
fn leaf_line(leaf: &Leaf, cause: Cause, style: Style) -> Paragraph {
    let (from, to) = shown_pair(leaf, style);
    let cause = match cause {
        Cause::File => "(file)",
        Cause::Drift => "(drift)",
        Cause::Upstream => "(upstream)",
    };
    Paragraph::new(FIELD)
        .hang(FIELD + 4)
        .exact(Tone::Plain, &format!("{}:", leaf.path))
        .exact(Tone::Delete, &from)
        .word(Tone::Dim, style.arrow())
        .exact(Tone::Create, &to)
        .word(Tone::Plain, "")
        .word(Tone::Dim, cause)
}

/// The fields that a create gives to AWS.
fn desired_lines(desired: Option<&Desired>, style: Style) -> Vec<Paragraph> {
    let Some(Ok(Value::Object(fields))) = desired.map(Desired::json) else { return Vec::new() };
    let line = |(name, value): (&String, &Value)| {
        let text = shown(&redacted_as(name, value), style);
        Paragraph::new(FIELD).hang(FIELD + 4).word(Tone::Dim, &format!("{name}:")).exact(Tone::Plain, &text)
    };
    fields.iter().filter(|(_, value)| !value.is_null()).map(line).collect()
}
