//! `globe status`: what is recorded, region by region; asks AWS nothing.

use std::collections::{BTreeMap, BTreeSet};

use globe_aws::kind_table;
use globe_model::Region;
use globe_report::{counted, rfc3339};
use serde_json::json;

use crate::args::Global;
use crate::failure::{Exit, Failure};
use crate::forward::highlights;
use crate::out::Out;
use crate::state::State;
use crate::{belonging, project};

/// Shows it.
///
/// # Errors
/// When file or state cannot be read.
pub async fn status(global: &Global, out: &Out) -> Result<Exit, Failure> {
    let state = State::read_only(global, &project::state_location(global, &project::folder(&global.config))).await?;
    let known = project::known(global, out, &state).await?;
    let kinds = kind_table();
    let head = known.forward(state.head(&known.name).await?, &kinds)?;
    let highlights = highlights(&head, &kinds);
    let beside = belonging::beside(&state, &known.name, None).await?;
    let mut scopes: BTreeMap<String, (usize, Option<globe_model::Timestamp>)> = BTreeMap::new();
    for region in known.regions.iter().chain(&head.down).chain(&head.leaving) {
        scopes.insert(region.to_string(), (0, None));
    }
    for record in head.records.values() {
        let (count, newest) = scopes.entry(record.address.scope.to_string()).or_default();
        *count += 1;
        *newest = (*newest).max(Some(record.at));
    }
    if out.json {
        let value = json!({"stack": known.name, "account": head.account, "world": head.world, "owner": head.owner, "beside": beside.iter().map(belonging::Beside::described).collect::<Vec<_>>(), "scopes": scopes.iter().map(|(scope, (count, newest))| {
            json!({"scope": scope, "resources": count, "changed": newest.map(rfc3339), "down": is(&head.down, scope), "leaving": is(&head.leaving, scope), "forgotten": is(&head.forgotten, scope)})
        }).collect::<Vec<_>>(), "open_intents": head.open.len(), "open": head.open.iter().map(|intent| &intent.address).collect::<Vec<_>>(), "leaving": head.ledger, "replaced": head.deposed.len(), "deleting": head.deleting.len(), "highlights": highlights});
        out.json_line("status", &value);
        return Ok(Exit::Done);
    }
    let account = head.account.as_deref().unwrap_or("not known yet");
    let world = head.world.map_or_else(String::new, |world| format!(", in {world}"));
    out.data(&format!("stack {}, account {account}{world}", known.name));
    for (scope, (count, newest)) in scopes {
        let counted = counted(count, "resource", "resources");
        let leaves = is(&head.leaving, &scope) || count > 0 && is(&head.down, &scope);
        let what = match newest {
            _ if leaves => format!("is being taken down; {counted} left"),
            Some(newest) => format!("{counted}, last changed {}", rfc3339(newest)),
            None if is(&head.forgotten, &scope) => "given up".to_owned(),
            None if is(&head.down, &scope) => "down on purpose".to_owned(),
            None => "nothing recorded".to_owned(),
        };
        out.data(&format!("{scope:<16} {what}"));
    }
    for highlight in highlights {
        out.data(&format!("{}: {}", highlight.label, highlight.value));
    }
    if !head.open.is_empty() {
        let open = counted(head.open.len(), "change", "changes");
        out.note(&format!("An interrupted run left {open} open, to be settled by the next `up` or `down`:"));
        head.open.iter().for_each(|intent| out.note(&format!("  {}", intent.address)));
    }
    belonging::say_beside(out, &beside);
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

fn is(regions: &BTreeSet<Region>, scope: &str) -> bool {
    regions.iter().any(|region| region.as_str() == scope)
}
