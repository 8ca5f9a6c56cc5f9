//! A made-up AWS with traps, and a real journal in a scratch folder.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use globe_engine::{Ports, RecoverError, RunError, Stop, Tenure, observe, recover, run};
use globe_graph::{Graph, GraphBuilder};
use globe_model::{
    Address, CallError, Candidate, Clock, Cloud, Command, DataPolicy, ErrorClass, Head, Holding, Journal, Kind,
    KindTable, LeaseRequest, Manner, NameHold, Plan, Scope, Summary, Timestamp, Token, Wanted, erased,
};
use globe_planner::{Input, Selection, Sweep, lint, plan, sweep};
use globe_store::Store;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

use crate::kind::{IN_TURN, Node, NodeState};
use crate::slow::{Key, Named, Pair, Remembered, Replicated, Secret};

/// How long a lease lasts.
const TTL: Duration = Duration::from_secs(30);

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
    died: Notify,
    clock: Arc<Dream>,
    robber: OnceLock<Robber>,
}

/// Another process with the same state.
#[derive(Clone)]
pub struct Robber {
    journal: Arc<Store>,
    clock: Arc<Dream>,
    has_struck: Arc<AtomicBool>,
}

impl Robber {
    /// Time passes until the lease has run out, and this process takes it. Whoever waits for that gets no turn meanwhile,
    /// as a process that is paused.
    pub async fn strike(&self) {
        let Self { journal, clock, has_struck } = self.clone();
        let robbery = tokio::spawn(async move {
            has_struck.store(true, Ordering::Relaxed);
            clock.advance(TTL * 2);
            journal.acquire(&request("robber")).await.expect("it has run out");
        });
        robbery.await.expect("succeeds");
    }
}

fn request(holder: &str) -> LeaseRequest {
    LeaseRequest { stack: "acme".into(), scopes: vec![Scope::region("us-east-1")], holder: holder.into(), ttl: TTL }
}

fn failure(class: ErrorClass) -> CallError {
    CallError::new(class, "test:Call", "as the test wants it")
}

