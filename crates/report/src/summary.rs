//! How a run ended: done, failed, not tried, what to do next, and the addresses that matter.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use globe_model::{Action, Address, Failure, Highlight, Scope, Summary, Unread};
use serde::Serialize;

use crate::event_line::under_way;
use crate::layout::{Paragraph, render};
use crate::style::{Style, Tone};
use crate::unread::{line, missing};
use crate::words::{counted, duration_words};

/// Steps done, where the two halves of a replacement count as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct DoneCounts {
    pub(crate) created: usize,
    pub(crate) updated: usize,
    pub(crate) replaced: usize,
    pub(crate) deleted: usize,
    pub(crate) adopted: usize,
    pub(crate) forgotten: usize,
}

impl DoneCounts {
    pub(crate) fn of(done: &[(Address, Action)]) -> Self {
        let all = |wanted: Action| -> BTreeSet<&Address> {
            done.iter().filter(|(_, action)| *action == wanted).map(|(address, _)| address).collect()
        };
        let (created, deleted) = (all(Action::Create), all(Action::Delete));
        let replaced = created.intersection(&deleted).count();
        Self {
            created: created.len() - replaced,
            updated: all(Action::Update).len(),
            replaced,
            deleted: deleted.len() - replaced,
            adopted: all(Action::Adopt).len(),
            forgotten: all(Action::Forget).len(),
        }
    }

    fn words(self) -> Vec<String> {
        let named = [
            (self.created, "created"),
            (self.updated, "updated"),
            (self.replaced, "replaced"),
            (self.deleted, "deleted"),
            (self.adopted, "adopted"),
            (self.forgotten, "forgotten"),
        ];
        named.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect()
    }
}

/// The end of a run for a person: what was done by action, what failed in AWS's words with its request id and a hint,
/// what was not tried and why, what to do next, and the highlights.
pub fn summary_text(summary: &Summary, highlights: &[Highlight], elapsed: Duration, style: Style) -> String {
    let sections = [
        vec![outcome(summary, elapsed)],
        failed(&summary.failed),
        not_tried(&summary.not_tried),
        unread(&summary.unread),
        next(summary),
        addresses(highlights),
    ];
    let sections: Vec<Vec<Paragraph>> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    render(&sections.join(&Paragraph::blank()), style)
}

fn outcome(summary: &Summary, elapsed: Duration) -> Paragraph {
    let done = DoneCounts::of(&summary.done).words();
    let done = match (done.is_empty(), summary.begun.len()) {
        (false, _) => done.join(", "),
        (true, 0) => "nothing was changed".to_owned(),
        (true, begun) => format!("{} begun, none finished", counted(begun, "change", "changes")),
    };
    let time = duration_words(elapsed);
    if summary.is_complete() {
        return Paragraph::new(0).prose(Tone::Create, &format!("Done in {time}: {done}."));
    }
    let ended = if summary.interrupted { "Interrupted" } else { "Not complete" };
    let rest = [(summary.failed.len(), "failed"), (summary.not_tried.len(), "not tried")];
    let rest = rest.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("; {count} {word}"));
    let left = missing(&summary.unread).map_or(String::new(), |missing| format!("; {missing}"));
    let text = format!("{ended} after {time}: {done}{}{left}.", rest.collect::<String>());
    Paragraph::new(0).prose(if summary.failed.is_empty() { Tone::Update } else { Tone::Delete }, &text)
}

fn heading(text: &str) -> Paragraph {
    Paragraph::new(0).prose(Tone::Strong, text)
}

fn failed(failures: &[Failure]) -> Vec<Paragraph> {
    if failures.is_empty() {
        return Vec::new();
    }
    std::iter::once(heading("Failed")).chain(failures.iter().flat_map(failure)).collect()
}

fn failure(failure: &Failure) -> Vec<Paragraph> {
    let error = &failure.error;
    let line = || Paragraph::new(4).hang(6);
    let mut all = vec![
        Paragraph::new(2)
            .hang(4)
            .word(Tone::Delete, &failure.address.to_string())
            .prose(Tone::Plain, &format!("({})", under_way(failure.action))),
    ];
    let code = error.code.as_ref().map_or(String::new(), |code| format!("{code}: "));
    all.push(line().prose(Tone::Plain, &format!("{}: {code}{}", error.operation, error.message)));
    if let Some(id) = &error.request_id {
        all.push(line().prose(Tone::Dim, "request id").word(Tone::Dim, id));
    }
    if let Some(hint) = &failure.hint {
        all.push(line().word(Tone::Adopt, "hint:").prose(Tone::Plain, hint));
    }
    all
}

/// Grouped by what stopped them, most first.
fn not_tried(steps: &[(Address, String)]) -> Vec<Paragraph> {
    let mut groups: BTreeMap<&str, Vec<&Address>> = BTreeMap::new();
    for (address, reason) in steps {
        groups.entry(reason).or_default().push(address);
    }
    let mut groups: Vec<(&str, Vec<&Address>)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, addresses)| std::cmp::Reverse(addresses.len()));
    let lines = groups.iter().flat_map(|(reason, addresses)| {
        let count = counted(addresses.len(), "step", "steps");
        let head = Paragraph::new(2).hang(4).prose(Tone::Plain, &format!("{count}: {reason}"));
        std::iter::once(head).chain(by_kind(addresses)).collect::<Vec<_>>()
    });
    let lines: Vec<Paragraph> = lines.collect();
    if lines.is_empty() { lines } else { std::iter::once(heading("Not tried")).chain(lines).collect() }
}

