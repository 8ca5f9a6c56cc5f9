//! What one type of AWS object is, without talking to AWS.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Address, Leaving, Misfit, Noun, Outputs, Ref};

/// How far upstream must be before a resource that refers to it can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Its identity and outputs suffice (a validation record needs the certificate's challenge, not its issue).
    Exists,
    /// It must be ready for use (a route needs a NAT gateway that is available).
    Ready,
}

/// One edge of the graph, seen from the resource that depends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Upstream.
    pub address: Address,
    /// How far upstream must be.
    pub need: Need,
}

impl Edge {
    /// An edge to something that must be ready.
    pub fn ready<K>(to: &Ref<K>) -> Self {
        Self { address: to.address().clone(), need: Need::Ready }
    }

    /// An edge to something whose identity suffices.
    pub fn exists<K>(to: &Ref<K>) -> Self {
        Self { address: to.address().clone(), need: Need::Exists }
    }
}

/// Why a spec cannot be lowered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Pending {
    /// It needs the outputs of a resource that has none yet.
    #[error("the outputs of {0} are not known yet")]
    Outputs(Address),
    /// What is recorded of it, or of what it refers to, is not of its kind's type.
    #[error("{address}: {source}")]
    Misfit {
        /// Whose value it is.
        address: Address,
        /// What does not fit.
        #[source]
        source: Misfit,
    },
}

/// What a kind's nouns must be: comparable, printable, and readable from a journal.
pub trait KindNoun: Noun + Serialize + DeserializeOwned + Clone + PartialEq {}

impl<T: Noun + Serialize + DeserializeOwned + Clone + PartialEq> KindNoun for T {}

/// The outputs of what a resource refers to.
pub struct Upstream<'a> {
    lookup: &'a dyn Fn(&Address) -> Option<Outputs>,
}

impl<'a> Upstream<'a> {
    /// Wraps a lookup of outputs by address.
    pub fn new(lookup: &'a dyn Fn(&Address) -> Option<Outputs>) -> Self {
        Self { lookup }
    }

    /// The typed outputs of the resource that `reference` names.
    ///
    /// # Errors
    /// [`Pending`] while they are not known, or if they are of another type.
    pub fn of<K: Kind>(&self, reference: &Ref<K>) -> Result<K::Outputs, Pending> {
        let address = reference.address();
        let outputs = (self.lookup)(address).ok_or_else(|| Pending::Outputs(address.clone()))?;
        let opened = outputs.open::<K::Outputs>();
        Ok(opened.map_err(|source| Pending::Misfit { address: address.clone(), source })?.into_owned())
    }
}

/// One field that differs between what is wanted and what is live.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// Name of the field in the kind's `Desired`.
    pub field: String,
    /// The live value.
    pub from: Value,
    /// The wanted value.
    pub to: Value,
}

impl Change {
    /// A change of one field; values are recorded as JSON.
    pub fn new<F: Serialize, T: Serialize>(field: &str, from: &F, to: &T) -> Self {
        let json = |value: Result<Value, serde_json::Error>| value.unwrap_or(Value::Null);
        Self { field: field.into(), from: json(serde_json::to_value(from)), to: json(serde_json::to_value(to)) }
    }
}

/// Collects the fields in which `live` differs from `desired`; a builder, so that fields may have different types.
#[derive(Default)]
pub struct Changes(Vec<Change>);

/// An empty collection of changes.
pub fn changes() -> Changes {
    Changes::default()
}

impl Changes {
    /// Adds the field if the two differ.
    #[must_use]
    pub fn field<T: Serialize + PartialEq>(mut self, name: &str, live: &T, desired: &T) -> Self {
        if live != desired {
            self.0.push(Change::new(name, live, desired));
        }
        self
    }

    /// Adds one change per tag that must be set or removed, as `tags.<key>`.
    #[must_use]
    pub fn tags(mut self, live: &crate::Tags, desired: &crate::Tags) -> Self {
        let patch = crate::TagPatch::between(live, desired);
        for (key, value) in &patch.set {
            self.0.push(Change::new(&format!("tags.{key}"), &live.0.get(key), value));
        }
        for key in &patch.remove {
            self.0.push(Change::new(&format!("tags.{key}"), &live.0.get(key), &Value::Null));
        }
        self
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The collected changes.
    pub fn done(self) -> Vec<Change> {
        self.0
    }
}

/// What `diff` finds.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<P> {
    /// Live is as wanted.
    Same,
    /// It can be changed in place.
    Patch {
        /// What `update` needs to know.
        patch: P,
        /// What a person wants to know.
        changes: Vec<Change>,
    },
    /// AWS cannot change these fields: delete and make anew.
    Replace {
        /// The fields that force it.
        changes: Vec<Change>,
    },
}

impl<P> Verdict<P> {
    /// `Same` without changes, else `Patch`.
    pub fn patch_if(changes: Changes, patch: P) -> Self {
        match changes.done() {
            changes if changes.is_empty() => Self::Same,
            changes => Self::Patch { patch, changes },
        }
    }
}

