//! What has been written down so far, beside the journal: every call is held against it at the moment it is made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use globe_graph::Graph;
use globe_model::{Address, Head, Intent, IntentAction, JournalError, Need, Outcome, Token};

use super::invariants::{Broken, Check};

/// Clones share it.
#[derive(Clone, Default)]
pub struct Book(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    /// Intents without an outcome.
    open: BTreeMap<String, (Address, IntentAction)>,
    /// What has an identity.
    made: BTreeSet<Address>,
    /// What was ready once.
    settled: BTreeSet<Address>,
    /// What each resource refers to, from the graph: not from the plan, which may be wrong.
    upstream: BTreeMap<Address, Vec<(Address, Need)>>,
    broken: Vec<Broken>,
}

impl Book {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a command on this state, for what `graph` says.
    pub fn open_at(&self, head: &Head, graph: &Graph) {
        let mut pages = self.pages();
        pages.open = head
            .open
            .iter()
            .map(|intent| (intent.token.to_string(), (intent.address.clone(), intent.action)))
            .collect();
        pages.made = head.records.keys().cloned().collect();
        let settled = head.records.values().filter(|record| record.outputs.is_some());
        pages.settled = settled.map(|record| record.address.clone()).collect();
        let edges = graph.resources().map(|resource| (resource.address.clone(), resource.upstream.clone()));
        pages.upstream = edges.collect();
    }

    /// An intent was committed, unless `answer` is an error.
    pub fn intended(&self, intent: &Intent, answer: &Result<(), JournalError>) {
        if answer.is_ok() {
            self.pages().open.insert(intent.token.to_string(), (intent.address.clone(), intent.action));
        }
    }

    /// An outcome was committed, unless `answer` is an error.
    pub fn concluded(&self, intent: &Intent, outcome: &Outcome, answer: &Result<(), JournalError>) {
        if answer.is_ok() {
            let mut pages = self.pages();
            pages.open.remove(intent.token.as_str());
            if matches!(outcome, Outcome::Created { .. }) {
                pages.made.insert(intent.address.clone());
            }
        }
    }

    /// A resource was recorded as ready, unless `answer` is an error.
    pub fn settled(&self, address: &Address, answer: &Result<(), JournalError>) {
        if answer.is_ok() {
            let mut pages = self.pages();
            pages.made.insert(address.clone());
            pages.settled.insert(address.clone());
        }
    }

    /// A mutating call is about to be made.
    pub fn calling(&self, address: &Address, action: IntentAction, token: Option<&Token>) {
        let mut pages = self.pages();
        let covers = |(key, (place, kind)): (&String, &(Address, IntentAction))| {
            place == address && *kind == action && token.is_none_or(|token| token.as_str() == key)
        };
        if !pages.open.iter().any(covers) {
            let what = format!("{action:?} of {address} was called without an open intent of its own");
            pages.broken.push(Broken::new(Check::IntentFirst, what));
        }
        if action == IntentAction::Create
            && let Some(missing) = pages.missing_upstream(address)
        {
            let what = format!("{address} was made before {missing}, to which it refers");
            pages.broken.push(Broken::new(Check::UpstreamFirst, what));
        }
    }

    /// What was found to be wrong since the last time.
    pub fn take_broken(&self) -> Vec<Broken> {
        std::mem::take(&mut self.pages().broken)
    }
}

impl Pages {
    fn missing_upstream(&self, address: &Address) -> Option<Address> {
        let met = |(upstream, need): &&(Address, Need)| match need {
            Need::Exists => self.made.contains(upstream),
            Need::Ready => self.settled.contains(upstream),
        };
        self.upstream.get(address)?.iter().find(|edge| !met(edge)).map(|(upstream, _)| upstream.clone())
    }
}
