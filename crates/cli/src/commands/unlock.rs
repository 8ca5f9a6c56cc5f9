//! `globe unlock`: who holds which region, since when, when it was last heard of; and taking it away.

use globe_model::{Holding, Journal};

use crate::args::{Global, UnlockArgs};
use crate::confirm::confirm;
use crate::failure::{Exit, Failure};
use crate::hold::{described, is_alive, sentence};
use crate::out::Out;
use crate::state::State;
use crate::{holder, project};

/// Shows the holders, asks, and evicts them; one that may still be at work only by force.
///
/// # Errors
/// When the state cannot be used, the answer is not yes, or a holder is alive.
pub async fn unlock(global: &Global, out: &Out, args: &UnlockArgs) -> Result<Exit, Failure> {
    let location = project::state_location(global, &project::folder(&global.config));
    let looked = State::read_only(global, &location).await?;
    let stack = &project::known(global, out, &looked).await?.name;
    let nothing = || {
        out.note(&format!("Nobody holds anything of stack {stack}."));
        Ok(Exit::Done)
    };
    if looked.journal().is_none() {
        return nothing();
    }
    let state = State::writable(global, out, &location).await?;
    let Some(journal) = state.journal() else { return nothing() };
    let holdings = journal.holdings(stack).await?;
    if holdings.is_empty() {
        return nothing();
    }
    holdings.iter().for_each(|holding| show(out, holding));
    let (alive, silent): (Vec<Holding>, Vec<Holding>) =
        holdings.into_iter().partition(|holding| is_alive(holding) && !args.force);
    if !silent.is_empty() {
        confirm(out, args.yes, &question(&silent)).await?;
        take_away(out, &*journal, stack, &silent).await?;
    }
    state.close().await;
    if alive.is_empty() { Ok(Exit::Done) } else { Err(at_work(&alive)) }
}

fn show(out: &Out, holding: &Holding) {
    if out.json {
        return out.json_line("lease", &described(holding));
    }
    let state = match (holder::is_dead(&holding.holder), is_alive(holding)) {
        (true, _) => "that process is gone",
        (_, true) => "at work",
        (_, false) => "silent: its lease has run out",
    };
    out.data(&format!("{}: {state}", sentence(holding)));
}

fn names(holdings: &[Holding]) -> String {
    holdings.iter().map(|holding| holding.scope.to_string()).collect::<Vec<_>>().join(", ")
}

fn question(holdings: &[Holding]) -> String {
    format!("Take {} away? A run that is still at work there is stopped, and its writes are refused.", names(holdings))
}

async fn take_away(out: &Out, journal: &dyn Journal, stack: &str, holdings: &[Holding]) -> Result<(), Failure> {
    for holding in holdings {
        if journal.evict(stack, holding).await? {
            out.note(&format!("{} is free; the next run settles what was left open.", holding.scope));
            if is_alive(holding) {
                let who = holder::shown(&holding.holder);
                out.note(&format!("{who} stops at its next heartbeat: give it some seconds before you start another."));
            }
        } else {
            out.note(&format!("{} was let go of in the meantime.", holding.scope));
        }
    }
    Ok(())
}

fn at_work(alive: &[Holding]) -> Failure {
    let message = format!("{} was not taken away: whoever holds it is at work", names(alive));
    let mut failure = Failure::new(Exit::Refused, message);
    failure.causes.extend(alive.iter().map(sentence));
    failure
        .hint("interrupt it where it runs (Ctrl-C): it settles what is in flight and lets go")
        .hint("--force takes it away all the same; give that run until its next heartbeat before you start another")
}