/// Whether a live object can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It can.
    Ready,
    /// Not yet; `what` says what is being waited for, as in "state pending".
    Wait {
        /// What is being waited for.
        what: String,
    },
    /// It never will; AWS's reason.
    Failed {
        /// AWS's words.
        reason: String,
    },
}

impl Readiness {
    /// Still waiting for `what`.
    pub fn wait(what: impl Into<String>) -> Self {
        Self::Wait { what: what.into() }
    }
}

/// In which order a replacement goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplaceOrder {
    /// The old one blocks the new one (same name, same CIDR): delete first.
    DeleteFirst,
    /// Both can exist for a while: make the new one, move dependents over, delete the old one.
    CreateFirst,
}

/// How an object whose `create` lost its answer is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// Repeat the call with the same client token.
    Token,
    /// Look for the nonce tag that the call carried.
    Nonce,
    /// Look for the deterministic name and check the owner.
    Name,
}

/// Typical time from call to wanted state, from the fact sheets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durations {
    /// From create call to ready.
    pub create: Duration,
    /// From delete call to gone.
    pub delete: Duration,
}

impl Durations {
    /// Both in seconds.
    pub const fn secs(create: u64, delete: u64) -> Self {
        Self { create: Duration::from_secs(create), delete: Duration::from_secs(delete) }
    }
}

/// Something that a person will want to open or to copy: a load balancer's DNS name, a zone's name servers, a URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Highlight {
    /// What it is, such as `load balancer web in eu-central-1`.
    pub label: String,
    /// The value alone.
    pub value: String,
}

/// One type of AWS object: its nouns and its pure logic.
///
/// # Flow
/// `refs` gives the graph's edges from a `Spec`. `lower` turns the `Spec` and upstream's outputs into a `Desired`;
/// `diff` compares it with a `Live` read from AWS; `ready` and `outputs` judge a `Live`.
///
/// # Guarantees
/// All functions are pure and total: same input, same answer, no panic on any `Live` that AWS may return.
///
/// # Caveats
/// While planning, outputs may be stand-ins from [`crate::unknown`]: `lower` must not parse them.
pub trait Kind: Send + Sync + 'static {
    /// `ec2/subnet`: in the journal, never renamed.
    const NAME: &'static str;
    /// In which order a replacement goes.
    const REPLACE: ReplaceOrder = ReplaceOrder::DeleteFirst;
    /// How a lost create is found again.
    const RECOVERY: Recovery;
    /// Typical times to ready and to gone.
    const DURATIONS: Durations;
    /// How long clients go on using what it names after it is gone (a record's time to live). When a region is taken
    /// down, kinds that linger go first, and everything else in the region waits that long.
    const LINGERS: Duration = Duration::ZERO;
    /// Whether an object holds what cannot be made again: no `down` of one region touches such objects of another.
    const HOLDS_DATA: bool = false;
    /// How it leaves, where AWS deletes it slowly: it must not hold on to what it refers to, which goes meanwhile. Its `discover` must not show what is leaving, and its `delete` must
    /// succeed when it is asked for twice.
    const LEAVES: Option<Leaving> = None;

    /// What the blueprint says, with references to other resources.
    type Spec: KindNoun;
    /// What AWS is to be told, with all references resolved.
    type Desired: KindNoun;
    /// What AWS says.
    type Live: KindNoun;
    /// What must change in place.
    type Patch: KindNoun;
    /// What downstream needs: typed, so that a misspelt output does not compile.
    type Outputs: KindNoun;

    /// What AWS takes one of these at a time for, whichever comes first: the table of its members. They are made in turn,
    /// and an estimate adds them up.
    fn one_at_a_time(_: &Self::Spec) -> Option<Address> {
        None
    }
    /// Visits every resource that `spec` refers to.
    fn refs(spec: &Self::Spec, visit: &mut dyn FnMut(Edge));
    /// Resolves references.
    ///
    /// # Errors
    /// [`Pending`] while an output is not known.
    fn lower(spec: &Self::Spec, upstream: &Upstream<'_>) -> Result<Self::Desired, Pending>;
    /// Compares; must answer `Same` once AWS has what `desired` says, whatever AWS adds of its own.
    fn diff(desired: &Self::Desired, live: &Self::Live) -> Verdict<Self::Patch>;
    /// Whether `live` can be used.
    fn ready(live: &Self::Live) -> Readiness;
    /// What downstream may use; `None` while AWS has not filled it in.
    fn outputs(live: &Self::Live) -> Option<Self::Outputs>;
    /// What a person wants to know of one that stands: where to go, what to hand on.
    fn highlights(_address: &Address, _outputs: &Self::Outputs) -> Vec<Highlight> {
        Vec::new()
    }
    /// Outputs of one that does not exist yet: each text from [`crate::unknown`].
    fn unknown(address: &Address) -> Self::Outputs;
}
