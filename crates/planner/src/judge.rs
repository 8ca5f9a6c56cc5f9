//! One verdict per wanted resource, upstream first.

use std::collections::HashMap;

use globe_graph::Resource;
use globe_model::{
    Address, Change, Comparison, Desired, ErasedKind, Live, Notice, Observation, Outputs, PlanReport, Readiness,
    Upstream, Verdict,
};

use crate::Input;

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

/// Judges every wanted resource.
pub fn judge<'a>(input: &Input<'a>, report: &mut PlanReport) -> Judged<'a> {
    let mut judged = Judged::default();
    for resource in input.wanted.in_order() {
        let Some(kind) = input.kinds.get(&resource.address.kind) else { continue };
        let fate = match judge_one(input, kind, resource, &mut judged, report) {
            Ok(fate) => fate,
            Err(reason) => {
                report.notices.push(Notice::Unreadable { address: resource.address.clone(), error: reason });
                Fate::Unclear
            }
        };
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
) -> Result<Fate, String> {
    let address = &resource.address;
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
) -> Result<Fate, String> {
    match input.inventory.get(address) {
        None => Ok(Fate::Create { vanished: false }),
        Some(Observation::Gone { .. }) => Ok(Fate::Create { vanished: true }),
        Some(Observation::Unknown(error)) => {
            if let Some(outputs) = input.head.records.get(address).and_then(|record| record.outputs.clone()) {
                judged.known.insert(address, outputs);
            }
            Err(error.to_string())
        }
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
) -> Result<Fate, String> {
    let Comparison { readiness, verdict, outputs } =
        kind.compare(desired, sight.live).map_err(|error| error.to_string())?;
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
) -> Result<Desired, String> {
    let lookup = |address: &Address| {
        judged.known.get(address).cloned().or_else(|| Some(input.kinds.get(&address.kind)?.unknown(address)))
    };
    let lowered = kind.lower(&resource.address, &resource.spec, &Upstream::new(&lookup));
    lowered.map_err(|pending| pending.to_string())
}
