//! What AWS deletes slowly, for people; and names that it keeps.

use std::time::Duration;

use globe_model::{Action, Head, KindTable, Manner, NameHold, Notice, Plan, ReplaceOrder, Step, Timestamp};
use globe_report::{counted, duration_words, ledger_text, rfc3339};

use crate::out::Out;

/// How long a run waits for a name. What AWS keeps longer is refused, with the time at which it can be had.
const LONGEST_HOLD: Duration = Duration::from_secs(15 * 60);

/// Says what is in the ledger after a run.
pub fn say(out: &Out, head: &Head) {
    if out.json {
        head.ledger.iter().for_each(|departing| out.json_line("leaving", departing));
        return;
    }
    let Some(next) = head.ledger.iter().map(|departing| departing.due).min() else { return };
    let left = counted(head.ledger.len(), "object is", "objects are");
    out.note(&format!("{left} left for AWS to delete; from {} on, `globe gc` finishes:", rfc3339(next)));
    out.note(&ledger_text(&head.ledger, out.note_style()));
}

/// Refusals for what a plan would make under names that AWS keeps for long.
pub fn refusals(plan: &Plan, kinds: &KindTable, now: Timestamp) -> Vec<Notice> {
    let creates = plan.steps.iter().filter(|step| step.action == Action::Create);
    let refusal = |step: &Step| {
        let reason = kept(step, now).or_else(|| would_be_kept(plan, step, kinds))?;
        Some(Notice::Refused { address: step.address.clone(), reason })
    };
    creates.filter_map(refusal).collect()
}

fn kept(step: &Step, now: Timestamp) -> Option<String> {
    let due = step.not_before.filter(|due| due.since(now) > LONGEST_HOLD)?;
    Some(format!(
        "AWS keeps the name of the one that was deleted until {}; run the command again then, or choose another name",
        rfc3339(due)
    ))
}

/// A replacement that deletes first would wait in its middle, with nothing in place.
fn would_be_kept(plan: &Plan, create: &Step, kinds: &KindTable) -> Option<String> {
    let kind = kinds.get(&create.address.kind)?;
    let leaving = kind.leaves().filter(|leaving| leaving.name == NameHold::Kept && leaving.window > LONGEST_HOLD)?;
    let goes = |step: &Step| step.action == Action::Delete && step.address == create.address;
    if kind.replace_order() != ReplaceOrder::DeleteFirst || !plan.steps.iter().any(goes) {
        return None;
    }
    let for_long = duration_words(leaving.window);
    let why = if leaving.manner == Manner::Gone { "after that" } else { "while it is being deleted" };
    Some(format!(
        "it must be made anew, and AWS keeps its name for {for_long} {why}: choose another name for the new one"
    ))
}

#[cfg(test)]
mod tests {
    use globe_aws::kind_table;
    use globe_model::{Address, Command};

    use super::*;

    fn plan(not_before: Option<Timestamp>) -> Plan {
        let address = Address::new("us-east-1", "s3/bucket", "files");
        let step = Step { not_before, ..Step::bare(address, Action::Create, None) };
        Plan {
            version: Plan::VERSION,
            stack: "acme".into(),
            account: "123456789012".into(),
            command: Command::Up,
            parent: 0,
            leaves_down: Default::default(),
            leaves_up: Default::default(),
            moves: Vec::new(),
            protects: Default::default(),
            unread: Vec::new(),
            roles: Default::default(),
            steps: vec![step],
            known: Default::default(),
        }
    }

    #[test]
    fn a_name_is_waited_for_or_refused_with_its_time() {
        let now = Timestamp(1_000_000_000_000);
        let in_minutes = |minutes: u64| Some(now.after(Duration::from_secs(minutes * 60)));
        for free in [None, Some(Timestamp(0)), in_minutes(1), in_minutes(15)] {
            assert_eq!(refusals(&plan(free), &kind_table(), now), [], "{free:?}");
        }
        let refused = refusals(&plan(in_minutes(16)), &kind_table(), now);
        let [Notice::Refused { reason, .. }] = refused.as_slice() else { panic!("{refused:?}") };
        assert!(reason.contains("1970-01-12T14:02:40Z"), "{reason}");
    }
}
