//! What `up` and `down` share: plan, question, run; and planning anew when another run was faster.

use std::collections::BTreeSet;

use globe_engine::{Stop, chain};
use globe_model::{Command, DataPolicy, Head, JournalError, Plan, Scope};
use globe_planner::lint;

use super::diff::show;
use super::explain_calls;
use super::work::{Setback, Work};
use crate::args::{Global, Lock};
use crate::belonging;
use crate::confirm::confirm;
use crate::failure::{Exit, Failure};
use crate::hold::Holder;
use crate::interrupt::{Interrupts, unless_stopped};
use crate::out::Out;
use crate::planning::{Planned, Request, make_plan, refusal};
use crate::project::{self, Project};
use crate::regions::Regions;
use crate::session::Session;

/// How `up` and `down` differ.
pub struct Order<'a> {
    /// Up or down.
    pub command: Command,
    /// Regions by the stack and the journal's head.
    pub regions: &'a (dyn Fn(&Head) -> Result<Regions, Failure> + Sync),
    /// Which addresses.
    pub only: &'a [String],
    /// Whether data may go.
    pub data: DataPolicy,
    /// Whether image parameters are read anew.
    pub fresh_images: bool,
    /// A plan made earlier.
    pub plan: Option<Plan>,
    /// Whether it is said that a stack is to be made beside others.
    pub new_stack: bool,
    /// No question.
    pub yes: bool,
    /// List calls.
    pub explain_calls: bool,
    /// Patience with other runs.
    pub lock: Lock,
}

/// How often a plan is made anew because another run was faster.
const PLANS: usize = 5;

/// Plans, asks and runs.
///
/// # Errors
/// See [`Failure`]; what was done before is recorded.
pub async fn apply(global: &Global, out: &Out, order: Order<'_>) -> Result<Exit, Failure> {
    let stop = Stop::default();
    let _interrupts = Interrupts::watch(out, &stop);
    let project = project::load(global, out)?;
    // Before any call to AWS: without its state globe does nothing.
    let (state, head) = belonging::writable(global, out, &project).await?;
    let beside = belonging::beside(&state, &project.stack.name, Some(&project.stack.account)).await?;
    belonging::say_beside(out, &beside);
    if order.command == Command::Up {
        let location = project::state_location(global, &project.folder);
        belonging::allow_new(&location, &project.stack.name, &head, &beside, order.new_stack)?;
    }
    let mut session = unless_stopped(&stop, "connecting", Session::open(global, &project)).await?;
    session.remember(global, &state, &project.stack.name).await?;
    let Some(journal) = state.journal() else {
        return Err(Failure::new(Exit::Failed, "the state could not be opened for writing"));
    };
    // Not before the credentials are known to be the account's: a state belongs to its account for good.
    journal.identify(&belonging::claim(global, &project.stack)).await?;
    let explain = order.explain_calls;
    let holder = Holder { out, journal: &journal, stack: &project.stack.name, lock: order.lock, stop: &stop };
    let ended = Errand { project: &project, work: Work { session: &session, holder }, order }.go().await;
    state.close().await;
    // A failed run made calls too.
    if explain {
        explain_calls(out, session.cloud.meter());
    }
    ended
}

/// One order, and all that carrying it out takes.
struct Errand<'a> {
    project: &'a Project,
    work: Work<'a>,
    order: Order<'a>,
}

impl Errand<'_> {
    /// Plans, asks and runs; again, if another run has changed the same regions in between.
    async fn go(&self) -> Result<Exit, Failure> {
        let mut plans = 1;
        let ended = loop {
            match self.attempt().await {
                Err(Setback::Stale(_)) if plans < PLANS && self.order.plan.is_none() => {
                    plans += 1;
                    self.work
                        .holder
                        .out
                        .note("Another run has changed these regions since the plan was made: planning anew.");
                }
                other => break other,
            }
        };
        ended.map_err(Failure::from)
    }

    async fn attempt(&self) -> Result<Exit, Setback> {
        let head = self.work.settled_head(|head| self.chosen(head)).await?;
        let mut planned = unless_stopped(self.work.holder.stop, "planning", self.plan(&head)).await?;
        let session = self.work.session;
        let kept = crate::leaving::refusals(&planned.plan, &session.kinds, session.clock.now());
        planned.report.notices.extend(kept);
        show(self.work.holder.out, &planned, false);
        if let Some(failure) = refusal(&planned) {
            return Err(failure.into());
        }
        if planned.plan.is_empty() && planned.plan.leaves_down.is_subset(&head.down) {
            return Ok(if planned.report.notices.iter().any(unread) { Exit::Failed } else { Exit::Done });
        }
        if !planned.plan.is_empty() {
            let question = format!("{} in account {}?", question(self.order.command), self.project.stack.account);
            let confirmed = confirm(self.work.holder.out, self.order.yes, &question);
            unless_stopped(self.work.holder.stop, "it waited for an answer", confirmed).await?;
        }
        self.work.carry_out(planned.plan).await
    }

    async fn plan(&self, head: &Head) -> Result<Planned, Failure> {
        if let Some(plan) = &self.order.plan {
            return given(plan.clone(), self.project, self.work.session, head);
        }
        let order = &self.order;
        let busy = self.work.holder.busy().await?;
        let regions = (order.regions)(head)?.beside(&self.project.stack, &busy);
        crate::regions::say_resting(self.work.holder.out, &regions);
        let request = Request {
            command: order.command,
            regions: &regions,
            only: order.only,
            data: order.data,
            fresh_images: order.fresh_images,
        };
        make_plan(self.work.session, &self.project.stack, head, &request).await
    }

    /// Regions that the order is about.
    fn chosen(&self, head: &Head) -> Result<BTreeSet<Scope>, Failure> {
        match &self.order.plan {
            Some(plan) => Ok(plan.steps.iter().map(|step| step.address.scope.clone()).collect()),
            None => Ok((self.order.regions)(head)?.chosen.into_iter().map(Scope::Region).collect()),
        }
    }
}

fn unread(notice: &globe_model::Notice) -> bool {
    matches!(notice, globe_model::Notice::Unreadable { .. })
}

fn question(command: Command) -> &'static str {
    match command {
        Command::Up => "Carry this out",
        Command::Down => "Remove all this",
        Command::Gc => "Clean this up",
    }
}

/// A plan from a file, if it is sound and still fits.
fn given(plan: Plan, project: &Project, session: &Session, head: &Head) -> Result<Planned, Failure> {
    let refuse = |message: String| Failure::new(Exit::Refused, message).hint("make a new plan with `globe diff --out`");
    if let Some(flaw) = lint(&plan).first() {
        return Err(refuse(format!("the plan file is damaged: {flaw}")));
    }
    let stack = &project.stack;
    if plan.version != Plan::VERSION || plan.stack != stack.name || plan.account != stack.account {
        return Err(refuse(format!("the plan is for stack {} in account {}", plan.stack, plan.account)));
    }
    // What has changed in its own scopes since is found out at the begin of the run.
    if plan.parent > head.seq {
        return Err(JournalError::StalePlan { parent: plan.parent, head: head.seq }.into());
    }
    let estimate = chain(&plan, &session.kinds, &session.pace).total();
    Ok(Planned { plan, report: globe_model::PlanReport::default(), estimate, denied: Vec::new() })
}
