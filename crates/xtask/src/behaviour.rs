//! What AWS documents that it does, asked of the sandbox with boto3: `tests/behaviour/`.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::python::succeed;
use crate::trial::Trial;
use crate::workspace::Workspace;

/// The program that asks.
const PROGRAM: &str = "tests/behaviour/behaviour.py";
/// Sandbox seconds per second: what takes AWS minutes takes seconds, and what is pending at first can be seen to be.
const SPEED: &str = "100";

/// Asks the sandbox of `globe`, or of the program that cargo builds.
///
/// # Errors
/// When the sandbox does otherwise than AWS documents.
pub fn run(workspace: &Workspace, globe: Option<PathBuf>) -> Result<()> {
    let trial = Trial::ready(workspace, "behaviour", globe)?;
    let outcome = ask(workspace, &trial);
    trial.end(outcome)
}

fn ask(workspace: &Workspace, trial: &Trial) -> Result<()> {
    // Without limits: how fast a machine asks is not what is asked here.
    let sandbox = trial.sandbox(&["--speed", SPEED, "--no-limits"])?;
    let mut asking = trial.python.command();
    asking.arg(workspace.root().join(PROGRAM)).args(["--endpoint", &sandbox.url]);
    succeed(&mut asking).context("the sandbox does otherwise than AWS documents")
}
