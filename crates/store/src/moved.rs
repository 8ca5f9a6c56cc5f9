//! A record under another address, and all that goes with it.

use globe_model::{Address, Lease, Move, Record};

use crate::fault::Fault;
use crate::json::text;
use crate::lease::check;
use crate::session::Session;

/// Refuses a move out of its scope or of the lease, and one to an address that another object has.
pub(crate) async fn allow(session: &mut Session, lease: &Lease, moved: &Move) -> Result<(), Fault> {
    const SQL: &str = "SELECT id FROM resources WHERE stack = $1 AND address = $2 AND deposed = 0 AND id <> $3";
    let Move { from, record } = moved;
    let to = &record.address;
    if from.scope != to.scope {
        return Err(Fault::Misfit(format!("{from} cannot become {to}, which is elsewhere")));
    }
    check(session, lease, &to.scope).await?;
    let params = [lease.stack.as_str().into(), to.to_string().into(), record.id.as_str().into()];
    match session.row(SQL, &params).await? {
        Some(_) if !is_deposed(session, &lease.stack, moved).await? => {
            Err(Fault::Misfit(format!("{from} cannot become {to}, where another object is recorded")))
        }
        _ => Ok(()),
    }
}

async fn is_deposed(session: &mut Session, stack: &str, moved: &Move) -> Result<bool, Fault> {
    let old = find(session, stack, &moved.from, &moved.record.id).await?;
    Ok(old.is_some_and(|old| old.deposed != 0))
}

/// A row of `resources` that moves.
struct Old {
    id: String,
    deposed: i64,
    deleting: i64,
}

/// The object of this id, or else the current one: its kind may have counted otherwise.
async fn find(session: &mut Session, stack: &str, from: &Address, id: &str) -> Result<Option<Old>, Fault> {
    const SQL: &str = "SELECT id, deposed, deleting FROM resources \
                       WHERE stack = $1 AND address = $2 AND (id = $3 OR deposed = 0)";
    let rows = session.rows(SQL, &[stack.into(), from.to_string().into(), id.into()]).await?;
    let mut found = Vec::new();
    for row in &rows {
        found.push(Old { id: row.text("id")?, deposed: row.int("deposed")?, deleting: row.int("deleting")? });
    }
    let place = found.iter().position(|old| old.id == id).unwrap_or(0);
    Ok(found.into_iter().nth(place))
}

/// Moves one record. Its entries in the ledger go along, its open intents where the kind stays, and what refers to the
/// old address refers to the new one.
pub(crate) async fn project(
    session: &mut Session,
    stack: &str,
    (from, record): (&Address, &Record),
) -> Result<(), Fault> {
    let Some(old) = find(session, stack, from, &record.id).await? else { return Ok(()) };
    remove(session, stack, from, &old.id).await?;
    insert(session, stack, record, &old).await?;
    follow_ledger(session, stack, from, &record.address).await?;
    if from.kind == record.address.kind {
        follow_intents(session, stack, from, &record.address).await?;
    }
    follow_references(session, stack, from, &record.address).await
}

async fn remove(session: &mut Session, stack: &str, address: &Address, id: &str) -> Result<(), Fault> {
    const SQL: &str = "DELETE FROM resources WHERE stack = $1 AND address = $2 AND id = $3";
    session.execute(SQL, &[stack.into(), address.to_string().into(), id.into()]).await?;
    Ok(())
}

/// Of several that become one, it is replaced or on its way out only if all of them are.
async fn insert(session: &mut Session, stack: &str, record: &Record, old: &Old) -> Result<(), Fault> {
    const SQL: &str = "INSERT INTO resources (stack, address, id, deposed, deleting, spec, desired, outputs, at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
        ON CONFLICT (stack, address, id) DO UPDATE SET deposed = resources.deposed * excluded.deposed, \
        deleting = resources.deleting * excluded.deleting, spec = excluded.spec, desired = excluded.desired, \
        outputs = excluded.outputs, at = excluded.at";
    let params = [
        stack.into(),
        record.address.to_string().into(),
        record.id.as_str().into(),
        old.deposed.into(),
        old.deleting.into(),
        text(&record.spec)?.into(),
        text(&record.desired)?.into(),
        text(&record.outputs)?.into(),
        record.at.0.into(),
    ];
    session.execute(SQL, &params).await?;
    Ok(())
}

async fn follow_ledger(session: &mut Session, stack: &str, from: &Address, to: &Address) -> Result<(), Fault> {
    const SQL: &str = "UPDATE ledger SET address = $3 WHERE stack = $1 AND address = $2";
    session.execute(SQL, &[stack.into(), from.to_string().into(), to.to_string().into()]).await?;
    Ok(())
}

/// An address is in JSON as one whole string, and nothing in it is escaped.
fn quoted(address: &Address) -> String {
    format!("\"{address}\"")
}

async fn follow_intents(session: &mut Session, stack: &str, from: &Address, to: &Address) -> Result<(), Fault> {
    const SQL: &str = "UPDATE intents SET address = $3 WHERE stack = $1 AND address = $2";
    session.execute(SQL, &[stack.into(), from.to_string().into(), to.to_string().into()]).await?;
    Ok(())
}

async fn follow_references(session: &mut Session, stack: &str, from: &Address, to: &Address) -> Result<(), Fault> {
    const RECORDS: &str = "UPDATE resources SET spec = REPLACE(spec, $2, $3) WHERE stack = $1 AND spec LIKE $4";
    const INTENTS: &str = "UPDATE intents SET spec = REPLACE(spec, $2, $3), payload = REPLACE(payload, $2, $3) \
                           WHERE stack = $1 AND payload LIKE $4";
    let (old, new) = (quoted(from), quoted(to));
    let params = [stack.into(), old.as_str().into(), new.into(), format!("%{old}%").into()];
    session.execute(RECORDS, &params).await?;
    if from.kind == to.kind {
        session.execute(INTENTS, &params).await?;
    }
    Ok(())
}
