//! What every command that changes something does: settle what is open, carry a plan out, tell how it went.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use globe_engine::{RunError, recover, run};
use globe_model::{Clock, Head, Highlight, Intent, JournalError, Plan, Scope, Summary};
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
}

impl Work<'_> {
    /// The head once everything that an earlier run left open is settled. What another run has in flight now is its own
    /// business, unless this one is about the same regions: then it is waited for.
    ///
    /// # Errors
    /// When it cannot be settled, or the user asks to stop.
    pub async fn settled_head(
        &self,
        chosen: impl Fn(&Head) -> Result<BTreeSet<Scope>, Failure>,
    ) -> Result<Head, Failure> {
        let journal = self.holder.journal;
        let head = journal.head(self.holder.stack).await?;
        let chosen = chosen(&head)?;
        let busy = self.holder.busy().await?;
        let open = |head: &Head| -> Vec<Intent> {
            let ours =
                |intent: &&Intent| !busy.contains(&intent.address.scope) || chosen.contains(&intent.address.scope);
            head.open.iter().filter(ours).cloned().collect()
        };
        let scopes: BTreeSet<Scope> = open(&head).iter().map(|intent| intent.address.scope.clone()).collect();
        if scopes.is_empty() {
            return Ok(head);
        }
        let held = self.holder.take(scopes).await?;
        // Whoever held the scopes may have settled some of it meanwhile.
        let open = open(&journal.head(self.holder.stack).await?);
        let recovered = self.recover(&held, &open).await;
        let released = held.release(&**journal).await;
        recovered?;
        released?;
        Ok(journal.head(self.holder.stack).await?)
    }

    async fn recover(&self, held: &Held, open: &[Intent]) -> Result<(), Failure> {
        let (events, mut heard) = mpsc::unbounded_channel();
        let ports = ports(self.session, self.holder.journal.clone(), events);
        let recovered = recover(&ports, &held.tenure, open, self.holder.stop).await;
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
    pub async fn carry_out(&self, plan: Plan) -> Result<Exit, Setback> {
        let (out, session, journal) = (self.holder.out, self.session, self.holder.journal);
        let moves = plan.moves.len();
        let steps = plan.steps.iter().map(|step| &step.address);
        let moved = plan.moves.iter().map(|moved| &moved.record.address);
        let scopes: BTreeSet<Scope> = steps.chain(moved).map(|address| address.scope.clone()).collect();
        let held = self.holder.take(scopes).await?;
        let (events, progress) = Progress::start(out, session.clock.clone(), &plan);
        let (started, began) = (session.clock.now(), SystemClock.now());
        let ports = ports(session, journal.clone(), events);
        let ended = run(ports, Arc::new(plan), held.tenure.clone(), self.holder.stop.clone()).await;
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
