//! `globe gc`: finishes the deletes that earlier runs left behind.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use globe_engine::Stop;
use globe_model::{Address, Consent, Head, Notice, Plan, PlanReport, Timestamp};
use globe_planner::{Sweep, sweep, without};
use globe_report::{counted, rfc3339};

use super::diff::check_consents;
use super::explain_calls;
use super::work::{Concern, Work};
use crate::admission::{Admission, admit, same_account};
use crate::args::{GcArgs, Global};
use crate::belonging;
use crate::failure::{Exit, Failure};
use crate::forward::{Forward, forward};
use crate::hold::Holder;
use crate::interrupt::{Interrupts, unless_stopped};
use crate::out::Out;
use crate::project::{self, Project};
use crate::session::Session;
use crate::state::State;

/// Longest sleep between two looks while waiting.
const LOOK: Duration = Duration::from_secs(60);

/// Settles, sweeps, and waits for the rest if asked to. Safe to kill and to repeat.
///
/// # Errors
/// See [`Failure`]; what was done before is recorded.
pub async fn gc(global: &Global, out: &Out, args: &GcArgs) -> Result<Exit, Failure> {
    let project = project::load(global, out)?;
    let location = project::state_location(global, &project.folder);
    if State::read_only(global, &location).await.is_ok_and(|state| state.journal().is_none()) {
        return nothing(out);
    }
    let stop = Stop::default();
    let _interrupts = Interrupts::watch(out, &stop);
    let (state, _) = belonging::writable(global, out, &project).await?;
    let Some(journal) = state.journal() else { return nothing(out) };
    let session = unless_stopped(&stop, "connecting", Session::open(global, &project)).await?;
    journal.identify(&belonging::claim(global, &project.stack)).await?;
    let holder = Holder { out, journal: &journal, stack: &project.stack.name, lock: args.lock, stop: &stop };
    let work = Work { session: &session, holder, settled_some: AtomicBool::default() };
    let ended = go(&project, &work, args).await.map_err(|failure| work.told_truly(failure));
    state.close().await;
    if args.explain_calls {
        explain_calls(out, session.cloud.meter());
    }
    ended
}

fn nothing(out: &Out) -> Result<Exit, Failure> {
    out.note("Nothing is left to clean up.");
    Ok(Exit::Done)
}

async fn go(project: &Project, work: &Work<'_>, args: &GcArgs) -> Result<Exit, Failure> {
    let (stack, session) = (&project.stack, work.session);
    let Holder { out, journal, stop, .. } = work.holder;
    let consent = args.agreed.consent();
    let mut first = true;
    loop {
        // What others have in flight is their own business.
        // It is about the whole stack, and makes nothing.
        let concern = |_: &Head| Ok(Concern { regions: None, wanted: BTreeSet::new() });
        let head = work.settled_head(concern).await?.head;
        same_account(&head, &stack.account)?;
        let (plan, refused) = allowed(work, project, &head, (&consent, first)).await?;
        first = false;
        let swept = !plan.is_empty();
        let exit = if swept { work.carry_out(plan, consent.clone()).await? } else { Exit::Done };
        let head = journal.head(&stack.name).await?;
        if exit != Exit::Done || refused || !args.wait {
            if !swept && !refused && head.ledger.is_empty() {
                return nothing(out);
            }
            if !swept {
                crate::leaving::say(out, &head);
            }
            return Ok(if refused && exit == Exit::Done { Exit::Refused } else { exit });
        }
        let Some(due) = head.ledger.iter().map(|departing| departing.due).min() else { return nothing(out) };
        out.note(&format!("Waiting until {}: {} left.", rfc3339(due), counted(head.ledger.len(), "is", "are")));
        if !wait(session, stop, due).await {
            return Ok(Exit::Partly);
        }
    }
}

/// The clean-up without what would destroy data; and whether something was refused.
async fn allowed(
    work: &Work<'_>,
    project: &Project,
    head: &Head,
    (consent, first): (&Consent, bool),
) -> Result<(Plan, bool), Failure> {
    let (session, out) = (work.session, work.holder.out);
    let Forward { head, moves, .. } = forward(head, &project.stack, &session.kinds)?;
    let head = &head;
    let now = session.clock.now();
    let input = Sweep {
        stack: &project.stack.name,
        account: &project.stack.account,
        kinds: &session.kinds,
        head,
        moves: &moves,
        now,
    };
    let (plan, used) = sweep(&input);
    for address in &used {
        out.note(&format!("{address}: what was replaced there is still in use; `globe up` moves its users first."));
    }
    if first {
        check_consents(&plan, consent, Some(&**work.holder.journal)).await?;
    }
    let mut report = PlanReport::default();
    let (cloud, kinds) = (&*session.cloud, &*session.kinds);
    admit(&Admission { cloud, kinds, head, whole: None, now, consent }, &plan, &mut report).await;
    let mut refused = BTreeSet::new();
    for notice in &report.notices {
        if let Some((address, reason)) = against(notice) {
            out.complain(&format!("{address} stays: {reason}"));
            refused.insert(address.clone());
        }
    }
    Ok((without(plan, &refused), !refused.is_empty()))
}

fn against(notice: &Notice) -> Option<(&Address, String)> {
    match notice {
        Notice::Refused { address, reason } => Some((address, reason.clone())),
        Notice::NeedsConsent { address, what } => {
            Some((address, format!("{what}; if that may be lost, say --delete-data '{address}'")))
        }
        _ => None,
    }
}

/// Waits until the moment has come; false if the user asks to stop.
async fn wait(session: &Session, stop: &Stop, due: Timestamp) -> bool {
    loop {
        let left = due.since(session.clock.now());
        if left.is_zero() {
            return true;
        }
        tokio::select! {
            () = session.clock.sleep(left.min(LOOK)) => {}
            () = stop.requested() => return false,
        }
    }
}
