//! Kinds without their types, for graph, planner and engine.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

use crate::{
    Address, Desired, Durations, Edge, Highlight, Kind, Leaving, Live, Misfit, Noun, Outputs, Patch, Pending,
    Readiness, Record, Recovery, ReplaceOrder, Spec, Upstream, Verdict,
};

/// A [`Kind`] whose nouns are boxed; made by [`erased`], never written by hand.
///
/// # Errors
/// [`Misfit`] for a box that holds another type: a journal written by another globe, say.
pub trait ErasedKind: Send + Sync {
    /// See [`Kind::NAME`].
    fn name(&self) -> &'static str;
    /// See [`Kind::REPLACE`].
    fn replace_order(&self) -> ReplaceOrder;
    /// See [`Kind::RECOVERY`].
    fn recovery(&self) -> Recovery;
    /// See [`Kind::DURATIONS`].
    fn durations(&self) -> Durations;
    /// See [`Kind::LINGERS`].
    fn lingers(&self) -> Duration;
    /// See [`Kind::HOLDS_DATA`].
    fn holds_data(&self) -> bool;
    /// See [`Kind::LEAVES`].
    fn leaves(&self) -> Option<Leaving>;
    /// See [`Kind::one_at_a_time`].
    fn one_at_a_time(&self, spec: &Spec) -> Result<Option<Address>, Misfit>;
    /// See [`Kind::refs`].
    fn refs(&self, spec: &Spec) -> Result<Vec<Edge>, Misfit>;
    /// See [`Kind::lower`].
    fn lower(&self, address: &Address, spec: &Spec, upstream: &Upstream<'_>) -> Result<Desired, Pending>;
    /// See [`Kind::diff`].
    fn diff(&self, desired: &Desired, live: &Live) -> Result<Verdict<Patch>, Misfit>;
    /// All that a plan asks of a live object.
    fn compare(&self, desired: &Desired, live: &Live) -> Result<Comparison, Misfit>;
    /// See [`Kind::ready`].
    fn ready(&self, live: &Live) -> Result<Readiness, Misfit>;
    /// See [`Kind::outputs`].
    fn outputs(&self, live: &Live) -> Result<Option<Outputs>, Misfit>;
    /// See [`Kind::highlights`]; `None` where the outputs are not of this kind.
    fn highlights(&self, address: &Address, outputs: &Outputs) -> Option<Vec<Highlight>>;
    /// See [`Kind::unknown`].
    fn unknown(&self, address: &Address) -> Outputs;
}

/// A live object held against what is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// See [`Kind::ready`].
    pub readiness: Readiness,
    /// See [`Kind::diff`].
    pub verdict: Verdict<Patch>,
    /// See [`Kind::outputs`].
    pub outputs: Option<Outputs>,
}

struct Erased<K>(PhantomData<fn() -> K>);

/// The kind `K` behind [`ErasedKind`].
pub fn erased<K: Kind>() -> Box<dyn ErasedKind> {
    Box::new(Erased::<K>(PhantomData))
}

fn boxed<P: Noun>(verdict: Verdict<P>) -> Verdict<Patch> {
    match verdict {
        Verdict::Same => Verdict::Same,
        Verdict::Patch { patch, changes } => Verdict::Patch { patch: Patch::of(patch), changes },
        Verdict::Replace { changes } => Verdict::Replace { changes },
    }
}

