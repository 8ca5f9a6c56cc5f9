//! Kinds without their types, for graph, planner and engine.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

use crate::{
    Address, Desired, Durations, Edge, Kind, Leaving, Live, Misfit, Noun, Outputs, Patch, Pending, Readiness, Recovery,
    ReplaceOrder, Spec, Upstream, Verdict,
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

    fn unknown(&self, address: &Address) -> Outputs {
        Outputs::of(K::unknown(address))
    }
}

/// All kinds by name.
pub struct KindTable(BTreeMap<&'static str, Box<dyn ErasedKind>>);

impl KindTable {
    /// Indexes kinds by their names.
    pub fn new(kinds: impl IntoIterator<Item = Box<dyn ErasedKind>>) -> Self {
        Self(kinds.into_iter().map(|kind| (kind.name(), kind)).collect())
    }

    /// The kind of this name.
    pub fn get(&self, name: &str) -> Option<&dyn ErasedKind> {
        self.0.get(name).map(AsRef::as_ref)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &dyn ErasedKind> {
        self.0.values().map(AsRef::as_ref)
    }
}
