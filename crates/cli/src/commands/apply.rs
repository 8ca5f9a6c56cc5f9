//! What `up` and `down` share: lease, recovery, plan, question, run, summary.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use globe_engine::{Heartbeat, LEASE_TTL, Ports, Stop, chain, recover, run};
use globe_model::{Clock, Command, DataPolicy, Head, Journal, JournalError, Lease, LeaseRequest, Plan, Scope, Summary};
use globe_planner::lint;
use globe_report::{summary_json, summary_text};
use tokio::sync::mpsc;

use super::diff::show;
use super::explain_calls;
use crate::args::{Global, Lock};
use crate::clock::SystemClock;
use crate::confirm::confirm;
use crate::failure::{Exit, Failure};
use crate::holder;
use crate::interrupt::Interrupts;
use crate::out::Out;
use crate::planning::{Planned, Request, make_plan, ports, refusal};
use crate::progress::Progress;
use crate::project::{self, Project};
use crate::regions::Regions;
use crate::session::Session;
use crate::state::State;
use crate::status::highlights;

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
    /// No question.
    pub yes: bool,
    /// List calls.
    pub explain_calls: bool,
    /// Patience with other runs.
    pub lock: Lock,
}

/// Plans, asks and runs.
///
/// # Errors
/// See [`Failure`]; what was done before is recorded.
pub async fn apply(global: &Global, out: &Out, order: Order<'_>) -> Result<Exit, Failure> {
    let project = project::load(global, out)?;
    // Before any call to AWS: without its state globe does nothing.
    let state = State::writable(global, out, &project::state_location(global, &project.folder)).await?;
    let mut session = Session::open(global, &project).await?;
    session.remember(global, &state, &project.stack.name).await?;
    let Some(journal) = state.journal() else {
        return Err(Failure::new(Exit::Failed, "the state could not be opened for writing"));
    };
    let explain = order.explain_calls;
    let ended = go(out, &project, &session, &journal, order).await;
    state.close().await;
    // A failed run made calls too.
    if explain {
        explain_calls(out, session.cloud.meter());
    }
    ended
}

async fn go(
    out: &Out,
    project: &Project,
    session: &Session,
    journal: &Arc<dyn Journal>,
    order: Order<'_>,
) -> Result<Exit, Failure> {
    let stack = &project.stack;
    let head = settled_head(out, session, journal, &stack.name, order.lock).await?;
    let mut planned = match order.plan {
        Some(plan) => given(plan, project, session, &head)?,
        None => {
            let regions = (order.regions)(&head)?;
            crate::regions::say_resting(out, &regions);
            let request = Request {
                command: order.command,
                regions: &regions,
                only: order.only,
                data: order.data,
                fresh_images: order.fresh_images,
            };
            make_plan(session, stack, &head, &request).await?
        }
    };
    let kept = crate::leaving::refusals(&planned.plan, &session.kinds, session.clock.now());
    planned.report.notices.extend(kept);
    show(out, &planned, false);
    if let Some(failure) = refusal(&planned) {
        return Err(failure);
    }
    if planned.plan.is_empty() && planned.plan.leaves_down.is_subset(&head.down) {
        return Ok(if planned.report.notices.iter().any(unread) { Exit::Failed } else { Exit::Done });
    }
    if !planned.plan.is_empty() {
        let question = format!("{} in account {}?", question(order.command), stack.account);
        confirm(out, order.yes, &question).await?;
    }
    carry_out(out, session, journal, planned.plan, order.lock).await
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
    if plan.parent != head.seq {
        return Err(JournalError::StalePlan { parent: plan.parent, head: head.seq }.into());
    }
    let estimate = chain(&plan, &session.kinds, &session.pace).total();
    Ok(Planned { plan, report: globe_model::PlanReport::default(), estimate, denied: Vec::new() })
}

