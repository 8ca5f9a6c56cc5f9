//! A made-up AWS, a real journal in a scratch folder, and one stack.

use std::sync::Arc;
use std::time::Duration;

use globe_engine::{Ports, RecoverError, RunError, Stop, Tenure, observe, recover, run};
use globe_graph::{Graph, GraphBuilder};
use globe_model::{Clock, Command, DataPolicy, Head, Holding, Journal, KindTable, Plan, Summary, Timestamp, erased};
use globe_planner::{Input, Selection, Sweep, lint, plan, sweep};
use globe_store::Store;
use tokio::sync::mpsc;

use crate::dream::Dream;
use crate::kind::Node;
use crate::robber::{Robber, TTL, request};
use crate::slow::{Key, Named, Pair, Remembered, Replicated, Secret};
use crate::world::World;

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
        let world = Arc::new(World::new(clock.clone()));
        let journal = Arc::new(journal);
        let robber = Robber::new(journal.clone(), clock.clone());
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
            roles: Default::default(),
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
