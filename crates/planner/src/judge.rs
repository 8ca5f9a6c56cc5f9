//! One verdict per wanted resource, upstream first.

use std::collections::HashMap;

use globe_graph::Resource;
use globe_model::{
    Address, CallError, Change, Comparison, Desired, ErasedKind, ErrorClass, Live, Notice, Observation, Outputs,
    PlanReport, Readiness, Upstream, Verdict,
};

use crate::Input;
use crate::unseen::Unseen;

/// What is to become of one wanted resource.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It does not exist: make it.
    Create {
        /// The journal knew it, so it was deleted behind globe's back.
        vanished: bool,
    },
    /// It exists and is as wanted, and the journal knows.
    Keep,
    /// It exists; record it, finish it, or change it in place.
    Change {
        /// Its AWS identity.
        id: String,
        /// What differs.
        changes: Vec<Change>,
        /// It is not recorded yet, or was never ready.
        adopt: bool,
    },
    /// It exists and cannot be changed: make it anew.
    Replace {
        /// Its AWS identity.
        id: String,
        /// What forces it.
        changes: Vec<Change>,
        /// AWS says that it failed.
        failed: Option<String>,
    },
    /// Nothing can be said; a notice says why.
    Unclear,
    /// It was not looked at: the command is about something else.
    Aside,
}

/// Verdicts by address. Looked up far more often than gone through, and whoever goes through them sorts what comes of it.
#[derive(Debug, Default)]
pub struct Judged<'a> {
    /// What is to become of it.
    pub fates: HashMap<&'a Address, Fate>,
    /// The lowered form, stand-ins included.
    pub desired: HashMap<&'a Address, Desired>,
    /// Outputs of what exists and stays.
    pub known: HashMap<&'a Address, Outputs>,
}

impl<'a> Judged<'a> {
    /// Outputs of what is there stay what they are, since it is not made anew.
    fn keep_as_it_is(&mut self, input: &Input<'_>, kind: &dyn ErasedKind, address: &'a Address) {
        if let Some(Observation::Live { live, .. }) = input.inventory.get(address)
            && let Ok(Some(outputs)) = kind.outputs(live)
        {
            self.known.insert(address, outputs);
        }
    }

    /// The outputs that were recorded, for what is not looked at.
    fn as_recorded(&mut self, input: &Input<'_>, address: &'a Address) {
        if let Some(outputs) = input.head.records.get(address).and_then(|record| record.outputs.clone()) {
            self.known.insert(address, outputs);
        }
    }

    /// An upstream of which nothing is known: what needs it can be neither compared nor made.
    fn unclear_upstream<'r>(&self, resource: &'r Resource) -> Option<&'r Address> {
        let unclear = |address: &&Address| {
            matches!(self.fates.get(*address), Some(Fate::Unclear | Fate::Aside)) && !self.known.contains_key(*address)
        };
        resource.upstream.iter().map(|(address, _)| address).find(unclear)
    }
}

/// Judges every wanted resource.
pub fn judge<'a>(input: &Input<'a>, unseen: &Unseen, report: &mut PlanReport) -> Judged<'a> {
    let mut judged = Judged::default();
    for resource in input.wanted.in_order() {
        let Some(kind) = input.kinds.get(&resource.address.kind) else { continue };
        let mut fate = judge_one(input, kind, resource, &mut judged, report).unwrap_or_else(|error| {
            report.notices.push(Notice::Unreadable { address: resource.address.clone(), error });
            Fate::Unclear
        });
        if matches!(fate, Fate::Replace { .. }) && !unseen.frees_all(&resource.address, report) {
            judged.keep_as_it_is(input, kind, &resource.address);
            fate = Fate::Unclear;
        }
        if fate == Fate::Keep {
            report.unchanged += 1;
        }
        judged.fates.insert(&resource.address, fate);
    }
    judged
}

