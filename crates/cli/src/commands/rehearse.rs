//! `globe rehearse`

use std::path::Path;
use std::time::Duration;

use globe_model::Region;

use crate::args::{Global, RehearseArgs};
use crate::failure::{Exit, Failure};
use crate::out::Out;
use crate::project;
use crate::rehearse::{Rehearsal, rehearse as run};

/// Seeds of a rehearsal that says nothing of them.
const SEEDS: u64 = 20;

/// Rehearses the file; touches neither AWS nor any state.
///
/// # Errors
/// When the file has errors, or a seed breaks something.
pub async fn rehearse(global: &Global, out: &Out, args: &RehearseArgs) -> Result<Exit, Failure> {
    let stack = project::load(global, out)?.stack;
    let first = args.seed.unwrap_or(1);
    let count = args.seeds.unwrap_or(if args.seed.is_some() { 1 } else { SEEDS });
    let lose = args.lose.as_deref().map(|name| lost(&stack, name)).transpose()?;
    let back_after = args.back_after.map(Duration::from_secs);
    let rehearsal = Rehearsal {
        seeds: first..first.saturating_add(count),
        lose: lose.map(|region| (region, back_after)),
        command: command(&global.config, args),
    };
    let out = out.clone();
    // Each rehearsal has a runtime of its own, which must not stand on a thread of this one.
    let ended = tokio::task::spawn_blocking(move || run(&out, &stack, &rehearsal)).await;
    ended.map_err(|error| Failure::new(Exit::Failed, format!("this is a defect of globe: {error}")))?
}

fn lost(stack: &globe_config::Stack, name: &str) -> Result<Region, Failure> {
    let region = Region::new(name);
    if stack.regions.contains_key(&region) {
        return Ok(region);
    }
    let known: Vec<&str> = stack.regions.keys().map(Region::as_str).collect();
    Err(Failure::new(Exit::Usage, format!("`{name}` is not a region of this stack"))
        .hint(format!("its regions are {}", known.join(", "))))
}

/// What was said, but for the seed.
fn command(config: &Path, args: &RehearseArgs) -> String {
    let mut command = format!("globe -c {} rehearse", config.display());
    if let Some(region) = &args.lose {
        command.push_str(&format!(" --lose {region}"));
    }
    if let Some(seconds) = args.back_after {
        command.push_str(&format!(" --back-after {seconds}"));
    }
    command
}
