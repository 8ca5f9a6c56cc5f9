//! One run: starts what is ready, takes in what happens, until nothing is left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use globe_model::{
    Action, Address, CallError, Consent, ErrorClass, Event, Failure, Journal, JournalError, Lease, Missing, Plan,
    RunEnd, RunStart, Scope, Summary,
};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::{Id, JoinError, JoinSet};

use crate::delete::delete;
use crate::lease::Tenure;
use crate::leave::{finish, strike};
use crate::make::make;
use crate::schedule::{Phase, Schedule};
use crate::shared::{Ports, Shared, StepError, Stop};
use crate::turn::turn;

/// The run could not go on; what was done is recorded.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The journal did not let it begin: nothing was done.
    #[error(transparent)]
    NotBegun(JournalError),
    /// The state could not be written, or the lease was lost.
    #[error("the run stopped because its state could not be written")]
    CutShort {
        /// How far it got.
        summary: Box<Summary>,
        /// The journal's words.
        #[source]
        source: JournalError,
    },
}

/// What a step says.
enum News {
    Exists(usize),
    Ended(usize, Result<Option<String>, StepError>),
}

/// Carries out `plan` under a lease on all its scopes; data goes where `consent` says so.
///
/// # Guarantees
/// Every mutating call has a committed intent before it and a committed outcome before anything downstream starts.
/// One failing step stops what depends on it and nothing else.
///
/// # Errors
/// When the journal fails; failures of AWS are in the summary.
pub async fn run(
    ports: Ports,
    plan: Arc<Plan>,
    consent: Consent,
    tenure: Arc<Tenure>,
    stop: Stop,
) -> Result<Summary, RunError> {
    let run = uuid::Uuid::now_v7().to_string();
    let start = RunStart {
        run: run.clone(),
        stack: plan.stack.clone(),
        account: plan.account.clone(),
        command: plan.command,
        parent: plan.parent,
        reads: reads(&ports, &plan),
        steps: plan.steps.len(),
        moves: plan.moves.clone(),
        protects: plan.protects.clone(),
        leaving: plan.leaves_down.clone(),
        returning: plan.leaves_up.clone(),
        roles: plan.roles.clone(),
    };
    ports.journal.begin(tenure.lease(), &start).await.map_err(RunError::NotBegun)?;
    ports.tell(Event::RunStarted { run: run.clone(), command: plan.command, steps: plan.steps.len() });
    let shared = Arc::new(Shared::new(ports.clone(), plan.clone(), consent, tenure, (run, stop)));
    let mut reel = Reel::new(shared.clone());
    reel.play().await;
    let summary = reel.summary();
    // What the user wants of regions is kept, however far this run came: the next one goes on from there.
    let end = RunEnd {
        run: shared.run.clone(),
        done: summary.done.len(),
        failed: summary.failed.len(),
        not_tried: summary.not_tried.len(),
        down: plan.leaves_down.clone(),
        up: plan.leaves_up.clone(),
    };
    let finished = ports.journal.finish(shared.lease(), &end).await;
    ports.tell(Event::RunFinished { summary: summary.clone() });
    match reel.fatal.or(finished.err()) {
        Some(source) => Err(RunError::CutShort { summary: Box::new(summary), source }),
        None => Ok(summary),
    }
}

/// Records the moves of a plan that has no steps: a run in which AWS is not asked.
///
/// # Errors
/// When the journal refuses them; then nothing was recorded.
pub async fn record_moves(journal: &dyn Journal, lease: &Lease, plan: &Plan) -> Result<(), JournalError> {
    let start = RunStart {
        run: uuid::Uuid::now_v7().to_string(),
        stack: plan.stack.clone(),
        account: plan.account.clone(),
        command: plan.command,
        parent: plan.parent,
        reads: BTreeSet::new(),
        steps: 0,
        moves: plan.moves.clone(),
        protects: plan.protects.clone(),
        leaving: BTreeSet::new(),
        returning: BTreeSet::new(),
        roles: BTreeMap::new(),
    };
    journal.begin(lease, &start).await?;
    let (down, up) = (BTreeSet::new(), BTreeSet::new());
    journal.finish(lease, &RunEnd { run: start.run, done: 0, failed: 0, not_tried: 0, down, up }).await
}