fn judge_one<'a>(
    input: &Input<'a>,
    kind: &dyn ErasedKind,
    resource: &'a Resource,
    judged: &mut Judged<'a>,
    report: &mut PlanReport,
) -> Result<Fate, CallError> {
    let address = &resource.address;
    match input.inventory.get(address) {
        Some(Observation::Unasked) => {
            judged.as_recorded(input, address);
            return Ok(Fate::Aside);
        }
        Some(Observation::Unknown(error)) => {
            judged.as_recorded(input, address);
            return Err(error.clone());
        }
        _ => {}
    }
    if let Some(by) = judged.unclear_upstream(resource) {
        let unread = !matches!(judged.fates.get(by), Some(Fate::Aside));
        report.notices.push(Notice::Blocked { address: address.clone(), by: by.clone(), unread });
        return Ok(Fate::Unclear);
    }
    let desired = lower(input, kind, resource, judged)?;
    let fate = judge_live(input, kind, address, &desired, judged, report);
    if fate != Ok(Fate::Keep) {
        judged.desired.insert(address, desired);
    }
    fate
}

fn judge_live<'a>(
    input: &Input<'a>,
    kind: &dyn ErasedKind,
    address: &'a Address,
    desired: &Desired,
    judged: &mut Judged<'a>,
    report: &mut PlanReport,
) -> Result<Fate, CallError> {
    match input.inventory.get(address) {
        None => Ok(Fate::Create { vanished: false }),
        Some(Observation::Gone { .. }) => Ok(Fate::Create { vanished: true }),
        Some(Observation::Unknown(error)) => Err(error.clone()),
        Some(Observation::Unasked) => Ok(Fate::Aside),
        Some(Observation::Ambiguous(candidates)) => {
            let ids: Vec<&str> = candidates.iter().map(|candidate| candidate.id.as_str()).collect();
            let reason = format!(
                "{} objects claim this address: {}. Delete all but one, or remove their globe:address tag; globe does not guess.",
                ids.len(),
                ids.join(", ")
            );
            report.notices.push(Notice::Refused { address: address.clone(), reason });
            Ok(Fate::Unclear)
        }
        Some(Observation::Live { id, live, discovered }) => {
            compare(input, kind, address, desired, Sight { id, live, discovered: *discovered }, judged)
        }
    }
}

/// A live object.
struct Sight<'a> {
    id: &'a str,
    live: &'a Live,
    discovered: bool,
}

fn compare<'a>(
    input: &Input<'a>,
    kind: &dyn ErasedKind,
    address: &'a Address,
    desired: &Desired,
    sight: Sight<'_>,
    judged: &mut Judged<'a>,
) -> Result<Fate, CallError> {
    let Comparison { readiness, verdict, outputs } =
        kind.compare(desired, sight.live).map_err(|error| unusable(address, &error.to_string()))?;
    let id = sight.id.to_owned();
    let ready = match readiness {
        Readiness::Failed { reason } => return Ok(Fate::Replace { id, changes: Vec::new(), failed: Some(reason) }),
        readiness => readiness == Readiness::Ready,
    };
    let recorded = input.head.records.get(address);
    let unfinished = sight.discovered || recorded.is_none_or(|record| record.outputs.is_none()) || !ready;
    if !matches!(verdict, Verdict::Replace { .. })
        && let Some(outputs) = outputs
    {
        judged.known.insert(address, outputs);
    }
    Ok(match verdict {
        Verdict::Same if !unfinished => Fate::Keep,
        Verdict::Same => Fate::Change { id, changes: Vec::new(), adopt: true },
        Verdict::Patch { changes, .. } => Fate::Change { id, changes, adopt: unfinished },
        Verdict::Replace { changes } => Fate::Replace { id, changes, failed: None },
    })
}

/// Lowers with outputs of what stays, and stand-ins for what is made (anew).
fn lower(
    input: &Input<'_>,
    kind: &dyn ErasedKind,
    resource: &Resource,
    judged: &Judged<'_>,
) -> Result<Desired, CallError> {
    let lookup = |address: &Address| {
        judged.known.get(address).cloned().or_else(|| Some(input.kinds.get(&address.kind)?.unknown(address)))
    };
    let lowered = kind.lower(&resource.address, &resource.spec, &Upstream::new(&lookup));
    lowered.map_err(|pending| unusable(&resource.address, &pending.to_string()))
}

/// What was read, or is to be written, cannot be understood.
fn unusable(address: &Address, what: &str) -> CallError {
    CallError::new(ErrorClass::Broken, &address.kind, what)
}
