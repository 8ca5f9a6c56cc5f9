//! One seed, from an empty account to an empty account.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use globe_config::Stack;
use globe_model::{Event, Timestamp};
use globe_sandbox::{CallLog, Fault};

use super::invariants::{self as must, Broken, Check};
use super::profile::{ActProfile, Profile};
use super::schedule::{Blow, Ending, Schedule};
use super::seams::Seams;
use super::stage::{Act, Deed, Stage};
use super::survey::{self, Census};
#[cfg(test)]
use super::trace;
use super::trace::{Line, is_read};
use crate::failure::{Exit, Failure};

/// What AWS shows of what is deleted is gone after this time, and what it was still doing is done.
const LATER: Duration = Duration::from_secs(2 * 3600);
/// The commands, in order.
const DEEDS: [Deed; 4] = [Deed::Up, Deed::Diff, Deed::Up, Deed::Down];
/// Where the edited file takes over.
const EDITED: usize = 2;

/// A file and its edit.
#[derive(Clone)]
pub struct Script {
    /// As it is.
    pub stack: Stack,
    /// Edited: a tag more on whatever bears tags.
    pub edited: Stack,
}

impl Script {
    /// For a file.
    pub fn new(stack: &Stack) -> Self {
        let mut edited = stack.clone();
        edited.tags = edited.tags.with("globe-rehearsal", "edited");
        Self { stack: stack.clone(), edited }
    }
}

/// What came of a seed.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The seed.
    pub seed: u64,
    /// The first thing that does not hold, if one does not.
    pub broken: Option<Broken>,
    /// Which command that was about.
    pub during: Option<usize>,
    /// What happened.
    pub trace: Vec<Line>,
    /// All calls.
    pub calls: Vec<CallLog>,
    /// All events.
    pub events: Vec<(Timestamp, Event)>,
    /// The first try of each command.
    pub acts: Vec<Act>,
    /// What was left in the account after each.
    pub census: Vec<Census>,
    /// What was in the account before.
    pub empty: Census,
}

impl Trial {
    /// What went wrong on purpose, by sort.
    pub fn struck(&self) -> BTreeMap<Fault, u64> {
        let mut struck = BTreeMap::new();
        for fault in self.calls.iter().filter_map(|call| call.fault) {
            *struck.entry(fault).or_default() += 1;
        }
        struck
    }

    /// When it began.
    pub fn start(&self) -> Timestamp {
        self.acts.first().map(|act| act.span.0).unwrap_or_default()
    }

    /// What the next seeds are measured by.
    pub fn profile(&self) -> Profile {
        let mut profile = Profile { empty: self.empty.clone(), ..Profile::default() };
        for (index, (act, census)) in self.acts.iter().zip(&self.census).enumerate().take(DEEDS.len()) {
            let calls = self.calls.get(act.calls.clone()).unwrap_or_default();
            profile.acts[index] = ActProfile::new(calls, act.span.1.since(act.span.0));
            profile.census[index] = census.clone();
        }
        profile
    }
}

/// Runs a seed on a thread's own virtual time. Without a profile it is the calm one that makes it.
///
/// # Errors
/// When there is no place for its state, or no runtime.
pub fn run(
    script: &Script,
    seed: u64,
    schedule: &Schedule,
    profile: Option<&Profile>,
    seams: Arc<dyn Seams>,
) -> Result<Trial, Failure> {
    // What the SDK and its retries take jitter from is a generator of this thread.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Failed, format!("could not start: {error}")))?;
    runtime.block_on(async {
        let stage = Stage::open(&script.stack, seed, &schedule.manner, seams)?;
        let empty = survey::census(&survey::things(&stage.sandbox));
        let mut player = Player { script, profile, stage, acts: Vec::new(), census: Vec::new(), empty };
        let (mut broken, mut during) = (None, None);
        for (index, blow) in schedule.blows.iter().enumerate() {
            if let Err(finding) = player.play(index, blow).await {
                (broken, during) = (Some(finding), Some(index));
                break;
            }
        }
        let Player { stage, acts, census, empty, .. } = player;
        let (trace, calls, events) = (stage.trace(), stage.sandbox.calls(), stage.events());
        Ok(Trial { seed, broken, during, trace, calls, events, acts, census, empty })
    })
}

struct Player<'a> {
    script: &'a Script,
    profile: Option<&'a Profile>,
    stage: Stage,
    acts: Vec<Act>,
    census: Vec<Census>,
    empty: Census,
}