impl<K: Kind> ErasedKind for Erased<K> {
    fn name(&self) -> &'static str {
        K::NAME
    }

    fn replace_order(&self) -> ReplaceOrder {
        K::REPLACE
    }

    fn recovery(&self) -> Recovery {
        K::RECOVERY
    }

    fn durations(&self) -> Durations {
        K::DURATIONS
    }

    fn lingers(&self) -> Duration {
        K::LINGERS
    }

    fn holds_data(&self) -> bool {
        K::HOLDS_DATA
    }

    fn leaves(&self) -> Option<Leaving> {
        K::LEAVES
    }

    fn one_at_a_time(&self, spec: &Spec) -> Result<Option<Address>, Misfit> {
        Ok(K::one_at_a_time(&*spec.open()?))
    }

    fn refs(&self, spec: &Spec) -> Result<Vec<Edge>, Misfit> {
        let mut edges = Vec::new();
        K::refs(&*spec.open()?, &mut |edge| edges.push(edge));
        Ok(edges)
    }

    fn lower(&self, address: &Address, spec: &Spec, upstream: &Upstream<'_>) -> Result<Desired, Pending> {
        let spec = spec.open().map_err(|source| Pending::Misfit { address: address.clone(), source })?;
        K::lower(&spec, upstream).map(Desired::of)
    }

    fn diff(&self, desired: &Desired, live: &Live) -> Result<Verdict<Patch>, Misfit> {
        Ok(boxed(K::diff(&*desired.open()?, &*live.open()?)))
    }

    fn compare(&self, desired: &Desired, live: &Live) -> Result<Comparison, Misfit> {
        let live = live.open()?;
        Ok(Comparison {
            readiness: K::ready(&live),
            verdict: boxed(K::diff(&*desired.open()?, &live)),
            outputs: K::outputs(&live).map(Outputs::of),
        })
    }

    fn ready(&self, live: &Live) -> Result<Readiness, Misfit> {
        Ok(K::ready(&*live.open()?))
    }

    fn outputs(&self, live: &Live) -> Result<Option<Outputs>, Misfit> {
        Ok(K::outputs(&*live.open()?).map(Outputs::of))
    }

    fn highlights(&self, address: &Address, outputs: &Outputs) -> Option<Vec<Highlight>> {
        Some(K::highlights(address, &*outputs.open().ok()?))
    }

    fn unknown(&self, address: &Address) -> Outputs {
        Outputs::of(K::unknown(address))
    }
}

/// A kind that an earlier globe recorded and this one has another for.
#[derive(Clone, Copy, Debug)]
pub struct Retired {
    /// Its name: `route53/record`.
    pub kind: &'static str,
    /// Turns records of it into their successors, which are in the same scopes. Records that it cannot read are left
    /// out, and stay as they are. It is also given a single record for an object that is being made, or was replaced;
    /// then there is no id yet, or there may be the successor's.
    pub succeed: fn(Vec<Record>) -> Vec<Merged>,
}

/// One new record, and the addresses of all records that became it.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// At least one.
    pub from: Vec<Address>,
    /// Of the successor's kind.
    pub record: Record,
}

impl Merged {
    /// Of records that each become one of their own; those of which `one` makes nothing are left out.
    pub fn each(records: Vec<Record>, one: impl Fn(Record) -> Option<Record>) -> Vec<Self> {
        let merged = |old: Record| Some(Self { from: vec![old.address.clone()], record: one(old)? });
        records.into_iter().filter_map(merged).collect()
    }
}

impl From<(Vec<Address>, Record)> for Merged {
    fn from((from, record): (Vec<Address>, Record)) -> Self {
        Self { from, record }
    }
}

/// All kinds by name.
#[derive(Default)]
pub struct KindTable {
    kinds: BTreeMap<&'static str, Box<dyn ErasedKind>>,
    retired: Vec<Retired>,
}

impl KindTable {
    /// Indexes kinds by their names.
    pub fn new(kinds: impl IntoIterator<Item = Box<dyn ErasedKind>>) -> Self {
        Self { kinds: kinds.into_iter().map(|kind| (kind.name(), kind)).collect(), retired: Vec::new() }
    }

    /// The same, with kinds that only old states have.
    #[must_use]
    pub fn with_retired(self, retired: &[Retired]) -> Self {
        Self { retired: retired.to_vec(), ..self }
    }

    /// The kind of this name.
    pub fn get(&self, name: &str) -> Option<&dyn ErasedKind> {
        self.kinds.get(name).map(AsRef::as_ref)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &dyn ErasedKind> {
        self.kinds.values().map(AsRef::as_ref)
    }

    /// Kinds that only old states have.
    pub fn retired(&self) -> &[Retired] {
        &self.retired
    }
}
