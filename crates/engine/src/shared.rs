//! What every step of a run needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use globe_model::{
    Address, CallError, Clock, Cloud, Consent, Desired, ErasedKind, ErrorClass, Event, Journal, JournalError,
    KindTable, Lease, Outputs, Pace, Plan, Spec, Timestamp, Upstream,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use crate::lease::Tenure;
use crate::retry::Caller;
use crate::turn::Turns;

/// The world, behind its ports.
#[derive(Clone)]
pub struct Ports {
    /// AWS.
    pub cloud: Arc<dyn Cloud>,
    /// State.
    pub journal: Arc<dyn Journal>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Kinds.
    pub kinds: Arc<KindTable>,
    /// How long kinds have taken in this stack.
    pub pace: Arc<Pace>,
    /// Where events go; nobody listening is fine.
    pub events: UnboundedSender<Event>,
}

impl Ports {
    /// Tells whoever listens.
    pub fn tell(&self, event: Event) {
        // A closed channel means that nobody wants to know.
        let _unheard = self.events.send(event);
    }

    /// The kind of an address.
    ///
    /// # Errors
    /// When this globe has no such kind.
    pub fn kind(&self, address: &Address) -> Result<&dyn ErasedKind, CallError> {
        self.kinds.get(&address.kind).ok_or_else(|| {
            CallError::new(
                ErrorClass::Broken,
                &address.kind,
                "this globe has no such kind; was the state written by a newer one?",
            )
        })
    }
}

/// The user's wish to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop(CancellationToken);

impl Stop {
    /// Start nothing new; finish the calls in flight.
    pub fn request(&self) {
        self.0.cancel();
    }

    /// Whether it was requested.
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits for it.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }
}

/// One run, shared by its steps.
pub struct Shared {
    /// The world.
    pub ports: Ports,
    /// What is carried out.
    pub plan: Arc<Plan>,
    /// What the user has agreed to lose.
    pub consent: Consent,
    /// The right to do so.
    pub tenure: Arc<Tenure>,
    /// This run's id.
    pub run: String,
    /// The user's wish to stop.
    pub stop: Stop,
    /// Who is being worked on where AWS takes one at a time.
    pub turns: Turns,
    outputs: Mutex<BTreeMap<Address, Outputs>>,
    held: Mutex<BTreeMap<Address, Timestamp>>,
    touched: Mutex<BTreeSet<Address>>,
}

impl Shared {
    /// A run about to begin.
    pub fn new(
        ports: Ports,
        plan: Arc<Plan>,
        consent: Consent,
        tenure: Arc<Tenure>,
        (run, stop): (String, Stop),
    ) -> Self {
        let outputs = Mutex::new(plan.known.clone());
        let (turns, held, touched) = (Turns::default(), Mutex::default(), Mutex::default());
        Self { ports, plan, consent, tenure, run, stop, turns, outputs, held, touched }
    }

    /// As who this run makes calls.
    pub fn caller(&self) -> Caller<'_> {
        Caller { ports: &self.ports, tenure: &self.tenure, stop: &self.stop }
    }

    /// The lease that writes are made under.
    pub fn lease(&self) -> &Lease {
        self.tenure.lease()
    }

    /// Outputs that downstream may use from now on.
    pub fn publish(&self, address: &Address, outputs: Outputs) {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner).insert(address.clone(), outputs);
    }

    /// Something was changed at `address`, or may have been.
    pub fn touch(&self, address: &Address) {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).insert(address.clone());
    }

    /// Where something was changed, or may have been.
    pub fn touched(&self) -> BTreeSet<Address> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// AWS keeps the name at `address` until `due`.
    pub fn hold(&self, address: &Address, due: Timestamp) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(address.clone(), due);
    }

    /// Until when AWS keeps the name at `address`, if something left it in this run.
    pub fn held(&self, address: &Address) -> Option<Timestamp> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).get(address).copied()
    }

    /// Lowers a spec with the outputs known now.
    ///
    /// # Errors
    /// When an output is missing: the plan let a step start too early.
    pub fn lower(&self, address: &Address, spec: &Spec) -> Result<Desired, CallError> {
        let broken = |reason: String| CallError::new(ErrorClass::Broken, &address.kind, reason);
        let outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        let lookup = |upstream: &Address| outputs.get(upstream).cloned();
        let lowered = self.ports.kind(address)?.lower(address, spec, &Upstream::new(&lookup));
        lowered.map_err(|pending| broken(pending.to_string()))
    }
}

/// Why a step did not finish.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// AWS said no.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The state could not be written: the run must stop.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The user asked to stop while it waited.
    #[error("{0}")]
    Stopped(String),
}