/// Scopes of what the steps refer to. A spec that cannot be read fails its own step.
fn reads(ports: &Ports, plan: &Plan) -> BTreeSet<Scope> {
    let edges = plan.steps.iter().filter_map(|step| {
        let spec = step.spec.as_ref()?;
        ports.kinds.get(&step.address.kind)?.refs(spec).ok()
    });
    edges.flatten().map(|edge| edge.address.scope).collect()
}

struct Reel {
    shared: Arc<Shared>,
    schedule: Schedule,
    tasks: JoinSet<()>,
    running: BTreeMap<Id, usize>,
    news: (UnboundedSender<News>, mpsc::UnboundedReceiver<News>),
    done: Vec<(Address, Action)>,
    failed: Vec<Failure>,
    halted: Vec<(Address, String)>,
    fatal: Option<JournalError>,
}

impl Reel {
    fn new(shared: Arc<Shared>) -> Self {
        let schedule = Schedule::new(&shared.plan, &shared.ports.kinds, &shared.ports.pace);
        let (done, failed, halted) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            shared,
            schedule,
            tasks: JoinSet::new(),
            running: BTreeMap::new(),
            news: mpsc::unbounded_channel(),
            done,
            failed,
            halted,
            fatal: None,
        }
    }

    async fn play(&mut self) {
        let stop = self.shared.stop.clone();
        let mut announced = false;
        loop {
            if !stop.is_requested() && self.fatal.is_none() {
                while let Some(step) = self.schedule.start_next() {
                    self.start(step);
                }
            }
            if self.schedule.in_flight() == 0 {
                return;
            }
            tokio::select! {
                news = self.news.1.recv() => if let Some(news) = news { self.take(news) },
                Some(ended) = self.tasks.join_next_with_id() => match ended {
                    Ok((id, ())) => { self.running.remove(&id); }
                    Err(error) => self.take_panic(&error),
                },
                () = stop.requested(), if !announced => {
                    announced = true;
                    self.shared.ports.tell(Event::Stopping { in_flight: self.schedule.in_flight() });
                }
            }
        }
    }

    fn start(&mut self, index: usize) {
        let (shared, news) = (self.shared.clone(), self.news.0.clone());
        let handle = self.tasks.spawn(async move {
            let result = perform(&shared, index, &news).await;
            // The receiver lives as long as the run.
            let _run_is_over = news.send(News::Ended(index, result));
        });
        self.running.insert(handle.id(), index);
    }

    /// A step that panicked ends as a failed one: its intent stays open, and the next run settles it.
    fn take_panic(&mut self, error: &JoinError) {
        if let Some(index) = self.running.remove(&error.id()) {
            let error = CallError::new(ErrorClass::Broken, "globe", format!("this is a defect of globe: {error}"));
            self.end(index, Err(error.into()));
        }
    }

    fn take(&mut self, news: News) {
        match news {
            News::Exists(index) => self.schedule.advance(index, Phase::Exists),
            News::Ended(index, result) => self.end(index, result),
        }
    }

    fn end(&mut self, index: usize, result: Result<Option<String>, StepError>) {
        let Some(step) = self.shared.plan.steps.get(index) else { return };
        let (address, action) = (step.address.clone(), step.action);
        let error = match result {
            Ok(_) => {
                self.done.push((address, action));
                self.schedule.advance(index, Phase::Done);
                return;
            }
            Err(error) => error,
        };
        self.schedule.advance(index, Phase::Failed);
        match error {
            StepError::Stopped(what) => {
                let why = if self.shared.tenure.lost().is_some() { self.why_stopped() } else { "interrupted".into() };
                self.halted.push((address, format!("{why}; {what}")));
            }
            StepError::Call(error) => {
                let hint = hint(&error);
                let failure = Failure { address, action, error, hint };
                self.shared.ports.tell(Event::Failed(failure.clone()));
                self.failed.push(failure);
            }
            StepError::Journal(error) => {
                self.shared.tenure.note(&error);
                self.halted.push((address, "its outcome could not be recorded; the next run finds out".to_owned()));
                self.fatal = self.fatal.take().or(Some(error));
            }
        }
    }

    fn why_stopped(&self) -> String {
        match self.shared.tenure.lost() {
            Some(scope) => format!("the lease on {scope} was lost"),
            None => "the run was stopped".to_owned(),
        }
    }

    /// Steps that made or changed something, and did not get to their end.
    fn begun(&self) -> BTreeSet<Address> {
        let cut =
            self.failed.iter().map(|failure| &failure.address).chain(self.halted.iter().map(|(address, _)| address));
        let touched = self.shared.touched();
        cut.filter(|address| touched.contains(*address)).cloned().collect()
    }

    fn summary(&self) -> Summary {
        let mut not_tried = self.halted.clone();
        let blockers = self.schedule.blockers();
        for (index, step) in self.shared.plan.steps.iter().enumerate() {
            if self.schedule.phase(index) == Phase::Waiting {
                let blocker = blockers[index].and_then(|blocker| self.shared.plan.steps.get(blocker));
                let reason = blocker.map_or_else(
                    || self.why_stopped(),
                    |blocker| format!("waiting for {}, which did not finish", blocker.address),
                );
                not_tried.push((step.address.clone(), reason));
            }
        }
        Summary {
            done: self.done.clone(),
            failed: self.failed.clone(),
            not_tried,
            begun: self.begun(),
            unread: self.shared.plan.unread.clone(),
            interrupted: self.shared.stop.is_requested() && self.shared.tenure.lost().is_none(),
        }
    }
}

