//! The start and the end of a run.

use async_trait::async_trait;
use globe_model::{Lease, RunEnd, RunStart, Timestamp};

use crate::entry::{Entry, append};
use crate::fault::Fault;
use crate::job::Operation;
use crate::lease::check_all;
use crate::moved;
use crate::session::Session;

/// [`globe_model::Journal::begin`].
pub(crate) struct Begin(pub(crate) Lease, pub(crate) RunStart);

#[async_trait]
impl Operation for Begin {
    type Answer = ();

    fn stack(&self) -> Option<&str> {
        Some(&self.0.stack)
    }

    fn attempt(&self) -> String {
        format!("begin run {}", self.1.run)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<(), Fault> {
        let Self(lease, start) = self;
        if lease.stack != start.stack {
            let what = format!("the lease is on stack {} and the run is of stack {}", lease.stack, start.stack);
            return Err(Fault::Misfit(what));
        }
        check_all(session, lease).await?;
        refuse_stale(session, lease, start).await?;
        append(session, &start.stack, now, (&start.run, None, Entry::from(start))).await?;
        for moved in &start.moves {
            moved::allow(session, lease, moved).await?;
            let entry = Entry::Moved(Box::new(moved.clone()));
            append(session, &start.stack, now, (&start.run, Some(&moved.record.address), entry)).await?;
        }
        for (component, region) in &start.roles {
            let entry = Entry::Role { component: component.clone(), region: region.clone() };
            append(session, &start.stack, now, (&start.run, None, entry)).await?;
        }
        Ok(())
    }
}

/// Refuses a plan when something has happened in its scopes since it was made, or when its parent is none of this state.
async fn refuse_stale(session: &mut Session, lease: &Lease, start: &RunStart) -> Result<(), Fault> {
    const HEAD: &str = "SELECT seq FROM stacks WHERE name = $1";
    const LATER: &str = "SELECT seq FROM events WHERE stack = $1 AND seq > $2 AND address LIKE $3 LIMIT 1";
    let stack = start.stack.as_str();
    let row = session.row(HEAD, &[stack.into()]).await?;
    let head = row.map_or(Ok(0), |row| row.int("seq"))?;
    let head = u64::try_from(head).map_err(|error| Fault::damaged("the stack's head", error))?;
    let other = || Fault::OtherState { parent: start.parent, head };
    let parent = i64::try_from(start.parent).map_err(|_| other())?;
    if start.parent > head {
        return Err(other());
    }
    for scope in lease.fences.iter().map(|fence| &fence.scope).chain(&start.reads) {
        // No scope has `%` or `_` in its name.
        let within = format!("{scope}/%");
        if session.row(LATER, &[stack.into(), parent.into(), within.into()]).await?.is_some() {
            return Err(Fault::Stale { parent: start.parent, head, scope: scope.clone() });
        }
    }
    Ok(())
}

/// [`globe_model::Journal::finish`].
pub(crate) struct Finish(pub(crate) Lease, pub(crate) RunEnd);

#[async_trait]
impl Operation for Finish {
    type Answer = ();

    fn stack(&self) -> Option<&str> {
        Some(&self.0.stack)
    }

    fn attempt(&self) -> String {
        format!("end run {}", self.1.run)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<(), Fault> {
        let Self(lease, end) = self;
        check_all(session, lease).await?;
        append(session, &lease.stack, now, (&end.run, None, Entry::from(end))).await
    }
}
