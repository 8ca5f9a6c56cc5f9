//! What every command that changes something does: settle what is open, carry a plan out, tell how it went.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use globe_engine::{Recovered, RunError, recover, run};
use globe_model::{Address, CallError, Clock, Consent, Head, Highlight, Intent, JournalError, Plan, Scope, Summary};
use globe_report::{counted, summary_json, summary_text};
use tokio::sync::mpsc;

use crate::clock::SystemClock;
use crate::failure::{Exit, Failure};
use crate::forward::highlights;
use crate::hold::{Held, Holder};
use crate::out::Out;
use crate::planning::ports;
use crate::progress::Progress;
use crate::session::Session;

/// AWS, and the state as others share it.
pub struct Work<'a> {
    /// AWS.
    pub session: &'a Session,
    /// The state.
    pub holder: Holder<'a>,
    /// Whether settling has recorded what was not recorded before.
    pub settled_some: AtomicBool,
}

/// What a command is about, as far as interrupted changes matter to it.
pub struct Concern {
    /// The regions; `None` is the whole stack.
    pub regions: Option<BTreeSet<Scope>>,
    /// What is to be there afterwards.
    pub wanted: BTreeSet<Address>,
}

/// The head when a command begins.
pub struct Settled {
    /// The head.
    pub head: Head,
    /// Interrupted creates of which AWS could not be asked what became of them.
    pub unsettled: BTreeMap<Address, CallError>,
}

