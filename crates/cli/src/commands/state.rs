//! `globe state list | show | history`

use globe_model::Address;
use globe_report::{history_text, record_text, state_list_text};

use crate::args::{Global, StateCommand};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::project;
use crate::state::State;

/// Looks into the state.
///
/// # Errors
/// When it cannot be read, or has no such address.
pub async fn state(global: &Global, out: &Out, command: &StateCommand) -> Result<Exit, Failure> {
    let project = project::load(global, out)?;
    let state = State::read_only(global, &project::state_location(global, &project.folder)).await?;
    let stack = &project.stack.name;
    let head = state.head(stack).await?;
    match command {
        StateCommand::List if out.json => {
            head.records.values().for_each(|record| out.json_line("resource", record));
        }
        StateCommand::List if head.records.is_empty() => out.note("Nothing is recorded yet."),
        StateCommand::List => out.data(&state_list_text(head.records.values(), out.style())),
        StateCommand::Show { address } => {
            let wrong =
                |message: String| Failure::new(Exit::Usage, message).hint("`globe state list` shows all addresses");
            let parsed: Address = address.parse().map_err(|error| wrong(format!("{error}")))?;
            let record = head.records.get(&parsed).ok_or_else(|| wrong(format!("nothing is recorded at {parsed}")))?;
            if out.json {
                out.json_line("resource", record);
            } else {
                out.data(&record_text(record, out.style()));
            }
        }
        StateCommand::History { limit } => {
            let entries = match state.journal() {
                Some(journal) => journal.history(stack, *limit).await?,
                None => Vec::new(),
            };
            if out.json {
                entries.iter().for_each(|entry| out.json_line("history", entry));
            } else if entries.is_empty() {
                out.note("Nothing has happened yet.");
            } else {
                out.data(&history_text(&entries, out.style()));
            }
        }
    }
    Ok(Exit::Done)
}
