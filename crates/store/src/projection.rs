//! What follows from the events: `resources`, `intents`, `regions`, `ledger`, and the stack's account.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use globe_model::{Address, Departing, Intent, NameHold, Record, Region, Timestamp, Token};

use crate::entry::{Entry, Event};
use crate::fault::Fault;
use crate::identity;
use crate::job::Operation;
use crate::json::text;
use crate::moved;
use crate::session::{Param, Session};

/// Applies one event to the projections; both the writes and [`Rebuild`] come here.
pub(crate) async fn project(session: &mut Session, stack: &str, event: &Event) -> Result<(), Fault> {
    match (&event.entry, &event.address) {
        (Entry::Moved(moved), _) => moved::project(session, stack, (&moved.from, &moved.record)).await,
        (Entry::Identified(identity), _) => identity::keep(session, stack, identity).await,
        (Entry::RunStarted { account, leaving, returning, protects, .. }, _) => {
            keep_account(session, stack, account).await?;
            mark_regions(session, stack, leaving, Mark::Leaving).await?;
            mark_regions(session, stack, returning, Mark::Up).await?;
            for (address, component) in protects {
                protect(session, stack, address, component.as_deref()).await?;
            }
            Ok(())
        }
        (Entry::Role { component, region }, _) => identity::keep_role(session, stack, component, region).await,
        (Entry::Intent(intent), _) => Ok(session.insert(INTO_INTENTS, &[open_row(stack, event.seq, intent)?]).await?),
        (Entry::Created { token, id } | Entry::IntentSettled { token, made: Some(id) }, Some(address)) => {
            depose_others(session, stack, address, id).await?;
            leave_ledger(session, stack, address, id).await?;
            insert_created(session, stack, token, (id, event.at)).await?;
            close(session, stack, token).await
        }
        (Entry::Deleting { token, id: Some(id) }, Some(address)) => {
            mark_deleting(session, stack, address, id).await?;
            close(session, stack, token).await
        }
        (
            Entry::Updated { token, .. }
            | Entry::Deleting { token, .. }
            | Entry::Failed { token, .. }
            | Entry::IntentSettled { token, made: None },
            _,
        ) => close(session, stack, token).await,
        (Entry::RegionForgotten { region, .. }, _) => {
            forsake(session, stack, region).await?;
            mark_regions(session, stack, &[region.clone()].into(), Mark::Forgotten).await
        }
        (Entry::Settled(record), _) => {
            depose_others(session, stack, &record.address, &record.id).await?;
            leave_ledger(session, stack, &record.address, &record.id).await?;
            upsert(session, stack, record).await
        }
        (Entry::Postponed(departing), _) => {
            forget(session, stack, &departing.address, &departing.id).await?;
            enter_ledger(session, stack, departing).await
        }
        (Entry::Forgotten { id }, Some(address)) => {
            forget(session, stack, address, id).await?;
            leave_ledger(session, stack, address, id).await
        }
        (Entry::RunFinished { down, up, .. }, _) => {
            mark_regions(session, stack, down, Mark::Down).await?;
            mark_regions(session, stack, up, Mark::Up).await
        }
        (Entry::Created { .. } | Entry::Forgotten { .. } | Entry::IntentSettled { made: Some(_), .. }, None) => {
            Err(Fault::damaged(&format!("event {}", event.seq), "it names no address"))
        }
    }
}

async fn keep_account(session: &mut Session, stack: &str, account: &str) -> Result<(), Fault> {
    const SQL: &str = "UPDATE stacks SET account = $2 WHERE name = $1 AND account IS NULL";
    session.execute(SQL, &[stack.into(), account.into()]).await?;
    Ok(())
}

/// Notes which component protects a resource, or that none does any longer.
async fn protect(session: &mut Session, stack: &str, address: &Address, component: Option<&str>) -> Result<(), Fault> {
    const SET: &str = "INSERT INTO protections (stack, address, component) VALUES ($1, $2, $3) \
                       ON CONFLICT (stack, address) DO UPDATE SET component = excluded.component";
    const LIFT: &str = "DELETE FROM protections WHERE stack = $1 AND address = $2";
    let address = address.to_string();
    match component {
        Some(component) => session.execute(SET, &[stack.into(), address.into(), component.into()]).await?,
        None => session.execute(LIFT, &[stack.into(), address.into()]).await?,
    };
    Ok(())
}

/// Where [`open_row`] belongs.
pub(crate) const INTO_INTENTS: &str = "INSERT INTO intents (stack, token, seq, payload, address, spec, request)";

/// An intent that was begun with event `seq`.
pub(crate) fn open_row(stack: &str, seq: i64, intent: &Intent) -> Result<[Param; 7], Fault> {
    let payload = text(intent)?;
    Ok([
        stack.into(),
        intent.token.as_str().into(),
        seq.into(),
        payload.into(),
        intent.address.to_string().into(),
        text(&intent.spec)?.into(),
        text(&intent.request)?.into(),
    ])
}

