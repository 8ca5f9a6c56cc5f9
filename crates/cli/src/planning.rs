//! From a file to a plan: blueprint, inventory, planner, admission.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use globe_blueprint::{Facts, Recorded, expand, proposals};
use globe_config::Stack;
use globe_engine::{Look, Ports, chain, observe};
use globe_graph::{Graph, GraphBuilder};
use globe_model::{
    Address, CallError, Command, Consent, ErrorClass, Event, Glob, Head, Inventory, Journal, KindTable, Missing, Move,
    Notice, Observation, Plan, PlanReport,
};
use globe_planner::{Input, concern, plan, unfit};
use tokio::sync::mpsc::UnboundedSender;

use crate::admission::{Admission, admit, same_account};
use crate::failure::{Exit, Failure};
use crate::forward::{Forward, forward};
use crate::regions::{Regions, all};
use crate::session::{Looked, Session};

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
    /// What the user agrees to lose.
    pub consent: &'a Consent,
    /// Whether image parameters are read anew.
    pub fresh_images: bool,
    /// Interrupted creates of which AWS could not be asked what became of them.
    pub unsettled: &'a BTreeMap<Address, CallError>,
}

/// The graph of a stack.
///
/// # Errors
/// When it cannot be expanded: too few zones, for example.
pub fn graph(stack: &Stack, facts: &Facts<'_>, kinds: &KindTable) -> Result<Graph, Failure> {
    expand(stack, facts, kinds).map_err(|error| Failure::from_error(Exit::Failed, &error))
}

/// The ports for running.
pub fn ports(session: &Session, journal: Arc<dyn Journal>, events: UnboundedSender<Event>) -> Ports {
    let (cloud, clock, kinds) = (session.cloud.clone(), session.clock.clone(), session.kinds.clone());
    Ports { cloud, journal, clock, kinds, pace: session.pace.clone(), events }
}

/// The graph of a stack as far as the state and the file say, without asking AWS.
///
/// # Errors
/// As [`graph`].
pub fn graph_as_recorded(stack: &Stack, head: &Head, kinds: &KindTable) -> Result<Graph, Failure> {
    graph(stack, &Recorded::read(stack, head).assumed(stack), kinds)
}

/// The addresses that a command leaves wanted, as far as the state and the file say.
///
/// # Errors
/// As [`graph`].
pub fn wanted_as_recorded(
    stack: &Stack,
    head: &Head,
    kinds: &KindTable,
    regions: &Regions,
) -> Result<BTreeSet<Address>, Failure> {
    let facts = Recorded::read(stack, head).assumed(stack);
    let whole = graph(stack, &facts, kinds)?;
    let wanted = wanted(stack, &facts, kinds, &whole, regions)?;
    Ok(wanted.resources().map(|resource| resource.address.clone()).collect())
}

/// Reads AWS and makes the plan.
///
/// # Errors
/// When the state is another account's, the region cannot be removed, or a pattern matches nothing.
pub async fn make_plan(
    session: &Session,
    stack: &Stack,
    head: &Head,
    request: &Request<'_>,
) -> Result<Planned, Failure> {
    same_account(head, &stack.account)?;
    let Forward { head, moves, pairs } = forward(head, stack, &session.kinds)?;
    let head = &*head;
    let looked = session.facts(stack, head, &request.regions.chosen, request.fresh_images).await;
    let whole = graph(&described(stack, request.regions), &looked.facts, &session.kinds)?;
    check_only(request.only, head, &whole)?;
    let wanted = wanted(stack, &looked.facts, &session.kinds, &whole, request.regions)?;
    let draft = Draft { session, stack, head, moves: &moves, request, looked: &looked, whole: &whole, wanted: &wanted };
    let (plan, mut report, inventory) = draft.planned().await;
    report.notices.extend(unfit(head, &whole, &pairs));
    if request.command == Command::Up {
        report.notices.extend(proposals(stack, &looked.facts, &session.kinds, (head, &whole)));
    }
    let admission = Admission {
        cloud: &*session.cloud,
        kinds: &session.kinds,
        head,
        whole: Some(&whole),
        now: session.clock.now(),
        consent: request.consent,
    };
    admit(&admission, &plan, &mut report).await;
    let estimate = chain(&plan, &session.kinds, &session.pace).total();
    let denied = denied(&inventory, &report);
    Ok(Planned { plan, report, estimate, denied })
}

/// A pattern that matches no address is a slip of the pen, and must not look like success.
fn check_only(only: &[String], head: &Head, whole: &Graph) -> Result<(), Failure> {
    let known: BTreeSet<&Address> =
        head.records.keys().chain(whole.resources().map(|resource| &resource.address)).collect();
    let idle = |pattern: &&String| {
        let glob = Glob::new(pattern.as_str());
        !known.iter().any(|address| glob.matches(address))
    };
    match only.iter().find(idle) {
        None => Ok(()),
        Some(pattern) => Err(Failure::new(Exit::Usage, format!("no address matches `{pattern}`"))
            .hint("an address is REGION/SERVICE/KIND/NAME, such as eu-central-1/ec2/vpc/main; `*` is any text, slashes included")),
    }
}

