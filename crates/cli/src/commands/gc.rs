//! `globe gc`: finishes the deletes that earlier runs left behind.

use std::collections::BTreeSet;
use std::time::Duration;

use globe_engine::{Stop, guard};
use globe_model::{Address, DataPolicy, Head, Notice, Plan, Timestamp};
use globe_planner::{Sweep, sweep, without};
use globe_report::{counted, rfc3339};

use super::explain_calls;
use super::work::Work;
use crate::args::{GcArgs, Global};
use crate::belonging;
use crate::failure::{Exit, Failure};
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
    let ended = go(&project, &Work { session: &session, holder }, args).await;
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
    loop {
        // What others have in flight is their own business.
        let head = work.settled_head(|_| Ok(BTreeSet::new())).await?;
        let (plan, refused) = allowed(out, session, project, &head, args).await;
        let swept = !plan.is_empty();
        let exit = if swept { work.carry_out(plan).await? } else { Exit::Done };
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
async fn allowed(out: &Out, session: &Session, project: &Project, head: &Head, args: &GcArgs) -> (Plan, bool) {
    let input = Sweep {
        stack: &project.stack.name,
        account: &project.stack.account,
        kinds: &session.kinds,
        head,
        now: session.clock.now(),
        data: if args.delete_data { DataPolicy::Delete } else { DataPolicy::Keep },
    };
    let (plan, used) = sweep(&input);
    for address in &used {
        out.note(&format!("{address}: what was replaced there is still in use; `globe up` moves its users first."));
    }
    let refusals = guard(&*session.cloud, &plan).await;
    for notice in &refusals {
        if let Notice::Refused { address, reason } = notice {
            out.complain(&format!("{address} stays: {reason}"));
        }
    }
    let refused: BTreeSet<Address> = refusals.iter().filter_map(refused_address).collect();
    (without(plan, &refused), !refused.is_empty())
}

fn refused_address(notice: &Notice) -> Option<Address> {
    match notice {
        Notice::Refused { address, .. } => Some(address.clone()),
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
