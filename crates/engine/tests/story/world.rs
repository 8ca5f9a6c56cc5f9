//! A made-up AWS with traps, and a real journal in a scratch folder.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use globe_model::{
    Address, CallError, Candidate, Clock, Cloud, DataPolicy, Desired, ErrorClass, Kind, Live, Manner, NameHold, Patch,
    Risk, Scope, Timestamp, Token, Wanted,
};
use tokio::sync::Notify;

use crate::dream::Dream;
use crate::kind::{IN_TURN, NodeState};
use crate::robber::Robber;
use crate::slow::{Key, Named, Remembered, Replicated, Secret};

/// What happens at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// The process dies before AWS does it.
    HangBefore,
    /// The process dies after AWS did it.
    HangAfter,
    /// AWS does it, the answer is lost.
    LoseAnswer,
    /// AWS refuses once.
    Throttle,
    /// AWS does it, the answer is lost, and reads do not show what it made for a while.
    Lag,
    /// AWS refuses once; meanwhile the process is paused for so long that another takes its lease over.
    Robbed,
}

#[derive(Clone)]
struct Object {
    address: Address,
    nonce: String,
    state: NodeState,
    hidden_reads: u32,
    /// When AWS will have deleted it; of a refused delete, when it may be asked for again.
    leaves_at: Option<Timestamp>,
}

#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, Object>,
    created: Vec<String>,
    refused: BTreeMap<String, ErrorClass>,
    calls: usize,
    /// Calls made after the lease was taken away.
    late: usize,
    trap: Option<(usize, Trap)>,
    kept_names: BTreeMap<Address, Timestamp>,
    late_by: Duration,
    deadly_delete: Option<String>,
    deadly_look: Option<String>,
}

/// AWS.
#[derive(Default)]
pub struct World {
    inner: Mutex<Inner>,
    /// Notified when the process dies.
    pub died: Notify,
    clock: Arc<Dream>,
    /// The other process.
    pub robber: OnceLock<Robber>,
}

fn failure(class: ErrorClass) -> CallError {
    CallError::new(class, "test:Call", "as the test wants it")
}

