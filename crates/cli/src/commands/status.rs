//! `globe status`: what is recorded, region by region; asks AWS nothing.

use std::collections::{BTreeMap, BTreeSet};

use globe_aws::kind_table;
use globe_report::{counted, rfc3339};
use serde_json::json;

use crate::args::Global;
use crate::failure::{Exit, Failure};
use crate::forward::{forward, highlights};
use crate::out::Out;
use crate::project;
use crate::state::State;

/// Shows it.
///
/// # Errors
/// When file or state cannot be read.
pub async fn status(global: &Global, out: &Out) -> Result<Exit, Failure> {
    let project = project::load(global, out)?;
    let state = State::read_only(global, &project::state_location(global, &project.folder)).await?;
    let kinds = kind_table();
    let head = state.head(&project.stack.name).await?;
    let head = forward(&head, &project.stack, &kinds)?.head;
    let highlights = highlights(&head, &kinds);
    let mut scopes: BTreeMap<String, (usize, Option<globe_model::Timestamp>)> = BTreeMap::new();
    for region in project.stack.regions.keys() {
        scopes.insert(region.to_string(), (0, None));
    }
    for record in head.records.values() {
        let (count, newest) = scopes.entry(record.address.scope.to_string()).or_default();
        *count += 1;
        *newest = (*newest).max(Some(record.at));
    }
    if out.json {
        let value = json!({"stack": project.stack.name, "scopes": scopes.iter().map(|(scope, (count, newest))| {
            json!({"scope": scope, "resources": count, "changed": newest.map(rfc3339), "down": head.down.iter().any(|region| region.as_str() == scope)})
        }).collect::<Vec<_>>(), "open_intents": head.open.len(), "leaving": head.ledger, "replaced": head.deposed.len(), "deleting": head.deleting.len(), "highlights": highlights});
        out.json_line("status", &value);
        return Ok(Exit::Done);
    }
    let is_down = |scope: &str| head.down.iter().any(|region| region.as_str() == scope);
    for (scope, (count, newest)) in scopes {
        let what = match newest {
            Some(newest) => {
                let leaving = if is_down(&scope) { "; taken down on purpose, and this is left" } else { "" };
                format!("{}, last changed {}{leaving}", counted(count, "resource", "resources"), rfc3339(newest))
            }
            None if is_down(&scope) => "down on purpose".to_owned(),
            None => "nothing recorded".to_owned(),
        };
        out.data(&format!("{scope:<16} {what}"));
    }
    for highlight in highlights {
        out.data(&format!("{}: {}", highlight.label, highlight.value));
    }
    if !head.open.is_empty() {
        let open = counted(head.open.len(), "change", "changes");
        out.note(&format!("An interrupted run left {open} open, to be settled by the next `up` or `down`."));
    }
    crate::leaving::say(out, &head);
    let left: BTreeSet<&str> = head
        .deposed
        .iter()
        .map(|record| record.id.as_str())
        .chain(head.deleting.iter().map(|(_, id)| id.as_str()))
        .collect();
    if !left.is_empty() {
        let left = counted(left.len(), "object", "objects");
        out.note(&format!(
            "An interrupted run left {left} to be deleted; `globe gc` finishes, and so does the next `up` or `down`."
        ));
    }
    Ok(Exit::Done)
}
