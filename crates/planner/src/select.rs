//! What the user chose, and what must come along.

use std::collections::BTreeSet;

use globe_model::{Action, Address, Command, Link, Notice, PlanReport, Scope, Step};

use crate::Input;

/// A pattern over addresses: `*` is any text, slashes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// A pattern; one without `*` matches one address.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Whether `address` matches.
    pub fn matches(&self, address: &Address) -> bool {
        let text = address.to_string();
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else { return false };
        let parts: Vec<&str> = parts.collect();
        let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
        for part in middle {
            let Some(at) = rest.find(part) else { return false };
            rest = rest.get(at + part.len()..).unwrap_or_default();
        }
        rest.ends_with(last)
    }
}

/// What the user chose. The default is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Only these regions, and what is global or tied to them.
    pub scopes: Option<BTreeSet<Scope>>,
    /// Only addresses that match one of these.
    pub only: Vec<Glob>,
}

/// Keeps chosen steps and those they need; renumbers.
pub fn select(input: &Input<'_>, steps: Vec<Step>, report: &mut PlanReport) -> Vec<Step> {
    let mut keep: Vec<bool> = steps.iter().map(|step| chosen(input, step)).collect();
    pull_in(&steps, &mut keep, report);
    for (step, _) in steps.iter().zip(&keep).filter(|(_, keep)| !**keep) {
        report.notices.push(Notice::NotSelected { address: step.address.clone(), action: step.action });
    }
    renumber(steps, &keep)
}

fn chosen(input: &Input<'_>, step: &Step) -> bool {
    let only = &input.selection.only;
    let named = only.is_empty() || only.iter().any(|glob| glob.matches(&step.address));
    named && input.selection.scopes.as_ref().is_none_or(|scopes| touches(input, scopes, step))
}

/// A step belongs to a region when it is in it, refers to it, or is global: in `up` whatever it is, in `down` when
/// it goes.
fn touches(input: &Input<'_>, scopes: &BTreeSet<Scope>, step: &Step) -> bool {
    let address = &step.address;
    if scopes.contains(&address.scope) {
        return true;
    }
    if address.scope == Scope::Global && (input.command == Command::Up || step.action == Action::Delete) {
        return true;
    }
    let recorded = input.head.records.get(address).map(|record| &record.spec);
    let whole = input.whole.get(address).map(|resource| &resource.spec);
    // What the file says of it changes with the regions: a policy that names a bucket of the region that goes.
    if input.command == Command::Down && step.spec.is_some() && step.spec.as_ref() != whole {
        return true;
    }
    let kind = input.kinds.get(&address.kind);
    let specs = [step.spec.as_ref(), recorded, whole];
    let edges = specs.into_iter().flatten().filter_map(|spec| kind?.refs(spec).ok());
    edges.flatten().any(|edge| scopes.contains(&edge.address.scope))
}

/// A chosen step needs the steps before it, except changes in place: what exists can be referred to as it is.
fn pull_in(steps: &[Step], keep: &mut [bool], report: &mut PlanReport) {
    let mut queue: Vec<usize> = (0..steps.len()).filter(|index| keep[*index]).collect();
    while let Some(index) = queue.pop() {
        let Some(step) = steps.get(index) else { continue };
        let goes = matches!(step.action, Action::Delete | Action::Forget);
        for link in &step.after {
            let (Some(upstream), Some(kept)) = (steps.get(link.step), keep.get_mut(link.step)) else { continue };
            if *kept || (upstream.action == Action::Update && !goes) {
                continue;
            }
            *kept = true;
            queue.push(link.step);
            let (address, needed_by) = (upstream.address.clone(), step.address.clone());
            report.notices.push(Notice::PulledIn { address, needed_by });
        }
    }
    // The two halves of a replacement go together.
    let halves: BTreeSet<&Address> = steps
        .iter()
        .zip(keep.iter())
        .filter(|(step, keep)| **keep && step.replacement)
        .map(|(step, _)| &step.address)
        .collect();
    for (index, step) in steps.iter().enumerate() {
        if step.replacement && halves.contains(&step.address) {
            keep[index] = true;
        }
    }
}

/// The kept steps, with links that follow them.
pub(crate) fn renumber(steps: Vec<Step>, keep: &[bool]) -> Vec<Step> {
    if keep.iter().all(|keep| *keep) {
        return steps;
    }
    let mut count = 0;
    let numbers: Vec<Option<usize>> = keep
        .iter()
        .map(|keep| {
            let number = keep.then_some(count);
            count += usize::from(*keep);
            number
        })
        .collect();
    let moved = |link: &Link| Some(Link { step: (*numbers.get(link.step)?)?, need: link.need });
    let kept = steps.into_iter().zip(keep).filter(|(_, keep)| **keep).map(|(step, _)| step);
    kept.map(|step| Step { after: step.after.iter().filter_map(moved).collect(), ..step }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_addresses() {
        let address: Address = "eu-central-1/ec2/subnet/main-private-a".parse().expect("an address");
        for (pattern, expected) in [
            ("*", true),
            ("eu-central-1/*", true),
            ("*/ec2/subnet/*", true),
            ("*private*", true),
            ("eu-central-1/ec2/subnet/main-private-a", true),
            ("eu-central-1/ec2/subnet/main-private", false),
            ("us-*", false),
            ("*-b", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(&address), expected, "{pattern}");
        }
    }
}
