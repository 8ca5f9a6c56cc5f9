//! What a state belongs to, and what else is in it: compared before any call to AWS.

use globe_config::Stack;
use globe_model::{Claim, Head, JournalError, World};
use globe_report::counted;

use crate::args::Global;
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::project::{Project, state_location};
use crate::state::State;

/// The world that a command works in.
pub fn world(global: &Global) -> World {
    if global.sandbox { World::Sandbox } else { World::Real }
}

/// What a command takes the state to belong to.
pub fn claim(global: &Global, stack: &Stack) -> Claim {
    Claim { stack: stack.name.clone(), account: stack.account.clone(), world: world(global), owner: None }
}

/// The world of a state, if it can be told: it is recorded; or the state lies where the sandbox keeps its own; or an
/// earlier globe wrote it elsewhere, where only the real world's lie.
fn recorded_world(location: &str, head: &Head) -> Option<World> {
    let place = std::path::Path::new(location).parent();
    let in_sandbox = place.is_some_and(|place| place.ends_with(".globe/sandbox"));
    let earlier = (head.seq > 0).then_some(World::Real);
    head.world.or_else(|| in_sandbox.then_some(World::Sandbox)).or(earlier)
}

/// Refuses a state that belongs to another account or to the other world.
///
/// # Errors
/// [`JournalError::OtherAccount`] and [`JournalError::OtherWorld`].
pub fn check(global: &Global, project: &Project, head: &Head) -> Result<(), Failure> {
    let Claim { stack, account, world, .. } = claim(global, &project.stack);
    if let Some(recorded) = head.account.clone().filter(|recorded| *recorded != account) {
        return Err(JournalError::OtherAccount { stack, recorded, claimed: account }.into());
    }
    match recorded_world(&state_location(global, &project.folder), head) {
        Some(recorded) if recorded != world => Err(JournalError::OtherWorld { stack, recorded, claimed: world }.into()),
        _ => Ok(()),
    }
}

/// Opens the state for writing, if it is this file's. One that was named for the sandbox is only read until it is known
/// that it is no real one: even a migration would write.
///
/// # Errors
/// As [`check`], and when the state cannot be used.
pub async fn writable(global: &Global, out: &Out, project: &Project) -> Result<(State, Head), Failure> {
    let location = state_location(global, &project.folder);
    if global.sandbox && global.state.is_some() {
        check(global, project, &State::read_only(global, &location).await?.head(&project.stack.name).await?)?;
    }
    let state = State::writable(global, out, &location).await?;
    let head = state.head(&project.stack.name).await?;
    check(global, project, &head)?;
    Ok((state, head))
}

/// Another stack in the same state, of the same account.
pub struct Beside {
    name: String,
    resources: usize,
    regions: usize,
}

impl Beside {
    /// In words.
    pub fn sentence(&self) -> String {
        format!(
            "this state also holds stack {} with {} in {}",
            self.name,
            counted(self.resources, "resource", "resources"),
            counted(self.regions, "region", "regions")
        )
    }

    /// The same as data.
    pub fn described(&self) -> serde_json::Value {
        serde_json::json!({"stack": self.name, "resources": self.resources, "regions": self.regions})
    }
}

/// The other stacks of the account that this state holds resources of.
///
/// # Errors
/// When the state cannot be read.
pub async fn beside(state: &State, name: &str, account: Option<&str>) -> Result<Vec<Beside>, Failure> {
    let mut found = Vec::new();
    for other in state.stacks().await?.into_iter().filter(|other| other != name) {
        let head = state.head(&other).await?;
        let foreign = account.is_some() && head.account.is_some() && head.account.as_deref() != account;
        if head.records.is_empty() || foreign {
            continue;
        }
        let regions: std::collections::BTreeSet<_> =
            head.records.keys().filter_map(|address| address.scope.as_region()).collect();
        found.push(Beside { name: other, resources: head.records.len(), regions: regions.len() });
    }
    Ok(found)
}

/// Says what the state holds besides.
pub fn say_beside(out: &Out, beside: &[Beside]) {
    for other in beside {
        let sentence = other.sentence();
        out.note(&format!("{}{}.", sentence[..1].to_uppercase(), &sentence[1..]));
    }
}

/// Whether a stack with nothing recorded may be made beside others.
///
/// A SQLite file lies beside one file, so a stack in it that the file no longer describes was most likely renamed: it
/// must be said that a second one is meant. A server's database holds many stacks on purpose: there the notice is
/// enough, since all that AWS wants unique bears the stack's name.
///
/// # Errors
/// Refused until it is said that a new stack is meant.
pub fn allow_new(location: &str, name: &str, head: &Head, beside: &[Beside], meant: bool) -> Result<(), Failure> {
    let nothing = head.records.is_empty() && head.open.is_empty();
    let server = location.starts_with("postgres://") || location.starts_with("postgresql://");
    if !nothing || beside.is_empty() || server || meant {
        return Ok(());
    }
    let mut failure = Failure::new(Exit::Refused, format!("nothing is recorded of stack {name}; nothing was changed"));
    failure.causes.extend(beside.iter().map(Beside::sentence));
    let old = beside.iter().map(|other| other.name.as_str()).collect::<Vec<_>>().join(" or ");
    Err(failure
        .hint(format!("if {name} is to be {old} under another name: give `stack` its old name back, all of it would be made a second time"))
        .hint("if it is another stack: --new-stack makes it beside"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_told_by_its_place() {
        let (fresh, earlier) = (Head::default(), Head { seq: 3, ..Head::default() });
        let recorded = Head { world: Some(World::Sandbox), ..earlier.clone() };
        assert_eq!(recorded_world("./.globe/sandbox/state.db", &earlier), Some(World::Sandbox));
        assert_eq!(recorded_world("./.globe/state.db", &earlier), Some(World::Real));
        assert_eq!(recorded_world("postgres://host/globe", &recorded), Some(World::Sandbox));
        assert_eq!(recorded_world("elsewhere.db", &fresh), None);
    }
}
