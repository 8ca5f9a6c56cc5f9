//! `globe state mv`: another address for the same object.

use std::collections::BTreeSet;

use globe_aws::kind_table;
use globe_blueprint::{Recorded, renamed};
use globe_config::{Component, Stack};
use globe_engine::{Stop, record_moves};
use globe_model::{Address, Head, Move, Scope};
use globe_planner::bring_forward;
use globe_report::counted;
use serde_json::json;

use crate::args::{Global, Lock};
use crate::failure::{Exit, Failure};
use crate::forward::{Forward, forward};
use crate::hold::Holder;
use crate::out::Out;
use crate::project::{self, Project};
use crate::state::State;

/// Records that what is at `from` is at `to`: two addresses, or two components of one kind. Asks nothing of AWS.
///
/// # Errors
/// When nothing is recorded at `from`, something is at `to`, kinds or scopes differ, or another run changes them.
pub async fn mv(
    global: &Global,
    out: &Out,
    project: &Project,
    (from, to): (&str, &str),
    lock: Lock,
) -> Result<(), Failure> {
    let location = project::state_location(global, &project.folder);
    let stack = &project.stack;
    let seen = State::read_only(global, &location).await?.head(&stack.name).await?;
    let scopes: BTreeSet<Scope> = moves(stack, seen, (from, to))?.iter().map(scope).collect();
    let state = State::writable(global, out, &location).await?;
    let Some(journal) = state.journal() else {
        return Err(Failure::new(Exit::Failed, "the state could not be opened"));
    };
    let stop = Stop::default();
    let holder = Holder { out, journal: &journal, stack: &stack.name, lock, stop: &stop };
    let held = holder.take(scopes.clone()).await?;
    // Whoever held the scopes may have moved it meanwhile.
    let head = journal.head(&stack.name).await?;
    let seq = head.seq;
    let recorded = match moves(stack, head, (from, to)) {
        Ok(moves) => {
            let moves: Vec<Move> = moves.into_iter().filter(|moved| scopes.contains(&scope(moved))).collect();
            let plan = globe_model::Plan { moves, ..empty(stack, seq) };
            record_moves(&*journal, held.tenure.lease(), &plan).await.map(|()| plan.moves).map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    held.release(&*journal).await?;
    state.close().await;
    say(out, &recorded?);
    Ok(())
}

fn scope(moved: &Move) -> Scope {
    moved.record.address.scope.clone()
}

fn empty(stack: &Stack, parent: u64) -> globe_model::Plan {
    globe_model::Plan {
        version: globe_model::Plan::VERSION,
        stack: stack.name.clone(),
        account: stack.account.clone(),
        command: globe_model::Command::Move,
        parent,
        protects: [].into(),
        roles: Default::default(),
        unread: Vec::new(),
        leaves_down: BTreeSet::new(),
        leaves_up: BTreeSet::new(),
        moves: Vec::new(),
        steps: Vec::new(),
        known: std::collections::BTreeMap::new(),
    }
}

/// What is to be recorded, beginning with what brings the state forward.
fn moves(stack: &Stack, head: Head, (from, to): (&str, &str)) -> Result<Vec<Move>, Failure> {
    let Forward { head, mut moves, .. } = forward(&head, stack, &kind_table())?;
    let pairs = pairs(stack, &head, (from, to))?;
    let recorded: Vec<&(Address, Address)> = pairs.iter().filter(|(from, _)| head.records.contains_key(from)).collect();
    if recorded.is_empty() {
        return Err(Failure::new(Exit::Failed, format!("nothing is recorded at {from}"))
            .hint("`globe state list` shows all addresses"));
    }
    if let Some((from, to)) = recorded.iter().find(|(_, to)| head.records.contains_key(to)) {
        return Err(Failure::new(
            Exit::Refused,
            format!("{from} cannot become {to}: another object is recorded there"),
        ));
    }
    let (_, named) = bring_forward(head.into_owned(), &[], &pairs);
    moves.extend(named);
    Ok(moves)
}

fn pairs(stack: &Stack, head: &Head, (from, to): (&str, &str)) -> Result<Vec<(Address, Address)>, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    match (component(from), component(to)) {
        (Some(old), Some(new)) if old.0 == new.0 => components(stack, head, old.0, (old.1, new.1)),
        (None, None) => {
            let old: Address = from.parse().map_err(|error| usage(format!("{error}")))?;
            let new: Address = to.parse().map_err(|error| usage(format!("{error}")))?;
            if old.kind != new.kind || old.scope != new.scope {
                return Err(Failure::new(
                    Exit::Refused,
                    format!("{old} cannot become {new}: only the name may differ"),
                ));
            }
            Ok(vec![(old, new)])
        }
        _ => Err(usage(format!("{from} cannot become {to}"))
            .hint("name two components of one kind (table.orders table.purchases), or two addresses")),
    }
}

fn component(text: &str) -> Option<(Component, &str)> {
    let (key, name) = text.split_once('.').filter(|_| !text.contains('/'))?;
    Some((Component::ALL.into_iter().find(|component| component.key() == key)?, name))
}

/// All resources of a component. The file has it under one of the two names.
fn components(
    stack: &Stack,
    head: &Head,
    component: Component,
    (from, to): (&str, &str),
) -> Result<Vec<(Address, Address)>, Failure> {
    let declared = |wanted: &str| stack.names(component).any(|name| name == wanted);
    let key = component.key();
    let stack = match (declared(from), declared(to)) {
        (_, true) => stack.clone(),
        (true, false) => stack.renamed(component, from, to),
        (false, false) => {
            return Err(Failure::new(Exit::Failed, format!("the file has neither {key}.{from} nor {key}.{to}"))
                .hint("one of the two must be in it, so that globe knows what belongs to it"));
        }
    };
    let facts = Recorded::read(&stack, head).assumed(&stack);
    renamed(&stack, &facts, component, (from, to)).map_err(|error| Failure::from_error(Exit::Failed, &error))
}

fn say(out: &Out, moves: &[Move]) {
    for Move { from, record } in moves {
        if out.json {
            out.json_line("moved", &json!({"from": from, "to": record.address, "id": record.id}));
        } else {
            out.data(&format!("{from} -> {} ({})", record.address, record.id));
        }
    }
    let count = counted(moves.len(), "record", "records");
    out.note(&format!("Moved {count}; nothing in AWS was changed. The file must say the new names too."));
}
