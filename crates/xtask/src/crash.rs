//! `cargo xtask crash`: kills globe at boundaries of its calls and sees whether the next run converges.

use anyhow::{Context, Result, ensure};

use crate::program::Choice;
use crate::workspace::{Workspace, cargo};

/// How the task is called.
#[derive(clap::Args)]
pub struct Arguments {
    /// Every boundary of every mutating call, not a sample
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    choice: Choice,
}

/// Runs the crash story: a sample of boundaries of a small stack and of the reference stack, or every boundary of every
/// mutating call of the latter and of stacks with every kind.
///
/// # Errors
/// When globe cannot be built, or a run does not converge.
pub fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let globe = arguments.choice.program(workspace)?;
    let mut story = cargo();
    story.args(["test", "--workspace", "--test", "story", "crash", "--", "--nocapture"]);
    story.current_dir(workspace.root()).env("GLOBE_BINARY", globe);
    if arguments.all {
        story.env("GLOBE_CRASH", "all");
    }
    let status = story.status().context("cargo could not be started")?;
    ensure!(status.success(), "a killed run was not made good: {status}");
    Ok(())
}
