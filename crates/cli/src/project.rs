//! The file, and where its state lives.

use std::path::{Path, PathBuf};

use globe_config::Stack;
use globe_model::{Head, KindTable, Region};
use globe_sandbox::{Policy, PolicyError};

use crate::args::Global;
use crate::failure::{Exit, Failure};
use crate::forward::forward;
use crate::out::Out;
use crate::state::State;

/// A stack's file, read and checked.
pub struct Project {
    /// The typed stack.
    pub stack: Stack,
    /// Folder that holds `.globe/`.
    pub folder: PathBuf,
}

/// Reads the file.
///
/// # Errors
/// When it cannot be read, or has errors: all of them at once.
pub fn load(global: &Global, out: &Out) -> Result<Project, Failure> {
    let file = &global.config;
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(&name, &error))?;
    let stack = globe_config::parse(&name, &text).map_err(|errors| {
        let mut failure = Failure::new(Exit::Failed, format!("{name} has errors"));
        failure.rendered = Some(errors.render(&text, out.note_style().color));
        failure.detail = serde_json::to_value(&errors).ok();
        failure
    })?;
    Ok(Project { stack, folder: folder(file) })
}

/// What a command needs that only looks into the state.
pub struct Known {
    /// The stack's name.
    pub name: String,
    /// The regions of the file, if it can be read.
    pub regions: Vec<Region>,
    /// What the file says, if it can be read.
    file: Option<Stack>,
}

impl Known {
    /// The head as this globe and the file speak of it; without a file, as it is recorded.
    ///
    /// # Errors
    /// When the file cannot be expanded.
    pub fn forward(&self, head: Head, kinds: &KindTable) -> Result<Head, Failure> {
        match &self.file {
            Some(stack) => Ok(forward(&head, stack, kinds)?.head.into_owned()),
            None => Ok(head),
        }
    }
}

/// The file's stack; if the file has errors, the one that the state holds: in the middle of an edit, or without the file,
/// a state still tells what stands.
///
/// # Errors
/// When the file has errors and the state holds no stack, or several.
pub async fn known(global: &Global, out: &Out, state: &State) -> Result<Known, Failure> {
    let failure = match load(global, out) {
        Ok(Project { stack, .. }) => {
            let (name, regions) = (stack.name.clone(), stack.regions.keys().cloned().collect());
            return Ok(Known { name, regions, file: Some(stack) });
        }
        Err(failure) => failure,
    };
    let stacks = state.stacks().await?;
    let named = |name: &String| global.stack.as_ref().is_none_or(|wanted| wanted == name);
    match stacks.iter().filter(|name| named(name)).collect::<Vec<_>>().as_slice() {
        [name] => {
            out.note(&format!("{}: this is what the state holds of stack {name}.", failure.message));
            Ok(Known { name: (*name).clone(), regions: Vec::new(), file: None })
        }
        [] => Err(failure),
        several => {
            let names = several.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            Err(failure.hint(format!("the state holds the stacks {names}; --stack NAME shows one of them")))
        }
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> Failure {
    let failure = Failure::new(Exit::Failed, format!("could not read {name}: {error}"));
    if error.kind() == std::io::ErrorKind::NotFound {
        return failure.hint("`globe init` writes one to start from; `-c FILE` names another");
    }
    failure
}

/// The folder of a file.
pub fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Where the sandbox keeps its world, and the state of stacks that live in it.
pub fn sandbox_folder(folder: &Path) -> PathBuf {
    folder.join(".globe").join("sandbox")
}

/// Reads the policy that a sandbox enforces.
///
/// # Errors
/// When the file cannot be read, or is no policy document.
pub fn sandbox_policy(file: &Path) -> Result<Policy, Failure> {
    let failed =
        |why: String| Failure::new(Exit::Failed, format!("could not use the policy {}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    text.parse().map_err(|error: PolicyError| failed(error.to_string()))
}

/// What the environment names as the state; an empty name is none.
pub fn state_of_environment() -> Option<String> {
    std::env::var("GLOBE_STATE").ok().filter(|state| !state.is_empty())
}

/// Where the state lives. A rehearsal in the sandbox never touches the real state, which is what the environment names.
pub fn state_location(global: &Global, folder: &Path) -> String {
    let named = global.state.clone().filter(|state| !state.is_empty());
    if let Some(state) = named.or_else(|| state_of_environment().filter(|_| !global.sandbox)) {
        return state;
    }
    let path =
        if global.sandbox { sandbox_folder(folder).join("state.db") } else { folder.join(".globe").join("state.db") };
    path.display().to_string()
}