impl World {
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
        let is_late = self.robber.get().is_some_and(|robber| robber.has_struck.load(Ordering::Relaxed));
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
    async fn read(&self, address: &Address, id: &str) -> Result<Option<Value>, CallError> {
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
        Ok(object.map(|object| json!([id, object.state])))
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

    async fn create(&self, address: &Address, desired: &Value, token: &Token) -> Result<String, CallError> {
        let mut state: NodeState = serde_json::from_value(desired.clone()).expect("desired is of the kind's type");
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

    async fn update(&self, _: &Address, id: &str, patch: &Value) -> Result<(), CallError> {
        let soft = patch.as_str().expect("a text").to_owned();
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

    async fn data_at_risk(&self, _: &Address, _: &str) -> Result<Option<String>, CallError> {
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

/// Time that passes only by sleeping.
#[derive(Default)]
pub struct Dream(AtomicI64);

impl Dream {
    fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).expect("short"), Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for Dream {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
        tokio::task::yield_now().await;
    }
}

/// A world, a journal, and one stack.
pub struct Stage {
    pub world: Arc<World>,
    pub kinds: Arc<KindTable>,
    journal: Arc<Store>,
    clock: Arc<Dream>,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// An empty account and an empty state.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let clock = Arc::new(Dream::default());
        let path = folder.path().join("state.db");
        let journal = Store::open(path.to_str().expect("UTF-8"), clock.clone()).await.expect("opens");
        let slow = [erased::<Key>(), erased::<Secret>(), erased::<Replicated>(), erased::<Named>(), erased::<Pair>()];
        let slow = slow.into_iter().chain([erased::<Remembered>()]);
        let kinds = Arc::new(KindTable::new([erased::<Node>()].into_iter().chain(slow)));
        let world = Arc::new(World { clock: clock.clone(), ..World::default() });
        let journal = Arc::new(journal);
        let robber = Robber { journal: journal.clone(), clock: clock.clone(), has_struck: Arc::default() };
        world.robber.set(robber).unwrap_or_else(|_| panic!("it is a new world"));
        Self { world, kinds, journal, clock, _folder: folder }
    }

    /// The other process.
    pub fn robber(&self) -> Robber {
        self.world.robber.get().expect("was set").clone()
    }

    /// What is recorded.
    pub async fn head(&self) -> Head {
        self.journal.head("acme").await.expect("reads")
    }

    /// AWS's time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass.
    pub async fn pass(&self, time: Duration) {
        self.clock.sleep(time).await;
    }

    /// What is recorded and does not follow from the events.
    pub async fn verify(&self) -> Vec<String> {
        self.journal.verify("acme").await.expect("reads")
    }

    fn ports(&self) -> Ports {
        let (events, _unheard) = mpsc::unbounded_channel();
        Ports {
            cloud: self.world.clone(),
            journal: self.journal.clone(),
            clock: self.clock.clone(),
            kinds: self.kinds.clone(),
            pace: Arc::default(),
            events,
        }
    }

    /// A lease that nobody renews: there is no heartbeat here.
    pub async fn tenure(&self, stop: &Stop) -> Arc<Tenure> {
        // What a killed process held has expired.
        self.clock.sleep(TTL * 2).await;
        let lease = self.journal.acquire(&request("test")).await.expect("nobody else holds it");
        Tenure::new(self.journal.clone(), self.clock.clone(), (lease, TTL), stop.clone())
    }

    /// Lets time pass until every lease has run out.
    pub async fn wait_out(&self) {
        self.clock.sleep(TTL * 2).await;
    }

    /// Who holds the region.
    pub async fn holding(&self) -> Holding {
        self.journal.holdings("acme").await.expect("reads").pop().expect("somebody does")
    }

    /// Plans and runs under a lease that is held already.
    pub async fn run_under(&self, tenure: &Arc<Tenure>, stop: &Stop, wanted: &Graph) -> Result<Summary, RunError> {
        let plan = Arc::new(self.plan(Command::Up, wanted).await);
        run(self.ports(), plan, tenure.clone(), stop.clone()).await
    }

    /// Settles open intents.
    pub async fn settle(&self) -> Result<(), RecoverError> {
        let stop = Stop::default();
        let tenure = self.tenure(&stop).await;
        let result = recover(&self.ports(), &tenure, &self.head().await.open, &stop).await;
        self.journal.release(tenure.lease()).await.expect("is still held");
        result
    }

    /// What is to be done.
    pub async fn plan(&self, command: Command, wanted: &Graph) -> Plan {
        let head = self.head().await;
        let inventory = observe(&*self.world, &*self.clock, &self.kinds, &head, wanted).await;
        let input = Input {
            stack: "acme",
            account: "123456789012",
            command,
            kinds: &self.kinds,
            wanted,
            whole: &GraphBuilder::default().build(&self.kinds).expect("empty"),
            head: &head,
            inventory: &inventory,
            selection: &Selection::default(),
            data: DataPolicy::Keep,
            leaves_down: Default::default(),
            leaves_up: Default::default(),
        };
        let (plan, report) = plan(&input);
        assert_eq!(lint(&plan), []);
        assert_eq!(report.notices, []);
        plan
    }

    /// Settles, plans and runs; `None` when the process died.
    pub async fn apply(&self, command: Command, wanted: &Graph) -> Option<Summary> {
        self.settle().await.expect("settles");
        let plan = self.plan(command, wanted).await;
        self.carry_out(plan).await
    }

    /// What is left to be cleaned up.
    pub async fn sweep_plan(&self) -> Plan {
        let head = self.head().await;
        let (kinds, data) = (&self.kinds, DataPolicy::Keep);
        let input = Sweep { stack: "acme", account: "123456789012", kinds, head: &head, now: self.now(), data };
        let (plan, _) = sweep(&input);
        assert_eq!(lint(&plan), []);
        plan
    }

    /// Settles and cleans up; `None` when the process died.
    pub async fn sweep(&self) -> Option<Summary> {
        self.settle().await.expect("settles");
        let plan = self.sweep_plan().await;
        self.carry_out(plan).await
    }

    /// Settles, plans and runs, whatever the journal says.
    pub async fn try_apply(&self, command: Command, wanted: &Graph) -> Option<Result<Summary, RunError>> {
        self.settle().await.expect("settles");
        let plan = self.plan(command, wanted).await;
        self.try_out(plan).await
    }

    async fn carry_out(&self, plan: Plan) -> Option<Summary> {
        self.try_out(plan).await.map(|ended| ended.expect("the journal works"))
    }

    async fn try_out(&self, plan: Plan) -> Option<Result<Summary, RunError>> {
        let stop = Stop::default();
        let tenure = self.tenure(&stop).await;
        let running = run(self.ports(), Arc::new(plan), tenure.clone(), stop);
        let ended = tokio::select! {
            ended = running => Some(ended),
            () = self.world.died.notified() => None,
        };
        if let Some(Ok(_)) = ended {
            self.journal.release(tenure.lease()).await.expect("is still held");
        }
        ended
    }
}
