//! One account, one state, one stack: commands as the command line carries them out, on virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use globe_blueprint::Facts;
use globe_config::Stack;
use globe_engine::{Ports, Stop, Tenure, recover, run};
use globe_model::{
    Address, CallError, Clock, Cloud, Command, Consent, Event, Head, Journal, KindTable, LeaseRequest, Plan, Scope,
    Summary, Timestamp,
};
use globe_sandbox::{Options, Sandbox};
use tokio::sync::mpsc;

use super::book::Book;
use super::clerk::Clerk;
use super::invariants::{Broken, Check};
use super::schedule::{Ending, Manner};
use super::seams::Seams;
use super::trace::{self, Line};
use super::witness::{Witness, labelling};
use crate::args::Chosen;
use crate::clock::SandboxTime;
use crate::failure::{Exit, Failure};
use crate::planning::{Request, graph, make_plan, ports, refusal};
use crate::regions::{Regions, for_down, for_up};
use crate::session::{Session, sandbox_config};

/// 1 January 2026: the same moment for every seed.
const START: f64 = 1_767_225_600.0;
/// Longer than any run: who holds a lease here is known without heartbeats.
const LEASE: Duration = Duration::from_secs(365 * 24 * 3600);
/// A command that takes longer than this does not end. AWS's own longest waits are hours.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// `globe up`
    Up,
    /// `globe diff`
    Diff,
    /// `globe down --regions all --delete-data`
    Down,
}

/// What came of a command.
#[derive(Clone, Debug, Default)]
pub struct Act {
    /// How it ended; `None` if it was killed.
    pub exit: Option<Exit>,
    /// What it said instead of a summary.
    pub failure: Option<Failure>,
    /// What it did.
    pub summary: Option<Summary>,
    /// What it was to do.
    pub plan: Option<Plan>,
    /// Addresses whose open intents it found.
    pub recovered: Vec<Address>,
    /// Its calls in the sandbox's log.
    pub calls: Range<usize>,
    /// When it began and ended.
    pub span: (Timestamp, Timestamp),
}

/// Everything that commands work on.
pub struct Stage {
    /// AWS.
    pub sandbox: Sandbox,
    /// What was written, as the witness sees it.
    pub book: Book,
    clerk: Arc<Clerk>,
    kinds: Arc<KindTable>,
    clock: Arc<dyn Clock>,
    seams: Arc<dyn Seams>,
    events: Arc<Mutex<Vec<(Timestamp, Event)>>>,
}

impl Stage {
    /// An empty account and an empty state.
    ///
    /// # Errors
    /// When there is no place for the state.
    pub fn open(stack: &Stack, seed: u64, manner: &Manner, seams: Arc<dyn Seams>) -> Result<Self, Failure> {
        let options = Options {
            start: Some(START),
            account: stack.account.clone(),
            seed,
            lag: manner.lag,
            latency: manner.latency,
            jitter: manner.jitter,
            limits: manner.limits,
            ..Options::default()
        };
        let sandbox = Sandbox::open(options)?;
        let clock: Arc<dyn Clock> = Arc::new(SandboxTime(sandbox.clone()));
        let book = Book::default();
        let clerk = Arc::new(Clerk::start(clock.clone(), book.clone())?);
        let kinds = Arc::new(globe_aws::kind_table());
        Ok(Self { sandbox, book, clerk, kinds, clock, seams, events: Arc::default() })
    }

