//! The right to change one scope of one stack.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use globe_model::{Fence, Holding, Lease, LeaseRequest, Scope, Timestamp};

use crate::fault::Fault;
use crate::job::Operation;
use crate::session::Session;

/// Refuses a write to `scope` unless its lease is still this one. An expired lease that nobody took over still holds:
/// no other can have changed anything.
pub(crate) async fn check(session: &mut Session, lease: &Lease, scope: &Scope) -> Result<(), Fault> {
    const SQL: &str = "SELECT number FROM leases WHERE stack = $1 AND scope = $2 AND holder = $3 AND number = $4";
    let Some(fence) = lease.fence(scope) else { return Err(Fault::Fenced(scope.clone())) };
    let params =
        [lease.stack.as_str().into(), scope.as_str().into(), lease.holder.as_str().into(), fence.number.into()];
    match session.row(SQL, &params).await? {
        Some(_) => Ok(()),
        None => Err(Fault::Fenced(scope.clone())),
    }
}

/// [`check`] for every scope of the lease.
pub(crate) async fn check_all(session: &mut Session, lease: &Lease) -> Result<(), Fault> {
    for fence in &lease.fences {
        check(session, lease, &fence.scope).await?;
    }
    Ok(())
}

/// [`globe_model::Journal::acquire`].
pub(crate) struct Acquire(pub(crate) LeaseRequest);

#[async_trait]
impl Operation for Acquire {
    type Answer = Lease;

    fn stack(&self) -> Option<&str> {
        Some(&self.0.stack)
    }

    fn attempt(&self) -> String {
        format!("take the lease on stack {}", self.0.stack)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<Lease, Fault> {
        let request = &self.0;
        let expires = now.after(request.ttl);
        let mut fences = Vec::new();
        for scope in request.scopes.iter().collect::<BTreeSet<_>>() {
            let number = take(session, request, scope, (now, expires)).await?;
            fences.push(Fence { scope: scope.clone(), number });
        }
        Ok(Lease { stack: request.stack.clone(), holder: request.holder.clone(), fences, expires })
    }
}

/// Takes one scope if it is free or expired; answers its new number. A holder of the same name is another one:
/// process numbers come again, in containers all the time.
async fn take(
    session: &mut Session,
    request: &LeaseRequest,
    scope: &Scope,
    (now, expires): (Timestamp, Timestamp),
) -> Result<i64, Fault> {
    const HELD: &str = "SELECT holder, expires FROM leases \
                        WHERE stack = $1 AND scope = $2 AND holder IS NOT NULL AND expires > $3";
    const TAKE: &str = "INSERT INTO leases (stack, scope, holder, number, expires, since, heard) \
        VALUES ($1, $2, $3, 1, $4, $5, $5) ON CONFLICT (stack, scope) DO UPDATE SET holder = excluded.holder, \
        number = leases.number + 1, expires = excluded.expires, since = excluded.since, heard = excluded.heard \
        RETURNING number";
    let stack = request.stack.as_str();
    if let Some(row) = session.row(HELD, &[stack.into(), scope.as_str().into(), now.0.into()]).await? {
        return Err(Fault::Leased {
            stack: stack.to_owned(),
            scope: scope.clone(),
            holder: row.text("holder")?,
            expires: Timestamp(row.int("expires")?),
        });
    }
    let params = [stack.into(), scope.as_str().into(), request.holder.as_str().into(), expires.0.into(), now.0.into()];
    let row = session.row(TAKE, &params).await?;
    let row = row.ok_or_else(|| Fault::Misfit(format!("the lease on {scope} was not given")))?;
    Ok(row.int("number")?)
}

/// [`globe_model::Journal::renew`].
pub(crate) struct Renew(pub(crate) Lease, pub(crate) Duration);

#[async_trait]
impl Operation for Renew {
    type Answer = Timestamp;

    fn stack(&self) -> Option<&str> {
        Some(&self.0.stack)
    }

    fn attempt(&self) -> String {
        format!("renew the lease on stack {}", self.0.stack)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<Timestamp, Fault> {
        const SQL: &str = "UPDATE leases SET expires = $3, heard = $4 WHERE stack = $1 AND scope = $2";
        let Self(lease, ttl) = self;
        let expires = now.after(*ttl);
        check_all(session, lease).await?;
        for fence in &lease.fences {
            let params = [lease.stack.as_str().into(), fence.scope.as_str().into(), expires.0.into(), now.0.into()];
            session.execute(SQL, &params).await?;
        }
        Ok(expires)
    }
}

/// [`globe_model::Journal::release`].
pub(crate) struct Release(pub(crate) Lease);

#[async_trait]
impl Operation for Release {
    type Answer = ();

    fn stack(&self) -> Option<&str> {
        Some(&self.0.stack)
    }

    fn attempt(&self) -> String {
        format!("give back the lease on stack {}", self.0.stack)
    }

    async fn run(&self, session: &mut Session, _now: Timestamp) -> Result<(), Fault> {
        const SQL: &str = "UPDATE leases SET holder = NULL WHERE stack = $1 AND scope = $2";
        let lease = &self.0;
        check_all(session, lease).await?;
        for fence in &lease.fences {
            session.execute(SQL, &[lease.stack.as_str().into(), fence.scope.as_str().into()]).await?;
        }
        Ok(())
    }
}

/// [`globe_model::Journal::holdings`].
pub(crate) struct Holdings(pub(crate) String);

#[async_trait]
impl Operation for Holdings {
    type Answer = Vec<Holding>;

    fn stack(&self) -> Option<&str> {
        None
    }

    fn attempt(&self) -> String {
        format!("read who holds stack {}", self.0)
    }

    async fn run(&self, session: &mut Session, _now: Timestamp) -> Result<Vec<Holding>, Fault> {
        const SQL: &str = "SELECT scope, holder, number, since, heard, expires FROM leases \
                           WHERE stack = $1 AND holder IS NOT NULL ORDER BY scope";
        let rows = session.rows(SQL, &[self.0.as_str().into()]).await?;
        let holding = |row: &crate::session::Row| {
            Ok(Holding {
                scope: Scope::from(row.text("scope")?.as_str()),
                holder: row.text("holder")?,
                number: row.int("number")?,
                since: Timestamp(row.int("since")?),
                heard: Timestamp(row.int("heard")?),
                expires: Timestamp(row.int("expires")?),
            })
        };
        rows.iter().map(holding).collect()
    }
}

/// [`globe_model::Journal::evict`].
pub(crate) struct Evict(pub(crate) String, pub(crate) Holding);

#[async_trait]
impl Operation for Evict {
    type Answer = bool;

    fn stack(&self) -> Option<&str> {
        Some(&self.0)
    }

    fn attempt(&self) -> String {
        format!("take {} of stack {} from its holder", self.1.scope, self.0)
    }

    async fn run(&self, session: &mut Session, _now: Timestamp) -> Result<bool, Fault> {
        const SQL: &str =
            "UPDATE leases SET holder = NULL WHERE stack = $1 AND scope = $2 AND holder = $3 AND number = $4";
        let Self(stack, Holding { scope, holder, number, .. }) = self;
        let params = [stack.as_str().into(), scope.as_str().into(), holder.as_str().into(), (*number).into()];
        Ok(session.execute(SQL, &params).await? > 0)
    }
}
