//! The start and the end of a run.

use async_trait::async_trait;
use globe_model::{Lease, RunEnd, RunStart, Timestamp};

use crate::entry::{Entry, append};
use crate::fault::Fault;
use crate::lease::check_all;
use crate::queue::Operation;
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
        let row = session.row("SELECT seq FROM stacks WHERE name = $1", &[start.stack.as_str().into()]).await?;
        let head = row.map_or(Ok(0), |row| row.int("seq"))?;
        let head = u64::try_from(head).map_err(|error| Fault::damaged("the stack's head", error))?;
        if head != start.parent {
            return Err(Fault::Stale { parent: start.parent, head });
        }
        append(session, &start.stack, now, (&start.run, None, Entry::from(start))).await
    }
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