/// The head once everything that an earlier run left open is settled.
pub(super) async fn settled_head(
    out: &Out,
    session: &Session,
    journal: &Arc<dyn Journal>,
    stack: &str,
    lock: Lock,
) -> Result<Head, Failure> {
    let head = journal.head(stack).await?;
    if head.open.is_empty() {
        return Ok(head);
    }
    let scopes: BTreeSet<Scope> = head.open.iter().map(|intent| intent.address.scope.clone()).collect();
    let lease = acquire(out, journal, stack, scopes, lock).await?;
    // Whoever held the scopes may have settled some of it meanwhile.
    let head = journal.head(stack).await?;
    let (events, mut heard) = mpsc::unbounded_channel();
    let ports: Ports = ports(session, journal.clone(), events);
    let stop = Stop::default();
    let heartbeat = Heartbeat::start(journal.clone(), Arc::new(SystemClock), lease.clone(), stop);
    let recovered = recover(&ports, &lease, &head).await;
    drop(heartbeat);
    journal.release(&lease).await?;
    while let Ok(event) = heard.try_recv() {
        if let Some(line) = globe_report::event_line(&event) {
            out.note(&line);
        }
    }
    recovered?;
    Ok(journal.head(stack).await?)
}

/// Takes the scopes, waiting for another run if the user is patient.
pub(super) async fn acquire(
    out: &Out,
    journal: &Arc<dyn Journal>,
    stack: &str,
    scopes: BTreeSet<Scope>,
    lock: Lock,
) -> Result<Lease, Failure> {
    let request = LeaseRequest {
        stack: stack.to_owned(),
        scopes: scopes.into_iter().collect(),
        holder: holder::current(),
        ttl: LEASE_TTL,
    };
    let deadline = SystemClock.now().after(Duration::from_secs(lock.lock_timeout));
    let mut told = false;
    loop {
        evict_dead(out, journal, stack).await?;
        match journal.acquire(&request).await {
            Err(error @ JournalError::Leased { .. }) if SystemClock.now() < deadline => {
                if !told {
                    out.note(&format!("Waiting: {error}."));
                    told = true;
                }
                SystemClock.sleep(Duration::from_millis(500)).await;
            }
            other => return Ok(other?),
        }
    }
}

/// A killed run of this machine cannot give back what it held: nobody need wait for it.
async fn evict_dead(out: &Out, journal: &Arc<dyn Journal>, stack: &str) -> Result<(), Failure> {
    for holding in journal.holdings(stack).await? {
        if holder::is_dead(&holding.holder) && journal.evict(stack, &holding).await? {
            out.note(&format!("{} was held by {}, which is gone.", holding.scope, holding.holder));
        }
    }
    Ok(())
}

pub(super) async fn carry_out(
    out: &Out,
    session: &Session,
    journal: &Arc<dyn Journal>,
    plan: Plan,
    lock: Lock,
) -> Result<Exit, Failure> {
    let scopes: BTreeSet<Scope> = plan.steps.iter().map(|step| step.address.scope.clone()).collect();
    let lease = acquire(out, journal, &plan.stack, scopes, lock).await?;
    let stop = Stop::default();
    let heartbeat = Heartbeat::start(journal.clone(), Arc::new(SystemClock), lease.clone(), stop.clone());
    let interrupts = Interrupts::watch(out, &stop);
    let (events, progress) = Progress::start(out, session.clock.clone(), &plan);
    let (started, began) = (session.clock.now(), SystemClock.now());
    let stack = plan.stack.clone();
    let ended = run(ports(session, journal.clone(), events), Arc::new(plan), lease.clone(), stop).await;
    let elapsed = session.clock.now().since(started);
    progress.end().await;
    drop((heartbeat, interrupts));
    let released = journal.release(&lease).await;
    let summary = ended?;
    let head = journal.head(&stack).await?;
    report(out, &summary, &head, elapsed);
    crate::leaving::say(out, &head);
    let here = SystemClock.now().since(began);
    if here * 2 < elapsed {
        out.note(&format!("That is the sandbox's time; here it took {:.1} s.", here.as_secs_f64()));
    }
    // A lease that was lost in the last moment harms nobody: the run is over.
    if !matches!(released, Err(JournalError::Fenced { .. })) {
        released?;
    }
    Ok(Exit::of(&summary))
}

fn report(out: &Out, summary: &Summary, head: &Head, elapsed: Duration) {
    let highlights = highlights(head);
    if out.json {
        out.data(&summary_json(summary, &highlights, elapsed));
    } else {
        out.data(&summary_text(summary, &highlights, elapsed, out.style()));
    }
}
