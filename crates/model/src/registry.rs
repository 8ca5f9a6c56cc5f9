//! Kinds without their types, for graph, planner and engine.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    Address, Durations, Edge, Highlight, Kind, Leaving, Pending, Readiness, Record, Recovery, ReplaceOrder, Upstream,
    Verdict,
};

/// A [`Kind`] whose nouns are JSON values; made by [`erased`], never written by hand.
///
/// # Errors
/// A value that is not of the kind's type (a journal written by a newer globe, say) gives a `serde_json::Error`.
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
    fn one_at_a_time(&self, spec: &Value) -> Result<Option<Address>, serde_json::Error>;
    /// See [`Kind::refs`].
    fn refs(&self, spec: &Value) -> Result<Vec<Edge>, serde_json::Error>;
    /// See [`Kind::lower`].
    fn lower(&self, spec: &Value, upstream: &Upstream<'_>) -> Result<Result<Value, Pending>, serde_json::Error>;
    /// See [`Kind::diff`].
    fn diff(&self, desired: &Value, live: &Value) -> Result<Verdict<Value>, serde_json::Error>;
    /// All that a plan asks of a live object, which is read once for it.
    fn compare(&self, desired: &Value, live: &Value) -> Result<Comparison, serde_json::Error>;
    /// See [`Kind::ready`].
    fn ready(&self, live: &Value) -> Result<Readiness, serde_json::Error>;
    /// See [`Kind::outputs`].
    fn outputs(&self, live: &Value) -> Result<Option<Value>, serde_json::Error>;
    /// See [`Kind::highlights`]; `None` where there are no outputs of this kind.
    fn highlights(&self, address: &Address, outputs: &Value) -> Option<Vec<Highlight>>;
    /// See [`Kind::unknown`].
    fn unknown(&self, address: &Address) -> Value;
}

/// A live object held against what is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// See [`Kind::ready`].
    pub readiness: Readiness,
    /// See [`Kind::diff`].
    pub verdict: Verdict<Value>,
    /// See [`Kind::outputs`].
    pub outputs: Option<Value>,
}

struct Erased<K>(PhantomData<fn() -> K>);

/// The kind `K` behind [`ErasedKind`].
pub fn erased<K: Kind>() -> Box<dyn ErasedKind> {
    Box::new(Erased::<K>(PhantomData))
}

fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(value)
}

fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

fn untyped<P: Serialize>(verdict: Verdict<P>) -> Verdict<Value> {
    match verdict {
        Verdict::Same => Verdict::Same,
        Verdict::Patch { patch, changes } => Verdict::Patch { patch: json(&patch), changes },
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

    fn one_at_a_time(&self, spec: &Value) -> Result<Option<Address>, serde_json::Error> {
        Ok(K::one_at_a_time(&typed(spec)?))
    }

    fn refs(&self, spec: &Value) -> Result<Vec<Edge>, serde_json::Error> {
        let mut edges = Vec::new();
        K::refs(&typed(spec)?, &mut |edge| edges.push(edge));
        Ok(edges)
    }

    fn lower(&self, spec: &Value, upstream: &Upstream<'_>) -> Result<Result<Value, Pending>, serde_json::Error> {
        Ok(K::lower(&typed(spec)?, upstream).map(|desired| json(&desired)))
    }

    fn diff(&self, desired: &Value, live: &Value) -> Result<Verdict<Value>, serde_json::Error> {
        Ok(untyped(K::diff(&typed(desired)?, &typed(live)?)))
    }

    fn compare(&self, desired: &Value, live: &Value) -> Result<Comparison, serde_json::Error> {
        let live = typed(live)?;
        Ok(Comparison {
            readiness: K::ready(&live),
            verdict: untyped(K::diff(&typed(desired)?, &live)),
            outputs: K::outputs(&live).map(|outputs| json(&outputs)),
        })
    }

    fn ready(&self, live: &Value) -> Result<Readiness, serde_json::Error> {
        Ok(K::ready(&typed(live)?))
    }

    fn outputs(&self, live: &Value) -> Result<Option<Value>, serde_json::Error> {
        Ok(K::outputs(&typed(live)?).map(|outputs| json(&outputs)))
    }

    fn highlights(&self, address: &Address, outputs: &Value) -> Option<Vec<Highlight>> {
        Some(K::highlights(address, &typed(outputs).ok()?))
    }

    fn unknown(&self, address: &Address) -> Value {
        json(&K::unknown(address))
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