    /// The time.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// What is recorded.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn head(&self, stack: &Stack) -> Result<Head, Failure> {
        Ok(self.clerk.head(&stack.name).await?)
    }

    /// What is wrong with the journal itself.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn verify(&self, stack: &Stack) -> Result<Vec<String>, Failure> {
        Ok(self.clerk.verify(&stack.name).await?)
    }

    /// What happened so far, in order.
    pub fn trace(&self) -> Vec<Line> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines: Vec<Line> = self.sandbox.calls().iter().map(trace::of_call).collect();
        lines.extend(events.iter().map(|(at, event)| trace::of_event(*at, event)));
        lines.sort_by_key(|line| line.at);
        lines
    }

    /// What was told so far.
    pub fn events(&self) -> Vec<(Timestamp, Event)> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Carries out a command, until it ends or is ended.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn play(&self, stack: &Stack, deed: Deed, ending: Ending) -> Result<Act, Broken> {
        let (from, began) = (self.sandbox.calls().len(), self.clock.now());
        let mut act = Act::default();
        let stop = Stop::default();
        let ended = tokio::select! {
            biased;
            ended = self.carry_out(stack, deed, &stop, &mut act) => Some(ended),
            () = bring_about(ending, &stop) => None,
        };
        match ended {
            Some(Ok(exit)) => act.exit = Some(exit),
            Some(Err(failure)) => {
                act.exit = Some(failure.exit);
                act.failure = Some(failure);
            }
            None => {}
        }
        act.calls = from..self.sandbox.calls().len();
        act.span = (began, self.clock.now());
        let took = act.span.1.since(began);
        if took >= LONGEST {
            return Err(Broken::new(Check::Ends, format!("{deed:?} has not ended after {} h", took.as_secs() / 3600)));
        }
        Ok(act)
    }

    async fn carry_out(&self, stack: &Stack, deed: Deed, stop: &Stop, act: &mut Act) -> Result<Exit, Failure> {
        let config = sandbox_config(stack, labelling(self.sandbox.http_client()));
        let session = Session::connect(stack, config, self.clock.clone()).await?;
        let whole = graph(stack, &Facts::nominal(stack), &self.kinds)?;
        let head = self.head(stack).await?;
        self.book.open_at(&head, &whole);
        match deed {
            Deed::Diff => {
                let regions = for_up(stack, &head, &Chosen::default())?;
                let planned = make_plan(
                    &session,
                    stack,
                    &head,
                    &request(Command::Up, &regions, &Consent::default(), &BTreeMap::new()),
                )
                .await?;
                act.plan = Some(planned.plan);
                Ok(Exit::Done)
            }
            Deed::Up => self.change(stack, Command::Up, &session, stop, act).await,
            Deed::Down => self.change(stack, Command::Down, &session, stop, act).await,
        }
    }

    /// What `up` and `down` do, from the lease to the summary.
    async fn change(
        &self,
        stack: &Stack,
        command: Command,
        session: &Session,
        stop: &Stop,
        act: &mut Act,
    ) -> Result<Exit, Failure> {
        let (head, unsettled) = self.settled_head(stack, (session, command), stop, act).await?;
        let regions = match command {
            Command::Up => for_up(stack, &head, &Chosen::default())?,
            Command::Down | Command::Gc | Command::Move => {
                for_down(stack, &head, &Chosen { regions: vec!["all".into()], ..Chosen::default() })?
            }
        };
        let planned =
            make_plan(session, stack, &head, &request(command, &regions, &Consent::to_everything(), &unsettled))
                .await?;
        if let Some(failure) = refusal(&planned) {
            return Err(failure);
        }
        let plan = Arc::new(self.seams.plan(planned.plan));
        act.plan = Some((*plan).clone());
        if plan.is_empty() && plan.leaves_down.is_subset(&head.down) {
            return Ok(if plan.is_complete() { Exit::Done } else { Exit::Partly });
        }
        let tenure = self.hold(stack, plan.scopes(), stop).await?;
        let (ports, heard) = self.ports(session);
        let ended = run(ports, plan, Consent::to_everything(), tenure.clone(), stop.clone()).await;
        heard.end().await;
        self.clerk.release(tenure.lease()).await?;
        let summary = ended?;
        let exit = Exit::of(&summary);
        act.summary = Some(summary);
        Ok(exit)
    }

    async fn settled_head(
        &self,
        stack: &Stack,
        (session, command): (&Session, Command),
        stop: &Stop,
        act: &mut Act,
    ) -> Result<(Head, BTreeMap<Address, CallError>), Failure> {
        let head = self.head(stack).await?;
        if head.open.is_empty() {
            return Ok((head, BTreeMap::new()));
        }
        act.recovered = head.open.iter().map(|intent| intent.address.clone()).collect();
        let scopes = act.recovered.iter().map(|address| address.scope.clone()).collect();
        let tenure = self.hold(stack, scopes, stop).await?;
        let (ports, heard) = self.ports(session);
        let recovered = recover(&ports, &tenure, &head.open, stop, &|_| command == Command::Up).await;
        drop(ports);
        heard.end().await;
        self.clerk.release(tenure.lease()).await?;
        let recovered = recovered?;
        Ok((self.head(stack).await?, recovered.unsettled))
    }

    /// Takes the scopes; whoever held them was killed.
    async fn hold(&self, stack: &Stack, scopes: BTreeSet<Scope>, stop: &Stop) -> Result<Arc<Tenure>, Failure> {
        for holding in self.clerk.holdings(&stack.name).await? {
            self.clerk.evict(&stack.name, &holding).await?;
        }
        let request = LeaseRequest {
            stack: stack.name.clone(),
            scopes: scopes.into_iter().collect(),
            holder: "rehearsal".into(),
            ttl: LEASE,
        };
        let lease = self.clerk.acquire(&request).await?;
        Ok(Tenure::new(self.clerk.clone(), self.clock.clone(), (lease, LEASE), stop.clone()))
    }

    fn ports(&self, session: &Session) -> (Ports, Heard) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let heard = Heard::start(receiver, self.clock.clone(), self.events.clone());
        let cloud: Arc<dyn Cloud> = self.seams.cloud(session.cloud.clone());
        let mut ports = ports(session, self.seams.journal(self.clerk.clone()), sender);
        ports.cloud = Arc::new(Witness::new(cloud, self.book.clone()));
        (ports, heard)
    }
}

fn request<'a>(
    command: Command,
    regions: &'a Regions,
    consent: &'a Consent,
    unsettled: &'a BTreeMap<Address, CallError>,
) -> Request<'a> {
    Request { command, regions, only: &[], consent, fresh_images: false, unsettled }
}

/// Ends a command from outside: by an interrupt, as `kill -9` does, or because it takes for ever.
async fn bring_about(ending: Ending, stop: &Stop) {
    match ending {
        Ending::Itself => tokio::time::sleep(LONGEST).await,
        Ending::Killed(after) => tokio::time::sleep(after).await,
        Ending::Interrupted(after) => {
            tokio::time::sleep(after).await;
            stop.request();
            tokio::time::sleep(LONGEST).await;
        }
    }
}

/// Whoever notes the events with their times.
struct Heard(tokio::task::JoinHandle<()>);

impl Heard {
    fn start(
        mut events: mpsc::UnboundedReceiver<Event>,
        clock: Arc<dyn Clock>,
        into: Arc<Mutex<Vec<(Timestamp, Event)>>>,
    ) -> Self {
        Self(tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                let now = clock.now();
                into.lock().unwrap_or_else(PoisonError::into_inner).push((now, event));
            }
        }))
    }

    /// Waits until everything is noted.
    async fn end(self) {
        // A listener that panicked has noted what it could.
        let _noted = self.0.await;
    }
}