/// What was never looked at, so that nothing of it was done.
fn unread(all: &[Unread]) -> Vec<Paragraph> {
    let lines = all.iter().flat_map(|unread| {
        let addresses: Vec<&Address> = unread.addresses.iter().collect();
        std::iter::once(Paragraph::new(2).hang(4).prose(Tone::Plain, &line(unread))).chain(by_kind(&addresses))
    });
    let lines: Vec<Paragraph> = lines.collect();
    if lines.is_empty() { lines } else { std::iter::once(heading("Left as it is")).chain(lines).collect() }
}

/// Addresses of one scope and kind on a line: `eu-central-1/ec2/subnet: main-a main-b`; a single one as it is.
fn by_kind(addresses: &[&Address]) -> Vec<Paragraph> {
    let mut kinds: BTreeMap<(&Scope, &str), BTreeSet<&Address>> = BTreeMap::new();
    for address in addresses {
        kinds.entry((&address.scope, &address.kind)).or_default().insert(address);
    }
    let line = |((scope, kind), addresses): (&(&Scope, &str), &BTreeSet<&Address>)| {
        let line = Paragraph::new(4).hang(8);
        if let (1, Some(only)) = (addresses.len(), addresses.first()) {
            return line.word(Tone::Dim, &only.to_string());
        }
        let line = line.word(Tone::Dim, &format!("{scope}/{kind}:"));
        addresses.iter().fold(line, |line, address| line.word(Tone::Plain, &address.name))
    };
    kinds.iter().map(line).collect()
}

fn next(summary: &Summary) -> Vec<Paragraph> {
    let text = match (summary.is_complete(), summary.failed.is_empty()) {
        (true, _) => return Vec::new(),
        (false, true) if summary.is_carried_out() => {
            "Next: run the same command again once all of it can be read: it continues where this stopped."
        }
        (false, true) => "Next: run the same command again: it continues where this stopped.",
        (false, false) => "Next: mend what failed, then run the same command again: it continues where this stopped.",
    };
    vec![Paragraph::new(0).hang(6).prose(Tone::Plain, text)]
}

fn addresses(highlights: &[Highlight]) -> Vec<Paragraph> {
    let Some(widest) = highlights.iter().map(|highlight| highlight.label.chars().count()).max() else {
        return Vec::new();
    };
    let line = |highlight: &Highlight| {
        let line = Paragraph::new(2).hang(4).word(Tone::Plain, &highlight.label).at(widest + 4);
        line.exact(Tone::Adopt, &highlight.value)
    };
    std::iter::once(heading("Addresses")).chain(highlights.iter().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    const TIME: Duration = Duration::from_secs(370);

    #[test]
    fn a_complete_run_ends_with_what_to_open() {
        let done = vec![
            (sample::address("global/iam/role/web"), Action::Create),
            (sample::address("eu-central-1/ec2/vpc/main"), Action::Create),
            (sample::address("eu-central-1/elbv2/target_group/web"), Action::Delete),
            (sample::address("eu-central-1/elbv2/target_group/web"), Action::Create),
            (sample::address("us-east-1/autoscaling/group/web"), Action::Update),
        ];
        let summary = Summary { done, ..Summary::default() };
        insta::assert_snapshot!(summary_text(&summary, &sample::highlights(), TIME, Style::PLAIN), @r"
        Done in 6 min 10 s: 2 created, 1 updated, 1 replaced.

        Addresses
          load balancer web, eu-central-1
            acme-web-1234567890.eu-central-1.elb.amazonaws.com
          name servers of example.com      ns-1.awsdns-01.com ns-2.awsdns-02.net
          www                              https://www.example.com/
        ");
    }

    #[test]
    fn a_failed_run_says_what_failed_what_it_stopped_and_what_to_do() {
        insta::assert_snapshot!(summary_text(&sample::summary(), &[], TIME, Style::PLAIN), @r"
        Not complete after 6 min 10 s: 1 created; 1 failed; 3 not tried.

        Failed
          eu-central-1/ec2/nat_gateway/main-a (creating)
            ec2:CreateNatGateway: NatGatewayLimitExceeded: Performing this operation
              would exceed the limit of 5 NAT gateways in this Availability Zone
            request id 7a62c49f-347e-4fc4-9331-6e8eEXAMPLE
            hint: ask AWS for a higher quota of NAT gateways per Availability Zone in
              eu-central-1

        Not tried
          3 steps: waits for eu-central-1/ec2/nat_gateway/main-a, which did not finish
            eu-central-1/autoscaling/group/web
            eu-central-1/ec2/route_table: main-private-a main-private-b

        Next: mend what failed, then run the same command again: it continues where this
              stopped.
        ");
    }

    #[test]
    fn an_interrupted_run_is_no_failure() {
        let not_tried = vec![(sample::address("eu-central-1/ec2/vpc/main"), "the run was interrupted".to_owned())];
        let summary = Summary { interrupted: true, not_tried, ..Summary::default() };
        insta::assert_snapshot!(summary_text(&summary, &[], TIME, Style::PLAIN), @r"
        Interrupted after 6 min 10 s: nothing was changed; 1 not tried.

        Not tried
          1 step: the run was interrupted
            eu-central-1/ec2/vpc/main

        Next: run the same command again: it continues where this stopped.
        ");
    }
}
