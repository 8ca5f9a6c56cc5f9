//! What `up` and `down` share: plan, question, run; and planning anew when another run was faster.

use std::sync::atomic::AtomicBool;

use globe_engine::{Stop, chain};
use globe_model::{Command, Consent, Head, Plan, PlanReport, Scope};

use super::diff::{check_consents, show};
use super::explain_calls;
use super::work::{Concern, Setback, Settled, Work};
use crate::admission::{Admission, admit, fits, same_account};
use crate::args::{Global, Lock};
use crate::belonging;
use crate::confirm::confirm;
use crate::failure::{Exit, Failure};
use crate::hold::Holder;
use crate::interrupt::{Interrupts, unless_stopped};
use crate::out::Out;
use crate::plan_file::PlanFile;
use crate::planning::{Planned, Request, graph_as_recorded, make_plan, refusal, wanted_as_recorded};
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
    /// What the user agrees to lose.
    pub consent: Consent,
    /// Whether image parameters are read anew.
    pub fresh_images: bool,
    /// A plan made earlier.
    pub plan: Option<PlanFile>,
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
    let work = Work { session: &session, holder, settled_some: AtomicBool::default() };
    let ended = Errand { project: &project, work, order }.go().await;
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
        ended.map_err(|setback| self.work.told_truly(setback.into()))
    }

    async fn attempt(&self) -> Result<Exit, Setback> {
        let Holder { out, stop, journal, .. } = &self.work.holder;
        let settled = self.work.settled_head(|head| self.concern(head)).await?;
        let planned = unless_stopped(stop, "planning", self.plan(&settled)).await?;
        let (head, order) = (&settled.head, &self.order);
        show(out, &planned, &order.consent, false);
        check_consents(&planned.plan, &order.consent, Some(&***journal)).await?;
        if let Some(failure) = refusal(&planned) {
            return Err(failure.into());
        }
        let plan = planned.plan;
        let regions_as_wanted = plan.leaves_down.is_subset(&head.down) && plan.leaves_up.is_disjoint(&head.down);
        if plan.is_empty() && plan.moves.is_empty() && plan.protects.is_empty() && regions_as_wanted {
            return Ok(if plan.is_complete() { Exit::Done } else { Exit::Partly });
        }
        if !plan.is_empty() {
            let question = format!("{} in account {}?", question(order.command), self.project.stack.account);
            let confirmed = confirm(out, order.yes, &question);
            unless_stopped(stop, "it waited for an answer", confirmed).await?;
        }
        self.work.carry_out(plan, order.consent.clone()).await
    }

    async fn plan(&self, settled: &Settled) -> Result<Planned, Failure> {
        let Settled { head, unsettled } = settled;
        let order = &self.order;
        if let Some(file) = &order.plan {
            return self.given(&file.plan, head).await;
        }
        let busy = self.work.holder.busy().await?;
        let regions = (order.regions)(head)?.beside(&self.project.stack, &busy);
        crate::regions::say_resting(self.work.holder.out, &regions);
        let request = Request {
            command: order.command,
            regions: &regions,
            only: order.only,
            consent: &order.consent,
            fresh_images: order.fresh_images,
            unsettled,
        };
        make_plan(self.work.session, &self.project.stack, head, &request).await
    }

    /// A plan from a file, admitted as any other.
    async fn given(&self, plan: &Plan, head: &Head) -> Result<Planned, Failure> {
        let (stack, session, journal) = (&self.project.stack, self.work.session, self.work.holder.journal);
        same_account(head, &stack.account)?;
        let since = u32::try_from(head.seq.saturating_sub(plan.parent)).unwrap_or(u32::MAX);
        let since = journal.history(&stack.name, since).await?;
        fits(plan, &session.kinds, head, (&stack.name, &stack.account), &since)?;
        let whole = graph_as_recorded(stack, head, &session.kinds)?;
        let mut report = PlanReport::default();
        let admission = Admission {
            cloud: &*session.cloud,
            kinds: &session.kinds,
            head,
            whole: Some(&whole),
            now: session.clock.now(),
            consent: &self.order.consent,
        };
        admit(&admission, plan, &mut report).await;
        let estimate = chain(plan, &session.kinds, &session.pace).total();
        Ok(Planned { plan: plan.clone(), report, estimate, denied: Vec::new() })
    }

    /// What the order is about.
    fn concern(&self, head: &Head) -> Result<Concern, Failure> {
        let (order, stack) = (&self.order, &self.project.stack);
        if let Some(file) = &order.plan {
            let makes = file.plan.steps.iter().filter(|step| step.spec.is_some()).map(|step| step.address.clone());
            return Ok(Concern { regions: Some(file.plan.scopes()), wanted: makes.collect() });
        }
        let regions = (order.regions)(head)?;
        let wanted = wanted_as_recorded(stack, head, &self.work.session.kinds, &regions)?;
        let scopes = regions.chosen.into_iter().chain(regions.left).map(Scope::Region).collect();
        Ok(Concern { regions: Some(scopes), wanted })
    }
}

fn question(command: Command) -> &'static str {
    match command {
        Command::Up => "Carry this out",
        Command::Down => "Remove all this",
        Command::Gc => "Clean this up",
        Command::Move => "Record this",
    }
}
