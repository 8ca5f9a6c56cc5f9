//! Many intents in few statements: a wave of a large `up` is about to make hundreds of calls at once.

use std::collections::BTreeSet;

use globe_model::{Scope, Timestamp};

use crate::entry::{self, Entry, Event};
use crate::fault::Fault;
use crate::lease::check;
use crate::projection;
use crate::session::Session;
use crate::step::Intend;

/// Commits all of them, which are of one stack, or none: then the fault is one of them's, and does not say whose.
pub(crate) async fn intend_all(
    session: &mut Session,
    stack: &str,
    intents: &[&Intend],
    now: Timestamp,
) -> Result<(), Fault> {
    check_each(session, intents).await?;
    let first = entry::reserve(session, stack, intents.len()).await?;
    let (mut events, mut open) = (Vec::new(), Vec::new());
    for (seq, Intend(_, intent)) in (first..).zip(intents) {
        let entry = Entry::Intent(Box::new(intent.clone()));
        let event = Event { seq, at: now, run: intent.run.clone(), address: Some(intent.address.clone()), entry };
        events.push(event.row(stack)?);
        open.push(projection::open_row(stack, seq, intent)?);
    }
    session.insert(entry::INTO, &events).await?;
    are_new(session, stack, first).await?;
    Ok(session.insert(projection::INTO_INTENTS, &open).await?)
}

/// One look per lease and scope, not per intent.
async fn check_each(session: &mut Session, intents: &[&Intend]) -> Result<(), Fault> {
    let mut seen: BTreeSet<(&str, &Scope, Option<i64>)> = BTreeSet::new();
    for Intend(lease, intent) in intents {
        let scope = &intent.address.scope;
        let number = lease.fence(scope).map(|fence| fence.number);
        if seen.insert((&lease.holder, scope, number)) {
            check(session, lease, scope).await?;
        }
    }
    Ok(())
}

/// That no event from `first` on bears a token which another bears already.
async fn are_new(session: &mut Session, stack: &str, first: i64) -> Result<(), Fault> {
    // Unequal, not smaller: the latter makes SQLite look through all older events instead of those with the token.
    const SQL: &str = "SELECT new.seq FROM events AS new JOIN events AS old \
                       ON old.stack = new.stack AND old.token = new.token AND old.seq <> new.seq \
                       WHERE new.stack = $1 AND new.seq >= $2 LIMIT 1";
    match session.row(SQL, &[stack.into(), first.into()]).await? {
        Some(_) => Err(Fault::Misfit("a token was used before".into())),
        None => Ok(()),
    }
}