impl World {
    /// Empty, with this time.
    pub fn new(clock: Arc<Dream>) -> Self {
        Self { clock, ..Self::default() }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().expect("no test panics while it holds the world"))
    }

    /// Names of everything that exists, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.with(|inner| inner.objects.values().map(|object| object.address.name.clone()).collect());
        names.sort();
        names
    }

    /// Names in the order in which they were made.
    pub fn created(&self) -> Vec<String> {
        self.with(|inner| inner.created.clone())
    }

    /// Mutating calls so far.
    pub fn calls(&self) -> usize {
        self.with(|inner| inner.calls)
    }

    /// Mutating calls since the lease was taken away.
    pub fn late_calls(&self) -> usize {
        self.with(|inner| inner.late)
    }

    /// Sets a trap at one mutating call, counted from the first ever.
    pub fn set_trap(&self, call: usize, trap: Trap) {
        self.with(|inner| inner.trap = Some((call, trap)));
    }

    /// Refuses to make `name`.
    pub fn refuse(&self, name: &str, class: ErrorClass) {
        self.with(|inner| inner.refused.insert(name.into(), class));
    }

    /// Makes it after all.
    pub fn allow(&self, name: &str) {
        self.with(|inner| inner.refused.remove(name));
    }

    /// Changes something behind globe's back.
    pub fn drift(&self, name: &str, soft: &str) {
        self.with(|inner| {
            inner
                .objects
                .values_mut()
                .filter(|object| object.address.name == name)
                .for_each(|object| object.state.soft = soft.into());
        });
    }

    /// Keeps everything from being seen for so many looks at each object.
    pub fn hide(&self, looks: u32) {
        self.with(|inner| inner.objects.values_mut().for_each(|object| object.hidden_reads = looks));
    }

    /// Makes a second object that looks like the first.
    pub fn duplicate(&self, name: &str) {
        self.with(|inner| {
            let twin =
                inner.objects.values().find(|object| object.address.name == name).cloned().expect("there is one");
            inner.objects.insert(format!("twin-of-{name}"), twin);
        });
    }

    /// Deletes take so much longer than AWS says.
    pub fn takes_longer(&self, by: Duration) {
        self.with(|inner| inner.late_by = by);
    }

    /// The process dies when it is about to delete an object of this name, once.
    pub fn die_at_delete_of(&self, name: &str) {
        self.with(|inner| inner.deadly_delete = Some(name.into()));
    }

    /// The process dies when it looks whether an object of this name has gone, once; by then it has not.
    pub fn die_while_going(&self, name: &str) {
        self.with(|inner| inner.deadly_look = Some(name.into()));
    }

    /// What AWS has deleted by itself since the last look.
    fn tidy(&self) {
        let now = self.clock.now();
        self.with(|inner| {
            let gone = |object: &Object| {
                object.address.kind != Replicated::NAME && object.leaves_at.is_some_and(|at| at <= now)
            };
            inner.objects.retain(|_, object| !gone(object));
            inner.kept_names.retain(|_, until| *until > now);
        });
    }

    /// Acts, unless a trap says otherwise.
    async fn mutate<T>(&self, act: impl FnOnce(&mut Inner) -> Result<T, CallError>) -> Result<T, CallError> {
        let is_late = self.robber.get().is_some_and(|robber| robber.has_struck());
        let trap = self.with(|inner| {
            inner.calls += 1;
            inner.late += usize::from(is_late);
            inner.trap.take_if(|(call, _)| *call + 1 == inner.calls).map(|(_, trap)| trap)
        });
        match trap {
            Some(Trap::HangBefore) => self.die().await,
            Some(Trap::Robbed) => {
                self.robber.get().expect("the stage has one").strike().await;
                Err(failure(ErrorClass::Throttled))
            }
            Some(Trap::Throttle) => Err(failure(ErrorClass::Throttled)),
            Some(Trap::HangAfter) => {
                let _unanswered = self.with(act);
                self.die().await
            }
            Some(Trap::LoseAnswer | Trap::Lag) => {
                let _unanswered = self.with(|inner| {
                    let before: Vec<String> = inner.objects.keys().cloned().collect();
                    let answer = act(inner);
                    let new = inner.objects.iter_mut().filter(|(id, _)| !before.contains(id));
                    if trap == Some(Trap::Lag) {
                        new.for_each(|(_, object)| object.hidden_reads = 6);
                    }
                    answer
                });
                Err(failure(ErrorClass::Ambiguous))
            }
            None => self.with(act),
        }
    }

    async fn die<T>(&self) -> T {
        self.died.notify_one();
        std::future::pending().await
    }
}

#[async_trait]
impl Cloud for World {
    async fn read(&self, address: &Address, id: &str) -> Result<Option<Live>, CallError> {
        self.tidy();
        let going = self.with(|inner| inner.objects.get(id).is_some_and(|object| object.leaves_at.is_some()));
        if going && self.with(|inner| inner.deadly_look.take_if(|name| *name == address.name)).is_some() {
            return self.die().await;
        }
        let object = self.with(|inner| match inner.objects.get_mut(id) {
            Some(object) if object.hidden_reads > 0 => {
                object.hidden_reads -= 1;
                None
            }
            object => object.cloned(),
        });
        Ok(object.map(|object| Live::of((id.to_owned(), object.state))))
    }

    async fn discover(&self, _: &str, _: &Scope, _: &[Wanted]) -> Result<Vec<Candidate>, CallError> {
        self.tidy();
        Ok(self.with(|inner| {
            let mut found = Vec::new();
            for (id, object) in &mut inner.objects {
                if object.leaves_at.is_some() {
                    continue;
                }
                if object.hidden_reads > 0 {
                    object.hidden_reads -= 1;
                    continue;
                }
                let (address, nonce) = (object.address.clone(), Some(object.nonce.clone()));
                found.push(Candidate { address, id: id.clone(), nonce });
            }
            found
        }))
    }