/// Everything that a plan is made from, but for what AWS says.
struct Draft<'a> {
    session: &'a Session,
    stack: &'a Stack,
    head: &'a Head,
    moves: &'a [Move],
    request: &'a Request<'a>,
    looked: &'a Looked<'a>,
    whole: &'a Graph,
    wanted: &'a Graph,
}

impl Draft<'_> {
    /// Reads what the command is about, and plans. Where something that was not asked for turns out to be tied to what
    /// goes, that is read too.
    async fn planned(&self) -> (Plan, PlanReport, Inventory) {
        let (stack, request) = (self.stack, self.request);
        let selection = request.regions.selection(request.only);
        let partial = request.command == Command::Down && !request.regions.active.is_empty();
        let named_only = !request.only.is_empty();
        let (leaves_down, leaves_up) = (
            if partial && !named_only { request.regions.chosen.clone() } else { BTreeSet::new() },
            match request.command {
                Command::Up if !named_only => request.regions.chosen.clone(),
                Command::Down if !partial && !named_only => all(stack),
                _ => BTreeSet::new(),
            },
        );
        let nothing = Inventory::default();
        let before = Input {
            stack: &stack.name,
            account: &stack.account,
            command: request.command,
            kinds: &self.session.kinds,
            wanted: self.wanted,
            whole: self.whole,
            head: self.head,
            moves: self.moves,
            inventory: &nothing,
            selection: &selection,
            leaves_down,
            leaves_up,
        };
        let mut besides = BTreeSet::new();
        loop {
            let asked = concern(&before, &besides);
            let inventory = self.inventory(asked.as_ref()).await;
            let (plan, report) = plan(&before.with(&inventory));
            let tied = if named_only { unasked_ties(&report) } else { BTreeSet::new() };
            if tied.is_subset(&besides) {
                return (plan, report, inventory);
            }
            besides.extend(tied);
        }
    }

    async fn inventory(&self, asked: Option<&BTreeSet<Address>>) -> Inventory {
        let Session { cloud, clock, kinds, .. } = self.session;
        let look = Look { head: self.head, whole: self.whole, asked, silent: &self.looked.unread };
        let mut inventory = observe(&**cloud, &**clock, kinds, look).await;
        for (address, error) in self.request.unsettled {
            let seen = inventory.seen.entry(address.clone()).or_insert_with(|| Observation::Unknown(error.clone()));
            if !matches!(seen, Observation::Unasked) {
                *seen = Observation::Unknown(error.clone());
            }
        }
        inventory
    }
}

/// Users of what goes that were not looked at.
fn unasked_ties(report: &PlanReport) -> BTreeSet<Address> {
    let tie = |notice: &Notice| match notice {
        Notice::Blocked { by, unread: false, .. } => Some(by.clone()),
        _ => None,
    };
    report.notices.iter().filter_map(tie).collect()
}

/// The stack without the regions that were given up: what still stands there is nobody's, and is neither looked for nor
/// removed.
fn described<'a>(stack: &'a Stack, regions: &Regions) -> Cow<'a, Stack> {
    if regions.forgotten.is_empty() {
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
    facts: &Facts<'_>,
    kinds: &KindTable,
    whole: &'a Graph,
    regions: &Regions,
) -> Result<Cow<'a, Graph>, Failure> {
    let active = &regions.active;
    if *active == all(stack) {
        return Ok(Cow::Borrowed(whole));
    }
    if active.is_empty() {
        return GraphBuilder::default().build(kinds).map(Cow::Owned).map_err(Failure::from);
    }
    graph(&stack.restricted_to(active), facts, kinds).map(Cow::Owned)
}

/// The failure that a plan's refusals, and consents that it lacks, amount to, if there are any. A run that may not read something is one: it could
/// not tell whether what it makes is as wanted.
pub fn refusal(planned: &Planned) -> Option<Failure> {
    let mut failure = Failure::new(Exit::Refused, "the plan is refused; nothing was changed");
    for notice in planned.report.refusals() {
        if let Notice::Refused { address, reason } = notice {
            failure.causes.push(format!("{address}: {reason}"));
        }
    }
    for (address, what) in planned.report.unconsented() {
        failure.causes.push(format!("{address}: {what}"));
        failure.hints.push(format!("if that may be lost, say --delete-data '{address}'"));
    }
    let mut advice = BTreeSet::new();
    for (address, error) in &planned.denied {
        failure.causes.push(format!("{address}: {error}"));
        advice.extend(Missing::of(error).map(|missing| missing.advice()));
    }
    failure.hints.extend(advice);
    (!failure.causes.is_empty()).then_some(failure)
}
