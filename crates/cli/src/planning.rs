//! From a file to a plan: blueprint, inventory, planner, guard.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use globe_blueprint::{Facts, expand};
use globe_config::Stack;
use globe_engine::{Ports, chain, guard, observe};
use globe_graph::{Graph, GraphBuilder};
use globe_model::{
    Address, CallError, Command, DataPolicy, ErrorClass, Event, Head, Inventory, Journal, KindTable, Missing, Notice,
    Plan, PlanReport,
};
use globe_planner::{Input, edges_into, plan};
use tokio::sync::mpsc::UnboundedSender;

use crate::failure::{Exit, Failure};
use crate::regions::{Regions, all};
use crate::session::Session;

/// A plan and what a reader should know beside it.
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// Its companion.
    pub report: PlanReport,
    /// How long its longest chain takes typically.
    pub estimate: Duration,
    /// What could not be read for want of a permission.
    pub denied: Vec<(Address, CallError)>,
}

/// What is to be planned.
pub struct Request<'a> {
    /// Up or down.
    pub command: Command,
    /// Which regions.
    pub regions: &'a Regions,
    /// Which addresses.
    pub only: &'a [String],
    /// Whether data may go.
    pub data: DataPolicy,
    /// Whether image parameters are read anew.
    pub fresh_images: bool,
}

/// The graph of a stack.
///
/// # Errors
/// When it cannot be expanded: too few zones, for example.
pub fn graph(stack: &Stack, facts: &Facts, kinds: &KindTable) -> Result<Graph, Failure> {
    expand(stack, facts, kinds).map_err(|error| Failure::from_error(Exit::Failed, &error))
}

/// The ports for running.
pub fn ports(session: &Session, journal: Arc<dyn Journal>, events: UnboundedSender<Event>) -> Ports {
    let (cloud, clock, kinds) = (session.cloud.clone(), session.clock.clone(), session.kinds.clone());
    Ports { cloud, journal, clock, kinds, pace: session.pace.clone(), events }
}

/// Reads AWS and makes the plan.
///
/// # Errors
/// When facts cannot be looked up, or the region cannot be removed.
pub async fn make_plan(
    session: &Session,
    stack: &Stack,
    head: &Head,
    request: &Request<'_>,
) -> Result<Planned, Failure> {
    let facts = session.facts(stack, head, request.fresh_images).await?;
    let whole = graph(&described(stack, request.regions), &facts, &session.kinds)?;
    let wanted = wanted(stack, &facts, &session.kinds, &whole, request)?;
    let inventory = observe(&*session.cloud, &*session.clock, &session.kinds, head, &whole).await;
    let partial = request.command == Command::Down && !request.regions.active.is_empty();
    let selection = request.regions.selection(request.only);
    let named_only = !request.only.is_empty();
    let input = Input {
        stack: &stack.name,
        account: &stack.account,
        command: request.command,
        kinds: &session.kinds,
        wanted: &wanted,
        whole: &whole,
        head,
        inventory: &inventory,
        selection: &selection,
        data: request.data,
        leaves_down: if partial && !named_only { request.regions.chosen.clone() } else { BTreeSet::new() },
        leaves_up: match request.command {
            Command::Up if !named_only => request.regions.chosen.clone(),
            Command::Down if !partial && !named_only => all(stack),
            _ => BTreeSet::new(),
        },
    };
    let (plan, mut report) = plan(&input);
    report.notices.extend(guard(&*session.cloud, &plan).await);
    let estimate = chain(&plan, &session.kinds, &session.pace).total();
    let denied = denied(&inventory, &report);
    Ok(Planned { plan, report, estimate, denied })
}

/// The stack without the regions that were given up: what still stands there is nobody's, and is neither looked for nor
/// removed.
fn described<'a>(stack: &'a Stack, regions: &Regions) -> Cow<'a, Stack> {
    if regions.forgotten.is_empty() || regions.forgotten.contains(&stack.primary) {
        return Cow::Borrowed(stack);
    }
    Cow::Owned(stack.restricted_to(&all(stack).difference(&regions.forgotten).cloned().collect()))
}

/// What this plan concerns and the caller may not read.
fn denied(inventory: &Inventory, report: &PlanReport) -> Vec<(Address, CallError)> {
    let unreadable = |notice: &'_ Notice| match notice {
        Notice::Unreadable { address, .. } => Some(address.clone()),
        _ => None,
    };
    let concerned: BTreeSet<Address> = report.notices.iter().filter_map(unreadable).collect();
    let denied = |error: &CallError| error.class == ErrorClass::Denied;
    let errors = inventory.errors().filter(|(address, error)| denied(error) && concerned.contains(*address));
    errors.map(|(address, error)| (address.clone(), error.clone())).collect()
}

/// What this command leaves standing. All of the file is the file's graph itself, not a second one in memory.
fn wanted<'a>(
    stack: &Stack,
    facts: &Facts,
    kinds: &KindTable,
    whole: &'a Graph,
    request: &Request<'_>,
) -> Result<Cow<'a, Graph>, Failure> {
    let active = &request.regions.active;
    if *active == all(stack) {
        return Ok(Cow::Borrowed(whole));
    }
    if request.command == Command::Up || active.contains(&stack.primary) {
        return graph(&stack.restricted_to(active), facts, kinds).map(Cow::Owned);
    }
    if active.is_empty() {
        return GraphBuilder::default().build(kinds).map(Cow::Owned).map_err(Failure::from);
    }
    Err(primary_refused(stack, whole, active))
}

/// Names every tie from the surviving regions into the primary.
fn primary_refused(stack: &Stack, whole: &Graph, active: &BTreeSet<globe_model::Region>) -> Failure {
    let surviving: Vec<&str> = active.iter().map(globe_model::Region::as_str).collect();
    let primary = &stack.primary;
    let message = format!("{primary} is the primary region, and {} would be left without it", surviving.join(", "));
    let mut failure = Failure::new(Exit::Refused, message);
    let edges = edges_into(whole, primary);
    let tied = edges.iter().filter(|edge| edge.user.scope.as_region().is_some_and(|region| active.contains(region)));
    failure.causes.extend(tied.map(|edge| format!("{} needs {}", edge.user, edge.needs)));
    failure.hint("remove everything with `--regions all`, or make another region `primary` in the file first")
}

/// The failure that a plan's refusals amount to, if there are any. A run that may not read something is one: it could
/// not tell whether what it makes is as wanted.
pub fn refusal(planned: &Planned) -> Option<Failure> {
    let mut failure = Failure::new(Exit::Refused, "the plan is refused; nothing was changed");
    for notice in planned.report.refusals() {
        if let Notice::Refused { address, reason } = notice {
            failure.causes.push(format!("{address}: {reason}"));
        }
    }
    let mut advice = BTreeSet::new();
    for (address, error) in &planned.denied {
        failure.causes.push(format!("{address}: {error}"));
        advice.extend(Missing::of(error).map(|missing| missing.advice()));
    }
    failure.hints.extend(advice);
    (!failure.causes.is_empty()).then_some(failure)
}