async fn close(session: &mut Session, stack: &str, token: &Token) -> Result<(), Fault> {
    const SQL: &str = "DELETE FROM intents WHERE stack = $1 AND token = $2";
    session.execute(SQL, &[stack.into(), token.as_str().into()]).await?;
    Ok(())
}

/// Another current object of the address is no longer the one; it waits for its delete.
async fn depose_others(session: &mut Session, stack: &str, address: &Address, id: &str) -> Result<(), Fault> {
    const SQL: &str = "UPDATE resources SET deposed = 1 WHERE stack = $1 AND address = $2 AND id <> $3";
    session.execute(SQL, &[stack.into(), address.to_string().into(), id.into()]).await?;
    Ok(())
}

/// Spec and desired are those of the intent; outputs come when it is ready.
async fn insert_created(
    session: &mut Session,
    stack: &str,
    token: &Token,
    (id, at): (&str, Timestamp),
) -> Result<(), Fault> {
    const SQL: &str = "INSERT INTO resources (stack, address, id, deposed, spec, desired, outputs, at) \
        SELECT stack, address, $3, 0, spec, request, 'null', $4 FROM intents WHERE stack = $1 AND token = $2 \
        ON CONFLICT (stack, address, id) DO UPDATE SET deposed = 0, deleting = 0, spec = excluded.spec, \
        desired = excluded.desired, outputs = excluded.outputs, at = excluded.at";
    session.execute(SQL, &[stack.into(), token.as_str().into(), id.into(), at.0.into()]).await?;
    Ok(())
}

async fn upsert(session: &mut Session, stack: &str, record: &Record) -> Result<(), Fault> {
    const SQL: &str = "INSERT INTO resources (stack, address, id, deposed, spec, desired, outputs, at) \
        VALUES ($1, $2, $3, 0, $4, $5, $6, $7) \
        ON CONFLICT (stack, address, id) DO UPDATE SET deposed = 0, deleting = 0, spec = excluded.spec, \
        desired = excluded.desired, outputs = excluded.outputs, at = excluded.at";
    let params = [
        stack.into(),
        record.address.to_string().into(),
        record.id.as_str().into(),
        text(&record.spec)?.into(),
        text(&record.desired)?.into(),
        text(&record.outputs)?.into(),
        record.at.0.into(),
    ];
    session.execute(SQL, &params).await?;
    Ok(())
}

async fn forget(session: &mut Session, stack: &str, address: &Address, id: &str) -> Result<(), Fault> {
    const SQL: &str = "DELETE FROM resources WHERE stack = $1 AND address = $2 AND id = $3";
    session.execute(SQL, &[stack.into(), address.to_string().into(), id.into()]).await?;
    Ok(())
}

/// AWS has accepted its delete.
async fn mark_deleting(session: &mut Session, stack: &str, address: &Address, id: &str) -> Result<(), Fault> {
    const SQL: &str = "UPDATE resources SET deleting = 1 WHERE stack = $1 AND address = $2 AND id = $3";
    session.execute(SQL, &[stack.into(), address.to_string().into(), id.into()]).await?;
    Ok(())
}

/// The first entry of an object says since when; later ones move the due time.
async fn enter_ledger(session: &mut Session, stack: &str, departing: &Departing) -> Result<(), Fault> {
    const SQL: &str = "INSERT INTO ledger (stack, address, id, since, due, kept) VALUES ($1, $2, $3, $4, $5, $6) \
                       ON CONFLICT (stack, address, id) DO UPDATE SET due = excluded.due, kept = excluded.kept";
    let params = [
        stack.into(),
        departing.address.to_string().into(),
        departing.id.as_str().into(),
        departing.since.0.into(),
        departing.due.0.into(),
        i64::from(departing.name == NameHold::Kept).into(),
    ];
    session.execute(SQL, &params).await?;
    Ok(())
}

async fn leave_ledger(session: &mut Session, stack: &str, address: &Address, id: &str) -> Result<(), Fault> {
    const SQL: &str = "DELETE FROM ledger WHERE stack = $1 AND address = $2 AND id = $3";
    session.execute(SQL, &[stack.into(), address.to_string().into(), id.into()]).await?;
    Ok(())
}

/// How a region stands, by the numbers of the column `regions.down`.
#[derive(Clone, Copy)]
enum Mark {
    /// In use.
    Up = 0,
    /// Removed on purpose.
    Down = 1,
    /// Its removal was begun.
    Leaving = 2,
    /// Given up.
    Forgotten = 3,
}

async fn mark_regions(session: &mut Session, stack: &str, regions: &BTreeSet<Region>, mark: Mark) -> Result<(), Fault> {
    const SQL: &str = "INSERT INTO regions (stack, region, down) VALUES ($1, $2, $3) \
                       ON CONFLICT (stack, region) DO UPDATE SET down = excluded.down";
    for region in regions {
        session.execute(SQL, &[stack.into(), region.as_str().into(), (mark as i64).into()]).await?;
    }
    Ok(())
}