    async fn create(&self, address: &Address, desired: &Desired, token: &Token) -> Result<String, CallError> {
        let mut state = desired.open::<NodeState>().expect("desired is of the kind's type").into_owned();
        let in_turn = std::mem::replace(&mut state.soft, "unset".into()).starts_with(IN_TURN);
        self.tidy();
        let act = |inner: &mut Inner| {
            assert!(!inner.kept_names.contains_key(address), "{address} was made while its name was kept");
            if address.kind == Remembered::NAME
                && let Some((id, object)) = inner.objects.iter_mut().find(|(_, object)| object.nonce == token.as_str())
            {
                let hidden = object.hidden_reads > 0;
                object.hidden_reads = object.hidden_reads.saturating_sub(1);
                return if hidden { Err(failure(ErrorClass::NotYetConsistent)) } else { Ok(id.clone()) };
            }
            if let Some(class) = inner.refused.get(&address.name) {
                return Err(failure(*class));
            }
            assert!(state.on.iter().all(|id| inner.objects.contains_key(id)), "{address} was made before its upstream");
            let busy = inner.objects.values().any(|object| object.state.soft == "unset");
            assert!(!(in_turn && busy), "{address} was made out of turn");
            let id = format!("id-{}", inner.calls);
            let object =
                Object { address: address.clone(), nonce: token.to_string(), state, hidden_reads: 0, leaves_at: None };
            inner.objects.insert(id.clone(), object);
            inner.created.push(address.name.clone());
            Ok(id)
        };
        self.mutate(act).await
    }

    async fn update(&self, _: &Address, id: &str, patch: &Patch) -> Result<(), CallError> {
        let soft = patch.open::<String>().expect("a text").into_owned();
        self.mutate(|inner| {
            inner.objects.get_mut(id).map(|object| object.state.soft = soft).ok_or_else(|| failure(ErrorClass::Gone))
        })
        .await
    }

    async fn delete(&self, address: &Address, id: &str, _: DataPolicy) -> Result<(), CallError> {
        self.tidy();
        if self.with(|inner| inner.deadly_delete.take_if(|name| *name == address.name)).is_some() {
            return self.die().await;
        }
        let now = self.clock.now();
        self.mutate(|inner| {
            // What leaves does not hold on to what it used.
            let mut staying = inner.objects.values().filter(|object| object.leaves_at.is_none());
            if staying.any(|object| object.state.on.iter().any(|on| on == id)) {
                return Err(failure(ErrorClass::Dependency));
            }
            leave(inner, address, id, now)
        })
        .await
    }

    async fn data_at_risk(&self, _: &Address, _: &str) -> Result<Option<Risk>, CallError> {
        Ok(None)
    }
}

/// An object leaves in the manner of its kind. A delete may be asked for twice.
fn leave(inner: &mut Inner, address: &Address, id: &str, now: Timestamp) -> Result<(), CallError> {
    let leaving = match address.kind.as_str() {
        Key::NAME => Key::LEAVES,
        Secret::NAME => Secret::LEAVES,
        Replicated::NAME => Replicated::LEAVES,
        Named::NAME => Named::LEAVES,
        _ => None,
    };
    let late_by = inner.late_by;
    let slow = inner.deadly_look.as_ref().is_some_and(|name| *name == address.name);
    let Some(object) = inner.objects.get_mut(id) else { return Ok(()) };
    let Some(leaving) = leaving else {
        match slow {
            true => object.leaves_at = Some(now.after(Duration::from_secs(90))),
            false => drop(inner.objects.remove(id)),
        }
        return Ok(());
    };
    let until = *object.leaves_at.get_or_insert(now.after(leaving.window + late_by));
    if leaving.name == NameHold::Kept {
        inner.kept_names.entry(address.clone()).or_insert(until);
    }
    match leaving.manner {
        Manner::Repeated if until > now => return Err(failure(ErrorClass::Dependency)),
        Manner::Repeated | Manner::Gone => drop(inner.objects.remove(id)),
        Manner::Scheduled => {}
    }
    Ok(())
}
