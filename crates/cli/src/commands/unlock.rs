//! `globe unlock`: who holds which region, since when it was last heard of, and taking it away.

use globe_engine::LEASE_TTL;
use globe_model::{Clock, Holding, Timestamp};
use globe_report::{duration_words, rfc3339};

use crate::args::{Global, UnlockArgs};
use crate::clock::SystemClock;
use crate::confirm::confirm;
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::state::State;
use crate::{holder, project};

/// Shows the holders, asks, and evicts them.
///
/// # Errors
/// When the state cannot be used, or the answer is not yes.
pub async fn unlock(global: &Global, out: &Out, args: &UnlockArgs) -> Result<Exit, Failure> {
    let project = project::load(global, out)?;
    let location = project::state_location(global, &project.folder);
    let stack = &project.stack.name;
    let nothing = || {
        out.note(&format!("Nobody holds anything of stack {stack}."));
        Ok(Exit::Done)
    };
    if State::read_only(global, &location).await?.journal().is_none() {
        return nothing();
    }
    let state = State::writable(global, out, &location).await?;
    let Some(journal) = state.journal() else { return nothing() };
    let holdings = journal.holdings(stack).await?;
    if holdings.is_empty() {
        return nothing();
    }
    holdings.iter().for_each(|holding| show(out, holding));
    confirm(out, args.yes, "Take all this away? Whoever still runs is stopped before its next change.").await?;
    for holding in &holdings {
        if !journal.evict(stack, holding).await? {
            out.note(&format!("{} was let go of in the meantime.", holding.scope));
        }
    }
    state.close().await;
    Ok(Exit::Done)
}

fn show(out: &Out, holding: &Holding) {
    let ttl = i64::try_from(LEASE_TTL.as_micros()).unwrap_or_default();
    let heard = Timestamp(holding.expires.0 - ttl);
    if out.json {
        let dead = holder::is_dead(&holding.holder);
        let value = serde_json::json!({"scope": holding.scope, "holder": holding.holder, "last_heartbeat": rfc3339(heard), "dead": dead});
        out.json_line("lease", &value);
        return;
    }
    let ago = duration_words(SystemClock.now().since(heard));
    let dead = if holder::is_dead(&holding.holder) { "; that process is gone" } else { "" };
    out.data(&format!("{:<16} {}, last heard of {} ({ago} ago){dead}", holding.scope, holding.holder, rfc3339(heard)));
}