impl Work<'_> {
    /// The head once everything is settled that an earlier run left open where this command is about. Elsewhere it
    /// stays open. What another run has in flight now is its own business, unless this one is about the same regions:
    /// then it is waited for.
    ///
    /// # Errors
    /// When several objects may be the one, or the user asks to stop.
    pub async fn settled_head(&self, concern: impl Fn(&Head) -> Result<Concern, Failure>) -> Result<Settled, Failure> {
        let journal = self.holder.journal;
        let head = journal.head(self.holder.stack).await?;
        if head.open.is_empty() {
            return Ok(Settled { head, unsettled: BTreeMap::new() });
        }
        let Concern { regions, wanted } = concern(&head)?;
        let busy = self.holder.busy().await?;
        let ours = |scope: &Scope| match &regions {
            Some(regions) => regions.contains(scope) || (*scope == Scope::Global && !busy.contains(scope)),
            None => !busy.contains(scope),
        };
        let open = |head: &Head| -> (Vec<Intent>, Vec<Intent>) {
            head.open.iter().cloned().partition(|intent| ours(&intent.address.scope))
        };
        let (mine, others) = open(&head);
        self.say_left_open(others.iter().map(|intent| &intent.address.scope).filter(|scope| !busy.contains(scope)));
        let scopes: BTreeSet<Scope> = mine.iter().map(|intent| intent.address.scope.clone()).collect();
        if scopes.is_empty() {
            return Ok(Settled { head, unsettled: BTreeMap::new() });
        }
        let held = self.holder.take(scopes).await?;
        // Whoever held the scopes may have settled some of it meanwhile.
        let (mine, _) = open(&journal.head(self.holder.stack).await?);
        let recovered = self.recover(&held, &mine, &wanted).await;
        let released = held.release(&**journal).await;
        let Recovered { made, unsettled } = recovered?;
        released?;
        if !made.is_empty() {
            self.settled_some.store(true, Ordering::Relaxed);
        }
        Ok(Settled { head: journal.head(self.holder.stack).await?, unsettled })
    }

    fn say_left_open<'s>(&self, scopes: impl Iterator<Item = &'s Scope>) {
        let mut counts: BTreeMap<&Scope, usize> = BTreeMap::new();
        scopes.for_each(|scope| *counts.entry(scope).or_default() += 1);
        for (scope, count) in counts {
            let changes = counted(count, "interrupted change", "interrupted changes");
            let stay = if count == 1 { "stays" } else { "stay" };
            self.holder.out.note(&format!("{changes} of {scope} {stay} open: this command is not about {scope}."));
        }
    }

    /// Corrects what a failure says: settling is a change too.
    pub fn told_truly(&self, failure: Failure) -> Failure {
        if !self.settled_some.load(Ordering::Relaxed) {
            return failure;
        }
        let rest = "nothing was changed but what an interrupted run had begun";
        Failure { message: failure.message.replace("nothing was changed", rest), ..failure }
    }

    async fn recover(&self, held: &Held, open: &[Intent], wanted: &BTreeSet<Address>) -> Result<Recovered, Failure> {
        let (events, mut heard) = mpsc::unbounded_channel();
        let ports = ports(self.session, self.holder.journal.clone(), events);
        let wanted = |address: &Address| wanted.contains(address);
        let recovered = recover(&ports, &held.tenure, open, self.holder.stop, &wanted).await;
        while let Ok(event) = heard.try_recv() {
            if let Some(line) = globe_report::event_line(&event) {
                self.holder.out.note(&line);
            }
        }
        if let (Err(error), Some(scope)) = (&recovered, held.tenure.lost()) {
            let failure = Failure::new(
                Exit::Refused,
                format!("the lease on {scope} was lost while settling what an interrupted run left open"),
            );
            return Err(self.fenced(failure, &error.to_string(), scope).await);
        }
        Ok(recovered?)
    }

    /// Says who took over.
    async fn fenced(&self, mut failure: Failure, detail: &str, scope: &Scope) -> Failure {
        failure.causes = vec![self.holder.successor(scope).await, detail.to_owned()];
        failure
    }

    /// Carries a plan out under a lease on all its scopes, and tells how it went.
    ///
    /// # Errors
    /// When another run was faster, the lease or the state is lost, or the user asks to stop.
    pub async fn carry_out(&self, plan: Plan, consent: Consent) -> Result<Exit, Setback> {
        let (out, session, journal) = (self.holder.out, self.session, self.holder.journal);
        let moves = plan.moves.len();
        let held = self.holder.take(plan.scopes()).await?;
        let (events, progress) = Progress::start(out, session.clock.clone(), &plan);
        let (started, began) = (session.clock.now(), SystemClock.now());
        let ports = ports(session, journal.clone(), events);
        let ended = run(ports, Arc::new(plan), consent, held.tenure.clone(), self.holder.stop.clone()).await;
        let elapsed = session.clock.now().since(started);
        progress.end().await;
        let lost = held.tenure.lost().cloned();
        let released = held.release(&**journal).await;
        let summary = match ended {
            Ok(summary) => summary,
            Err(RunError::NotBegun(error @ JournalError::StalePlan { .. })) => {
                return Err(Setback::Stale(error.into()));
            }
            Err(error) => return Err(self.cut_short(error, lost, elapsed).await.into()),
        };
        let head = journal.head(self.holder.stack).await?;
        if moves > 0 {
            out.note(&format!("Recorded {}.", counted(moves, "move", "moves")));
        }
        report(out, &summary, &highlights(&head, &session.kinds), elapsed);
        crate::leaving::say(out, &head);
        let here = SystemClock.now().since(began);
        if here * 2 < elapsed {
            out.note(&format!("That is the sandbox's time; here it took {:.1} s.", here.as_secs_f64()));
        }
        released?;
        Ok(Exit::of(&summary))
    }

    /// Tells how far a run got that lost its lease or its state, and who took over.
    async fn cut_short(&self, error: RunError, lost: Option<Scope>, elapsed: Duration) -> Failure {
        if let RunError::CutShort { summary, .. } = &error {
            report(self.holder.out, summary, &[], elapsed);
        }
        let detail = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        let failure = Failure::from(error);
        match lost {
            Some(scope) => {
                let failure = Failure {
                    message: format!(
                        "the lease on {scope} was lost in the middle of the run; nothing more was written or called"
                    ),
                    ..failure
                };
                self.fenced(failure, &detail, &scope).await
            }
            None => failure,
        }
    }
}

/// Why an attempt did not get through.
pub enum Setback {
    /// Another run was faster: plan anew.
    Stale(Failure),
    /// Anything else.
    Failed(Failure),
}

impl From<Failure> for Setback {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<JournalError> for Setback {
    fn from(error: JournalError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Setback> for Failure {
    fn from(setback: Setback) -> Self {
        let (Setback::Stale(failure) | Setback::Failed(failure)) = setback;
        failure
    }
}

fn report(out: &Out, summary: &Summary, highlights: &[Highlight], elapsed: Duration) {
    if out.json {
        out.data(&summary_json(summary, highlights, elapsed));
    } else {
        out.data(&summary_text(summary, highlights, elapsed, out.style()));
    }
}