impl Player<'_> {
    fn stack(&self, index: usize) -> &Stack {
        if index < EDITED { &self.script.stack } else { &self.script.edited }
    }

    /// One command under faults, then the same without, then a look around.
    async fn play(&mut self, index: usize, blow: &Blow) -> Result<(), Broken> {
        self.stage.sandbox.set_faults(blow.faults.iter().cloned());
        let act = self.stage.play(self.stack(index), DEEDS[index], blow.ending).await?;
        let unharmed = blow.ending == Ending::Itself && self.calls(&act).iter().all(|call| call.fault.is_none());
        self.judge(index, &act, unharmed).await?;
        // What was struck while it was being made may show it only after the faults have ended.
        let doomed = self.calls(&act).iter().any(|call| call.fault == Some(Fault::FailsCreating));
        self.acts.push(act);
        self.stage.sandbox.set_faults([]);
        if DEEDS[index] == Deed::Diff {
            self.census.push(Census::new());
            return Ok(());
        }
        if doomed {
            self.stage.play(self.stack(index), DEEDS[index], Ending::Itself).await?;
        }
        self.converge(index).await?;
        self.look_around(index).await
    }

    fn calls(&self, act: &Act) -> Vec<CallLog> {
        self.stage.sandbox.calls().get(act.calls.clone()).unwrap_or_default().to_vec()
    }

    /// What must hold of every command.
    async fn judge(&self, index: usize, act: &Act, unharmed: bool) -> Result<(), Broken> {
        let calls = self.calls(act);
        all([self.stage.book.take_broken().into_iter().next()])?;
        if DEEDS[index] == Deed::Diff {
            return judge_diff(act, &calls, unharmed);
        }
        all([must::in_the_plan(&calls, act.plan.as_ref(), &act.recovered)])?;
        let head = self.head(index).await?;
        if let (Some(plan), Some(summary), Some(exit)) = (&act.plan, &act.summary, act.exit) {
            all([must::truthful(plan, summary, exit, &head)])?;
        }
        if unharmed && act.exit != Some(Exit::Done) {
            return Err(Broken::new(Check::Converges, format!("nothing went wrong, and yet: {}", said(act))));
        }
        Ok(())
    }

    async fn head(&self, index: usize) -> Result<globe_model::Head, Broken> {
        let broken = |failure: Failure| Broken::new(Check::Journal, failure.message);
        self.stage.head(self.stack(index)).await.map_err(broken)
    }

    /// The same command again, without faults, must succeed, and leave nothing to be done.
    async fn converge(&self, index: usize) -> Result<(), Broken> {
        let again = self.stage.play(self.stack(index), DEEDS[index], Ending::Itself).await?;
        self.judge(index, &again, true).await?;
        if DEEDS[index] == Deed::Up && again.plan.as_ref().is_some_and(|plan| !plan.is_empty()) {
            let diff = self.stage.play(self.stack(index), Deed::Diff, Ending::Itself).await?;
            return judge_diff(&diff, &self.calls(&diff), true);
        }
        Ok(())
    }

    async fn look_around(&mut self, index: usize) -> Result<(), Broken> {
        self.stage.clock().sleep(LATER).await;
        let head = self.head(index).await?;
        let verified = self.stage.verify(self.stack(index)).await;
        let differences = verified.map_err(|failure| Broken::new(Check::Journal, failure.message))?;
        let things = survey::things(&self.stage.sandbox);
        let census = survey::census(&things);
        let calm = self.profile.map(|profile| &profile.census[index]);
        let compared = match DEEDS[index] {
            Deed::Down => must::nothing_left(&census, &self.empty),
            _ => calm.and_then(|calm| must::as_without_faults(&census, calm)),
        };
        self.census.push(census);
        let checks =
            [must::journal(&head, &differences), must::one_of_each(&things), must::no_orphan(&things, &head), compared];
        all(checks)
    }
}

/// `diff` changes nothing, whatever happens, and where the file is as it was finds nothing.
fn judge_diff(act: &Act, calls: &[CallLog], unharmed: bool) -> Result<(), Broken> {
    let wrong = |what: String| Err(Broken::new(Check::DiffOnlyReads, what));
    if let Some(call) = calls.iter().find(|call| !is_read(&call.action)) {
        return wrong(format!("`diff` called {} in {}", call.action, call.region));
    }
    if let Some(step) = act.plan.as_ref().and_then(|plan| plan.steps.first()) {
        return wrong(format!("nothing has changed, and `diff` wants to {:?} {}", step.action, step.address));
    }
    if unharmed && act.exit != Some(Exit::Done) {
        return wrong(format!("nothing went wrong, and yet: {}", said(act)));
    }
    Ok(())
}

fn all(checks: impl IntoIterator<Item = Option<Broken>>) -> Result<(), Broken> {
    checks.into_iter().flatten().next().map_or(Ok(()), Err)
}

/// Why a command did not do what it was asked for.
fn said(act: &Act) -> String {
    if let Some(failure) = &act.failure {
        let causes: Vec<&str> = failure.causes.iter().map(String::as_str).collect();
        return format!("{} {}", failure.message, causes.join("; "));
    }
    let Some(summary) = &act.summary else { return "it said nothing".to_owned() };
    let failed = summary.failed.iter().map(|failure| format!("{}: {}", failure.address, failure.error));
    let not_tried = summary.not_tried.iter().map(|(address, why)| format!("{address}: {why}"));
    failed.chain(not_tried).take(3).collect::<Vec<_>>().join("; ")
}

/// The trace of a trial as text, whole.
#[cfg(test)]
pub fn trace_text(trial: &Trial) -> String {
    trace::text(&trial.trace, trial.start())
}
