//! Taking a stack's whole history out of a database, and bringing it into another.

use async_trait::async_trait;
use globe_model::{Lease, Scope, Timestamp};
use serde_json::Value;

use crate::archive::{Archive, Line};
use crate::fault::Fault;
use crate::job::Operation;
use crate::projection::{dump, rebuild};
use crate::session::{Row, Session};

/// [`crate::Store::export`].
pub(crate) struct Export {
    /// The stack.
    pub(crate) stack: String,
    /// A lease that is the caller's own.
    pub(crate) mine: Option<Lease>,
}

#[async_trait]
impl Operation for Export {
    type Answer = Archive;

    fn stack(&self) -> Option<&str> {
        None
    }

    fn attempt(&self) -> String {
        format!("take out the history of stack {}", self.stack)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<Archive, Fault> {
        refuse_leased(session, &self.stack, self.mine.as_ref(), now).await?;
        let events = lines(session, &self.stack).await?;
        if events.is_empty() {
            return Err(Fault::Unusable(format!("it has no state of stack {}", self.stack)));
        }
        let derived = Some(dump(session, &self.stack).await?);
        Ok(Archive { stack: self.stack.clone(), events, derived })
    }
}

/// Whoever changes the stack now would go on where the copy knows nothing of it.
async fn refuse_leased(session: &mut Session, stack: &str, mine: Option<&Lease>, now: Timestamp) -> Result<(), Fault> {
    const SQL: &str = "SELECT scope, holder, number, expires FROM leases \
                       WHERE stack = $1 AND holder IS NOT NULL AND expires > $2";
    for row in session.rows(SQL, &[stack.into(), now.0.into()]).await? {
        let scope = Scope::from(row.text("scope")?.as_str());
        let number = row.int("number")?;
        if mine.and_then(|lease| lease.fence(&scope)).is_none_or(|fence| fence.number != number) {
            let (holder, expires) = (row.text("holder")?, Timestamp(row.int("expires")?));
            return Err(Fault::Leased { stack: stack.to_owned(), scope, holder, expires });
        }
    }
    Ok(())
}

async fn lines(session: &mut Session, stack: &str) -> Result<Vec<Line>, Fault> {
    let rows = session.rows("SELECT * FROM events WHERE stack = $1 ORDER BY seq", &[stack.into()]).await?;
    rows.iter().map(line).collect()
}

fn line(row: &Row) -> Result<Line, Fault> {
    let seq = row.int("seq")?;
    let payload: Result<Value, _> = serde_json::from_str(&row.text("payload")?);
    Ok(Line {
        seq,
        at: row.int("at")?,
        run: row.text("run")?,
        what: row.text("what")?,
        address: row.maybe("address")?,
        token: row.maybe("token")?,
        payload: payload.map_err(|error| Fault::damaged(&format!("event {seq}"), error))?,
    })
}

/// [`crate::Store::import`].
pub(crate) struct Import(pub(crate) Archive);

#[async_trait]
impl Operation for Import {
    type Answer = ();

    fn stack(&self) -> Option<&str> {
        Some(&self.0.stack)
    }

    fn attempt(&self) -> String {
        format!("bring in the history of stack {}", self.0.stack)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<(), Fault> {
        let stack = self.0.stack.as_str();
        refuse_leased(session, stack, None, now).await?;
        let row = session.row("SELECT seq FROM stacks WHERE name = $1", &[stack.into()]).await?;
        if row.map_or(Ok(0), |row| row.int("seq"))? != 0 {
            return Err(Fault::Occupied(stack.to_owned()));
        }
        for line in &self.0.events {
            insert(session, stack, line).await?;
        }
        rebuild(session, stack).await?;
        compare(session, &self.0).await
    }
}

async fn insert(session: &mut Session, stack: &str, line: &Line) -> Result<(), Fault> {
    const SQL: &str = "INSERT INTO events (stack, seq, at, run, what, address, token, payload) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let params = [
        stack.into(),
        line.seq.into(),
        line.at.into(),
        line.run.as_str().into(),
        line.what.as_str().into(),
        line.address.clone().into(),
        line.token.clone().into(),
        line.payload.to_string().into(),
    ];
    session.execute(SQL, &params).await?;
    Ok(())
}

/// What was written is read back and compared, event by event, before it is committed; then what follows from it.
async fn compare(session: &mut Session, archive: &Archive) -> Result<(), Fault> {
    let written = lines(session, &archive.stack).await?;
    let differs = archive.events.iter().zip(&written).find(|(one, other)| one != other).map(|(one, _)| one.seq);
    if let Some(seq) = differs {
        return Err(Fault::Misfit(format!("event {seq} came out otherwise than it went in")));
    }
    if written.len() != archive.events.len() {
        return Err(Fault::Misfit(format!("{} of {} events arrived", written.len(), archive.events.len())));
    }
    let Some(derived) = &archive.derived else { return Ok(()) };
    let arrived = dump(session, &archive.stack).await?;
    let keys = derived.keys().chain(arrived.keys());
    match keys.into_iter().find(|key| derived.get(*key) != arrived.get(*key)) {
        None => Ok(()),
        Some(key) => Err(Fault::Misfit(format!(
            "at the source, {key} is not what its events say; `globe state verify` names all that differs and \
             `globe state rebuild` mends it"
        ))),
    }
}
