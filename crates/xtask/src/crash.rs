//! `cargo xtask crash`: kills globe at boundaries of its calls and sees whether the next run converges.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

/// Builds globe and runs the crash story: a sample of boundaries of a small stack, or every boundary of every mutating
/// call of a stack with every kind that one region can have.
///
/// # Errors
/// When cargo cannot be started, or a run does not converge.
pub fn run(workspace: &Workspace, all: bool) -> Result<()> {
    let story = ["test", "--workspace", "--test", "story", "crash", "--", "--nocapture"];
    for arguments in [&["build", "-p", "globe"][..], &story] {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(arguments).current_dir(workspace.root());
        if all {
            cargo.env("GLOBE_CRASH", "all");
        }
        let status = cargo.status().context("cargo could not be started")?;
        ensure!(status.success(), "`cargo {}` failed: {status}", arguments.join(" "));
    }
    Ok(())
}