async fn perform(shared: &Shared, index: usize, news: &UnboundedSender<News>) -> Result<Option<String>, StepError> {
    let Some(step) = shared.plan.steps.get(index) else { return Ok(None) };
    let (address, action) = (step.address.clone(), step.action);
    shared.ports.tell(Event::Started { address: address.clone(), action });
    let started = shared.ports.clock.now();
    let exists = || {
        // The receiver lives as long as the run.
        let _run_is_over = news.send(News::Exists(index));
    };
    let id = match action {
        Action::Create | Action::Update | Action::Adopt => {
            let _turn = turn(shared, step).await?;
            Some(make(shared, step, exists).await?)
        }
        Action::Delete if step.not_before.is_some() => {
            finish(shared, step).await?;
            None
        }
        Action::Delete => {
            delete(shared, step).await?;
            None
        }
        Action::Forget => {
            let id = step.id.as_deref().unwrap_or_default();
            strike(shared, &address, id).await?;
            None
        }
    };
    let elapsed = shared.ports.clock.now().since(started);
    shared.ports.tell(Event::Done { address, action, id: id.clone(), elapsed });
    Ok(id)
}

/// What to do next, by class.
fn hint(error: &CallError) -> Option<String> {
    let text = match error.class {
        ErrorClass::Denied => Missing::of(error)?.advice(),
        ErrorClass::Quota => "ask AWS to raise this quota (Service Quotas), or use less".to_owned(),
        ErrorClass::AlreadyExists => {
            "something of this name exists and does not bear this stack's mark: rename one of the two".to_owned()
        }
        ErrorClass::Throttled => {
            "AWS kept refusing because of too many requests: run the command again later".to_owned()
        }
        ErrorClass::Dependency => "something outside this stack still uses it".to_owned(),
        ErrorClass::HoldsData => "say --delete-data ADDRESS-GLOB to delete what it holds".to_owned(),
        ErrorClass::Ambiguous => "AWS did not answer; the next run finds out what became of it".to_owned(),
        _ => return None,
    };
    Some(text)
}