/// Strikes out all that is recorded of a region.
async fn forsake(session: &mut Session, stack: &str, region: &Region) -> Result<(), Fault> {
    // No region has `%` or `_` in its name.
    let within = format!("{region}/%");
    for sql in [
        "DELETE FROM resources WHERE stack = $1 AND address LIKE $2",
        "DELETE FROM intents WHERE stack = $1 AND address LIKE $2",
        "DELETE FROM ledger WHERE stack = $1 AND address LIKE $2",
    ] {
        session.execute(sql, &[stack.into(), within.as_str().into()]).await?;
    }
    Ok(())
}

/// Makes the projections of a stack anew from its events.
pub(crate) struct Rebuild(pub(crate) String);

#[async_trait]
impl Operation for Rebuild {
    type Answer = ();

    fn stack(&self) -> Option<&str> {
        Some(&self.0)
    }

    fn attempt(&self) -> String {
        format!("rebuild stack {} from its events", self.0)
    }

    async fn run(&self, session: &mut Session, _now: Timestamp) -> Result<(), Fault> {
        rebuild(session, &self.0).await
    }
}

pub(crate) async fn rebuild(session: &mut Session, stack: &str) -> Result<(), Fault> {
    for sql in [
        "DELETE FROM resources WHERE stack = $1",
        "DELETE FROM intents WHERE stack = $1",
        "DELETE FROM regions WHERE stack = $1",
        "DELETE FROM ledger WHERE stack = $1",
        "DELETE FROM protections WHERE stack = $1",
        "DELETE FROM roles WHERE stack = $1",
        "UPDATE stacks SET account = NULL, world = NULL, owner = NULL, \
         seq = (SELECT COALESCE(MAX(seq), 0) FROM events WHERE stack = $1) \
         WHERE name = $1",
    ] {
        session.execute(sql, &[stack.into()]).await?;
    }
    for row in session.rows("SELECT * FROM events WHERE stack = $1 ORDER BY seq", &[stack.into()]).await? {
        project(session, stack, &Event::of_row(&row)?).await?;
    }
    Ok(())
}

/// Compares the projections of a stack with what its events say; changes nothing. Answers what differs.
pub(crate) struct Verify(pub(crate) String);

#[async_trait]
impl Operation for Verify {
    type Answer = Vec<String>;

    fn stack(&self) -> Option<&str> {
        Some(&self.0)
    }

    fn attempt(&self) -> String {
        format!("compare stack {} with its events", self.0)
    }

    async fn run(&self, session: &mut Session, _now: Timestamp) -> Result<Vec<String>, Fault> {
        let recorded = dump(session, &self.0).await?;
        session.execute("SAVEPOINT verify", &[]).await?;
        rebuild(session, &self.0).await?;
        let rebuilt = dump(session, &self.0).await?;
        session.execute("ROLLBACK TO SAVEPOINT verify", &[]).await?;
        session.execute("RELEASE SAVEPOINT verify", &[]).await?;
        let keys: BTreeSet<_> = recorded.keys().chain(rebuilt.keys()).collect();
        Ok(keys.into_iter().filter(|key| recorded.get(*key) != rebuilt.get(*key)).cloned().collect())
    }
}

/// Every projected row of a stack under a name for people.
pub(crate) async fn dump(session: &mut Session, stack: &str) -> Result<BTreeMap<String, String>, Fault> {
    // JSON texts may hold any character but a bare control character, so U+001F separates columns.
    const SQL: &str = "\
        SELECT 'stack ' || name AS name, COALESCE(account, '') || '\u{1f}' || COALESCE(world, '') || '\u{1f}' || COALESCE(owner, '') \
            || '\u{1f}' || seq AS body FROM stacks WHERE name = $1 \
        UNION ALL SELECT 'role ' || component, region FROM roles WHERE stack = $1 \
        UNION ALL SELECT 'resource ' || address || ' ' || id, \
            deposed || '\u{1f}' || deleting || '\u{1f}' || spec || '\u{1f}' || desired || '\u{1f}' || outputs || '\u{1f}' || at \
            FROM resources WHERE stack = $1 \
        UNION ALL SELECT 'intent ' || token, \
            seq || '\u{1f}' || payload || '\u{1f}' || address || '\u{1f}' || spec || '\u{1f}' || request \
            FROM intents WHERE stack = $1 \
        UNION ALL SELECT 'leaving ' || address || ' ' || id, since || '\u{1f}' || due || '\u{1f}' || kept \
            FROM ledger WHERE stack = $1 \
        UNION ALL SELECT 'protection ' || address, component FROM protections WHERE stack = $1 \
        UNION ALL SELECT 'region ' || region, CAST(down AS TEXT) FROM regions WHERE stack = $1";
    let rows = session.rows(SQL, &[stack.into()]).await?;
    rows.iter().map(|row| Ok((row.text("name")?, row.text("body")?))).collect()
}
