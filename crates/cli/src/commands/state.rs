//! `globe state list | show | history | verify | rebuild`; the rest is in `moving` and `transfer`

use globe_aws::kind_table;
use globe_model::{Address, Head};
use globe_report::{counted, history_text, ledger_text, record_text, state_list_text};

use super::{moving, settle, transfer};
use crate::args::{Global, StateCommand};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::project::{self, Project};
use crate::state::State;

/// Looks into the state.
///
/// # Errors
/// When it cannot be read, or has no such address; see also `transfer`.
pub async fn state(global: &Global, out: &Out, command: &StateCommand) -> Result<Exit, Failure> {
    let opened = || async {
        let state =
            State::read_only(global, &project::state_location(global, &project::folder(&global.config))).await?;
        let known = project::known(global, out, &state).await?;
        let head = known.forward(state.head(&known.name).await?, &kind_table())?;
        Ok::<_, Failure>((state, head, known.name))
    };
    match command {
        StateCommand::List => return opened().await.map(|(_, head, _)| list(out, &head)),
        StateCommand::Show { address } => return show(out, &opened().await?.1, address),
        StateCommand::History { limit } => {
            let (state, _, name) = opened().await?;
            return history(out, &state, &name, *limit).await;
        }
        _ => {}
    }
    let project = project::load(global, out)?;
    match command {
        StateCommand::List | StateCommand::Show { .. } | StateCommand::History { .. } => {}
        StateCommand::Mv { from, to, lock } => moving::mv(global, out, &project, (from, to), *lock).await?,
        StateCommand::Settle { address, made, lock, .. } => {
            settle::settle(global, out, &project, (address, made.as_deref()), *lock).await?;
        }
        StateCommand::Verify => verify(global, out, &project).await?,
        StateCommand::Rebuild => rebuild(global, out, &project).await?,
        StateCommand::Copy { to, lock } => transfer::copy(global, out, &project, to, *lock).await?,
        StateCommand::Export { output } => transfer::export(global, out, &project, output.as_deref()).await?,
        StateCommand::Import { file } => transfer::import(global, out, &project, file).await?,
        StateCommand::Backup { to } => transfer::backup(global, out, &project, to.as_deref()).await?,
    }
    Ok(Exit::Done)
}

/// Compares what is recorded with the events.
async fn verify(global: &Global, out: &Out, project: &Project) -> Result<(), Failure> {
    let location = project::state_location(global, &project.folder);
    let stack = &project.stack.name;
    let seq = State::read_only(global, &location).await?.head(stack).await?.seq;
    if seq == 0 {
        out.note("Nothing is recorded yet.");
        return Ok(());
    }
    let state = State::writable(global, out, &location).await?;
    let differences = state.verify(stack).await?;
    state.close().await;
    if out.json {
        out.json_line("verified", &serde_json::json!({"stack": stack, "events": seq, "differences": differences}));
    }
    if !differences.is_empty() {
        let count = counted(differences.len(), "record does", "records do");
        let mut failure = Failure::new(Exit::Failed, format!("{count} not follow from the events of stack {stack}"));
        failure.causes = differences;
        return Err(
            failure.hint("`globe state rebuild` makes them anew; `globe state backup` first keeps what is there")
        );
    }
    let events = counted(usize::try_from(seq).unwrap_or(usize::MAX), "event", "events");
    out.note(&format!("Stack {stack}: all that is recorded follows from its {events}."));
    Ok(())
}

async fn rebuild(global: &Global, out: &Out, project: &Project) -> Result<(), Failure> {
    let location = project::state_location(global, &project.folder);
    let stack = &project.stack.name;
    if State::read_only(global, &location).await?.journal().is_none() {
        out.note("Nothing is recorded yet.");
        return Ok(());
    }
    let state = State::writable(global, out, &location).await?;
    state.rebuild(stack).await?;
    state.close().await;
    if out.json {
        out.json_line("rebuilt", &serde_json::json!({"stack": stack}));
    }
    out.note(&format!("Made the records of stack {stack} anew from its events."));
    Ok(())
}

fn list(out: &Out, head: &Head) -> Exit {
    if out.json {
        head.records.values().for_each(|record| out.json_line("resource", record));
        head.ledger.iter().for_each(|departing| out.json_line("leaving", departing));
    } else if head.records.is_empty() && head.ledger.is_empty() {
        out.note("Nothing is recorded yet.");
    } else {
        let records = state_list_text(head.records.values(), out.style());
        out.data(&format!("{records}{}", ledger_text(&head.ledger, out.style())));
    }
    Exit::Done
}

fn show(out: &Out, head: &Head, address: &str) -> Result<Exit, Failure> {
    let wrong = |message: String| Failure::new(Exit::Usage, message).hint("`globe state list` shows all addresses");
    let parsed: Address = address.parse().map_err(|error| wrong(format!("{error}")))?;
    let record = head.records.get(&parsed).ok_or_else(|| wrong(format!("nothing is recorded at {parsed}")))?;
    if out.json {
        out.json_line("resource", record);
    } else {
        out.data(&record_text(record, out.style()));
    }
    Ok(Exit::Done)
}

async fn history(out: &Out, state: &State, stack: &str, limit: u32) -> Result<Exit, Failure> {
    let entries = match state.journal() {
        Some(journal) => journal.history(stack, limit).await?,
        None => Vec::new(),
    };
    if out.json {
        entries.iter().for_each(|entry| out.json_line("history", entry));
    } else if entries.is_empty() {
        out.note("Nothing has happened yet.");
    } else {
        out.data(&history_text(&entries, out.style()));
    }
    Ok(Exit::Done)
}
